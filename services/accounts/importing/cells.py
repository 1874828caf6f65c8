"""One row: its cells parsed, and every fault of them, with the column, the value, why, and what to do."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from services.accounts import values
from services.accounts.domain.client import same_name
from services.accounts.domain.contacts import NUMBERS_LIMIT, Given
from services.accounts.domain.opening import Listed
from services.accounts.importing.columns import Columns
from services.accounts.importing.csv_text import Row
from services.accounts.values import Unfit

T = TypeVar("T")

SHOWN = 120
"""How much of a bad value a report repeats."""

_BETWEEN_PHONES = re.compile(r"[;\n/]|,(?!\s*(?:доб|вн|ext))", re.IGNORECASE)
_BETWEEN_EMAILS = re.compile(r"[;,\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a row. `column` is named as in the file, None where the whole row is meant."""

    line: int
    column: str | None
    value: str
    wrong: str
    advice: str


@dataclass(frozen=True, slots=True)
class Managers:
    """Who may be named as a manager: by id or, where only one has it, by name. `default` is for rows that name none."""

    ids: Mapping[str, tuple[str, ...]]
    """Everything a manager may be called, with whom it may mean."""
    default: str | None = None

    @classmethod
    def of(cls, names: Mapping[str, str], default: str | None = None) -> "Managers":
        """`names` by manager id."""
        ids: dict[str, tuple[str, ...]] = {}
        for manager_id, name in names.items():
            ids[same_name(name)] = (*ids.get(same_name(name), ()), manager_id)
        return cls(ids | {manager_id: (manager_id,) for manager_id in names}, default)

    def find(self, said: str) -> str:
        """The id of the manager a cell names. Raises `Unfit`."""
        found = self.ids.get(said) or self.ids.get(same_name(said), ())
        if not found:
            raise Unfit("такого менеджера нет", "заведите его или напишите manager_id")
        if len(found) > 1:
            raise Unfit("менеджеров с таким именем несколько", "напишите manager_id вместо имени")
        return found[0]


class Cells:
    """A row being read: what it says, and the faults found so far."""

    def __init__(self, columns: Columns, row: Row) -> None:
        self.line = row.line
        self.faults: list[Fault] = []
        self._columns = columns
        self._said = columns.cells(row)
        if columns.too_wide(row):
            self.blame("", Unfit("значений больше, чем колонок", "проверьте разделитель и кавычки"))

    def said(self, field: str) -> str:
        """The cell as written; empty where there is none."""
        return self._said.get(field, "")

    def fault(self, field: str, unfit: Unfit, value: str | None = None) -> Fault:
        """What is wrong with a cell (or with one `value` in it)."""
        return Fault(
            line=self.line,
            column=self._columns.titles.get(field),
            value=(self.said(field) if value is None else value)[:SHOWN],
            wrong=unfit.wrong,
            advice=unfit.advice,
        )

    def blame(self, field: str, unfit: Unfit, value: str | None = None) -> None:
        """Remember a fault."""
        self.faults.append(self.fault(field, unfit, value))

    def listed(self, managers: Managers) -> Listed | None:
        """The client and the accountant of this row; None where it has faults."""
        inn = self._parsed("inn", values.written_inn)
        if not self.said("inn"):
            self.blame("inn", Unfit("ИНН не указан", "напишите ИНН в каждой строке клиента"))
        listed = Listed(
            inn=inn or "",
            name=self._parsed("name", values.text),
            zone=self._parsed("zone", values.zone),
            kpp=self._parsed("kpp", values.kpp),
            region=self._parsed("region", values.region),
            tariff=self._parsed("tariff", values.code),
            manager_id=self._parsed("manager", managers.find),
            fee=self._parsed("fee", values.written_fee),
            since=self._parsed("since", values.written_day),
            source=self._parsed("source", values.source),
            contacts=self._contacts(),
        )
        return None if self.faults else listed

    def _contacts(self) -> tuple[Given, ...]:
        name = self._parsed("contact", values.text)
        phones = tuple(self._each("phone", _BETWEEN_PHONES, values.phone))
        emails = tuple(self._each("email", _BETWEEN_EMAILS, values.email))
        role = self._parsed("role", values.text)
        if not self.said("contact") and (phones or emails):
            self.blame("contact", Unfit("не сказано, чьи это телефон и почта", "напишите имя бухгалтера"))
        return () if name is None else (Given(name=name, phones=phones, emails=emails, role=role),)

    def _each(self, field: str, between: re.Pattern[str], parse: Callable[[str], str]) -> Iterator[str]:
        parts = [part.strip() for part in between.split(self.said(field)) if part.strip()]
        if len(parts) > NUMBERS_LIMIT:
            self.blame(field, Unfit(f"в одной ячейке больше {NUMBERS_LIMIT} значений", "разделите их на строки"))
            return
        for part in parts:
            value = self._tried(field, parse, part)
            if value is not None:
                yield value

    def _parsed(self, field: str, parse: Callable[[str], T]) -> T | None:
        return self._tried(field, parse, self.said(field)) if self.said(field) else None

    def _tried(self, field: str, parse: Callable[[str], T], value: str) -> T | None:
        try:
            return parse(value)
        except Unfit as unfit:
            self.blame(field, unfit, value)
            return None
