"""`/v1/statements`: a manager's month, closed or so far (R-PAY-1…7)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from services.payroll.api.facts import FactView
from services.payroll.api.fields import Deps, MonthText, Officer, Reader, View, check_own
from services.payroll.domain import wording
from services.payroll.domain.statement import Adjustment, Statement, Status
from shared.contracts.base import Roubles
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
    growth: Roubles
    """The month's growth with the fact."""
    dismissal_proposed: bool
    reason: str

    @classmethod
    def of(cls, line: Adjustment) -> "AdjustmentView":
        """`line` as shown."""
        return cls(
            month=line.month,
            fact=None if line.fact is None else FactView.of(line.fact),
            amount=line.amount,
            paid=line.paid,
            pays=line.pays,
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
    adjustments: list[AdjustmentView]
    adjusted: Roubles
    growth: Roubles
    bonus: Roubles
    carried_in: Roubles
    carried: Roubles
    total: Roubles
    dismissal_proposed: bool
    """The month's own growth is negative; while it is open: would be, if it ended so."""
    formula: str
    closed_at: datetime | None

    @classmethod
    def of(cls, statement: Statement) -> "StatementView":
        """`statement` as shown."""
        return cls(
            statement_id=statement.statement_id,
            manager_id=statement.manager_id,
            manager_name=statement.manager_name,
            month=statement.month,
            status=statement.status,
            base=statement.base,
            won=[FactView.of(fact) for fact in statement.won],
            lost=[FactView.of(fact) for fact in statement.lost],
            without_pay=[FactView.of(fact) for fact in statement.without_pay],
            adjustments=[AdjustmentView.of(line) for line in statement.adjustments],
            adjusted=statement.adjusted,
            growth=statement.growth,
            bonus=statement.bonus,
            carried_in=statement.carried_in,
            carried=statement.carried,
            total=statement.total,
            dismissal_proposed=statement.dismissal_proposed,
            formula=wording.formula(statement),
            closed_at=statement.closed_at,
        )


@routes.get("/{manager_id}/{month}")
async def one(office: Deps, who: Reader, manager_id: str, month: MonthText) -> StatementView:
    """One manager's month; a manager sees only their own."""
    check_own(who, manager_id)
    return StatementView.of(await office.statement(manager_id, month))


@routes.get("")
async def listed(office: Deps, _: Officer, paging: Paged, month: Annotated[MonthText, Query()]) -> Page[StatementView]:
    """Everybody's month."""
    found: list[Statement] = []
    async for statement in office.statements(month, paging.after):
        found.append(statement)
        if len(found) > paging.limit:
            break
    page = paging.page(found, lambda statement: statement.manager_id)
    return Page(items=[StatementView.of(statement) for statement in page.items], next=page.next)
