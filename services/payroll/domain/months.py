"""Calendar months, written `2026-11`: as text they stand in order of time (R-PAY-5)."""

from collections.abc import Iterator
from datetime import date, timedelta

Month = str
"""`2026-11`."""

PATTERN = r"^20[0-9][0-9]-(0[1-9]|1[0-2])$"
"""Months anybody may ask about."""
NEVER: Month = "9999-12"
LONGEST = timedelta(days=31)
IN_RUSSIAN = (
    "январь", "февраль", "март", "апрель", "май", "июнь",
    "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
)  # fmt: skip


def month_of(day: date) -> Month:
    """The month `day` lies in."""
    return day.isoformat()[:7]


def first_day(month: Month) -> date:
    """Its first day."""
    return date.fromisoformat(f"{month}-01")


def following(month: Month) -> Month:
    """The month after."""
    return month_of(first_day(month) + LONGEST)


def through(first: Month, last: Month) -> Iterator[Month]:
    """Every month from `first` to `last`, both included."""
    while first <= last:
        yield first
        first = following(first)


def named(month: Month) -> str:
    """As a person of the company says it: `ноябрь 2026`."""
    return f"{IN_RUSSIAN[int(month[5:]) - 1]} {month[:4]}"
