"""`/v1/dismissals`: proposed with evidence, objected to by the manager, decided by a director (R-PAY-2)."""

from datetime import datetime
from functools import partial

from fastapi import APIRouter

from services.payroll.api.facts import FactView
from services.payroll.api.fields import SEES_ALL, Body, Deps, Director, MonthText, Reader, View, Words, check_own, noted
from services.payroll.domain import dismissal
from services.payroll.domain.cases import Case, Objection, Signed, Standing
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.policy import Policies
from services.payroll.office import Office
from shared.contracts.base import Roubles
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1/dismissals", tags=["dismissals"])


class ObjectionView(View):
    """What the manager said against it."""

    at: datetime
    words: str


class DecisionView(View):
    """What a director decided; `evidence` is the hash of what they had before them."""

    at: datetime
    by: str
    dismissed: bool
    reason: str
    evidence: str


class CaseView(View):
    """A proposal. Nothing follows from it by itself."""

    manager_id: str
    manager_name: str | None
    month: str
    state: Standing
    proposed_at: datetime
    object_until: datetime
    growth: Roubles
    """By what is known now; a late fact may have made it zero or more."""
    evidence: list[FactView]
    evidence_seal: str
    """To be given back with the decision: it is about this evidence and no other."""
    objection: ObjectionView | None
    decision: DecisionView | None

    @classmethod
    def of(cls, ledger: Ledger, case: Case, policies: Policies) -> "CaseView":
        """`case` as shown, with the evidence as it is now."""
        policy = policies.of(case.month)
        facts = dismissal.evidence(ledger, case.month, policies)
        said, decided = case.objection, case.decision
        return cls(
            manager_id=ledger.manager_id,
            manager_name=None if ledger.manager is None else ledger.manager.name,
            month=case.month,
            state=case.state,
            proposed_at=case.proposed_at,
            object_until=case.object_until,
            growth=ledger.growth(case.month, policies),
            evidence=[FactView.of(fact, policy) for fact in facts],
            evidence_seal=dismissal.evidence_seal(ledger, case.month, policies),
            objection=None if said is None else ObjectionView(at=said.at, words=said.words),
            decision=None if decided is None else DecisionView.model_validate(decided, from_attributes=True),
        )


class Against(Body):
    """Why not."""

    words: Words


class Decide(Body):
    """What is decided, why, and on which evidence (`evidence_seal` of the proposal)."""

    dismissed: bool
    reason: Words
    evidence_seal: Words


@routes.get("")
async def listed(office: Deps, who: Reader, paging: Paged) -> Page[CaseView]:
    """Proposals by manager and month; a manager sees their own."""
    every = who.has(*SEES_ALL)
    if every:
        await noted(office, who, "dismissals")
    policies = await office.store.policies(office.usual)
    since = (paging.after or "").rpartition("/")[0]
    ledgers = await office.store.with_cases(None if every else who.subject, since, paging.limit + 2)
    found = [
        CaseView.of(ledger, case, policies)
        for ledger in ledgers
        for case in sorted(ledger.cases, key=lambda each: each.month)
    ]
    beyond = [view for view in found if paging.after is None or _place(view) > paging.after]
    return paging.page(beyond[: paging.limit + 1], _place)


@routes.get("/{manager_id}/{month}")
async def one(office: Deps, who: Reader, manager_id: str, month: MonthText) -> CaseView:
    """One proposal, with its evidence."""
    check_own(who, manager_id)
    ledger, _ = dismissal.case_of(await office.store.ledgers.get(manager_id), month)
    await noted(office, who, "dismissal", manager_id=manager_id, month=month)
    return await _view(office, ledger, month)


@routes.post("/{manager_id}/{month}/objection")
async def against(office: Deps, who: Reader, manager_id: str, month: MonthText, said: Against) -> CaseView:
    """The manager objects, within the term."""
    check_own(who, manager_id, alone=True)
    objection = Objection(at=office.now(), words=said.words)
    decide = partial(dismissal.object_to, month=month, objection=objection, zone=office.zone)
    return await _view(office, (await office.store.ledgers.step(manager_id, decide)).state, month)


@routes.post("/{manager_id}/{month}/decision")
async def decision(office: Deps, who: Director, manager_id: str, month: MonthText, said: Decide) -> CaseView:
    """A director decides, after the manager objected or the term is over; people act on it."""
    signed = Signed(
        at=office.now(),
        by=who.subject,
        dismissed=said.dismissed,
        reason=said.reason,
        evidence=said.evidence_seal,
    )
    policies = await office.store.policies(office.usual)
    decide = partial(dismissal.decide_on, month=month, decision=signed, policies=policies, zone=office.zone)
    decided = (await office.store.ledgers.step(manager_id, decide)).state
    await noted(office, who, "dismissal.decision", manager_id=manager_id, month=month)
    return await _view(office, decided, month)


async def _view(office: Office, ledger: Ledger, month: str) -> CaseView:
    _, case = dismissal.case_of(ledger, month)
    return CaseView.of(ledger, case, await office.store.policies(office.usual))


def _place(view: CaseView) -> str:
    return f"{view.manager_id}/{view.month}"
