"""The policy table made ready for use, with the calendars its targets are counted in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.sla_monitor.domain.facts import Kind
from services.sla_monitor.domain.policies import POLICIES, CalendarName, Policy, Terms
from shared.calendar import ALWAYS, Calendar, Hours, add, russia, weekdays
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import ClockName

Calendars = Mapping[CalendarName, Calendar]


class NoSuchCalendar(ValueError):
    """A policy counts in a calendar there is none of."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What one kind of fact does to the clocks, in the order in which it is done."""

    meets: tuple[ClockName, ...]
    restarts: frozenset[ClockName]
    cancels: tuple[ClockName, ...]
    starts: tuple[ClockName, ...]


NOTHING = Effects((), frozenset(), (), ())


class Rules:
    """Looked up many times a second: effects by fact, terms by clock and priority."""

    def __init__(self, calendars: Calendars, policies: Sequence[Policy] = POLICIES) -> None:
        """Raises `NoSuchCalendar`."""
        self.policies = tuple(policies)
        self.promised = tuple(policy.clock for policy in policies if policy.promised)
        """The clocks due when the contact was told to expect somebody."""
        self._calendars = calendars
        self._terms = {
            (policy.clock, priority): terms
            for policy in policies
            for terms in policy.terms
            for priority in terms.priorities
        }
        missing = {terms.calendar for terms in self._terms.values()} - calendars.keys()
        if missing:
            raise NoSuchCalendar(f"Нет календаря {', '.join(sorted(missing))}.")
        kinds: set[Kind] = {
            kind for policy in policies for kind in (*policy.starts, *policy.met_by, *policy.cancelled_by)
        }
        self._effects: dict[Kind, Effects] = {kind: _effects(kind, policies) for kind in kinds}

    def effects(self, kind: Kind) -> Effects:
        """What a fact of this kind does."""
        return self._effects.get(kind, NOTHING)

    def terms(self, clock: ClockName, priority: Priority | None) -> Terms | None:
        """What is allowed; None where requests of this priority are free of the clock."""
        return self._terms.get((clock, priority))

    def calendar(self, terms: Terms) -> Calendar:
        """What the terms are counted in."""
        return self._calendars[terms.calendar]

    def times(self, terms: Terms, since: datetime) -> tuple[datetime, datetime]:
        """When to warn and when it is due, counted from `since`. Raises `NoCalendarYear`."""
        calendar = self._calendars[terms.calendar]
        return to_millisecond(add(calendar, since, terms.target * terms.warning)), add(calendar, since, terms.target)


def company_calendars(zone: str, day: Hours) -> Calendars:
    """Round the clock, and the company's weekdays over Russia's production calendar."""
    return {"always": ALWAYS, "company": Calendar(zone=zone, week=weekdays(day), production=russia())}


def to_millisecond(moment: datetime) -> datetime:
    """As finely as a document keeps it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _effects(kind: Kind, policies: Sequence[Policy]) -> Effects:
    return Effects(
        meets=tuple(policy.clock for policy in policies if kind in policy.met_by),
        restarts=frozenset(policy.clock for policy in policies if kind in policy.restarts),
        cancels=tuple(policy.clock for policy in policies if kind in policy.cancelled_by),
        starts=tuple(policy.clock for policy in policies if kind in policy.starts),
    )
