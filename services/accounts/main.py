"""Puts accounts together."""

import asyncio
from functools import partial

from fastapi import FastAPI

from services.accounts import audit, care_main, completeness, confirming, conflicts, metrics
from services.accounts.api import ROUTERS
from services.accounts.domain import refusals
from services.accounts.domain.client import Client, indexed
from services.accounts.office import Office, known
from services.accounts.settings import AccountsSettings
from services.accounts.store import Store
from shared.clock import ServiceClock
from shared.contracts.base import Decision
from shared.service import IN_NO_HURRY, Service, run
from shared.store import DuplicateKey

UNINDEXED_AT_ONCE = 500
PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    refusals.WrongValue: (422, "invalid"),
    refusals.UnknownManager: (404, "unknown-manager"),
    refusals.UnknownClient: (404, "unknown-client"),
    refusals.UnknownProposal: (404, "unknown-proposal"),
    refusals.UnknownConflict: (404, "unknown-conflict"),
    refusals.NotYourBase: (403, "not-your-base"),
    refusals.OwnProposal: (403, "own-proposal"),
    refusals.OwnPay: (403, "own-pay"),
    refusals.InnTaken: (409, "inn-taken"),
    refusals.SnilsTaken: (409, "snils-taken"),
    refusals.ManagerExists: (409, "manager-exists"),
    refusals.ClientNotActive: (409, "client-not-active"),
    refusals.ClientStillActive: (409, "client-still-active"),
    refusals.NotReversible: (409, "not-reversible"),
    refusals.NothingChanges: (409, "nothing-changes"),
    refusals.ProposalChanged: (409, "proposal-changed"),
    refusals.AlreadyDecided: (409, "already-decided"),
    refusals.KeyReused: (422, "idempotency-key-reused"),
    DuplicateKey: (409, "duplicate"),
}


def build_app(settings: AccountsSettings, clock: ServiceClock | None = None) -> FastAPI:
    """The service's HTTP app; its connections live as long as the app's lifespan."""
    service = Service("accounts", settings, clock=clock)
    store = Store(service)
    office = Office(store=store, clock=service.clock, new_id=service.new_id, zone=settings.company_zone)
    service.app.state.deps = office
    service.problems(PROBLEMS)
    for routes in ROUTERS:
        service.app.include_router(routes)
    care_main.install(service, office, settings)
    service.prepare(store.keep_snils_apart)
    service.background("outdated indexes", store.drop_outdated)
    service.background("audit", partial(audit.keep_linking, office, settings.audit_every_seconds))
    service.background("complete", partial(completeness.keep_telling, office, settings.facts_told_every_seconds))
    service.background("resume", partial(confirming.resume, office, settings.resume_after_seconds))
    service.background("conflicts", partial(conflicts.keep_looking, office, settings.conflicts_every_seconds))
    service.background("growth", partial(grow, office, settings.growth_every_seconds))
    service.background("measure", partial(measure, office, settings.measure_every_seconds))
    return service.app


async def measure(office: Office, every_seconds: float) -> None:
    """For ever: renew the gauges."""
    while True:
        await metrics.renew(office)
        await asyncio.sleep(every_seconds)


async def grow(office: Office, every_seconds: float) -> None:
    """For ever: make old clients searchable, then renew the gauges of the month."""
    while keys := await office.store.unindexed(UNINDEXED_AT_ONCE):
        await asyncio.gather(*(office.store.clients.step(key, _indexed) for key in keys))
    while True:
        await metrics.renew_growth(office)
        await asyncio.sleep(every_seconds)


def _indexed(client: Client | None) -> Decision[Client]:
    return Decision(indexed(known(client, refusals.UnknownClient)))


def main() -> None:
    """Serve until told to stop."""
    run("accounts", AccountsSettings, build_app, nice=IN_NO_HURRY)
