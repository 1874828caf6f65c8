"""ISO weeks in the company's time zone (R-IMP-1)."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = re.compile(r"(\d{4})-W(\d{2})")
FRIDAY = 4
NOON = time(12)


class NoSuchWeek(ValueError):
    """Такой недели нет: неделя пишется 2026-W48, и пятьдесят третья бывает не в каждом году."""


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """One ISO week. The year is the ISO year: 1 January 2027 lies in 2026-W53."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Week":
        """`2026-W48`. Raises `NoSuchWeek`."""
        found = WEEK.fullmatch(text)
        try:
            week = cls(int(found[1]), int(found[2])) if found else None
            if week is not None and week.monday.year < date.max.year:
                return week
        except ValueError:
            pass
        raise NoSuchWeek(NoSuchWeek.__doc__)

    @classmethod
    def of(cls, day: date) -> "Week":
        """The week `day` lies in."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def days(self) -> tuple[date, ...]:
        """Monday to Sunday."""
        return tuple(self.monday + timedelta(days=number) for number in range(7))

    def later(self, weeks: int) -> "Week":
        """The week so many weeks later; earlier where it is negative."""
        return Week.of(self.monday + timedelta(weeks=weeks))

    def begins(self, zone: str) -> datetime:
        """Its first moment in `zone`, in UTC."""
        return datetime.combine(self.monday, time(), ZoneInfo(zone)).astimezone(UTC)

    def warn_at(self, zone: str) -> datetime:
        """Friday noon in `zone`, in UTC."""
        return datetime.combine(self.days[FRIDAY], NOON, ZoneInfo(zone)).astimezone(UTC)

    def ends(self, zone: str) -> datetime:
        """The first moment after it in `zone`, in UTC."""
        return self.later(1).begins(zone)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"
