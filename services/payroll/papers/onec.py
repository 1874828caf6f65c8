"""The exchange with 1С:ЗУП: gross accruals, one document an employee and month, under a GUID that never changes."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.payroll.domain.accruals import Document, Organisation, period
from services.payroll.domain.books import Export
from services.payroll.domain.months import Month
from shared.ids import derived_id
from shared.money import ZERO

FORMAT = "svoy.zup.accruals/1"


def guid(statement_id: str) -> str:
    """The GUID of a document: the same in every export, so that a repeat finds the first. Of the statement alone: what
    is corrected about the organisation must not pay anybody twice."""
    return str(UUID(derived_id("zup", statement_id)))


def exchange(month: Month, export: Export, organisation: Organisation, documents: Iterable[Document]) -> dict[str, Any]:
    """Everything an export says, money and days as text."""
    listed = list(documents)
    first, last = period(month)
    return {
        "format": FORMAT,
        "number": export.number,
        "again": export.number > 1,
        "reason": export.reason,
        "exported_at": export.at.isoformat(),
        "organisation": {"inn": organisation.inn, "kpp": organisation.kpp},
        "month": month,
        "control_total": str(sum((document.amount for document in listed), ZERO)),
        "documents_count": len(listed),
        "documents": [
            {
                "guid": guid(document.statement_id),
                "again": export.number > 1,
                "personnel_number": document.personnel_number,
                "snils": document.snils,
                "name": document.name,
                "period": {"from": first.isoformat(), "to": last.isoformat()},
                "amount": str(document.amount),
                "accruals": [
                    {"code": accrual.code, "amount": str(accrual.amount), "basis": accrual.basis}
                    for accrual in document.accruals
                ],
            }
            for document in listed
        ],
    }


def as_json(given: dict[str, Any]) -> bytes:
    """The export as a file."""
    return json.dumps(given, ensure_ascii=False, indent=1).encode()
