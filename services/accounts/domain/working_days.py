"""Working days of the production calendar, counted quickly."""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from shared.calendar import Calendar, russia, weekdays

DAYS = Calendar(zone="UTC", week=weekdays(((540, 1080),)), production=russia())


@cache
def works(day: date) -> bool:
    """Whether the country works on `day`. Raises `NoCalendarYear`."""
    return bool(DAYS.hours(day))


def count(first: date, last: date) -> int:
    """Working days from `first` to `last`, both counted; 0 where `last` is before `first`. Raises `NoCalendarYear`."""
    if last < first:
        return 0
    return _before(last) + works(last) - _before(first) + sum(_whole(year) for year in range(first.year, last.year))


def local_day(moment: datetime, zone: str) -> date:
    """The day it is in the IANA zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


@cache
def _before(day: date) -> int:
    """Working days of the year before `day`."""
    if (day.month, day.day) == (1, 1):
        return 0
    yesterday = day.fromordinal(day.toordinal() - 1)
    return _up_to(day.year)[yesterday.timetuple().tm_yday - 1]


@cache
def _up_to(year: int) -> tuple[int, ...]:
    total, found, day = 0, [], date(year, 1, 1)
    while day.year == year:
        total += works(day)
        found.append(total)
        day = date.fromordinal(day.toordinal() + 1)
    return tuple(found)


def _whole(year: int) -> int:
    return _up_to(year)[-1]
