"""Closing one manager's month (R-PAY-6)."""

from collections.abc import Iterator, Mapping
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

LATEST = 20
"""Facts of one manager that may have come in between the last look before a confirmation and its being written."""


def close(
    ledger: Ledger,
    month: Month,
    begin: Month,
    policies: Policies,
    at: datetime,
    *,
    term: timedelta = TERM,
    seen: Mapping[str, str] | None = None,
) -> Decision[Ledger]:
    """The ledger with the statement of `month` closed `at` a moment, and what is to be told. `seen` are the hashes of
    the statements that were confirmed, by manager, where they are known: that one is closed, and no other.

    A dismissal is proposed by what the statement counts, then by what came while it was closed (R-PAY-6). Nothing
    changes where this month or a later one is closed already. Where there is nothing to settle, only that is noted.
    """
    if ledger.done_with(month):
        noted = ledger.settled_to is not None and ledger.settled_to >= month
        return Decision(ledger if noted else replace(ledger, settled_to=month))
    settled = reckon(ledger, month, begin, policies)
    if seen is not None and _seal(settled) != (seal := seen.get(ledger.manager_id)):
        found = (each for each in _before(ledger, month) if _seal(reckon(each, month, begin, policies)) == seal)
        ledger = next(found, ledger)
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


def _before(ledger: Ledger, month: Month) -> Iterator[Ledger]:
    """The ledger as it may have been when the close of `month` was confirmed: what slipped in between the last look and
    the confirmation, the latest first, counts with the next month, as what comes after does."""
    unsettled = [fact for fact in ledger.counted(month).unsettled() if fact.month <= month]
    latest = sorted(unsettled, key=lambda fact: -fact.order)[:LATEST]
    known = ledger.earlier
    changed = [known] if known is None or known.closing == month else [known, replace(known, closing=month)]
    for number in range(len(latest) + 1):
        missed = {fact.fact_id for fact in latest[:number]}
        facts = tuple(replace(fact, missed=month) if fact.fact_id in missed else fact for fact in ledger.facts)
        yield from (replace(ledger, facts=facts, earlier=earlier) for earlier in changed)


def _seal(settled: Statement | None) -> str | None:
    return None if settled is None else seal_of(settled)


def _told(settled: Statement, at: datetime) -> StatementClosed:
    return StatementClosed(
        at=at,
        statement_id=settled.statement_id,
        manager_id=settled.manager_id,
        month=settled.month,
        total=settled.total,
        growth=settled.growth,
    )
