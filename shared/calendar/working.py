"""Counting in working time. `add` and `between` are inverse to one another, exact to the microsecond.

A calendar is a week of hours in local time. Days are turned into intervals of UTC, so that a change of the zone's
clock inside working hours counts what really passed.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.calendar.production import ProductionCalendar

Hours = tuple[tuple[int, int], ...]
"""The intervals of one day, in minutes after local midnight: `((540, 780), (840, 1080))`."""
Week = tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
"""Monday first."""
Interval = tuple[datetime, datetime]

DAY = 24 * 60
SHORTER = 60
"""Minutes a short day is shorter by."""
ONE_DAY = timedelta(days=1)
ZERO = timedelta()
HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


class BadHours(ValueError):
    """Working hours are written `09:00-13:00,14:00-18:00`: in order, apart from each other, none after 24:00."""


class NoWorkingTime(ValueError):
    """A calendar without working time: nothing counted in it would ever be due."""


class UnknownZone(ValueError):
    """There is no such IANA time zone."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Weekly working hours in an IANA zone, over a production calendar where one is given.

    Raises `BadHours`, `NoWorkingTime` or `UnknownZone` when it is made.
    """

    zone: str
    week: Week
    production: ProductionCalendar | None = None
    _days: dict[date, tuple[Interval, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not any(self.week):
            raise NoWorkingTime("В календаре нет рабочего времени: по нему ничего никогда не наступит.")
        for day in self.week:
            _check(day)
        _zone(self.zone)

    @cached_property
    def is_always(self) -> bool:
        """Whether every moment is working time."""
        return self.production is None and all(day == ((0, DAY),) for day in self.week)

    def hours(self, day: date) -> Hours:
        """The working hours of a local day. Raises `NoCalendarYear`."""
        production = self.production
        if production is None:
            return self.week[day.weekday()]
        production.check(day)
        if day in production.off:
            return ()
        found = self.week[production.worked.get(day, day).weekday()]
        return _shortened(found) if day in production.short else found

    def intervals(self, day: date) -> tuple[Interval, ...]:
        """The working time of a local day, in UTC. Raises `NoCalendarYear`."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._intervals(day)
        return found

    def local_day(self, moment: datetime) -> date:
        """The day it is in the calendar's zone."""
        return moment.astimezone(_zone(self.zone)).date()

    def _intervals(self, day: date) -> tuple[Interval, ...]:
        zone = _zone(self.zone)
        midnight = datetime.combine(day, time(), zone)
        found: list[Interval] = []
        for start, end in self.hours(day):
            begin, finish = (
                (midnight + timedelta(minutes=minutes)).astimezone(UTC)  # wall time first, then what it is in UTC
                for minutes in (start, end)
            )
            begin = max(begin, found[-1][1]) if found else begin  # local times that a clock change skipped
            if begin < finish:
                found.append((begin, finish))
        return tuple(found)


def add(calendar: Calendar, start: datetime, span: timedelta) -> datetime:
    """The earliest moment (UTC) by which `span` of working time has passed since `start`.

    Raises `NoCalendarYear` where the production calendar ends, `ValueError` for a negative span.
    """
    if span < ZERO:
        raise ValueError("working time is added, never taken away")
    if calendar.is_always or not span:
        return start.astimezone(UTC) + span
    left = span
    day = calendar.local_day(start)
    while True:
        for opens, closes in calendar.intervals(day):
            begin = max(opens, start)
            if left <= closes - begin:
                return begin + left
            left -= max(closes - begin, ZERO)
        day += ONE_DAY


def counted(calendar: Calendar, start: datetime, span: timedelta) -> tuple[Interval, ...]:
    """The intervals (UTC) that `add` counts: what a due time is explained by. Together they last `span`, and the last
    one ends at the due time. Raises what `add` raises."""
    due = add(calendar, start, span)
    if calendar.is_always or not span:
        return ((start.astimezone(UTC), due),) if span else ()
    found: list[Interval] = []
    day, last = calendar.local_day(start), calendar.local_day(due)
    while day <= last:
        parts = ((max(opens, start), min(closes, due)) for opens, closes in calendar.intervals(day))
        found += [(begin.astimezone(UTC), end) for begin, end in parts if begin < end]
        day += ONE_DAY
    return tuple(found)


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The working time between two moments. Raises `NoCalendarYear`, and `ValueError` where `end` is before `start`."""
    if end < start:
        raise ValueError("the end is before the start")
    if calendar.is_always:
        return end - start
    passed = ZERO
    day, last = calendar.local_day(start), calendar.local_day(end)
    while day <= last:
        for opens, closes in calendar.intervals(day):
            passed += max(min(closes, end) - max(opens, start), ZERO)
        day += ONE_DAY
    return passed


def hours(text: str) -> Hours:
    """Working hours as people write them: `09:00-13:00,14:00-18:00`. Raises `BadHours`."""
    found = [HOURS.fullmatch(part.strip()) for part in text.split(",")]
    if not all(found):
        raise BadHours(f"{text!r}: рабочие часы пишут так: 09:00-13:00,14:00-18:00.")
    parsed = tuple((_minutes(part[1], part[2]), _minutes(part[3], part[4])) for part in found if part)
    _check(parsed)
    return parsed


def weekdays(day: Hours) -> Week:
    """The same hours from Monday to Friday."""
    return (day, day, day, day, day, (), ())


def _minutes(hour: str, minute: str) -> int:
    if minute > "59":
        raise BadHours(f"{hour}:{minute}: такого времени нет.")
    return int(hour) * 60 + int(minute)


def _check(day: Hours) -> None:
    edges = [edge for interval in day for edge in interval]
    if any(not 0 <= edge <= DAY for edge in edges) or any(a >= b for a, b in pairwise(edges)):
        raise BadHours("Рабочие часы идут по порядку, не касаются друг друга и кончаются не позже 24:00.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(f"Часового пояса {name!r} нет.") from None


def _shortened(day: Hours) -> Hours:
    """`day` without its last working hour."""
    left, kept = SHORTER, []
    for start, end in reversed(day):
        cut = min(left, end - start)
        left -= cut
        if start < end - cut:
            kept.append((start, end - cut))
    return tuple(reversed(kept))


ALWAYS = Calendar(zone="UTC", week=(((0, DAY),),) * 7)
"""Every moment counts."""
