"""One ladder climbed for one broken obligation, until somebody has seen to it.

    warned (where the ladder says so) ──▶ a letter, nobody is called yet
    breached ──▶ called ──(gap)──▶ one step up ──▶ … the last step
                  │ ▲  └─(repeat)─▶ called again
                  ▼ └────────────(forgotten)──┐
              acknowledged by a person, until a time          ended: met, cancelled, withdrawn

Nobody is called outside the hours of the clock's own calendar. A step that is noticed late, after an outage, is
taken from then on: nobody is called for three steps at once.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Literal

from services.sla_monitor.domain.facts import Client
from services.sla_monitor.domain.ladder import Ladder, Role
from services.sla_monitor.domain.policies import Place
from shared.calendar import Calendar, Interval, NoCalendarYear, add
from shared.contracts.base import Decision, Priority
from shared.contracts.sla_monitor import About, ClockName, EscalationAcknowledged, EscalationRaised

Ending = Literal["met", "cancelled", "withdrawn"]
State = Literal["warned", "raised", "acknowledged", "ended"]

MOMENT = timedelta(milliseconds=1)
LONGEST_TERM = timedelta(hours=24)
"""For longer nobody may take a broken promise upon themselves without saying so again."""
DAYS_AHEAD = 14
"""Longer than the longest holidays, and than a letter is tried."""
KEPT = 50
"""Calls and acknowledgements a document remembers."""


class UnknownEscalation(Exception):
    """Такой эскалации нет."""


class EscalationEnded(Exception):
    """Эскалация уже закрыта: нарушенное исполнено или снято. Брать её на себя не нужно."""


class NotBrokenYet(Exception):
    """Срок ещё не нарушен, было лишь предупреждение: брать на себя пока нечего."""


class BadTerm(ValueError):
    """Срок: позже нынешнего времени и не дольше 24 часов."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody was called to act."""

    step: int
    """From 1; 0 where somebody was only warned."""
    role: Role
    at: datetime
    person_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A person took it upon themselves."""

    by: str
    at: datetime
    until: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What is broken, whom it was called to, and who has it now."""

    escalation_id: str
    """The obligation's id: one ladder for each."""
    about: About
    about_id: str
    clock: ClockName
    policy: int = 1
    """The version of the policy it is reckoned by."""
    terms: int = 0
    """Which of that version's terms for the clock, from 0."""
    place: Place | None = None
    """Where the client's hours are counted, where they are."""
    title: str | None = None
    """What its policy calls it being broken."""
    priority: Priority | None = None
    number: str | None = None
    client: Client | None = None
    specialist_id: str | None = None
    promise_broken: bool = False
    due: datetime
    """When it should have been done."""
    began: datetime
    ladder: Ladder
    step: int = 0
    """From 1; 0 before anybody was called."""
    step_since: datetime
    count: int = 0
    """How often somebody was called."""
    calls: tuple[Call, ...] = ()
    untold: tuple[str, ...] = ()
    """Who is still to be told of the last call; whoever had not been told of the one before hears of this one."""
    acknowledgements: tuple[Acknowledgement, ...] = ()
    acknowledged_until: datetime | None = None
    ended: datetime | None = None
    ending: Ending | None = None
    next_due: datetime | None = None
    """When somebody is called next."""

    @property
    def state(self) -> State:
        """How it stands."""
        if self.ending is not None:
            return "ended"
        if self.next_due is None:
            return "warned"
        return "raised" if self.acknowledged_until is None else "acknowledged"


Called = Callable[[Role], tuple[str, ...]]
"""Whom a role means at the moment."""


def begun(known: Escalation | None, new: Escalation) -> Decision[Escalation]:
    """The obligation is broken and not done. Begins anew where an earlier breach of it had ended, or never was (its
    withdrawal may be heard after this); who has not been told of the warning hears of the call."""
    if known is not None and known.state == "warned":
        return Decision(replace(new, calls=known.calls, untold=known.untold))
    if known is None or known.state == "ended" or known.due < new.due:
        return Decision(new)
    return Decision(known)


def warned(known: Escalation | None, *, new: Escalation, role: Role, people: tuple[str, ...]) -> Decision[Escalation]:
    """Most of the time has passed: these people are told, nobody is called. Once it is broken, warnings are over."""
    if known is not None and known.state != "warned":
        return Decision(known)
    state = known or new
    said = Call(step=0, role=role, at=new.began, person_ids=people)
    untold = tuple(sorted({*state.untold, *people}))
    return Decision(replace(state, calls=(*state.calls, said)[-KEPT:], untold=untold, next_due=None))


def opening(calendar: Calendar, moment: datetime) -> datetime:
    """`moment`, or where nobody works then, when they next do. Raises `NoCalendarYear`."""
    return add(calendar, moment, MOMENT) - MOMENT


def hours_after(calendar: Calendar, moment: datetime) -> tuple[Interval, ...]:
    """The working time of the next days, as far as the production calendar goes: a letter that is late waits for it.
    None at all where every moment is working time."""
    if calendar.is_always:
        return ()
    found: list[Interval] = []
    with suppress(NoCalendarYear):
        for number in range(DAYS_AHEAD):
            found += calendar.intervals(calendar.local_day(moment) + timedelta(days=number))
    return tuple((max(opens, moment), closes) for opens, closes in found if closes > moment)


def common(hours: Iterable[tuple[Interval, ...]]) -> tuple[Interval, ...]:
    """What is in all of these hours; none at all where one of them is any time."""
    wanted = {*hours}
    if () in wanted or not wanted:
        return ()
    return reduce(_overlap, wanted)


def _overlap(one: tuple[Interval, ...], other: tuple[Interval, ...]) -> tuple[Interval, ...]:
    both = ((max(begins, opens), min(ends, closes)) for begins, ends in one for opens, closes in other)
    return tuple(sorted((begins, ends) for begins, ends in both if begins < ends))


def climbed(known: Escalation | None, *, now: datetime, calendar: Calendar, called: Called) -> Decision[Escalation]:
    """Call whoever is to be called by `now`. Raises `UnknownEscalation`, `NoCalendarYear`."""
    state = _there(known)
    if state.ending is not None or state.next_due is None or state.next_due > now:
        return Decision(state)
    open_at = opening(calendar, now)
    if open_at > now:
        return Decision(replace(state, next_due=open_at))
    return _call(state, now, calendar, called)


def _call(state: Escalation, now: datetime, calendar: Calendar, called: Called) -> Decision[Escalation]:
    step, since = _next_step(state, now, calendar)
    role = state.ladder.steps[step - 1].role
    people = called(role)
    after = replace(
        state,
        step=step,
        step_since=since,
        count=state.count + 1,
        calls=(*state.calls, Call(step=step, role=role, at=now, person_ids=people))[-KEPT:],
        untold=tuple(sorted({*state.untold, *people})),
        acknowledged_until=None,
    )
    after = replace(after, next_due=_next_due(after, now, calendar))
    return Decision(after, (_raised(after, now),))


def _next_step(state: Escalation, now: datetime, calendar: Calendar) -> tuple[int, datetime]:
    """The step to call now, and since when it stands on it. A forgotten acknowledgement returns to its own step."""
    if state.step == 0:
        return 1, now
    if state.acknowledged_until is not None:
        return state.step, now
    up = _up_at(state, calendar)
    return (state.step, state.step_since) if up is None or up > now else (state.step + 1, now)


def _up_at(state: Escalation, calendar: Calendar) -> datetime | None:
    gap = state.ladder.gap(state.step)
    return None if gap is None else add(calendar, state.step_since, gap)


def _next_due(state: Escalation, now: datetime, calendar: Calendar) -> datetime:
    again, up = add(calendar, now, state.ladder.repeat_every), _up_at(state, calendar)
    return again if up is None else min(again, up)


def acknowledged(
    known: Escalation | None, *, by: str, until: datetime, note: str | None, now: datetime
) -> Decision[Escalation]:
    """A person has it until then; forgotten by then, it returns. Whoever says so last has it.

    Raises `UnknownEscalation`, `EscalationEnded`, `NotBrokenYet`, `BadTerm`.
    """
    state = _there(known)
    if state.ending is not None:
        raise EscalationEnded
    if state.state == "warned":
        raise NotBrokenYet
    if not now < until <= now + LONGEST_TERM:
        raise BadTerm("until: позже нынешнего времени и не дольше 24 часов.")
    last = state.acknowledgements[-1] if state.acknowledged_until is not None else None
    if last is not None and (last.by, last.until, last.note) == (by, until, note):
        return Decision(state)
    said = Acknowledgement(by=by, at=now, until=until, note=note)
    after = replace(
        state,
        acknowledgements=(*state.acknowledgements, said)[-KEPT:],
        acknowledged_until=until,
        untold=(),
        next_due=until,
    )
    return Decision(after, (_acknowledged(after, said),))


def ended(known: Escalation | None, *, ending: Ending, at: datetime) -> Decision[Escalation]:
    """Nothing is to be done any more. Raises `UnknownEscalation` where there never was one."""
    state = _there(known)
    if state.ending is not None:
        return Decision(state)
    return Decision(replace(state, ending=ending, ended=at, untold=(), acknowledged_until=None, next_due=None))


def told(known: Escalation | None, *, count: int, person_id: str) -> Decision[Escalation]:
    """The call number `count` is in somebody's bundle."""
    state = _there(known)
    if state.count != count or person_id not in state.untold:
        return Decision(state)
    return Decision(replace(state, untold=tuple(one for one in state.untold if one != person_id)))


def _there(known: Escalation | None) -> Escalation:
    if known is None:
        raise UnknownEscalation
    return known


def _raised(state: Escalation, at: datetime) -> EscalationRaised:
    call = state.calls[-1]
    return EscalationRaised(
        at=at,
        escalation_id=state.escalation_id,
        obligation_id=state.escalation_id,
        about=state.about,
        about_id=state.about_id,
        clock=state.clock,
        client=state.client and state.client.ref(),
        step=call.step,
        role=call.role,
        promise_broken=state.promise_broken,
        person_ids=call.person_ids,
    )


def _acknowledged(state: Escalation, said: Acknowledgement) -> EscalationAcknowledged:
    step = max(state.step, 1)
    return EscalationAcknowledged(
        at=said.at,
        escalation_id=state.escalation_id,
        obligation_id=state.escalation_id,
        about=state.about,
        about_id=state.about_id,
        clock=state.clock,
        client=state.client and state.client.ref(),
        step=step,
        role=state.ladder.steps[step - 1].role,
        by=said.by,
        until=said.until,
    )
