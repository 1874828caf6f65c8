"""What a policy is made of: a version of the whole table of clocks, with the calendars their targets are counted in.

Versions are documents (see policy_book.py). A version counts for what starts from its `since` on; where it says so,
also for what is open then. No version is ever changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from services.sla_monitor.domain.facts import Kind
from services.sla_monitor.domain.ladder import Ladder
from shared.calendar import Week
from shared.contracts.base import Nature, Priority
from shared.contracts.sla_monitor import About, ClockName

CalendarName = Literal["always", "company", "client"]
"""Round the clock; the company's hours in its zone; the client's hours in the client's own zone and region."""

SHIPPED_BY = "svoy"
"""Who made the versions that came with the program and its settings."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody's working time is counted."""

    zone: str
    region: str | None = None
    """Two digits of the subject of the Federation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """The working weeks targets are counted in, over Russia's production calendar and what regions add to it."""

    zone: str
    """The company's, as its settings name it."""
    region: str | None = None
    """The company's."""
    company: Week
    client: Week
    """A client's hours, in the client's own zone."""
    regional: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    """The days a region does not work besides, by its two digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a clock allows to whom it applies to. The first terms that fit count."""

    priorities: tuple[Priority | None, ...]
    """Calls, weekly calls and prospects have none: `None`."""
    natures: tuple[Nature, ...] = ()
    """Empty: of whatever nature, or of none."""
    tariffs: tuple[str, ...] = ()
    """Empty: whatever the client pays for."""
    target: timedelta
    """Counted in `calendar`; nothing where the due time is appointed."""
    warnings: tuple[float, ...] = (0.8,)
    """The shares of the time allowed after which there is a warning, ascending."""
    calendar: CalendarName = "always"
    ladder: Ladder | None = None
    """Who is called when it is broken; None for the usual one of such a calendar (domain/ladder.py)."""

    def fit(self, priority: Priority | None, nature: Nature | None, tariff: str | None) -> bool:
        """Whether they apply."""
        return (
            priority in self.priorities
            and (not self.natures or nature in self.natures)
            and (not self.tariffs or tariff in self.tariffs)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One clock. What none of its terms fit is free of it."""

    clock: ClockName
    title: str
    """What people are told was broken, in Russian: «специалист не начал»."""
    rule: str = ""
    about: About
    starts: tuple[Kind, ...]
    met_by: tuple[Kind, ...]
    cancelled_by: tuple[Kind, ...] = ()
    restarts: tuple[Kind, ...] = ()
    """Of `met_by`: what starts it anew as well."""
    paused_by: tuple[Kind, ...] = ()
    resumed_by: tuple[Kind, ...] = ()
    """Between the two no time counts; what is late stays late, and a promised time stands."""
    continued_by: tuple[Kind, ...] = ()
    """What sets it going again after it ended, with the time it had left (R-URG-5)."""
    promised: bool = False
    """Due at the time T the contact promised to wait until, where such a promise stands (R-URG-3, R-URG-4); it runs
    from the promise on, whether or not somebody has the work by then (R-URG-6)."""
    appointed: bool = False
    """Due when the facts themselves say (domain/appointments.py): the calendar is that of the escalation."""
    terms: tuple[Terms, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The whole table as it was from one moment on."""

    number: int
    """From 1, without gaps."""
    since: datetime
    """From when it is in force: a few seconds after it was made, so that every replica has it by then."""
    made: datetime
    by: str
    reason: str
    applies_to_open: bool = False
    """Clocks that run at `since` are reckoned by it from then on."""
    clocks: tuple[Policy, ...]
    calendars: Calendars
