"""Closing one manager's month (R-PAY-6)."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.payroll.domain.dismissal import TERM, with_dismissals
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policies
from services.payroll.domain.reckoning import reckon
from services.payroll.domain.seal import seal_of
from services.payroll.domain.statement import Statement
from shared.contracts.base import Decision
from shared.contracts.payroll import StatementClosed


def close(
    ledger: Ledger, month: Month, begin: Month, policies: Policies, at: datetime, *, term: timedelta = TERM
) -> Decision[Ledger]:
    """The ledger with the statement of `month` closed `at` a moment, and what is to be told.

    A dismissal is proposed by what the statement counts, then by what came while it was closed (R-PAY-6). Nothing
    changes where this month or a later one is closed already. Where there is nothing to settle, only that is noted.
    """
    if ledger.done_with(month):
        noted = ledger.settled_to is not None and ledger.settled_to >= month
        return Decision(ledger if noted else replace(ledger, settled_to=month))
    settled = reckon(ledger, month, begin, policies)
    ledger = replace(ledger, settled_to=month)
    if settled is None:
        return Decision(ledger)
    settled = replace(settled, status="closed", closed_at=at)
    settled = replace(settled, seal=seal_of(settled))
    closed = replace(ledger, closed=(*ledger.closed, settled))
    counted = with_dismissals(closed.counted(month), policies, at, _told(settled, at), term=term)
    whole = replace(counted.state, facts=ledger.facts, manager=ledger.manager)
    return with_dismissals(whole, policies, at, *counted.events, term=term)


def _told(settled: Statement, at: datetime) -> StatementClosed:
    return StatementClosed(
        at=at,
        statement_id=settled.statement_id,
        manager_id=settled.manager_id,
        month=settled.month,
        total=settled.total,
        growth=settled.growth,
    )
