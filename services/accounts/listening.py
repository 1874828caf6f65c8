"""What accounts hears about a request goes into its matter, and from there to whom it concerns: the client's debt,
the prospect whose trial it is, the request it was merged into."""

from services.accounts import referring
from services.accounts.care import Care
from services.accounts.domain import control, matters
from services.accounts.domain.care_refusals import BadVerdict
from services.accounts.domain.contact_calls import Found
from services.accounts.domain.matters import Fact, Matter, Party, Registration
from services.accounts.domain.prospects import Prospect, Talk
from services.accounts.domain.refusals import UnknownClient
from shared.contracts.base import Decision
from shared.store import Stepped


async def take_in(care: Care, request_id: str, registration: Registration) -> None:
    """A request came in: one guarded write."""

    def decide(state: Matter | None) -> Decision[Matter]:
        return matters.registered(state, request_id, registration)

    await _follow(care, await care.store.matters.step(request_id, decide, new=True))


async def hear(care: Care, request_id: str, fact: Fact) -> Matter:
    """Something happened to a request."""

    def decide(state: Matter | None) -> Decision[Matter]:
        return matters.heard(state, request_id, fact)

    stepped = await care.store.matters.step(request_id, decide)
    await _follow(care, stepped)
    if stepped.written and stepped.state.merged_into is not None:
        await _inherit(care, stepped.state, stepped.state.merged_into)
    return stepped.state


async def take_word(care: Care, prospect: Prospect, said: Talk) -> None:
    """A prospect is content with the trial request it withdrew: what a weekly call is for a client's (R-IMP-4).

    Raises `BadVerdict` where there is none under control, or where who spoke did the work.
    """
    matter = await care.store.matters.get(prospect.trial.request_id) if prospect.trial else None
    if matter is None or not (matter.withdrawn and matter.controlled):
        raise BadVerdict(
            "Отозванной пробной заявки под контролем нет: слово о сделанной записывают в intake (verdict)."
        )
    found = Found(request_id=matter.request_id, finding="fine", words=said.words)
    control.as_verdict(matter, found, by=said.by, theirs=True)
    fact = Fact(kind="satisfied", at=said.at, ref=prospect.prospect_id, by=said.by, text=said.words)
    await hear(care, matter.request_id, fact)


async def present_party(care: Care, client_id: str | None) -> Party | None:
    """The client, or the prospect on trial, as it stands now; None where it is none of ours."""
    try:
        return await care.party(client_id) if client_id else None
    except UnknownClient:
        return None


async def _follow(care: Care, stepped: Stepped[Matter]) -> None:
    matter = stepped.state
    care.touch(matter.client_id)
    if matter.registration is not None and matter.registration.trial:
        await referring.follow_trial(care, matter)


async def _inherit(care: Care, matter: Matter, into: str) -> None:
    """What was under control stays so, under the name of the request it was merged into (R-IMP-4)."""
    since = matters.stand(matters.without_merges(matter)).control_since
    if since is not None:
        await hear(care, into, Fact(kind="inherited", at=since, ref=matter.request_id, party=matter.party))
