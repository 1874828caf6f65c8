"""One telephone conversation, however many legs and events (R-URG-1, R-URG-2).

What is known of a call is a pure function of the set of facts heard about it: providers repeat and reorder them.
Each business event is told once, as soon as the facts call for it. A missed call is paired with a later conversation
with the same number, whichever of the two is heard of first.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.intake.domain.callers import Client
from services.intake.domain.identity import NOBODY, Identity, Word
from services.intake.domain.refusals import UnknownCall
from shared.contracts.base import Decision, Direction
from shared.contracts.intake import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallIdentified,
    CallMissed,
    CallRang,
    CallReturned,
)

Kind = Literal["rang", "answered", "missed", "returned", "ended", "leg"]
Status = Literal["ringing", "answered", "missed", "returned"]

RINGS_FOR = timedelta(minutes=10)
"""Nobody lets a phone ring longer: without further news the call was missed."""
BY_NUMBER = "intake"
"""Who said whose call it is where its number did."""
TALKS_FOR = timedelta(hours=4)
"""Without further news a conversation is over by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something a provider, or another call, said about a call."""

    kind: Kind
    at: datetime
    """To the millisecond."""
    order: int = 0
    """The provider's own sequence number."""
    direction: Direction = "in"
    phone: str | None = None
    """The other side's number in E.164."""
    final: bool = False
    """Said after the call's end by somebody who saw all of it: holds against the others on number and direction."""
    by_call_id: str | None = None
    """For `returned`: the conversation."""
    ours: str | None = None
    """Our side's number in E.164, where the provider tells: the dialled one, or an employee's."""
    leg: str | None = None
    """The employee (extension, user) a leg of the call goes to; a transfer shows as one more."""
    talk_seconds: int | None = None
    recording: str | None = None
    """A link to the recording at the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one message of a provider says about one call."""

    call_id: str
    provider: str
    provider_call_id: str
    facts: tuple[Fact, ...]
    raw: str
    """The message as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a call went, so far."""

    began_at: datetime | None = None
    """The earliest that is known of it."""
    status: Status = "ringing"
    direction: Direction = "in"
    phone: str | None = None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    missed_at: datetime | None = None
    returned_at: datetime | None = None
    returned_by: str | None = None
    ended_at: datetime | None = None
    over_at: datetime | None = None
    """The end as told by somebody who saw all of the call; a leg that ends may have been transferred."""
    ours: str | None = None
    legs: tuple[str, ...] = ()
    """Who of us it went to, in this order."""
    talk_seconds: int | None = None
    recording: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call: the facts heard, the course they make, and what has been told of it."""

    call_id: str
    provider: str
    provider_call_id: str
    facts: tuple[Fact, ...] = ()
    course: Course = Course()
    client: Client | None = None
    contact_id: str | None = None
    told: tuple[Kind, ...] = ()
    unpaired: bool = False
    """Whether missed calls and conversations with this number have still to be looked through."""
    raw: tuple[str, ...] = ()
    """What the provider sent, as it came."""
    manager_id: str | None = None
    """Whose phone our side was."""
    quiet_at: datetime | None = None
    """When it counts as over without further news; None once it is."""
    link: Word | None = None
    """The word on its number it was given to its client by: put right there, it goes along."""
    identified_by: str | None = None
    """The person who said whose it is; None where the number did."""


def hear(
    call: Call | None,
    report: Report,
    identify: Callable[[str | None], Identity],
    manager_id: str | None = None,
) -> Decision[Call]:
    """Add what a provider reports, and tell what follows from all that is known.

    `identify` knows whose number it is; `manager_id` is whose phone our side was, where known.
    """
    new = Call(call_id=report.call_id, provider=report.provider, provider_call_id=report.provider_call_id)
    known = call or new
    heard = replace(known, raw=tuple(sorted({*known.raw, report.raw})), manager_id=known.manager_id or manager_id)
    return _with(call, heard, report.facts, identify)


def from_inside(report: Report, employees: Mapping[str, str]) -> Report:
    """What an employee's own phone rang is a call of ours: `employees` gives the manager of each number (R-URG-2)."""
    return replace(report, facts=tuple(_turned(fact, employees) for fact in report.facts))


def swept(call: Call | None, now: datetime) -> Decision[Call]:
    """A call that never ended is closed: one that only rang was missed. What the provider says later still counts."""
    if call is None:
        raise UnknownCall
    if call.quiet_at is None or call.quiet_at > now:
        return Decision(call)
    kind: Kind = "ended" if call.course.status == "answered" else "missed"
    fact = Fact(kind=kind, at=call.quiet_at, direction=call.course.direction, phone=call.course.phone)
    closed = (fact,) if kind == "ended" else (fact, replace(fact, kind="ended"))
    return _with(call, call, closed, lambda _: NOBODY)


def returned(missed: Call | None, conversation: Call) -> Decision[Call]:
    """A missed call was followed by a conversation with that number (R-URG-2); any other stays as it is."""
    if missed is None:
        raise UnknownCall
    course = conversation.course
    if not is_returned_by(missed, conversation) or course.answered_at is None:
        return Decision(missed)
    fact = Fact(
        kind="returned",
        at=course.answered_at,
        by_call_id=conversation.call_id,
        direction=missed.course.direction,
        phone=missed.course.phone,
    )
    return _with(missed, missed, (fact,), lambda _: NOBODY)


def identify(
    call: Call | None, *, client: Client, contact_id: str | None, by: str, now: datetime, link: Word | None = None
) -> Decision[Call]:
    """It is `client`'s; the last word holds. What was told of it before is told to be theirs: it counts from its own
    times. `link` is the word on its number; without one it was said of this call alone."""
    if call is None:
        raise UnknownCall
    if call.client is not None and (call.client.client_id, call.contact_id) == (client.client_id, contact_id):
        return Decision(call if call.link == link else replace(call, link=link, identified_by=by))
    changed = replace(call, client=client, contact_id=contact_id, link=link, identified_by=by)
    return Decision(changed, _now_known(changed, by, now))


def claim(call: Call | None, found: Identity, now: datetime) -> Decision[Call]:
    """Whose number a call of nobody came from has become known."""
    if call is None:
        raise UnknownCall
    if call.client is not None or found.client is None:
        return Decision(call)
    return identify(call, client=found.client, contact_id=found.contact_id, by=BY_NUMBER, now=now, link=found.link)


def join(
    call: Call | None, *, word: Word, client: Client, contact_id: str | None, by: str, now: datetime
) -> Decision[Call]:
    """A person said whose its number is: it goes along, unless it is somebody's by anything else."""
    if call is not None and call.client is not None:
        if not word.moves(call.link):
            return Decision(call)
        if (call.client.client_id, call.contact_id) == (client.client_id, contact_id):
            return Decision(call if call.link == word else replace(call, link=word))
    return identify(call, client=client, contact_id=contact_id, by=by, now=now, link=word)


def paired(call: Call | None) -> Decision[Call]:
    """Missed calls and conversations with its number have been looked through."""
    if call is None:
        raise UnknownCall
    return Decision(replace(call, unpaired=False) if call.unpaired else call)


def is_returned_by(missed: Call, conversation: Call) -> bool:
    """Whether `conversation` is one with the number that `missed` came from, and not earlier (R-URG-2)."""
    one, other = missed.course, conversation.course
    return (
        (one.status, one.direction) == ("missed", "in")
        and one.phone is not None
        and one.phone == other.phone
        and one.missed_at is not None
        and other.answered_at is not None
        and one.missed_at <= other.answered_at
        and missed.call_id != conversation.call_id
    )


def course(facts: Iterable[Fact]) -> Course:
    """How the call went, by these facts in whatever order.

    Whoever saw the whole call decides whether it was answered; otherwise one who picked it up is enough.
    """
    surest = sorted(sorted(facts, key=_order), key=lambda fact: not fact.final)
    decided = any(fact.final and fact.kind in {"answered", "missed"} for fact in surest)
    answers = [fact for fact in surest if fact.kind in {"answered", "missed"} and (fact.final or not decided)]
    returns = [fact for fact in surest if fact.kind == "returned"]
    kinds = {fact.kind for fact in [*answers, *returns]}
    over_at = max((fact.at for fact in surest if fact.kind == "ended" and fact.final), default=None)
    return Course(
        began_at=min((fact.at for fact in surest), default=None),
        status=next((status for status in _RANKED if status in kinds), "ringing"),
        direction=surest[0].direction if surest else "in",
        phone=next((fact.phone for fact in surest if fact.phone is not None), None),
        rang_at=_first(surest, "rang"),
        answered_at=_first(answers, "answered"),
        missed_at=_first(answers, "missed"),
        returned_at=_first(returns, "returned"),
        returned_by=min(returns, key=_order).by_call_id if returns else None,
        ended_at=over_at or max((fact.at for fact in surest if fact.kind == "ended"), default=None),
        over_at=over_at,
        ours=next((fact.ours for fact in surest if fact.ours is not None), None),
        legs=tuple(dict.fromkeys(fact.leg for fact in sorted(surest, key=_order) if fact.leg)),
        talk_seconds=next((fact.talk_seconds for fact in surest if fact.talk_seconds is not None), None),
        recording=next((fact.recording for fact in surest if fact.recording is not None), None),
    )


def _turned(fact: Fact, employees: Mapping[str, str]) -> Fact:
    if fact.direction == "out" or fact.phone not in employees or fact.ours is None or fact.ours in employees:
        return fact
    return replace(fact, direction="out", phone=fact.ours, ours=fact.phone)


_RANKED: tuple[Status, ...] = ("answered", "returned", "missed")


def _first(facts: Iterable[Fact], kind: Kind) -> datetime | None:
    return min((fact.at for fact in facts if fact.kind == kind), default=None)


def _with(
    before: Call | None, call: Call, facts: Iterable[Fact], identify: Callable[[str | None], Identity]
) -> Decision[Call]:
    heard = tuple(sorted({*call.facts, *facts}, key=_order))
    if before is not None and (heard, call.raw) == (before.facts, before.raw):
        return Decision(before)
    how = course(heard)
    changed = _identified(replace(call, facts=heard, course=how, quiet_at=_quiet_at(how, heard)), identify)
    known = call.client is None and changed.client is not None
    events = [*(_now_known(changed, BY_NUMBER, heard[-1].at) if known else ()), *_untold(changed)]
    told = tuple(sorted({*changed.told, *(_KINDS[type(event)] for event in events if type(event) in _KINDS)}))
    pairs = changed.course.phone is not None and not {"missed", "answered"}.isdisjoint(set(told) - set(changed.told))
    return Decision(replace(changed, told=told, unpaired=changed.unpaired or pairs), tuple(events))


def _identified(call: Call, identify: Callable[[str | None], Identity]) -> Call:
    if call.client is not None:
        return call
    found = identify(call.course.phone)
    return replace(call, client=found.client, contact_id=found.contact_id, link=found.link)


def _now_known(call: Call, by: str, at: datetime) -> tuple[CallIdentified, ...]:
    """Where something was told of it while it was nobody's, or another's."""
    if not call.told:
        return ()
    missed_at = call.course.missed_at if "missed" in call.told else None
    returned_at = call.course.returned_at or call.course.answered_at if "returned" in call.told else None
    return (CallIdentified(at=at, by=by, missed_at=missed_at, returned_at=returned_at, **_common(call)),)


def _quiet_at(course: Course, facts: tuple[Fact, ...]) -> datetime | None:
    """A call of which only ends of legs are known may ring on elsewhere: it is not over by them. Where only what
    lies beside a conversation is known (a recording, a key pressed), nobody knows whether it was with a client."""
    if all(fact.kind == "leg" and fact.phone is None for fact in facts):
        return None
    if course.status in {"missed", "returned"} or (course.status == "answered" and course.ended_at is not None):
        return None
    heard = max((fact.at for fact in facts), default=None)
    return None if heard is None else heard + (TALKS_FOR if course.status == "answered" else RINGS_FOR)


def _untold(call: Call) -> list[CallEvent]:
    """The events the facts call for and that have not been told, in the order they happened.

    Only a client's call rings and is missed; a conversation is one in either direction. A call told missed that turns
    out to have been answered has thereby been returned.
    """
    course, inward = call.course, call.course.direction == "in"
    events: list[CallEvent] = []
    if inward and course.rang_at and "rang" not in call.told:
        events.append(CallRang(at=course.rang_at, **_common(call)))
    if course.answered_at and "answered" not in call.told:
        events.append(CallAnswered(at=course.answered_at, **_common(call)))
    missed = "missed" in call.told
    if inward and course.missed_at and not course.answered_at and not missed:
        events.append(CallMissed(at=course.missed_at, **_common(call)))
        missed = True
    returned_at = course.returned_at or course.answered_at
    if missed and returned_at and "returned" not in call.told:
        by = course.returned_by or call.call_id
        events.append(CallReturned(at=returned_at, by_call_id=by, **_common(call)))
    if course.answered_at and course.over_at and "ended" not in call.told:
        events.append(_ended(call, course.answered_at, course.over_at))
    return sorted(events, key=lambda event: event.at)


def _ended(call: Call, answered_at: datetime, over_at: datetime) -> CallEnded:
    lasted = max(0, int((over_at - answered_at).total_seconds()))
    talk = call.course.talk_seconds
    return CallEnded(
        at=max(answered_at, over_at),
        talk_seconds=lasted if talk is None else talk,
        recording=call.course.recording,
        **_common(call),
    )


def _common(call: Call) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "phone": call.course.phone,
        "direction": call.course.direction,
        "client": None if call.client is None else call.client.ref(),
        "contact_id": call.contact_id,
        "manager_id": call.manager_id,
    }


_KINDS: dict[type[CallEvent], Kind] = {
    CallRang: "rang",
    CallAnswered: "answered",
    CallMissed: "missed",
    CallReturned: "returned",
    CallEnded: "ended",
}


def _order(fact: Fact) -> tuple[Any, ...]:
    sides = (fact.phone or "", fact.by_call_id or "", fact.ours or "", fact.leg or "")
    beside = (fact.final, -1 if fact.talk_seconds is None else fact.talk_seconds, fact.recording or "")
    return (fact.at, fact.order, fact.kind, fact.direction, *sides, *beside)
