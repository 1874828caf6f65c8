"""Workbooks: the same bytes for the same content. Texts are written as texts: none is ever read as a formula."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from services.payroll.domain import wording
from services.payroll.domain.months import named
from services.payroll.domain.statement import Statement
from services.payroll.papers.lines import lines, notes

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
MONEY = "#,##0.00"
REGISTER = {
    "personnel_number": "Таб. №",
    "manager_name": "Сотрудник",
    "manager_id": "Код",
    "base": "Оклад",
    "bonus": "Прирост",
    "adjusted": "Поправки",
    "carried_in": "Перенесено",
    "carried": "Переносится",
    "forgiven": "Прощается",
}
"""The columns of the register before what is paid."""
PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


class Sheet:
    """One sheet, filled row by row."""

    def __init__(self, name: str, widths: Sequence[int]) -> None:
        self._bytes = BytesIO()
        self._book = xlsxwriter.Workbook(self._bytes, PLAIN)
        self._book.set_properties({"created": ALWAYS.replace(tzinfo=None)})
        self._sheet = self._book.add_worksheet(name)
        self._bold = self._book.add_format({"bold": True})
        self._money = self._book.add_format({"num_format": MONEY})
        self._sum = self._book.add_format({"num_format": MONEY, "bold": True})
        self._row = 0
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width)

    def row(self, *cells: object, bold: bool = False) -> None:
        """The next row; money is written as a number with two places."""
        for column, cell in enumerate(cells):
            self._write(column, cell, bold=bold)
        self._row += 1

    def done(self) -> bytes:
        """The workbook."""
        self._book.close()
        return self._bytes.getvalue()

    def _write(self, column: int, cell: object, *, bold: bool) -> None:
        if isinstance(cell, Decimal):
            # The file format knows binary numbers only; fifteen digits of them are exact to the kopeck.
            self._sheet.write_number(self._row, column, float(cell), self._sum if bold else self._money)
        elif isinstance(cell, int):
            self._sheet.write_number(self._row, column, cell, self._bold if bold else None)
        elif cell is not None:
            self._sheet.write_string(self._row, column, str(cell), self._bold if bold else None)


def statement(of: Statement) -> bytes:
    """A statement, every line with its reason."""
    sheet = Sheet("Расчёт", (52, 70, 12, 16))
    sheet.row(f"Расчёт за {named(of.month)}", of.manager_name, bold=True)
    sheet.row("Строка", "Основание", "День", "Рублей", bold=True)
    for line in lines(of):
        sheet.row(line.what, line.why, line.day, line.amount)
    sheet.row("К выплате", wording.formula(of), None, of.total, bold=True)
    for note in notes(of):
        sheet.row(note)
    sheet.row("Контрольная сумма", of.seal or "месяц не закрыт", f"условия {of.policy.version}")
    return sheet.done()


def register(of: Mapping[str, Any]) -> bytes:
    """A month's register with its control total."""
    sheet = Sheet("Ведомость", (14, 36, *[14] * (len(REGISTER) - 2), 16, 80))
    sheet.row(f"Ведомость за {named(of['month'])}", None, None, bold=True)
    sheet.row(*REGISTER.values(), "К выплате", "Расчёт", bold=True)
    for line in of["lines"]:
        sheet.row(*(line[name] for name in REGISTER), line["total"], line["formula"])
    empty = [None] * (len(REGISTER) - 2)
    sheet.row("Итого", f"сотрудников: {of['statements']}", *empty, of["total"], bold=True)
    sheet.row("Контрольный итог", "по книге месяцев", *empty, of["control_total"], bold=True)
    sheet.row("Контрольная сумма", of["seal"])
    return sheet.done()


def exchange(of: Mapping[str, Any]) -> bytes:
    """What the payroll of 1С is given, one accrual a row."""
    sheet = Sheet("Начисления", (38, 12, 18, 36, 14, 14, 14, 12, 12, 16, 80))
    repeat = f"ПОВТОРНАЯ выгрузка № {of['number']}: {of['reason']}" if of["again"] else f"Выгрузка № {of['number']}"
    sheet.row(repeat, f"ИНН {of['organisation']['inn']}", f"КПП {of['organisation']['kpp']}", bold=True)
    heads = ("GUID", "Таб. №", "СНИЛС", "Сотрудник", "ИНН", "КПП", "Вид начисления", "Период с", "Период по", "Сумма")
    sheet.row(*heads, "Основание", bold=True)
    for row in _accruals(of):
        sheet.row(*row)
    sheet.row("Контрольный итог", *[None] * 8, Decimal(of["control_total"]), f"документов: {of['documents_count']}")
    return sheet.done()


def _accruals(of: Mapping[str, Any]) -> Iterable[Sequence[object]]:
    organisation = of["organisation"]
    for document in of["documents"]:
        who = (document["guid"], document["personnel_number"], document["snils"], document["name"])
        for accrual in document["accruals"]:
            period = (document["period"]["from"], document["period"]["to"])
            amount = Decimal(accrual["amount"])
            yield (*who, organisation["inn"], organisation["kpp"], accrual["code"], *period, amount, accrual["basis"])
