"""A country's production calendar: the days a whole country does not work, works instead, or works an hour less.

The data is a snapshot kept beside this file (`russia.json`, made by `python -m shared.calendar.snapshot`), so that
a due time never changes because a library did.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any


class NoCalendarYear(ValueError):
    """The production calendar has no data for this year, and nothing is guessed."""


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
