"""`/v1/statements`: a manager's month, closed or so far (R-PAY-1…7)."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.payroll.api.facts import FactView
from services.payroll.api.fields import (
    XLSX,
    Deps,
    MonthText,
    Officer,
    Reader,
    View,
    attached,
    check_own,
    noted,
)
from services.payroll.domain import wording
from services.payroll.domain.facts import Fact
from services.payroll.domain.statement import Adjustment, Statement, Status
from services.payroll.office import Office
from services.payroll.papers import pdf as papers_pdf
from services.payroll.papers import xlsx as papers_xlsx
from shared.contracts.base import Roubles
from shared.http.auth import Principal
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1/statements", tags=["statements"])


class AdjustmentView(View):
    """What a closed month owes for something it did not know (R-PAY-6)."""

    month: str
    """The closed month it belongs to."""
    fact: FactView | None
    """None: the month itself, closed before the manager was known."""
    amount: Roubles
    paid: Roubles
    """What the month paid so far."""
    pays: Roubles
    """What it pays with the fact."""
    forgiven: Roubles
    """What of it was forgiven before, and so is not paid once more."""
    growth: Roubles
    """The month's growth with the fact."""
    dismissal_proposed: bool
    reason: str

    @classmethod
    def of(cls, line: Adjustment) -> "AdjustmentView":
        """`line` as shown."""
        return cls(
            month=line.month,
            fact=None if line.fact is None else FactView.of(line.fact, line.policy),
            amount=line.amount,
            paid=line.paid,
            pays=line.pays,
            forgiven=line.forgiven,
            growth=line.growth,
            dismissal_proposed=line.dismissal_proposed,
            reason=wording.reason(line),
        )


class StatementView(View):
    """A month as paid. Every line names its fact, the client, the fee, the day, and what is behind it."""

    statement_id: str
    manager_id: str
    manager_name: str
    month: str
    status: Status
    base: Roubles
    won: list[FactView]
    lost: list[FactView]
    without_pay: list[FactView]
    """Facts of the month that move no money."""
    reversed: list[FactView]
    """What turned out wrong, and counts as if it had never been."""
    adjustments: list[AdjustmentView]
    adjusted: Roubles
    growth: Roubles
    bonus: Roubles
    carried_in: Roubles
    carried: Roubles
    forgiven: Roubles
    """What does not fit and is not carried either."""
    total: Roubles
    dismissal_proposed: bool
    """The month's own growth is negative; while it is open: would be, if it ended so."""
    formula: str
    closed_at: datetime | None
    policy_version: int
    bonus_percent: Decimal
    seal: str | None
    """The hash of everything the closed statement was made of."""

    @classmethod
    def of(cls, statement: Statement) -> "StatementView":
        """`statement` as shown."""
        policy = statement.policy

        def shown(facts: tuple[Fact, ...]) -> list[FactView]:
            return [FactView.of(fact, policy) for fact in facts]

        return cls(
            statement_id=statement.statement_id,
            manager_id=statement.manager_id,
            manager_name=statement.manager_name,
            month=statement.month,
            status=statement.status,
            base=statement.base,
            won=shown(statement.won),
            lost=shown(statement.lost),
            without_pay=shown(statement.without_pay),
            reversed=shown(statement.reversed),
            adjustments=[AdjustmentView.of(line) for line in statement.adjustments],
            adjusted=statement.adjusted,
            growth=statement.growth,
            bonus=statement.bonus,
            carried_in=statement.carried_in,
            carried=statement.carried,
            forgiven=statement.forgiven,
            total=statement.total,
            dismissal_proposed=statement.dismissal_proposed,
            formula=wording.formula(statement),
            closed_at=statement.closed_at,
            policy_version=policy.version,
            bonus_percent=policy.bonus_percent,
            seal=statement.seal or None,
        )


@routes.get("/{manager_id}/{month}.pdf")
async def pdf(office: Deps, who: Reader, manager_id: str, month: MonthText) -> Response:
    """The statement as a page to print."""
    statement = await _read(office, who, manager_id, month, "statement.pdf")
    content = await asyncio.to_thread(papers_pdf.statement, statement, office.zone)
    return attached(content, "application/pdf", f"{statement.statement_id.replace(':', '-')}.pdf")


@routes.get("/{manager_id}/{month}.xlsx")
async def xlsx(office: Deps, who: Reader, manager_id: str, month: MonthText) -> Response:
    """The statement as a workbook."""
    statement = await _read(office, who, manager_id, month, "statement.xlsx")
    content = await asyncio.to_thread(papers_xlsx.statement, statement)
    return attached(content, XLSX, f"{statement.statement_id.replace(':', '-')}.xlsx")


@routes.get("/{manager_id}/{month}")
async def one(office: Deps, who: Reader, manager_id: str, month: MonthText) -> StatementView:
    """One manager's month; a manager sees only their own."""
    return StatementView.of(await _read(office, who, manager_id, month, "statement"))


@routes.get("")
async def listed(
    office: Deps, who: Officer, paging: Paged, month: Annotated[MonthText, Query()]
) -> Page[StatementView]:
    """Everybody's month."""
    await noted(office, who, "statements", month=month)
    found: list[Statement] = []
    async for statement in office.statements(month, paging.after):
        found.append(statement)
        if len(found) > paging.limit:
            break
    page = paging.page(found, lambda statement: statement.manager_id)
    return Page(items=[StatementView.of(statement) for statement in page.items], next=page.next)


async def _read(office: Office, who: Principal, manager_id: str, month: str, what: str) -> Statement:
    check_own(who, manager_id)
    statement = await office.statement(manager_id, month)
    await noted(office, who, what, manager_id=manager_id, month=month)
    return statement
