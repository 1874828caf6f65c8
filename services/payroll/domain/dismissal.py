"""A month's own growth below zero: a dismissal is proposed to the director, with the evidence (R-PAY-2, R-PAY-6)."""

from dataclasses import replace
from datetime import datetime

from services.payroll.domain.ledger import Ledger
from shared.contracts.base import Decision, Event
from shared.contracts.payroll import DismissalProposed
from shared.money import ZERO


def with_dismissals(ledger: Ledger, at: datetime, *events: Event) -> Decision[Ledger]:
    """`ledger`, and besides `events` a proposal for every closed month whose growth is negative by what is known now.

    Each month is proposed once: when it is closed, or when a late fact turns it negative.
    """
    months = [month for month in ledger.paid_months() if month not in ledger.proposed and ledger.growth(month) < ZERO]
    if not months:
        return Decision(ledger, events)
    proposals = [
        DismissalProposed(
            at=at,
            manager_id=ledger.manager_id,
            month=month,
            growth=ledger.growth(month),
            fact_ids=tuple(fact.fact_id for fact in ledger.of(month) if fact.amount),
        )
        for month in months
    ]
    return Decision(replace(ledger, proposed=(*ledger.proposed, *months)), (*events, *proposals))
