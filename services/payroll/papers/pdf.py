"""A statement as PDF: the same bytes for the same statement, with our own font and nothing of the machine's."""

import json
from pathlib import Path

import typst

from services.payroll.domain import wording
from services.payroll.domain.months import named
from services.payroll.domain.statement import Statement
from services.payroll.papers.lines import lines, notes

HERE = Path(__file__).parent
TEMPLATE = HERE / "statement.typ"
FONTS = HERE / "fonts"


def statement(of: Statement) -> bytes:
    """The statement to print."""
    data = {
        "title": f"Расчёт за {named(of.month)}",
        "subtitle": f"{of.manager_name} · {_state(of)}",
        "lines": [
            {"what": line.what, "why": line.why, "day": line.day, "amount": wording.money(line.amount)}
            for line in lines(of)
        ],
        "formula": wording.formula(of),
        "total": wording.money(of.total),
        "notes": notes(of),
        "footer": f"{of.statement_id} · условия {of.policy.version} · {of.seal[:16] or 'не закрыт'}",
    }
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    return bytes(
        typst.compile(str(TEMPLATE), font_paths=[str(FONTS)], ignore_system_fonts=True, sys_inputs=inputs, format="pdf")
    )


def _state(of: Statement) -> str:
    return "месяц ещё не закрыт" if of.closed_at is None else f"закрыт {of.closed_at:%d.%m.%Y %H:%M} UTC"
