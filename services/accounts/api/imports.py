"""`POST /v1/clients/import`: a base of clients from a CSV or XLSX file."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import TypeAdapter

from services.accounts.api.fields import Deps, Director
from services.accounts.base_import import Order, Report, import_base
from services.accounts.importing.csv_text import Unreadable
from shared.http.problems import Problem

routes = APIRouter(prefix="/v1/clients", tags=["clients"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One row an accountant. CSV: UTF-8 or windows-1251, `;` or `,` between the cells.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_REPORT = TypeAdapter(Report)


@routes.post("/import", openapi_extra=CSV_BODY)
async def take(
    request: Request,
    office: Deps,
    who: Director,
    order: Annotated[Order, Query()],
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
) -> Report:
    """Take the good rows and report each bad one. The same file again changes nothing."""
    if content_type.partition(";")[0].strip().lower() not in {"text/csv", XLSX}:
        raise Problem(415, "not-csv", f"Нужен файл CSV (Content-Type: text/csv) или XLSX ({XLSX}).")
    try:
        report = await import_base(office, who.subject, await request.body(), order)
    except Unreadable as error:
        raise Problem(422, "csv-unreadable", str(error)) from None
    if report.faults and order.all_or_nothing and not order.dry_run:
        why = f"Плохих строк: {report.rows_refused}; ничего не записано. Исправьте их и отправьте файл снова."
        raise Problem(422, "import-refused", why, report=_REPORT.dump_python(report, mode="json"))
    return report
