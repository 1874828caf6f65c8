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


async def hear(care: Care, request_id: str, *facts: Fact) -> Matter:
    """Something happened to a request. Heard again, what a crash left undone is done."""
    matter = await _taken(care, request_id, *facts)
    await pass_on(care, matter)
    return matter


async def pass_on(care: Care, matter: Matter) -> None:
    """What keeps a request under control goes to the one it was merged into, and on where that was merged as well
    (R-IMP-4). The same again changes nothing."""
    seen = {matter.request_id}
    while (into := matter.merged_into) is not None and into not in seen:
        seen.add(into)
        matter = await _taken(care, into, *matters.bequeathed(matter))


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


async def _taken(care: Care, request_id: str, *facts: Fact) -> Matter:
    def decide(state: Matter | None) -> Decision[Matter]:
        return matters.heard(state, request_id, *facts)

    stepped = await care.store.matters.step(request_id, decide)
    await _follow(care, stepped)
    return stepped.state


async def _follow(care: Care, stepped: Stepped[Matter]) -> None:
    matter = stepped.state
    care.touch(matter.client_id)
    if matter.registration is not None and matter.registration.trial:
        await referring.follow_trial(care, matter)
