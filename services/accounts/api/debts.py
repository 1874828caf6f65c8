"""Manual-work debt and risk (R-IMP-6): for our people only, never for a client."""

from datetime import datetime, timedelta
from decimal import Decimal

from fastapi import APIRouter
from pydantic import BaseModel

from services.accounts import debts
from services.accounts.api.care_fields import CareDep, CareReader, own_client
from services.accounts.api.fields import Director, Money, View, check_base
from services.accounts.care import Care
from services.accounts.care_store import Debt
from services.accounts.domain import debt
from services.accounts.domain.client import Client
from shared.contracts.accounts import Band
from shared.money import rounded

routes = APIRouter(prefix="/v1", tags=["debt"])
WEEK = timedelta(days=7)


class PartView(View):
    """One part and why it is there."""

    part: str
    about: str
    """The request or the call."""
    contact_id: str | None
    score: float
    reason: str


class DebtChangeView(View):
    """What became of one part since the evening a week ago."""

    part: str
    about: str
    before: float
    after: float
    reason: str


class DebtCard(BaseModel):
    """A client's debt in one line."""

    client_id: str
    name: str
    fee: Money
    score: float
    band: Band
    loss_probability: float
    main_reason: str


class DebtView(DebtCard):
    """A client's debt, whole, computed from the facts at this moment."""

    as_of: datetime
    policy_version: str
    contacts: dict[str, float]
    parts: list[PartView]
    week_ago: float
    changes: list[DebtChangeView]


class RiskView(BaseModel):
    """A manager's base by risk."""

    manager_id: str
    fee_at_risk: Money
    """Fees of the clients in the band `risk`."""
    expected_loss: Money
    """Each fee times the probability of losing it within a month."""
    items: list[DebtCard]
    """The heaviest debt first; clients without debt are left out."""


class DifferenceView(View):
    """A client whose stored debt is not what the facts come to."""

    client_id: str
    stored: float | None
    recomputed: float
    what: str


class ProofView(View):
    """What comparing every stored debt with its facts found."""

    checked: int
    differences: tuple[DifferenceView, ...]


@routes.get("/clients/{client_id}/debt")
async def one(care: CareDep, who: CareReader, client_id: str) -> DebtView:
    """The debt with its parts and reasons, and what changed since last week and why."""
    client = await own_client(care, who, client_id)
    facts = (await debts.known(care, {client_id: client}))[client_id]
    found = debts.computed(care.policy, client, facts, care.now())
    changed = debt.changes(care.policy, facts, found.as_of) if client.active else ()
    return DebtView(
        **_card(found).model_dump(),
        as_of=found.as_of,
        policy_version=found.policy_version,
        contacts=dict(found.contacts),
        parts=[PartView.model_validate(part) for part in found.parts],
        week_ago=_week_ago(care, facts, found, client),
        changes=[DebtChangeView.model_validate(change) for change in changed],
    )


@routes.get("/managers/{manager_id}/debts")
async def at_risk(care: CareDep, who: CareReader, manager_id: str) -> RiskView:
    """The base by debt, and the fee at risk."""
    check_base(who, manager_id)
    await care.office.manager(manager_id)
    fees = {client.client_id: client.fee for client in await care.store.base(manager_id)}
    known = await care.store.debts_of(fees)
    heavy = sorted((each for each in known.values() if each.score > 0), key=lambda each: (-each.score, each.client_id))
    in_risk = sum((fees[each.client_id] for each in heavy if each.band == "risk"), Decimal())
    expected = sum((fees[each.client_id] * Decimal(str(each.loss_probability)) for each in heavy), Decimal())
    return RiskView(
        manager_id=manager_id, fee_at_risk=in_risk, expected_loss=rounded(expected), items=[_card(e) for e in heavy]
    )


@routes.post("/debts/verify")
async def verify(care: CareDep, _: Director) -> ProofView:
    """Compute every stored debt anew from its facts, and name those that differ."""
    return ProofView.model_validate(await debts.verify(care))


def _week_ago(care: Care, facts: debt.Known, found: Debt, client: Client) -> float:
    if not client.active:
        return 0.0
    then = debt.evening_before(facts.zone, found.as_of, debt.WEEK - 1)
    return debt.total(debt.parts(care.policy, facts, then))


def _card(found: Debt) -> DebtCard:
    return DebtCard(
        client_id=found.client_id,
        name=found.name,
        fee=found.fee,
        score=found.score,
        band=found.band,
        loss_probability=found.loss_probability,
        main_reason=found.parts[0].reason if found.parts else "",
    )
