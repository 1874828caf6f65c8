"""`/v1/months/{month}/register` and `/exports`: for the payroll officer, and for the payroll of 1С."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Response

from services.payroll.api.fields import XLSX, Body, Deps, MonthText, Officer, Paid, View, Words, attached, noted
from services.payroll.domain import accruals
from services.payroll.domain.accruals import Given
from services.payroll.domain.books import Books, Export, MonthClose, export_asked_as, export_month
from services.payroll.domain.ledger import Employment
from services.payroll.domain.refusals import EmployeesIncomplete, MonthNotClosed, NoExport
from services.payroll.domain.statement import Statement, total_of
from services.payroll.domain.wording import formula
from services.payroll.metrics import EXPORTS
from services.payroll.office import Office
from services.payroll.papers import onec, xlsx
from services.payroll.store import BOOKS
from shared.contracts.base import Roubles
from shared.http.idempotency import IdempotencyKey
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/months", tags=["exports"])


class RegisterLineView(Paid):
    """One manager's line."""

    personnel_number: str | None
    formula: str


class RegisterView(View):
    """A closed month, manager by manager. `control_total` is what the books say it cost: the same as `total`."""

    month: str
    closed_at: datetime
    statements: int
    total: Roubles
    control_total: Roubles
    seal: str | None
    lines: list[RegisterLineView]


class Again(Body):
    """Why a month is exported once more."""

    reason: Words | None = None


class ExportView(View):
    """An export; `again` marks a repeat: the payroll of 1С knows its documents by their GUIDs."""

    month: str
    number: int
    again: bool
    reason: str | None
    at: datetime
    by: str
    files: list[str]

    @classmethod
    def of(cls, month: str, export: Export) -> "ExportView":
        """`export` as shown."""
        path = f"/v1/months/{month}/exports/{export.number}"
        return cls(
            month=month,
            number=export.number,
            again=export.number > 1,
            reason=export.reason,
            at=export.at,
            by=export.by,
            files=[f"{path}.json", f"{path}.xlsx"],
        )


@routes.get("/{month}/register.xlsx")
async def register_xlsx(office: Deps, who: Officer, month: MonthText) -> Response:
    """The month's register as a workbook."""
    view = await register(office, who, month)
    content = await asyncio.to_thread(xlsx.register, dict(view) | {"lines": [dict(line) for line in view.lines]})
    return attached(content, XLSX, f"register-{month}.xlsx")


@routes.get("/{month}/register")
async def register(office: Deps, who: Officer, month: MonthText) -> RegisterView:
    """The month's register: every manager, and the control total."""
    closed = await _closed(office, month)
    await noted(office, who, "register", month=month)
    lines = [_line(statement, employee) async for statement, employee in _paid(office, month)]
    return RegisterView(
        month=month,
        closed_at=closed.closed_at or closed.started_at,
        statements=len(lines),
        total=total_of(line.total for line in lines),
        control_total=closed.total,
        seal=closed.seal,
        lines=lines,
    )


@routes.post("/{month}/exports", status_code=201, responses={200: {"description": "The same again."}})
async def export(
    office: Deps, who: Officer, *, month: MonthText, key: IdempotencyKey, again: Again | None = None, response: Response
) -> ExportView:
    """Export a closed month, once; once more only with a reason, and marked so."""
    asked_as = None if key is None else derived_id("export", month, who.subject, key)
    known = export_asked_as(await _closed(office, month), asked_as)
    now_known = await _given(office, month) if known is None else None
    reason = None if again is None else again.reason
    decide = partial(
        export_month, month=month, by=who.subject, now=office.now(), zone=office.zone, reason=reason, asked_as=asked_as
    )
    stepped = await office.store.books.step(BOOKS, decide)
    made = _made(stepped.state, month, asked_as)
    if now_known is not None:
        await office.store.keep_export(month, made.number, now_known)
    if stepped.written:
        EXPORTS.labels(again=str(made.number > 1).lower()).inc()
    response.status_code = 201 if stepped.written else 200
    return ExportView.of(month, made)


@routes.get("/{month}/exports")
async def listed(office: Deps, _: Officer, month: MonthText) -> list[ExportView]:
    """The month's exports."""
    return [ExportView.of(month, each) for each in (await _closed(office, month)).exports]


@routes.get("/{month}/exports/{number}.{kind}")
async def file(office: Deps, who: Officer, month: MonthText, number: int, kind: Literal["json", "xlsx"]) -> Response:
    """An export as a file: the same bytes whenever it is fetched."""
    made = next((each for each in (await _closed(office, month)).exports if each.number == number), None)
    if made is None:
        raise NoExport
    await noted(office, who, f"export.{kind}", month=month)
    said = await _said(office, month, made)
    if kind == "json":
        return attached(onec.as_json(said), "application/json", f"zup-{month}-{number}.json")
    return attached(await asyncio.to_thread(xlsx.exchange, said), XLSX, f"zup-{month}-{number}.xlsx")


def _made(books: Books, month: str, asked_as: str | None) -> Export:
    closed = books.of(month)
    if closed is None:
        raise MonthNotClosed(month)
    return export_asked_as(closed, asked_as) or closed.exports[-1]


async def _said(office: Office, month: str, made: Export) -> dict[str, Any]:
    """All that an export says."""
    # A crash may have come before it was kept; then nobody has seen it yet.
    given = await office.store.export(month, made.number) or await office.store.keep_export(
        month, made.number, await _given(office, month)
    )
    employees = {employee.manager_id: employee for employee in given.employees}
    documents = [
        accruals.document(statement, employees[statement.manager_id], given.organisation)
        async for statement, _ in _paid(office, month)
        if statement.total
    ]
    return onec.exchange(month, made, given.organisation, documents)


async def _given(office: Office, month: str) -> Given:
    """What there is to export. Raises `MonthNotClosed` or `EmployeesIncomplete`."""
    await _closed(office, month)
    if not office.organisation.inn:
        raise EmployeesIncomplete({"организация": ["ИНН (SVOY_ORGANISATION_INN)"]})
    paid = [(statement.manager_id, known) async for statement, known in _paid(office, month) if statement.total]
    return accruals.given(paid, office.organisation)


async def _closed(office: Office, month: str) -> MonthClose:
    closed = (await office.store.company_books()).of(month)
    if closed is None or closed.closed_at is None:
        raise MonthNotClosed(month)
    return closed


async def _paid(office: Office, month: str) -> AsyncIterator[tuple[Statement, Employment]]:
    async for ledger in office.store.ledgers_closed_in(month):
        statement = ledger.closed_statement(month)
        if statement is not None and ledger.manager is not None:
            yield statement, ledger.manager


def _line(statement: Statement, employee: Employment) -> RegisterLineView:
    shown = {name: getattr(statement, name) for name in Paid.model_fields}
    return RegisterLineView(**shown, personnel_number=employee.personnel_number, formula=formula(statement))
