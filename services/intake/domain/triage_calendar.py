"""The days budget institutions live by: pay days, and the days their reports are due."""

from collections.abc import Iterable
from datetime import date, timedelta

from shared.calendar import ProductionCalendar

AHEAD = 62
"""Days looked through; a wider `calendar_days` would say nothing."""
ONE_DAY = timedelta(days=1)


def next_pay_day(today: date, days: Iterable[int], calendar: ProductionCalendar) -> date | None:
    """The next day on which pay is due: the working day before, where it is a day off; the month's last for 31."""
    wanted = frozenset(days)
    found = (_shifted(day, calendar, -ONE_DAY) for day in _ahead(today) if _is_due(day, wanted))
    return min((day for day in found if day >= today), default=None)


def next_report_day(today: date, months: Iterable[int], day: int, calendar: ProductionCalendar) -> date | None:
    """The next day on which the report is due: the working day after, where it is a day off."""
    wanted, due = frozenset(months), frozenset({day})
    # A day that was due lately may have moved to today.
    around = (today - ONE_DAY * back for back in range(14, 0, -1))
    candidates = (one for one in (*around, *_ahead(today)) if one.month in wanted and _is_due(one, due))
    found = (_shifted(one, calendar, ONE_DAY) for one in candidates)
    return min((one for one in found if one >= today), default=None)


def _ahead(today: date) -> list[date]:
    return [today + ONE_DAY * ahead for ahead in range(min(AHEAD, (date.max - today).days) + 1)]


def _is_due(day: date, numbers: frozenset[int]) -> bool:
    last = (day + ONE_DAY).month != day.month if day < date.max else True
    return day.day in numbers or (last and any(number > day.day for number in numbers))


def _shifted(day: date, calendar: ProductionCalendar, step: timedelta) -> date:
    while _is_off(day, calendar):
        day += step
    return day


def _is_off(day: date, calendar: ProductionCalendar) -> bool:
    return day in calendar.off or (day.weekday() >= 5 and day not in calendar.worked)  # noqa: PLR2004
