"""Closing one manager's month (R-PAY-6)."""

from dataclasses import replace
from datetime import datetime

from services.payroll.domain.dismissal import with_dismissals
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.domain.reckoning import reckon
from services.payroll.domain.statement import Policy, Statement
from shared.contracts.base import Decision
from shared.contracts.payroll import StatementClosed


def close(ledger: Ledger, month: Month, begin: Month, policy: Policy, at: datetime) -> Decision[Ledger]:
    """The ledger with the statement of `month` closed `at` a moment, and what is to be told.

    Nothing changes where this month or a later one is closed already, or where there is nothing to settle.
    """
    if ledger.closed and ledger.closed[-1].month >= month:
        return Decision(ledger)
    settled = reckon(ledger, month, begin, policy)
    if settled is None:
        return Decision(ledger)
    settled = replace(settled, status="closed", closed_at=at)
    return with_dismissals(replace(ledger, closed=(*ledger.closed, settled)), at, _told(settled, at))


def _told(settled: Statement, at: datetime) -> StatementClosed:
    return StatementClosed(
        at=at,
        statement_id=settled.statement_id,
        manager_id=settled.manager_id,
        month=settled.month,
        total=settled.total,
        growth=settled.growth,
    )
