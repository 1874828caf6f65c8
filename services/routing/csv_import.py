"""Specialists from a table: CSV as Excel and 1C write it.

Columns (Russian or English): `код`/`code`, `имя`/`name`, `продукты`/`products` («1С:ЗГУ=4, 1С:БГУ=3»),
`часы`/`hours` («пн-пт 09:00-18:00, сб 10:00-14:00»), `пояс`/`zone`, `ёмкость`/`capacity`, and where wanted
`работает`/`active` (да, нет), `лимит важных`/`important` and `лимит обычных`/`routine`.
UTF-8 or Windows-1251; the separator is a semicolon, a comma or a tab.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.routing.domain.refusals import BadProfile, RoutingError
from services.routing.domain.specialists import DAYS, Limits, Profile, Skill, Span, checked

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("code", "код", "табельный номер"),
    "name": ("name", "имя", "фио"),
    "products": ("products", "продукты"),
    "hours": ("hours", "часы"),
    "zone": ("zone", "пояс", "часовой пояс"),
    "capacity": ("capacity", "ёмкость", "емкость"),
    "active": ("active", "работает"),
    "important": ("important", "лимит важных"),
    "routine": ("routine", "лимит обычных"),
}
NEEDED = ("code", "name", "products", "hours", "zone", "capacity")
RUSSIAN_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
YES, NO = ("да", "yes", "true", "1", ""), ("нет", "no", "false", "0")
ROWS = 5_000
TEXT = 200

_SHIFT = re.compile(r"^(?:(\w+)(?:-(\w+))?\s+)?(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")


class BadTable(RoutingError):
    """Lines that cannot be taken; nothing of the table was."""

    def __init__(self, lines: Mapping[int, str]) -> None:
        shown = "; ".join(f"строка {number}: {why}" for number, why in list(lines.items())[:5])
        super().__init__(f"Ничего не загружено. {shown}")
        self.lines = [{"line": number, "why": why} for number, why in lines.items()]


@dataclass(frozen=True, slots=True)
class Row:
    """One specialist of a table."""

    line: int
    code: str
    profile: Profile


def read(content: bytes) -> list[Row]:
    """The specialists in a table. Raises `BadTable` naming every line that cannot be taken, and why."""
    reader = _reader(_text(content))
    rows: dict[str, Row] = {}
    wrong: dict[int, str] = {}
    try:
        for fields in reader:
            line = reader.line_num
            try:
                _take(rows, line, {key: (value or "").strip() for key, value in fields.items() if key})
            except BadProfile as why:
                wrong[line] = str(why)
    except csv.Error as why:
        wrong[reader.line_num] = f"таблицу не разобрать: {why}"
    if not rows and not wrong:
        wrong[1] = "в таблице нет ни одной строки"
    if wrong:
        raise BadTable(wrong)
    return list(rows.values())


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1251")
    except UnicodeDecodeError:
        raise BadTable({1: "кодировка не UTF-8 и не Windows-1251"}) from None


def _reader(text: str) -> "csv.DictReader[str]":
    head = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="", strict=True)
    try:
        names = [name.strip().casefold() for name in reader.fieldnames or ()]
    except csv.Error as why:
        raise BadTable({1: f"таблицу не разобрать: {why}"}) from None
    known = {spelling: column for column, spellings in COLUMNS.items() for spelling in spellings}
    reader.fieldnames = [known.get(name, "") for name in names]
    missing = [COLUMNS[column][1] for column in NEEDED if column not in reader.fieldnames]
    if missing:
        raise BadTable({1: f"нет столбцов: {', '.join(missing)}"})
    return reader


def _take(rows: dict[str, Row], line: int, fields: Mapping[str, str]) -> None:
    if len(rows) >= ROWS:
        raise BadProfile(f"больше {ROWS} строк за один раз нельзя.")
    code = _short("код", fields["code"])
    if code in rows:
        raise BadProfile(f"код {code} уже был выше.")
    rows[code] = Row(line, code, checked(_profile(fields)))


def _profile(fields: Mapping[str, str]) -> Profile:
    active = fields.get("active", "").casefold()
    if active not in (*YES, *NO):
        raise BadProfile(f"работает: да или нет, а не «{active[:20]}».")
    capacity = _count("ёмкость", fields["capacity"])
    important, routine = fields.get("important", ""), fields.get("routine", "")
    limits = None
    if important or routine:
        limits = Limits(
            important=_count("лимит важных", important or str(capacity)),
            routine=_count("лимит обычных", routine or important),
        )
    return Profile(
        name=_short("имя", fields["name"]),
        skills=_skills(fields["products"]),
        hours=_hours(fields["hours"]),
        zone=fields["zone"],
        capacity=capacity,
        active=active in YES,
        limits=limits,
    )


def _short(what: str, value: str) -> str:
    if not 0 < len(value) <= TEXT:
        raise BadProfile(f"{what}: от 1 до {TEXT} знаков.")
    return value


def _count(what: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 7 and int(value) <= 100_000):  # noqa: PLR2004
        raise BadProfile(f"{what}: нужно целое число до 100 000, а не «{value[:20]}».")
    return int(value)


def _skills(cell: str) -> tuple[Skill, ...]:
    found = []
    for one in filter(None, (part.strip() for part in cell.split(","))):
        product, sign, level = one.rpartition("=")
        if not sign or level.strip() not in {"1", "2", "3", "4", "5"}:
            raise BadProfile(f"продукты: нужно «1С:ЗГУ=4, …» с уровнем от 1 до 5, а не «{one[:50]}».")
        found.append(Skill(_short("продукт", product.strip()), int(level)))
    return tuple(found)


def _hours(cell: str) -> tuple[tuple[Span, ...], ...]:
    week: list[list[Span]] = [[] for _ in DAYS]
    days = range(0)
    for one in filter(None, (part.strip().casefold() for part in cell.split(","))):
        found = _SHIFT.match(one)
        if found is None:
            raise BadProfile(f"часы: нужно «пн-пт 09:00-18:00, сб 10:00-14:00», а не «{one[:50]}».")
        days = _days(found[1], found[2]) if found[1] else days
        start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
        for day in days:
            week[day].append((start, end))
    return tuple(map(tuple, week))


def _days(first: str, last: str | None) -> range:
    numbers = {name: number for names in (DAYS, RUSSIAN_DAYS) for number, name in enumerate(names)}
    begin, end = numbers.get(first), numbers.get(last or first)
    if begin is None or end is None or end < begin:
        raise BadProfile(f"часы: дни недели — от пн до вс по порядку, а не «{first}-{last or first}».")
    return range(begin, end + 1)
