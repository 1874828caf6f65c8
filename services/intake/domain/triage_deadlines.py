"""Deadlines as accountants write them: «до 15 числа», «сегодня до обеда», «к пятнице», «нужно завтра».

The grammar is ours and fixed; the words beside which a bare day counts are the rules'. A day is a local one: where
no hour is named, it ends at 18:00.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY_ENDS, LUNCH, MORNING = time(18), time(12), time(10)
CONSIDERED = 50
"""Days of a text that are looked at."""
PAST_LEFT_OUT = timedelta(days=60)
"""A day of this year that is over: no deadline."""

_MONTHS = ("январ", "феврал", "март", "апрел", "мая", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр")
_WEEK = ("понедельник", "вторник", "сред", "четверг", "пятниц", "суббот", "воскресень")
_BY = r"(?:до|ко?|не\s+поздне\w+|не\s+позже|кра[ий]\w+\s+срок|срок)\s+(?:до\s+)?"
_DAYS = {"сегодня": 0, "завтра": 1, "послезавтра": 2}
_HOUR = r"(?:обед[ау]|полудн[яю]|утр[ау]|вечер[ау]|\d{1,2}:\d\d|\d{1,2}\s*(?:час\w*|утра|вечера|дня))"
_DATE = r"(?P<number>\d{1,2})(?:-?(?:го|му|е))?\s+(?P<month>числ\w+|" + "|".join(
    f"{name}[а-я]{{0,2}}" for name in _MONTHS
) + r")\b(?:\s+(?P<year>20\d\d))?"  # fmt: skip
_DOTTED = r"(?P<dotted>\d{1,2}\.\d\d(?:\.(?:20)?\d\d)?)(?![\d.])"
_WEEKDAY = r"(?P<weekday>(?:" + "|".join(_WEEK) + r")[а-я]{0,3})"
_WITHIN = (
    r"(?:через|в\s+течение)\s+(?P<amount>\d{1,2}\s+)?(?P<unit>полчаса|час[а-я]{0,2}|дн[а-я]{1,2}|день|недел[а-я]{1,2})"
)
_FIRM = re.compile(
    rf"\b(?:(?:(?P<day>сегодня|завтра|послезавтра)\s+)?{_BY}(?P<hour>{_HOUR})(?:\s+(?P<after>завтра|сегодня))?"
    rf"|{_BY}(?:{_DATE}|{_DOTTED}|{_WEEKDAY}|(?P<by_day>сегодня|завтра|послезавтра)|"
    rf"конц[ау]\s+(?P<end>дня|недели|месяца|квартала|года))|на\s+(?P<for_day>завтра|послезавтра))\b",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    rf"\b(?:(?P<bare>сегодня|завтра|послезавтра)|во?\s+{_WEEKDAY}|{_WITHIN})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment something must be done by, and where the text says so."""

    due: datetime
    """UTC."""
    start: int
    end: int


def deadlines(text: str, now: datetime, zone: tzinfo, counts: Callable[[int, int, bool], bool]) -> Iterator[Deadline]:
    """Every deadline in the text. `counts(start, end, firm)` says whether a day at that place is a deadline; `firm` is
    one with a preposition."""
    local = now.astimezone(zone)
    taken: list[tuple[int, int]] = []
    left = CONSIDERED
    for firm, pattern in ((True, _FIRM), (False, _LOOSE)):
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            left -= 1
            if left < 0:
                return
            due = _due(match.groupdict(), local)
            if due is not None and counts(start, end, firm):
                yield Deadline(due.astimezone(UTC), start, end)


def _due(said: dict[str, str | None], now: datetime) -> datetime | None:
    """The moment meant; None where there is no such day, or it is over."""
    try:
        return _meant({name: value.lower() for name, value in said.items() if value}, now)
    except (ValueError, OverflowError):
        return None


def _meant(said: dict[str, str], now: datetime) -> datetime | None:
    today = now.date()
    if "hour" in said:
        days = _DAYS.get(said.get("day") or said.get("after") or "", 0)
        return _at(now, today + timedelta(days=days), _hour(said["hour"]))
    if "unit" in said:
        return _after(now, int(said.get("amount", "1")), said["unit"])
    day = _day(said, today)
    return None if day is None else _at(now, day, DAY_ENDS)


def _day(said: dict[str, str], today: date) -> date | None:
    named = said.get("by_day") or said.get("for_day") or said.get("bare")
    if named is not None:
        return today + timedelta(days=_DAYS[named])
    if "weekday" in said:
        wanted = next(index for index, name in enumerate(_WEEK) if said["weekday"].startswith(name))
        return today + timedelta(days=(wanted - today.weekday()) % 7)
    if "end" in said:
        return _end_of(said["end"], today)
    if "dotted" in said:
        number, month, *year = map(int, said["dotted"].split("."))
        return _dated(number, month, (year[0] % 100 + 2000) if year else None, today)
    if said["month"].startswith("числ"):
        return _of_month(int(said["number"]), today)
    month = next(index for index in range(12, 0, -1) if said["month"].startswith(_MONTHS[index - 1]))
    return _dated(int(said["number"]), month, int(said["year"]) if "year" in said else None, today)


def _of_month(number: int, today: date) -> date | None:
    """The next day of that number: this month's, or the first following month's that has one."""
    if not 1 <= number <= 31:  # noqa: PLR2004
        return None
    first = today.replace(day=1)
    for _ in range(3):
        last = _month_end(first)
        if last.day >= number and (day := first.replace(day=number)) >= today:
            return day
        first = last + timedelta(days=1)
    return None


def _dated(number: int, month: int, year: int | None, today: date) -> date | None:
    day = date(year or today.year, month, number)
    if day >= today:
        return day
    if year is not None or today - day <= PAST_LEFT_OUT:
        return None
    return day.replace(year=day.year + 1)


def _end_of(what: str, today: date) -> date:
    if what == "дня":
        return today
    if what == "недели":
        return today + timedelta(days=(4 - today.weekday()) % 7)
    if what == "года":
        return date(today.year, 12, 31)
    month = today.month if what == "месяца" else (today.month + 2) // 3 * 3
    return _month_end(date(today.year, month, 1))


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _after(now: datetime, amount: int, unit: str) -> datetime:
    if unit == "полчаса":
        return now + timedelta(minutes=30)
    if unit.startswith("час"):
        return now + timedelta(hours=amount)
    return _at(now, now.date() + timedelta(days=amount * (7 if unit.startswith("недел") else 1)), DAY_ENDS)


def _hour(text: str) -> time:
    for begins, at in (("обед", LUNCH), ("полудн", LUNCH), ("утр", MORNING), ("вечер", DAY_ENDS)):
        if text.startswith(begins):
            return at
    if ":" in text:
        hours, minutes = text.split(":")
        return time(int(hours), int(minutes))
    hour = int(re.match(r"\d+", text)[0])  # type: ignore[index]  # the pattern has digits here
    later = text.endswith(("вечера", "дня")) and hour < 12  # noqa: PLR2004
    return time(hour + 12 if later else hour)


def _at(now: datetime, day: date, at: time) -> datetime:
    return datetime.combine(day, at, now.tzinfo)
