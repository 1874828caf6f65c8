"""A country's production calendar: the days a whole country does not work, works instead, or works an hour less.

The data is a snapshot kept beside this file (`russia.json`, made by `python -m shared.calendar.snapshot`), so that
a due time never changes because a library did.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any


class NoCalendarYear(ValueError):
    """The production calendar has no data for this year, and nothing is guessed."""


class BadRegion(ValueError):
    """Holidays of a region without a name, or of a year the country's calendar does not know."""


@dataclass(frozen=True, kw_only=True)
class ProductionCalendar:
    """The exceptions to the ordinary week, for the years it knows."""

    country: str
    version: str
    years: frozenset[int]
    off: frozenset[date]
    """Nobody works: holidays and the days off moved to other days."""
    worked: Mapping[date, date]
    """A weekend that is worked, and the day whose hours it takes over."""
    short: frozenset[date]
    """An hour less is worked: the eve of a holiday (Labour Code, art. 95)."""

    def with_region(self, name: str, days_off: Iterable[date]) -> "ProductionCalendar":
        """This calendar with the days a region does not work besides. The working day before is not shortened for
        them (Labour Code, art. 95 speaks of the country's holidays alone). Raises `BadRegion` for a day whose year is
        unknown."""
        more = frozenset(days_off)
        strange = sorted(day for day in more if day.year not in self.years)
        if strange or not name.strip():
            raise BadRegion(f"Праздники региона {name!r}: нет данных за год дня {strange[0] if strange else '—'}.")
        return replace(
            self,
            country=f"{self.country}, {name}",
            version=f"{self.version}; {name}: {', '.join(day.isoformat() for day in sorted(more))}",
            off=self.off | more,
            worked={day: instead for day, instead in self.worked.items() if day not in more},
            short=self.short - more,
        )

    def check(self, day: date) -> None:
        """Raises `NoCalendarYear` where there is no data for the year of `day`."""
        if day.year not in self.years:
            known = f"{min(self.years)}–{max(self.years)}"
            raise NoCalendarYear(
                f"Производственный календарь ({self.country}): нет данных за {day.year} год, есть {known}."
            )


@cache
def russia() -> ProductionCalendar:
    """Russia's production calendar."""
    text = files("shared.calendar").joinpath("russia.json").read_text("utf-8")
    return from_snapshot(json.loads(text))


def from_snapshot(snapshot: Mapping[str, Any]) -> ProductionCalendar:
    """The calendar a snapshot file holds."""
    years: Mapping[str, Mapping[str, Any]] = snapshot["years"]
    return ProductionCalendar(
        country=snapshot["country"],
        version=snapshot["version"],
        years=frozenset(map(int, years)),
        off=frozenset(date.fromisoformat(day) for year in years.values() for day in year["off"]),
        worked={
            date.fromisoformat(day): date.fromisoformat(instead)
            for year in years.values()
            for day, instead in year["worked"].items()
        },
        short=frozenset(date.fromisoformat(day) for year in years.values() for day in year["short"]),
    )
