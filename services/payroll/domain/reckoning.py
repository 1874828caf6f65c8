"""From the ledger to a statement: a pure fold of the facts, the policy and the months closed so far (R-PAY-1…6)."""

from dataclasses import replace

from services.payroll.domain.adjustments import late
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month, following, through
from services.payroll.domain.policy import Policies
from services.payroll.domain.statement import Statement, settle
from shared.money import ZERO


def reckon(ledger: Ledger, month: Month, begin: Month | None, policies: Policies) -> Statement | None:
    """What closing `month` now would settle, every earlier month being closed; `begin` is the first one closed here,
    None where none is yet.

    None where there is nothing to settle: the manager is unknown, or did not work that month and is owed nothing.
    """
    ledger = ledger.counted(month)
    manager = ledger.manager
    if manager is None:
        return None
    adjustments = () if begin is None else late(ledger, month, begin, policies)
    works = manager.covers(month)
    if not works and not any(line.amount for line in adjustments):
        return None
    return settle(
        manager_id=ledger.manager_id,
        manager_name=manager.name,
        month=month,
        policy=policies.of(month),
        works=works,
        facts=ledger.of(month) if works else (),
        adjustments=adjustments,
        carried_in=ledger.closed[-1].carried if ledger.closed else ZERO,
    )


def statement(
    ledger: Ledger, month: Month, *, begin: Month | None, first_open: Month | None, policies: Policies
) -> Statement | None:
    """The statement of `month`: as it was closed, or as it would be closed now together with the open months before.

    `first_open` is the first month not yet closed (None: none ever was). None where there is no statement.
    """
    closed = ledger.closed_statement(month)
    if closed is not None:
        return closed
    if begin is None or first_open is None:
        return reckon(ledger, month, None, policies)
    if ledger.closed:
        first_open = max(first_open, following(ledger.closed[-1].month))
    found = None
    for each in through(first_open, month):
        found = reckon(ledger, each, begin, policies)
        if found is not None:
            ledger = replace(ledger, closed=(*ledger.closed, found))
    return found
