"""What accounts does with each message; all of them may come in any order and more than once."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from services.accounts import listening
from services.accounts.care import Care
from services.accounts.domain import debt
from services.accounts.domain.debt import MissedCall, missed, returned
from services.accounts.domain.matters import Fact, Party, Registration
from shared.contracts.base import Decision, Event
from shared.contracts.intake import (
    CallIdentified,
    CallMissed,
    CallReturned,
    RequestIdentified,
    RequestMerged,
    RequestRegistered,
    RequestReprioritised,
    RequestUnmerged,
    RequestWithdrawn,
    VerdictGiven,
)
from shared.contracts.routing import WorkCancelAsked, WorkFinished, WorkReplaced
from shared.contracts.sla_monitor import SlaBreached, SlaBreachWithdrawn
from shared.messaging.envelope import Message
from shared.messaging.inbound import Handler


async def on_registered(event: RequestRegistered, _: Message, care: Care) -> None:
    """A request that weighs from now on."""
    registration = Registration(
        at=event.at,
        number=event.number,
        priority=event.priority,
        nature=event.nature,
        subject=event.subject_text,
        products=event.products,
        party=Party.of(event.client),
        contact_id=event.contact_id,
        discovered=event.discovered,
        trial=event.trial,
        origin_id=event.origin_id,
    )
    await listening.take_in(care, event.request_id, registration)


async def on_cancel_asked(event: WorkCancelAsked, _: Message, care: Care) -> None:
    """A finding in itself: it stands on the manager's list at once (R-IMP-5)."""
    told = event.client.client_id if event.client else None
    party = await listening.present_party(care, told) or Party.of(event.client)
    fact = Fact(
        kind="cancel_asked", at=event.at, ref=str(event.round), by=event.specialist_id, text=event.reason, party=party,
        finding="cancelled", cancelled_by=event.specialist_id,
    )  # fmt: skip
    await listening.hear(care, event.request_id, fact)


async def on_breach(event: SlaBreached | SlaBreachWithdrawn, _: Message, care: Care) -> None:
    """A promise to the client was broken, or had not been after all."""
    if event.about != "request":
        return
    fact = Fact(kind="breach_withdrawn", at=event.at, ref=event.obligation_id)
    if isinstance(event, SlaBreached):
        fact = Fact(
            kind="breached", at=event.at, ref=event.obligation_id, text=event.clock,
            promise_broken=event.promise_broken,
        )  # fmt: skip
    await listening.hear(care, event.about_id, fact)


async def on_call(event: CallMissed | CallReturned, _: Message, care: Care) -> None:
    """A client's call nobody picked up, or was called back for."""
    if event.client is None:
        return
    told = MissedCall(call_id=event.call_id, client_id=event.client.client_id, contact_id=event.contact_id)
    move = missed if isinstance(event, CallMissed) else returned

    def decide(state: MissedCall | None) -> Decision[MissedCall]:
        return move(state or told, told, event.at)

    await care.store.missed_calls.step(event.call_id, decide)
    care.touch(event.client.client_id)


async def on_call_identified(event: CallIdentified, _: Message, care: Care) -> None:
    """Whose missed call it was; whoever it was thought to be has one less."""
    if event.missed_at is None:
        return
    told = MissedCall(
        call_id=event.call_id,
        client_id=event.client.client_id,
        contact_id=event.contact_id,
        missed_at=event.missed_at,
        returned_at=event.returned_at,
    )
    before = await care.store.missed_calls.get(event.call_id)
    await care.store.missed_calls.step(event.call_id, lambda state: debt.identified(state or told, told, event.at))
    for client_id in {event.client.client_id, *(() if before is None else (before.client_id,))}:
        if client_id is not None:
            care.touch(client_id)


def identified(event: RequestIdentified) -> Fact:
    """Whose request it is."""
    party = Party.of(event.client)
    return Fact(kind="identified", at=event.at, by=event.by, party=party, contact_id=event.contact_id)


def reprioritised(event: RequestReprioritised) -> Fact:
    """Another priority or nature."""
    return Fact(
        kind="reprioritised", at=event.at, by=event.by, text=event.reason, priority=event.priority, nature=event.nature
    )


def verdict(event: VerdictGiven) -> Fact:
    """The accountant's word (R-REQ-3)."""
    kind = "satisfied" if event.satisfied else "refused"
    return Fact(kind=kind, at=event.at, by=event.taken_by, text=event.words)  # type: ignore[arg-type]


def withdrawn(event: RequestWithdrawn) -> Fact:
    """The accountant does not want it any more."""
    return Fact(kind="withdrawn", at=event.at, by=event.taken_by, text=event.reason)


def merged(event: RequestMerged) -> Fact:
    """The same matter as another request."""
    return Fact(kind="merged", at=event.at, ref=event.into_request_id, by=event.by)


def unmerged(event: RequestUnmerged) -> Fact:
    """A matter of its own after all."""
    return Fact(kind="unmerged", at=event.at, ref=event.from_request_id, by=event.by)


def finished(event: WorkFinished) -> Fact:
    """The specialist calls it done."""
    return Fact(kind="finished", at=event.at, ref=str(event.round), by=event.specialist_id)


def replaced(event: WorkReplaced) -> Fact:
    """Somebody had to be replaced (R-REQ-4)."""
    return Fact(kind="replaced", at=event.at, ref=event.from_specialist_id, by=event.by, text=event.reason)


FACTS: Mapping[type[Event], Callable[[Any], Fact]] = {
    RequestIdentified: identified,
    RequestReprioritised: reprioritised,
    VerdictGiven: verdict,
    RequestWithdrawn: withdrawn,
    RequestMerged: merged,
    RequestUnmerged: unmerged,
    WorkFinished: finished,
    WorkReplaced: replaced,
}


def handlers(care: Care) -> Mapping[type[Event], Handler]:
    """The handler of each event accounts listens to."""

    def hears(fact_of: Callable[[Any], Fact]) -> Callable[[Any, Message], Awaitable[None]]:
        async def on_fact(event: Any, _: Message) -> None:
            await listening.hear(care, event.request_id, fact_of(event))

        return on_fact

    facts: dict[type[Event], Handler] = {kind: hears(fact_of) for kind, fact_of in FACTS.items()}
    return facts | {
        RequestRegistered: partial(on_registered, care=care),
        WorkCancelAsked: partial(on_cancel_asked, care=care),
        SlaBreached: partial(on_breach, care=care),
        SlaBreachWithdrawn: partial(on_breach, care=care),
        CallMissed: partial(on_call, care=care),
        CallReturned: partial(on_call, care=care),
        CallIdentified: partial(on_call_identified, care=care),
    }
