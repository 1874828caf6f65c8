"""What was heard about one request or call. Facts are a set: what is heard twice is one fact, and each counts at its
own time, whenever it came."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from shared.contracts import accounts, intake, routing
from shared.contracts.base import STANDARD_TARIFF, ClientRef, Event, Nature, Priority
from shared.contracts.sla_monitor import About

Kind = Literal[
    "call.rang",
    "call.answered",
    "call.missed",
    "call.returned",
    "call.ended",
    "call.identified",
    "request.registered",
    "request.identified",
    "request.reprioritised",
    "request.wait_promised",
    "request.followed_up",
    "request.merged",
    "request.unmerged",
    "request.verdict_doubted",
    "work.reopened",
    "work.displaced",
    "work.waiting",
    "work.assigned",
    "work.replaced",
    "work.forced",
    "work.order_lapsed",
    "work.started",
    "work.progressed",
    "work.postponed",
    "work.cancel_asked",
    "work.finished",
    "request.satisfied",
    "request.refused",
    "request.withdrawn",
    "work.closed",
    "work.withdrawn",
    "contact_call.planned",
    "contact_call.attempted",
    "contact_call.held",
    "contact_call.cancelled",
    "prospect.registered",
    "prospect.contacted",
    "prospect.changed",
    "prospect.trial_opened",
    "prospect.trial_ended",
    "prospect.won",
    "prospect.dropped",
    "client.changed",
]
"""The events' own types, a verdict split by what it says; in the order in which they count at the same time."""

CLOSING: frozenset[Kind] = frozenset({"request.satisfied", "request.withdrawn", "request.merged", "call.answered"})
"""After these nothing starts any more, unless the work is reopened."""
RANK: Mapping[str, int] = {kind: rank for rank, kind in enumerate(get_args(Kind))}
BIRTHS = frozenset({"request.registered", "call.rang"})
"""What everything else about the same subject follows, whatever the clocks of other machines say."""
NO_ROUND = 1_000_000
"""The accountant's words count after what routing did at the same time: they were about it."""
NOTE_LIMIT = 300
"""Characters of somebody's words a timeline keeps; the whole is with the service that heard them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Whose request or call it is."""

    client_id: str
    name: str
    zone: str
    manager_id: str | None = None
    tariff: str = STANDARD_TARIFF
    region: str | None = None

    @classmethod
    def of(cls, ref: ClientRef | None) -> "Client | None":
        """From an event."""
        if ref is None:
            return None
        return cls(
            client_id=ref.client_id,
            name=ref.name,
            zone=ref.zone,
            manager_id=ref.manager_id,
            tariff=ref.tariff,
            region=ref.region,
        )

    def ref(self) -> ClientRef:
        """For an event."""
        return ClientRef(
            client_id=self.client_id,
            name=self.name,
            zone=self.zone,
            manager_id=self.manager_id,
            tariff=self.tariff,
            region=self.region,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened."""

    kind: Kind
    at: datetime
    who: str | None = None
    """The specialist it concerns, or the person who wrote it down."""
    name: str | None = None
    """The specialist's name."""
    until: datetime | None = None
    """The moment promised, postponed to, bound to, or appointed."""
    warn_at: datetime | None = None
    """When to warn of what is appointed, where accounts says so."""
    revision: int = 0
    """Of what accounts says: the higher one is the newer."""
    round: int = 0
    """Routing's round of the work; 0 in what intake says."""
    note: str | None = None
    """The words."""
    number: str | None = None
    priority: Priority | None = None
    nature: Nature | None = None
    client: Client | None = None


def in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts in the one order they are kept and counted in."""
    return tuple(sorted(facts, key=_place))


def _place(fact: Fact) -> tuple[Any, ...]:
    birth = fact.kind not in BIRTHS
    said = (fact.who or "", fact.note or "", fact.name or "", fact.priority or "", fact.nature or "")
    words = (*said, fact.until or fact.at, fact.warn_at or fact.at, fact.number or "", *_whose(fact.client))
    return (birth, fact.at, fact.round or NO_ROUND, RANK[fact.kind], fact.revision, *words)


def _whose(one: Client | None) -> tuple[str, ...]:
    if one is None:
        return ()
    return (one.client_id, one.name, one.zone, one.manager_id or "", one.tariff or "", one.region or "")


def about_of(event: Event) -> About:
    """What the event is about."""
    return next((about for kind, about in SUBJECTS.items() if isinstance(event, kind)), "request")


SUBJECTS: Mapping[type[Event], About] = {
    intake.CallEvent: "call",
    accounts.ContactCallEvent: "contact_call",
    accounts.ProspectEvent: "prospect",
}


def fact_of(event: Event) -> Fact | None:
    """The fact an event tells; None where it starts, stops and shows nothing: our own outgoing calls."""
    if isinstance(event, OUTGOING) and event.direction == "out":
        return None
    return FACTS[type(event)](event)


OUTGOING = (intake.CallRang, intake.CallAnswered, intake.CallMissed, intake.CallEnded, intake.CallIdentified)


def _call(event: intake.CallEvent) -> Fact:
    return Fact(kind=_kind(event), at=event.at, client=Client.of(event.client))


def _returned(event: intake.CallReturned) -> Fact:
    return Fact(kind=_kind(event), at=event.at, note=event.by_call_id, client=Client.of(event.client))


def _call_identified(event: intake.CallIdentified) -> Fact:
    return Fact(kind="call.identified", at=event.at, who=event.by, client=Client.of(event.client))


def _registered(event: intake.RequestRegistered) -> Fact:
    return Fact(
        kind="request.registered",
        at=event.at,
        number=event.number,
        priority=event.priority,
        nature=event.nature,
        note=_note(event.subject_text),
        client=Client.of(event.client),
    )


def _identified(event: intake.RequestIdentified) -> Fact:
    return Fact(kind="request.identified", at=event.at, who=event.by, client=Client.of(event.client))


def _reprioritised(event: intake.RequestReprioritised) -> Fact:
    return Fact(
        kind="request.reprioritised",
        at=event.at,
        who=event.by,
        priority=event.priority,
        nature=event.nature,
        note=_note(event.reason),
    )


def _promised(event: intake.WaitPromised) -> Fact:
    note = _note(event.words)
    return Fact(kind="request.wait_promised", at=event.at, who=event.recorded_by, until=event.until, note=note)


def _verdict(event: intake.VerdictGiven) -> Fact:
    kind: Kind = "request.satisfied" if event.satisfied else "request.refused"
    return Fact(kind=kind, at=event.at, who=event.taken_by, note=_note(event.words))


def _followed_up(event: intake.RequestFollowedUp) -> Fact:
    return Fact(kind="request.followed_up", at=event.at, note=_note(event.words))


def _merged(event: intake.RequestMerged) -> Fact:
    return Fact(kind="request.merged", at=event.at, who=event.by, note=event.into_request_id)


def _unmerged(event: intake.RequestUnmerged) -> Fact:
    return Fact(kind="request.unmerged", at=event.at, who=event.by, note=event.from_request_id)


def _doubted(event: intake.VerdictDoubted) -> Fact:
    return Fact(kind="request.verdict_doubted", at=event.at, note=_note(event.words))


def _withdrawn(event: intake.RequestWithdrawn) -> Fact:
    return Fact(kind="request.withdrawn", at=event.at, who=event.taken_by, note=_note(event.reason))


def _work(event: routing.WorkEvent) -> Fact:
    """What routing says, as far as a timeline wants it: who, until when, and the words."""
    return Fact(
        kind=_kind(event),
        at=event.at,
        who=getattr(event, "specialist_id", None),
        name=getattr(event, "specialist_name", None),
        until=getattr(event, "until", None),
        round=event.round,
        note=_note(getattr(event, "note", None) or getattr(event, "reason", None)),
    )


def _displaced(event: routing.WorkDisplaced) -> Fact:
    kind, who = _kind(event), event.specialist_id
    return Fact(kind=kind, at=event.at, who=who, round=event.round, note=event.by_request_id)


def _replaced(event: routing.WorkReplaced) -> Fact:
    return Fact(
        kind="work.replaced",
        at=event.at,
        who=event.to_specialist_id,
        name=event.to_specialist_name,
        round=event.round,
        note=_note(event.reason),
    )


def _forced(event: routing.WorkForced) -> Fact:
    who = event.specialist_id
    return Fact(kind="work.forced", at=event.at, who=who, until=event.finish_by, round=event.round)


def _reopened(event: routing.WorkReopened) -> Fact:
    return Fact(kind="work.reopened", at=event.at, who=event.refused_specialist_id, round=event.round)


def _planned(event: accounts.ContactCallPlanned) -> Fact:
    return replace(_contact_call(event), until=event.due, warn_at=event.warn_at, revision=event.revision)


def _contact_call(event: accounts.ContactCallEvent) -> Fact:
    who, note = getattr(event, "by", event.manager_id), _note(getattr(event, "reason", None))
    return Fact(kind=_kind(event), at=event.at, who=who, note=note, client=Client.of(event.client))


def _prospect(event: accounts.ProspectEvent) -> Fact:
    return Fact(
        kind=_kind(event),
        at=event.at,
        who=event.manager_id,
        until=event.next_contact,
        revision=event.revision,
        note=_note(getattr(event, "reason", None)),
        client=Client.of(event.ref()),
    )


def _kind(event: Event) -> Kind:
    return event.TYPE  # type: ignore[return-value]  # FACTS names only types that are kinds


def _note(words: str | None) -> str | None:
    if words is None or len(words) <= NOTE_LIMIT:
        return words
    return words[: NOTE_LIMIT - 1] + "…"


FACTS: Mapping[type[Event], Callable[[Any], Fact]] = {
    intake.CallRang: _call,
    intake.CallAnswered: _call,
    intake.CallMissed: _call,
    intake.CallReturned: _returned,
    intake.CallEnded: _call,
    intake.CallIdentified: _call_identified,
    intake.RequestRegistered: _registered,
    intake.RequestIdentified: _identified,
    intake.RequestReprioritised: _reprioritised,
    intake.WaitPromised: _promised,
    intake.VerdictGiven: _verdict,
    intake.RequestWithdrawn: _withdrawn,
    intake.RequestFollowedUp: _followed_up,
    intake.RequestMerged: _merged,
    intake.RequestUnmerged: _unmerged,
    intake.VerdictDoubted: _doubted,
    routing.WorkReopened: _reopened,
    routing.WorkWaiting: _work,
    routing.WorkAssigned: _work,
    routing.WorkReplaced: _replaced,
    routing.WorkForced: _forced,
    routing.WorkStarted: _work,
    routing.WorkProgressed: _work,
    routing.WorkPostponed: _work,
    routing.WorkCancelAsked: _work,
    routing.WorkFinished: _work,
    routing.WorkClosed: _work,
    routing.WorkWithdrawn: _work,
    routing.WorkDisplaced: _displaced,
    routing.WorkOrderLapsed: _work,
    accounts.ContactCallPlanned: _planned,
    accounts.ContactCallAttempted: _contact_call,
    accounts.ContactCallHeld: _contact_call,
    accounts.ContactCallCancelled: _contact_call,
    accounts.ProspectRegistered: _prospect,
    accounts.ProspectContacted: _prospect,
    accounts.ProspectChanged: _prospect,
    accounts.ProspectTrialOpened: _prospect,
    accounts.ProspectTrialEnded: _prospect,
    accounts.ProspectWon: _prospect,
    accounts.ProspectDropped: _prospect,
}
"""How each event becomes a fact: the list of everything a timeline knows."""
