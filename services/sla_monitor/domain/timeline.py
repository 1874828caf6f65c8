"""The document of one request or call: the facts heard, the obligations they come to, and what was said of them.

Each obligation is announced at most once as warned, as breached, and as met; a breach that a late fact shows never
to have been is withdrawn, by an event of its own, and may be announced again should it come to one. So is what was
announced as met, in time or late, and was not or not so: it is told anew where it is met all the same. What is due
later than it was is warned of again before its new time.
Hearing a fact tells what the facts themselves settle (met, in time or late); what only passing time brings about is
told by `fired`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.sla_monitor.domain.course import obligations_of
from services.sla_monitor.domain.facts import Client, Fact, in_order
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.said import SAID
from shared.calendar import written
from shared.contracts.base import Decision, NotYet, Priority
from shared.contracts.sla_monitor import (
    About,
    SlaBreached,
    SlaBreachWithdrawn,
    SlaEvent,
    SlaMet,
    SlaMetWithdrawn,
    SlaWarned,
)

SETTLE = timedelta(milliseconds=500)
"""A due time that has passed already when it becomes known waits this long: the fact that meets it may be right
behind, after an outage."""
MOMENT = timedelta(milliseconds=1)
SKEW = timedelta(minutes=10)
"""How far ahead of this clock a fact may be: it counts at its own time. One further ahead would put off what it
starts, so it waits for its time, or for a person (parked)."""
STALE = timedelta(minutes=1)
"""After an outage nobody is warned of what has been broken this long: the breach itself is told."""

Reason = Callable[[], str]
"""Says why something is taken back, where something is."""


class UnknownSubject(Exception):
    """О такой заявке или таком звонке ничего не известно."""


class FromTheFuture(NotYet):
    """Время факта впереди часов этой службы больше, чем расходятся часы машин."""


class Outdated(Exception):
    """Another replica has reckoned this by a version of the policy that is not known here yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Everything known about one request or call."""

    about: About
    about_id: str
    facts: tuple[Fact, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    announced: tuple[str, ...] = ()
    """`<warned|breached|met> <obligation id>` of what has been told, in alphabetical order."""
    number: str | None = None
    priority: Priority | None = None
    client: Client | None = None
    began: datetime
    """When the first of its facts happened."""
    nearest: datetime | None = None
    """The earliest due time of what is not done yet."""
    next_due: datetime | None = None
    """When there is next something to be told."""
    reckoned_by: int = 0
    """The newest version of the policy that was in force when the obligations were computed."""


def heard(
    timeline: Timeline | None, about: About, about_id: str, fact: Fact, *, now: datetime, rules: Rules
) -> Decision[Timeline]:
    """One more fact. One heard before changes nothing. Raises `NoCalendarYear`, `FromTheFuture`, `Outdated`."""
    if fact.at > now + SKEW:
        said = f"{about_id}: {SAID[fact.kind]}, но {_when(fact, rules)} ещё не наступило"
        raise FromTheFuture(f"{said}; проверьте часы машины, с которой это пришло.")
    known = timeline or Timeline(about=about, about_id=about_id, began=fact.at)
    if any(one == fact or (one.at == fact.at and _unplaced(one) == _unplaced(fact)) for one in known.facts):
        return Decision(known)
    facts = in_order((*known.facts, fact))
    with_it = replace(
        known,
        facts=facts,
        number=_last(one.number for one in facts),
        priority=_last(one.priority for one in facts),
        client=_last(one.client for one in facts),
        began=min(known.began, fact.at),
    )
    return _reckoned(with_it, now, rules, partial(_late_news, fact, rules))


def _late_news(fact: Fact, rules: Rules) -> str:
    return f"Позже стало известно: {SAID[fact.kind]}, {_when(fact, rules)}."


def _when(fact: Fact, rules: Rules) -> str:
    return written(fact.at, rules.newest.version.calendars.zone, seconds=True)


def _unplaced(fact: Fact) -> Fact:
    """The fact as its event has it: the region is added where it is heard (monitor.py)."""
    if fact.client is None or fact.kind == "client.changed":
        return fact
    return replace(fact, client=replace(fact.client, region=None))


def moved(timeline: Timeline | None, moves: Sequence[Fact], *, now: datetime, rules: Rules) -> Decision[Timeline]:
    """Where the client was and what they paid for, as accounts says: all of `moves` (`client.changed`), in order. Of
    what was so before it all began the events about it tell themselves, but for the region. What changes nothing is
    no fact. Raises `UnknownSubject` and what `heard` raises.
    """
    if timeline is None:
        raise UnknownSubject
    if timeline.about not in {"request", "call"}:
        return Decision(timeline)  # what is appointed comes anew from accounts
    before = [one for one in moves if one.at <= timeline.began]
    decision = Decision(timeline)
    for move in (*before[-1:], *moves[len(before) :]):
        fact = _move(decision.state, move)
        if fact is not None:
            after = heard(decision.state, timeline.about, timeline.about_id, fact, now=now, rules=rules)
            decision = Decision(after.state, (*decision.events, *after.events))
    return decision


def _move(timeline: Timeline, move: Fact) -> Fact | None:
    at = max(move.at, timeline.began)
    known = [one.client for one in timeline.facts if one.client is not None and one.at <= at]
    if not known or move.client is None or known[-1].client_id != move.client.client_id:
        return None
    if move.at > timeline.began:
        there = replace(known[-1], zone=move.client.zone, tariff=move.client.tariff, region=move.client.region)
    else:
        there = replace(known[-1], region=known[-1].region or move.client.region)
    return None if there == known[-1] else replace(move, at=at, client=there)


def reckoned(timeline: Timeline | None, *, now: datetime, rules: Rules) -> Decision[Timeline]:
    """Computed anew by a version of the policy it was not reckoned by yet. One that is not in force is not used.

    Raises `UnknownSubject`, `NoCalendarYear`.
    """
    if timeline is None:
        raise UnknownSubject
    number = rules.at(now).number
    if timeline.reckoned_by >= number:
        return Decision(timeline)
    return _reckoned(timeline, now, rules, lambda: f"Сроки пересчитаны по правилам версии {number}.")


def _reckoned(known: Timeline, now: datetime, rules: Rules, reason: Reason) -> Decision[Timeline]:
    if known.reckoned_by > rules.newest.number:
        raise Outdated
    # A version whose `since` lies ahead must not end or shorten anything yet: the sweep brings it in (reckoning.py).
    number = max(rules.at(now).number, known.reckoned_by)
    rules = rules.upto(number)
    obligations = obligations_of(known.about_id, known.facts, rules)
    running = [one.due for one in obligations if one.ending is None]
    after = replace(
        known,
        obligations=obligations,
        nearest=min(running, default=None),
        reckoned_by=number,
    )
    withdrawn = [*_withdrawn(known, after, now, reason)]
    announced = _without(after.announced, {*(mark for mark, _ in withdrawn), *_to_warn_again(known, after, now)})
    decision = _told(replace(after, announced=announced), _settled(after), now)
    return Decision(decision.state, (*(event for _, event in withdrawn), *decision.events))


def fired(timeline: Timeline | None, *, now: datetime) -> Decision[Timeline]:
    """What has become due by `now`: warnings and breaches, each at its own time however late it is noticed.

    Raises `UnknownSubject` where the document is gone.
    """
    if timeline is None:
        raise UnknownSubject
    marks = set(timeline.announced)
    due = [tell for one in timeline.obligations if one.ticks for tell in _passed(one, now, marks)]
    decision = _told(timeline, due, now)
    return Decision(timeline) if decision.state == timeline else decision


def _last(values: Iterable[Any]) -> Any:
    found = None
    for value in values:
        found = found if value is None else value
    return found


def _never_were(before: Timeline, after: Timeline, now: datetime) -> list[Obligation]:
    """What was announced as breached, and by what is known now has not been. What was due then and is due no later
    stays broken: the clock of whoever told it may be ahead of this one."""
    told = {mark.removeprefix("breached ") for mark in before.announced if mark.startswith("breached ")}
    if not told:
        return []
    was = {one.id: one.due for one in before.obligations}
    still = {
        one.id
        for one in after.obligations
        if one.ended_late or (one.ticks and (now > one.due or one.due <= was.get(one.id, one.due)))
    }
    return [one for one in before.obligations if one.id in told - still]


def _not_so_met(before: Timeline, after: Timeline) -> list[Obligation]:
    """What was announced as met, and by what is known now was not, or not in time, or in time after all."""
    told = {mark.removeprefix("met ") for mark in before.announced if mark.startswith("met ")}
    now = {one.id: one.ended_late for one in after.obligations if one.ending == "met"}
    return [one for one in before.obligations if one.id in told and now.get(one.id) is not one.ended_late]


def _to_warn_again(before: Timeline, after: Timeline, now: datetime) -> Iterator[str]:
    """The marks of warnings whose time is still ahead, because the due time has become later."""
    was = {one.id: one.due for one in before.obligations}
    for one in after.obligations:
        if one.ticks and one.due > was.get(one.id, one.due):
            yield from (mark for mark, moment in one.warnings() if moment > now)


def _without(announced: tuple[str, ...], gone: set[str]) -> tuple[str, ...]:
    return tuple(mark for mark in announced if mark not in gone) if gone else announced


def _withdrawn(before: Timeline, after: Timeline, now: datetime, reason: Reason) -> Iterator[tuple[str, SlaEvent]]:
    """What was told wrongly: the mark it was announced under, and what takes it back."""
    for one in _never_were(before, after, now):
        yield f"breached {one.id}", SlaBreachWithdrawn(at=now, reason=reason(), **_about(before, one))
    for one in _not_so_met(before, after):
        late = one.ended_late
        yield f"met {one.id}", SlaMetWithdrawn(at=now, reason=reason(), late=late, **_about(before, one))


Tell = tuple[str, str, Obligation, datetime]
"""The mark it is announced under, what it is, of what, and when it came about."""


def _settled(timeline: Timeline) -> Iterator[Tell]:
    """What the facts settle: done in time or late, or given up after it was late (R-REQ-4 wants to know)."""
    for one in timeline.obligations:
        if one.ended is not None:
            if one.ended_late:
                yield _breach(one)
            if one.ending == "met":
                yield f"met {one.id}", "met", one, one.ended


def _warns(one: Obligation, now: datetime, marks: set[str]) -> bool:
    """Nobody is warned of what has been broken for long, or was told to be: not even if the clock was moved back."""
    return now - one.due < STALE and f"breached {one.id}" not in marks


def _passed(one: Obligation, now: datetime, marks: set[str]) -> Iterator[Tell]:
    if _warns(one, now, marks):
        for mark, moment in one.warnings():
            if now >= moment:
                yield mark, "warned", one, moment
    if now > one.due:
        yield _breach(one)


def _breach(one: Obligation) -> Tell:
    return f"breached {one.id}", "breached", one, one.due


def _told(timeline: Timeline, tells: Iterable[Tell], now: datetime) -> Decision[Timeline]:
    """Announce those of `tells` that have not been yet, and set when to look again."""
    before = set(timeline.announced)
    news = {tell[0]: tell for tell in tells if tell[0] not in before}
    marks = before | news.keys()
    after = replace(timeline, announced=tuple(sorted(marks)), next_due=next_due(timeline, marks, now))
    events = [_event(timeline, what, one, at) for _, what, one, at in news.values()]
    return Decision(after, tuple(sorted(events, key=lambda event: event.at)))


def next_due(timeline: Timeline, marks: set[str], now: datetime) -> datetime | None:
    """When there is next something to tell that has not been told."""
    times = [
        moment
        for one in timeline.obligations
        if one.ticks
        for mark, moment in _timers(one, now, marks)
        if mark not in marks
    ]
    earliest = min(times, default=None)
    return earliest if earliest is None or earliest > now else now + SETTLE


def _timers(one: Obligation, now: datetime, marks: set[str]) -> Iterator[tuple[str, datetime]]:
    if _warns(one, now, marks):
        yield from one.warnings()
    yield f"breached {one.id}", one.due + MOMENT


def _event(timeline: Timeline, what: str, one: Obligation, at: datetime) -> SlaEvent:
    about = _about(timeline, one)
    if what == "warned":
        return SlaWarned(at=at, **about)
    if what == "breached":
        return SlaBreached(at=one.due, promise_broken=one.promised, **about)
    return SlaMet(at=one.ended, late=one.ended_late, **about)


def _about(timeline: Timeline, one: Obligation) -> dict[str, Any]:
    return {
        "obligation_id": one.id,
        "about": timeline.about,
        "about_id": timeline.about_id,
        "clock": one.clock,
        "priority": one.priority,
        "client": timeline.client and timeline.client.ref(),
        "specialist_id": one.specialist_id,
        "due": one.due,
    }
