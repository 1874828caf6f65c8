"""A month's own growth below zero: a dismissal is proposed to the director, with the evidence (R-PAY-2, R-PAY-6)."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.payroll.domain import cases
from services.payroll.domain.cases import Case, Objection, Signed
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policies
from services.payroll.domain.refusals import NoProposal, OwnDismissal
from services.payroll.domain.seal import sealed
from shared.contracts.base import Decision, Event
from shared.contracts.payroll import DismissalDecided, DismissalObjected, DismissalProposed
from shared.money import ZERO

TERM = timedelta(days=5)
"""How long a manager may object where the settings do not say otherwise."""


def with_dismissals(
    ledger: Ledger, policies: Policies, at: datetime, *events: Event, term: timedelta = TERM
) -> Decision[Ledger]:
    """`ledger`, and besides `events` a proposal for every closed month whose growth is negative by what is known now.

    Each month is proposed once: when it is closed, or when a late fact turns it negative.
    """
    unsaid = [month for month in ledger.paid_months() if month not in ledger.proposed]
    months = [month for month in unsaid if ledger.growth(month, policies) < ZERO]
    if not months:
        return Decision(ledger, events)
    proposals = [
        DismissalProposed(
            at=at,
            manager_id=ledger.manager_id,
            month=month,
            growth=ledger.growth(month, policies),
            fact_ids=tuple(fact.fact_id for fact in evidence(ledger, month, policies)),
        )
        for month in months
    ]
    opened = tuple(Case(month=month, proposed_at=at, object_until=at + term) for month in months)
    proposed = replace(ledger, proposed=(*ledger.proposed, *months), cases=(*ledger.cases, *opened))
    return Decision(proposed, (*events, *proposals))


def evidence(ledger: Ledger, month: Month, policies: Policies) -> tuple[Fact, ...]:
    """The facts that made the growth of `month`, by everything known now."""
    policy = policies.of(month)
    return tuple(fact for fact in ledger.of(month) if policy.amount(fact))


def evidence_seal(ledger: Ledger, month: Month, policies: Policies) -> str:
    """The hash of the evidence: what a decision is signed over."""
    policy = policies.of(month)
    lines = [(fact.fact_id, fact.effective, policy.amount(fact)) for fact in evidence(ledger, month, policies)]
    case = ledger.case(month)
    words = "" if case is None or case.objection is None else case.objection.words
    return sealed((ledger.manager_id, month, words), *lines)


def case_of(ledger: Ledger | None, month: Month) -> tuple[Ledger, Case]:
    """The proposal for `month`, and in whose ledger it is. Raises `NoProposal`."""
    found = None if ledger is None else ledger.case(month)
    if ledger is None or found is None:
        raise NoProposal
    return ledger, found


def object_to(ledger: Ledger | None, month: Month, objection: Objection, zone: str) -> Decision[Ledger]:
    """The manager objects. Raises `NoProposal`, `NotPossibleNow` or `TermOver`."""
    known, case = case_of(ledger, month)
    after = cases.objected(case, objection, zone)
    if after is case:
        return Decision(known)
    told = DismissalObjected(at=objection.at, manager_id=known.manager_id, month=month, words=objection.words)
    return Decision(_with(known, after), (told,))


def decide_on(ledger: Ledger | None, month: Month, decision: Signed, policies: Policies, zone: str) -> Decision[Ledger]:
    """A director decides, on somebody else. Raises `NoProposal`, `OwnDismissal`, `NotPossibleNow`, `TermNotOver` or
    `EvidenceChanged`."""
    known, before = case_of(ledger, month)
    if decision.by == known.manager_id:
        raise OwnDismissal
    case = cases.decided(before, decision, evidence_seal(known, month, policies), zone)
    if case is before:
        return Decision(known)
    told = DismissalDecided(
        at=decision.at,
        manager_id=known.manager_id,
        month=month,
        dismissed=decision.dismissed,
        reason=decision.reason,
        by=decision.by,
    )
    return Decision(_with(known, case), (told,))


def _with(ledger: Ledger, case: Case) -> Ledger:
    return replace(ledger, cases=tuple(case if each.month == case.month else each for each in ledger.cases))
