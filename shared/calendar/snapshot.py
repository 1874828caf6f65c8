"""Makes `russia.json` from the `holidays` library: `python -m shared.calendar.snapshot [first last]`.

The library knows the holidays and the days moved; short days are in no library. A day is short if the next one is
a statutory holiday; a weekend that is worked has the length of the day it replaces. This gives the official hour
norms (1979, 1972, 1972 for 2024–2026 in a 40-hour week).
"""

import json
import re
import sys
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("russia.json")
FIRST, LAST = 2024, 2027

STATUTORY = {(1, day) for day in range(1, 9)} | {(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)}
"""Month and day of the non-working holidays of the Labour Code, art. 112."""
MOVED = re.compile(r"перенесено с (\d\d\.\d\d\.\d{4})")
SATURDAY = 5


def snapshot(first: int, last: int) -> dict[str, Any]:
    """The production calendar of the years `first` to `last` as the library knows it now."""
    import holidays  # noqa: PLC0415 - a tool of developers, not installed where services run

    known: dict[date, str] = holidays.country_holidays("RU", years=range(first, last + 1), language="ru")
    return {
        "country": "Россия",
        "version": f"{first}–{last}, holidays {version('holidays')}",
        "years": {str(year): _year(year, known) for year in range(first, last + 1)},
    }


def _year(year: int, known: dict[date, str]) -> dict[str, Any]:
    off = sorted(day for day in known if day.year == year)
    moved = {_moved_from(known[day]): day for day in off}
    worked = {day: instead for day, instead in moved.items() if day and day.weekday() >= SATURDAY and day not in known}
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    short = [day for day in days if day.year == year and _is_short(day, known, worked)]
    return {
        "off": [day.isoformat() for day in off],
        "worked": {day.isoformat(): instead.isoformat() for day, instead in sorted(worked.items())},
        "short": [day.isoformat() for day in short],
    }


def _moved_from(name: str) -> date | None:
    found = MOVED.search(name)
    return datetime.strptime(found[1], "%d.%m.%Y").date() if found else None  # noqa: DTZ007 - a day, not a moment


def _is_short(day: date, known: dict[date, str], worked: dict[date, date]) -> bool:
    if day not in worked and (day.weekday() >= SATURDAY or day in known):
        return False
    tomorrow = worked.get(day, day) + timedelta(days=1)
    return (tomorrow.month, tomorrow.day) in STATUTORY


def main() -> None:
    """Write the file."""
    first, last = map(int, sys.argv[1:3]) if sys.argv[1:] else (FIRST, LAST)
    FILE.write_text(json.dumps(snapshot(first, last), ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
