"""Which column is what: headers in Russian or English, in any order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.accounts.importing.csv_text import Row, Unreadable

HEADERS: Mapping[str, tuple[str, ...]] = {
    "inn": ("инн", "inn"),
    "name": ("наименование", "название", "клиент", "учреждение", "name", "client"),
    "kpp": ("кпп", "kpp"),
    "region": ("регион", "код региона", "region"),
    "tariff": ("тариф", "tariff"),
    "zone": ("часовой пояс", "пояс", "zone", "timezone"),
    "manager": ("менеджер", "зкд", "manager", "manager_id"),
    "fee": ("абонентская плата", "абонплата", "плата", "fee"),
    "since": ("дата начала", "клиент с", "since"),
    "source": ("источник", "source"),
    "contact": ("бухгалтер", "контакт", "контактное лицо", "фио", "contact", "accountant"),
    "role": ("должность", "role"),
    "phone": ("телефон", "телефоны", "phone", "phones"),
    "email": ("почта", "электронная почта", "e-mail", "email", "emails"),
}
"""What a column may be called; capitals, «(руб.)» or «, ₽» behind, and a number («Телефон 2») make no difference."""
SEVERAL = frozenset({"phone", "email"})
"""What may stand in several columns."""

_FIELDS = {header: field for field, headers in HEADERS.items() for header in headers}
_TAIL = re.compile(r"[\s\d]*(?:[,(].*)?$", re.DOTALL)
_TITLE_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands, what the file calls it, and the headers nobody understands."""

    places: Mapping[str, tuple[int, ...]]
    titles: Mapping[str, str]
    ignored: tuple[str, ...]
    width: int

    def cells(self, row: Row) -> dict[str, str]:
        """What a row says, by field; empty cells are left out."""
        found = {
            field: "; ".join(row.cells[place].strip() for place in places if _filled(row, place))
            for field, places in self.places.items()
        }
        return {field: value for field, value in found.items() if value}

    def too_wide(self, row: Row) -> bool:
        """Whether a row says more than there are columns for."""
        return any(cell.strip() for cell in row.cells[self.width :])


def columns_of(header: Row) -> Columns:
    """Raises `Unreadable` where there is no column for the INN, or two for a field that has one value."""
    places: dict[str, tuple[int, ...]] = {}
    for place, title in enumerate(header.cells):
        field = _FIELDS.get(_plain(title))
        if field is not None:
            places[field] = (*places.get(field, ()), place)
    _check(places, header.cells)
    ignored = tuple(title.strip() for title in header.cells if title.strip() and _plain(title) not in _FIELDS)
    titles = {field: header.cells[found[0]].strip() for field, found in places.items()}
    return Columns(places, titles, ignored, len(header.cells))


def _check(places: Mapping[str, tuple[int, ...]], titles: Sequence[str]) -> None:
    if "inn" not in places:
        raise Unreadable("Нет колонки «ИНН»: первая строка файла должна содержать названия колонок.")
    for field, found in places.items():
        if len(found) > 1 and field not in SEVERAL:
            named = " и ".join(f"«{titles[place].strip()}»" for place in found)
            raise Unreadable(f"Колонки {named} значат одно и то же; оставьте одну.")


def _plain(title: str) -> str:
    return _TAIL.sub("", title.strip()[:_TITLE_LIMIT].casefold().replace("ё", "е"), count=1)


def _filled(row: Row, place: int) -> bool:
    return place < len(row.cells) and bool(row.cells[place].strip())
