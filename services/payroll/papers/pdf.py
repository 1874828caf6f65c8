"""A statement as PDF: the same bytes for the same statement, with our own font and nothing of the machine's."""

import json
from pathlib import Path
from typing import Any

import typst

from services.payroll.domain import wording
from services.payroll.domain.months import named
from services.payroll.domain.statement import Statement
from services.payroll.papers.lines import lines, notes
from shared.calendar import written

HERE = Path(__file__).parent
TEMPLATE = HERE / "statement.typ"
FONTS = HERE / "fonts"


def statement(of: Statement, zone: str) -> bytes:
    """The statement to print, its moment in the company's `zone`."""
    inputs = {"data": json.dumps(content(of, zone), ensure_ascii=False)}
    return bytes(
        typst.compile(str(TEMPLATE), font_paths=[str(FONTS)], ignore_system_fonts=True, sys_inputs=inputs, format="pdf")
    )


def content(of: Statement, zone: str) -> dict[str, Any]:
    """What stands in it."""
    return {
        "title": f"Расчёт за {named(of.month)}",
        "subtitle": f"{of.manager_name} · {_state(of, zone)}",
        "lines": [
            {"what": line.what, "why": line.why, "day": line.day, "amount": wording.money(line.amount)}
            for line in lines(of)
        ],
        "formula": wording.formula(of),
        "total": wording.money(of.total),
        "notes": notes(of),
        "footer": f"{of.statement_id} · условия {of.policy.version} · {of.seal[:16] or 'не закрыт'}",
    }


def _state(of: Statement, zone: str) -> str:
    return "месяц ещё не закрыт" if of.closed_at is None else f"закрыт {written(of.closed_at, zone)}"
