"""What accounts hears about a request goes into its matter, and from there to whom it concerns: the client's debt,
the prospect whose trial it is, the request it was merged into."""

from collections.abc import Collection

from services.accounts import referring
from services.accounts.care import Care
from services.accounts.domain import control, matters
from services.accounts.domain.care_refusals import BadVerdict, UnknownRequest
from services.accounts.domain.contact_calls import Found
from services.accounts.domain.matters import Fact, Matter, Party, Registration
from services.accounts.domain.prospects import Prospect, Talk
from services.accounts.domain.refusals import UnknownClient
from services.accounts.office import known
from shared.contracts.base import Decision
from shared.store import Stepped


async def take_in(care: Care, request_id: str, registration: Registration) -> None:
    """A request came in: one guarded write."""

    def decide(state: Matter | None) -> Decision[Matter]:
        return matters.registered(state, request_id, registration)

    stepped = await care.store.matters.step(request_id, decide, new=True)
    await _follow(care, stepped)
    await pass_on(care, stepped.state)


async def hear(care: Care, request_id: str, *facts: Fact) -> Matter:
    """Something happened to a request. Heard again, what a crash left undone is done."""
    stepped = await care.store.matters.step(request_id, lambda state: matters.heard(state, request_id, *facts))
    await _follow(care, stepped)
    await pass_on(care, stepped.state)
    return stepped.state


async def pass_on(care: Care, matter: Matter) -> None:
    """What keeps a request under control goes to the one it is merged into, and on where that is merged as well; where
    it is merged no more, it is taken back (R-IMP-4). The same again changes nothing; what another hears of the giver
    meanwhile is passed on as well, so that nothing older is the last to arrive."""
    seen, waiting = {matter.request_id}, [matter]
    while waiting:
        giver = waiting.pop()
        for into, left in matters.heirs(giver).items():
            heir = await _left(care, into, giver.request_id, left)
            if heir is not None and (heir.written or into not in seen):
                seen.add(into)
                waiting.append(heir.state)
        if matters.heirs(giver) and (now := await care.matter(giver.request_id)) != giver:
            waiting.append(now)
    if len(seen) > 1:
        await _mind_circles(care, seen)


async def _left(care: Care, into: str, via: str, left: tuple[Fact, ...]) -> Stepped[Matter] | None:
    """None where nothing is left to a request nobody has heard of."""
    if not left and await care.store.matters.get(into) is None:
        return None
    stepped = await care.store.matters.step(into, lambda state: matters.inherits(state, into, via, left))
    await _follow(care, stepped)
    return stepped


async def _mind_circles(care: Care, request_ids: Collection[str]) -> None:
    """People who merge at the same moment may lead round in a circle, until intake undoes it: see `Matter.circled`.
    Looked at again after each change, since another may be merging or undoing it just now."""
    while True:
        found = [await care.store.matters.get(each) for each in request_ids]
        there = [each for each in found if each is not None]
        into = {each.request_id: each.merged_into for each in there}
        wrong = [each for each in there if each.circled != matters.leads_back(each.request_id, into)]
        if not wrong:
            return
        for each in wrong:
            await _turned(care, each.request_id, circled=not each.circled)


async def _turned(care: Care, request_id: str, *, circled: bool) -> None:
    def decide(state: Matter | None) -> Decision[Matter]:
        return matters.in_circle(known(state, UnknownRequest), circled=circled)

    await _follow(care, await care.store.matters.step(request_id, decide))


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
