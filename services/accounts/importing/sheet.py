"""From rows to listed clients: one row an accountant, several rows a client, and what is wrong with each bad row."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.accounts.domain.client import CONTACTS_LIMIT
from services.accounts.domain.opening import Listed
from services.accounts.importing import xlsx_rows
from services.accounts.importing.cells import Cells, Fault, Managers
from services.accounts.importing.columns import Columns, columns_of
from services.accounts.importing.csv_text import rows_of
from services.accounts.values import Unfit

OF_CLIENT: Mapping[str, str] = {
    "name": "name",
    "zone": "zone",
    "kpp": "kpp",
    "region": "region",
    "tariff": "tariff",
    "manager": "manager_id",
    "fee": "fee",
    "since": "since",
    "source": "source",
}
"""Which column says what of the client itself, and must say the same in all its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A client the file lists and its good rows, each as read; the first row stands for what is wrong with it."""

    listed: Listed
    rows: tuple[Cells, ...]

    def fault(self, field: str, unfit: Unfit) -> tuple[Fault, ...]:
        """What is wrong with the client as a whole, told of each of its rows."""
        said = next((row for row in self.rows if row.said(field)), self.rows[0])
        return tuple(replace(said.fault(field, unfit), line=row.line) for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A file read: how many rows it has, the clients of its good rows, the faults of its bad ones."""

    rows: int
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    columns: Columns


def read(body: bytes, managers: Managers) -> Sheet:
    """The clients and faults of a CSV or XLSX file. Raises `Unreadable` where the file as a whole cannot be taken."""
    header, *rows = xlsx_rows.rows_of(body) if body.startswith(xlsx_rows.MAGIC) else rows_of(body)
    columns = columns_of(header)
    entries: dict[str, Entry] = {}
    faults: list[Fault] = []
    for row in rows:
        cells = Cells(columns, row)
        entry = _entry(cells, managers, entries)
        if entry is None:
            faults += cells.faults
        else:
            entries[entry.listed.inn] = entry
    return Sheet(
        rows=len(rows),
        entries=tuple(_with_default(entry, managers.default) for entry in entries.values()),
        faults=tuple(faults),
        columns=columns,
    )


def _entry(cells: Cells, managers: Managers, entries: Mapping[str, Entry]) -> Entry | None:
    """The row's client with this row; None where the row has faults."""
    listed = cells.listed(managers)
    if listed is None:
        return None
    known = entries.get(listed.inn)
    if known is None:
        return Entry(listed=listed, rows=(cells,))
    joined = _joined(known, cells, listed)
    return None if cells.faults else Entry(listed=joined, rows=(*known.rows, cells))


def _joined(known: Entry, cells: Cells, listed: Listed) -> Listed:
    """One more accountant of a client already listed; what the row says of the client must agree."""
    filled: dict[str, Any] = {}
    for column, name in OF_CLIENT.items():
        before, said = getattr(known.listed, name), getattr(listed, name)
        if said is not None and before is not None and said != before:
            wrong = f"в строке {known.rows[0].line} у этого ИНН другое значение"
            cells.blame(column, Unfit(wrong, "сделайте их одинаковыми"))
        filled[name] = said if before is None else before
    if len(known.rows) >= CONTACTS_LIMIT:
        cells.blame("inn", Unfit(f"строк с этим ИНН больше {CONTACTS_LIMIT}", "проверьте ИНН"))
    return replace(known.listed, contacts=(*known.listed.contacts, *listed.contacts), **filled)


def _with_default(entry: Entry, manager_id: str | None) -> Entry:
    if entry.listed.manager_id is not None or manager_id is None:
        return entry
    return replace(entry, listed=replace(entry.listed, manager_id=manager_id))
