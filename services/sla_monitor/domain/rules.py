"""The versions of the policy made ready for use: which is in force when, and the calendars each counts in."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from services.sla_monitor.domain.facts import Kind
from services.sla_monitor.domain.policies import CalendarName, Place, Policy, Terms, Version
from shared.calendar import ALWAYS, Calendar, UnknownZone, Week, add, between, russia
from shared.contracts.base import Nature, Priority
from shared.contracts.sla_monitor import ClockName


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that counts."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Traits:
    """Whom terms apply to."""

    priority: Priority | None = None
    nature: Nature | None = None
    tariff: str | None = None
    place: Place | None = None
    """The client's; None where nobody knows yet whose it is."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The terms that apply, and the calendar they are counted in."""

    number: int
    """Which of the policy's terms they are, from 0."""
    terms: Terms
    place: Place | None
    """Where the client's hours are counted; None where no client's hours are."""
    calendar: Calendar


class Edition:
    """One version, looked up many times a second. Raises `NoWorkingTime`, `UnknownZone`, `BadRegion` when made."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.policies: Mapping[ClockName, Policy] = {policy.clock: policy for policy in version.clocks}
        self._calendars: dict[tuple[CalendarName, Place | None], Calendar] = {("always", None): ALWAYS}
        self._allowed: dict[tuple[ClockName, Traits], Allowed | None] = {}
        self._starts = _by_kind({policy.clock: policy.starts for policy in version.clocks})
        self._continues = _by_kind({policy.clock: policy.continued_by for policy in version.clocks})
        self.promised = tuple(policy.clock for policy in version.clocks if policy.promised)
        """The clocks due when the contact was told to expect somebody."""
        self.calendar("company", None)
        self._of(version.calendars.client, self._company_place)

    @property
    def number(self) -> int:
        """The version's."""
        return self.version.number

    @property
    def since(self) -> datetime:
        """From when it is in force."""
        return self.version.since

    def starts(self, kind: Kind) -> tuple[ClockName, ...]:
        """The clocks such a fact starts."""
        return self._starts.get(kind, ())

    def continues(self, kind: Kind) -> tuple[ClockName, ...]:
        """The clocks such a fact sets going again."""
        return self._continues.get(kind, ())

    def allowed(self, clock: ClockName, traits: Traits) -> Allowed | None:
        """The terms that apply; None where what has these traits is free of the clock."""
        asked = clock, traits
        if asked not in self._allowed:
            self._allowed[asked] = self._find(clock, traits)
        return self._allowed[asked]

    def _find(self, clock: ClockName, traits: Traits) -> Allowed | None:
        policy = self.policies.get(clock)
        for number, terms in enumerate(policy.terms if policy else ()):
            if terms.fit(traits.priority, traits.nature, traits.tariff):
                place = traits.place if terms.calendar == "client" else None
                return Allowed(number, terms, place, self.calendar(terms.calendar, place))
        return None

    def terms(self, clock: ClockName, number: int) -> Terms | None:
        """Those of that number."""
        policy = self.policies.get(clock)
        return policy.terms[number] if policy and number < len(policy.terms) else None

    def calendar(self, name: CalendarName, place: Place | None) -> Calendar:
        """A calendar by its name. The hours of a client nobody knows, or of a zone there is none of, are counted where
        the company is."""
        found = self._calendars.get((name, place))
        if found is None:
            found = self._calendars[name, place] = self._made(name, place)
        return found

    @cached_property
    def _company_place(self) -> Place:
        return Place(self.version.calendars.zone, self.version.calendars.region)

    def _made(self, name: CalendarName, place: Place | None) -> Calendar:
        if name == "company":
            return self._of(self.version.calendars.company, self._company_place)
        try:
            return self._of(self.version.calendars.client, place or self._company_place)
        except UnknownZone:
            return self._of(self.version.calendars.client, self._company_place)

    def _of(self, week: Week, place: Place) -> Calendar:
        production = russia()
        days = self.version.calendars.regional.get(place.region or "")
        if days:
            production = production.with_region(place.region or "", days)
        return Calendar(zone=place.zone, week=week, production=production)


class Rules:
    """All versions, in order."""

    def __init__(self, editions: Sequence[Edition]) -> None:
        self._editions = tuple(editions)
        self._sinces = [edition.since for edition in self._editions]
        self.turns = tuple(edition for edition in self._editions if edition.version.applies_to_open)
        """Those that apply to what is open when they come into force."""

    @property
    def newest(self) -> Edition:
        """The version made last, in force or about to be."""
        return self._editions[-1]

    @cached_property
    def clocks(self) -> tuple[ClockName, ...]:
        """Every clock any version has, in order."""
        return tuple(dict.fromkeys(clock for edition in self._editions for clock in edition.policies))

    @cached_property
    def warns(self) -> bool:
        """Whether any ladder has somebody who gets a letter with a warning."""
        clocks = (policy for edition in self._editions for policy in edition.policies.values())
        return any(terms.ladder and terms.ladder.warned for policy in clocks for terms in policy.terms)

    def at(self, moment: datetime) -> Edition:
        """What is in force at that moment."""
        if len(self._editions) == 1:
            return self._editions[0]
        return self._editions[max(bisect_right(self._sinces, moment) - 1, 0)]

    def edition(self, number: int) -> Edition:
        """The version of that number; the newest where it is not known here."""
        return self._editions[min(max(number, 1), len(self._editions)) - 1]

    def upto(self, number: int) -> "Rules":
        """As they were when that version was the newest."""
        return self if number >= self.newest.number else Rules(self._editions[: max(number, 1)])

    def followed_by(self, versions: Iterable[Version]) -> "Rules":
        """These and newer ones. Raises what `Edition` raises."""
        return Rules((*self._editions, *map(Edition, versions)))


def due_times(
    allowed: Allowed, since: datetime, earlier: Sequence[Span], base: datetime
) -> tuple[tuple[datetime, ...], datetime]:
    """When to warn and when it is due, counted over the `earlier` stretches and from `base` on. What should have come
    before `since`, when the obligation began, comes at once. Raises `NoCalendarYear`."""
    terms, calendar = allowed.terms, allowed.calendar
    warnings = (reach(calendar, earlier, base, terms.target * share) for share in terms.warnings)
    due = reach(calendar, earlier, base, terms.target)
    return tuple(to_millisecond(max(moment, since)) for moment in warnings), max(due, since)


def reach(calendar: Calendar, earlier: Sequence[Span], base: datetime, target: timedelta) -> datetime:
    """When so much working time has passed over these stretches, the last of which begins at `base`."""
    for span in earlier:
        passed = between(calendar, span.begins, span.ends)
        if target <= passed:
            return add(calendar, span.begins, target)
        target -= passed
    return add(calendar, base, target)


def to_millisecond(moment: datetime) -> datetime:
    """As finely as a document keeps it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _by_kind(conditions: Mapping[ClockName, tuple[Kind, ...]]) -> dict[Kind, tuple[ClockName, ...]]:
    kinds = {kind for named in conditions.values() for kind in named}
    return {kind: tuple(clock for clock, named in conditions.items() if kind in named) for kind in kinds}
