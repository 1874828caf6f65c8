"""`/v1/forecast`: the month so far, and what may come of it (R-PAY-8)."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from services.payroll.api.fields import Body, Deps, MonthText, Reader, View, check_own, noted
from services.payroll.api.statements import StatementView
from services.payroll.domain import forecast
from services.payroll.domain.forecast import Chance, Outcome
from services.payroll.domain.months import month_of
from services.payroll.domain.refusals import MonthAlreadyClosed
from services.payroll.domain.statement import Statement
from services.payroll.office import Office
from shared.clock import local_date
from shared.contracts.base import Roubles

routes = APIRouter(prefix="/v1/forecast", tags=["forecast"])

Ids = Annotated[tuple[str, ...], Field(max_length=1000)]


class ChanceView(View):
    """A client that may be lost, or a prospect that may be won."""

    subject_id: str
    name: str
    amount: Roubles
    """What it would add to the growth; minus for a loss."""
    probability: float
    reasons: tuple[str, ...]

    @classmethod
    def of(cls, chance: Chance) -> "ChanceView":
        """`chance` as shown."""
        return cls(**asdict(chance))


class OutcomeView(View):
    """A month that ended so."""

    growth: Roubles
    total: Roubles
    carried: Roubles
    dismissal_proposed: bool

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeView":
        """`outcome` as shown."""
        return cls(**asdict(outcome))


class ForecastView(View):
    """The span: `worst` loses every client at risk and wins nobody, `best` loses nobody and wins every prospect at
    trial, `expected` is the growth weighted by the probabilities, paid."""

    so_far: StatementView
    at_risk: list[ChanceView]
    at_trial: list[ChanceView]
    worst: OutcomeView
    expected: OutcomeView
    best: OutcomeView


class WhatIf(Body):
    """What if these clients were lost, and these prospects won."""

    lost: Ids = ()
    won: Ids = ()


@routes.get("/{manager_id}")
async def one(office: Deps, who: Reader, manager_id: str, month: MonthText | None = None) -> ForecastView:
    """What the month, the present one unless said, comes to so far, and may come to."""
    so_far = await _so_far(office, who, manager_id, month)
    clients, prospects = await office.store.clients_of(manager_id), await office.store.prospects_of(manager_id)
    found = forecast.forecast(so_far, clients, prospects, office.odds)
    return ForecastView(
        so_far=StatementView.of(so_far),
        at_risk=[ChanceView.of(chance) for chance in found.at_risk],
        at_trial=[ChanceView.of(chance) for chance in found.at_trial],
        worst=OutcomeView.of(found.worst),
        expected=OutcomeView.of(found.expected),
        best=OutcomeView.of(found.best),
    )


@routes.post("/{manager_id}/what-if")
async def what_if(
    office: Deps, who: Reader, manager_id: str, change: WhatIf, month: MonthText | None = None
) -> OutcomeView:
    """The month, if any of the manager's clients were lost and any of their prospects won."""
    so_far = await _so_far(office, who, manager_id, month)
    clients = {client.client_id: client for client in await office.store.clients_of(manager_id)}
    prospects = {prospect.prospect_id: prospect for prospect in await office.store.prospects_of(manager_id)}
    return OutcomeView.of(forecast.what_if(so_far, clients, prospects, change.lost, change.won))


async def _so_far(office: Office, who: Reader, manager_id: str, month: str | None) -> Statement:
    check_own(who, manager_id)
    month = month or month_of(local_date(office.now(), office.zone))
    statement = await office.statement(manager_id, month)
    if statement.closed_at is not None:
        raise MonthAlreadyClosed(month, statement.closed_at, office.zone)
    await noted(office, who, "forecast", manager_id=manager_id, month=month)
    return statement
