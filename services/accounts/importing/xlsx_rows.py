"""From the bytes of an XLSX file to rows of cells: its first sheet, each cell as a person would write it."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from openpyxl import load_workbook

from services.accounts.importing.csv_text import CELLS_LIMIT, ROWS_LIMIT, Row, Unreadable

MAGIC = b"PK\x03\x04"
"""What every XLSX file begins with."""
UNPACKED_LIMIT = 100_000_000
"""Bytes; what 20 000 rows need many times over."""
EMPTY_ROWS = 5
"""How many times more lines than rows a sheet may have before it is given up."""


def rows_of(body: bytes) -> list[Row]:
    """The rows of the first sheet that are not empty, the header first. Raises `Unreadable`."""
    try:
        _check_size(body)
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        rows = list(_rows(book.worksheets[0].iter_rows(values_only=True, max_col=CELLS_LIMIT)))
    except Unreadable:
        raise
    except Exception as error:
        # The library meets a damaged file with errors of any kind.
        raise Unreadable("Это не таблица XLSX или файл повреждён; сохраните его заново и отправьте снова.") from error
    if not rows:
        raise Unreadable("Файл пуст; первая строка должна содержать названия колонок.")
    return rows


def _check_size(body: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        if sum(part.file_size for part in packed.infolist()) > UNPACKED_LIMIT:
            raise Unreadable("Таблица чересчур велика; разделите её на части.")


def _rows(lines: Iterator[Sequence[Any]]) -> Iterator[Row]:
    found = 0
    for line, cells in enumerate(islice(lines, EMPTY_ROWS * ROWS_LIMIT), 1):
        row = Row(line, tuple(_text(cell) for cell in cells))
        if any(cell.strip() for cell in row.cells):
            found += 1
            if found > ROWS_LIMIT + 1:
                raise Unreadable(f"В файле больше {ROWS_LIMIT} строк; разделите его на части.")
            yield row


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case float():
            return str(int(cell)) if cell.is_integer() else f"{cell:.10g}"
    return str(cell)
