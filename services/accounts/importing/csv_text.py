"""From the bytes of a CSV file to rows of cells with the lines they stand on."""

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass

DELIMITERS = (";", ",")
ROWS_LIMIT = 20_000
CELLS_LIMIT = 1_000
"""Of one row: more than any list has, the empty columns a spreadsheet adds included."""
HEADER_SAMPLE = 10_000


class Unreadable(ValueError):
    """The file as a whole cannot be taken: what is wrong and what to do, in Russian."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row and the line of the file it begins on, from 1."""

    line: int
    cells: tuple[str, ...]


def rows_of(body: bytes) -> list[Row]:
    """The rows that are not empty, the header first. Raises `Unreadable`."""
    text = _decoded(body)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            if len(cells) > CELLS_LIMIT:
                raise Unreadable(f"Строка {line}: больше {CELLS_LIMIT} колонок; проверьте разделитель и кавычки.")
            if any(cell.strip() for cell in cells):
                rows.append(Row(line, tuple(cells)))
            line = reader.line_num + 1
            if len(rows) > ROWS_LIMIT + 1:
                raise Unreadable(f"В файле больше {ROWS_LIMIT} строк; разделите его на части.")
    except csv.Error:
        raise Unreadable(
            f"Строка {line}: кавычки не закрыты или стоят не на месте, либо ячейка чересчур длинна."
        ) from None
    if not rows:
        raise Unreadable("Файл пуст; первая строка должна содержать названия колонок.")
    return rows


def _decoded(body: bytes) -> str:
    """UTF-8 with or without BOM, else windows-1251."""
    if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in body:
        raise Unreadable("Это не текст CSV; сохраните таблицу как «CSV UTF-8» и отправьте снова.")
    try:
        return body.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("cp1251")
    except UnicodeDecodeError:
        raise Unreadable("Кодировка не UTF-8 и не windows-1251; сохраните таблицу как «CSV UTF-8».") from None


def _delimiter(text: str) -> str:
    """The one that stands oftener in the first line with text; the semicolon where neither does."""
    header = text.lstrip()[:HEADER_SAMPLE].partition("\n")[0]
    return max(DELIMITERS, key=header.count)
