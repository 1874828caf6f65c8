"""The composition root of sla_monitor: production and tests both call `build_app`."""

import asyncio
from time import perf_counter

from fastapi import FastAPI

from services.sla_monitor import api, metrics, verifying
from services.sla_monitor.api.stream import ESCALATION, Resolver
from services.sla_monitor.api.wiring import Wired
from services.sla_monitor.bases import Bases
from services.sla_monitor.domain.built_in import shipped
from services.sla_monitor.domain.escalation import BadTerm, EscalationEnded, NotBrokenYet, UnknownEscalation
from services.sla_monitor.domain.timeline import UnknownSubject
from services.sla_monitor.handlers import handlers
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.notify import loop
from services.sla_monitor.notify.escalations import Escalations
from services.sla_monitor.notify.notifier import Notifier
from services.sla_monitor.notify.postponing import Postponing
from services.sla_monitor.notify.store import NotifyStore
from services.sla_monitor.policy_book import PolicyBook, PolicyOvertaken, UnknownVersion
from services.sla_monitor.reading.changes import Changes, Noted, TooManyFollowers
from services.sla_monitor.reading.store import Log
from services.sla_monitor.reckoning import Reckoning
from services.sla_monitor.settings import SlaMonitorSettings
from services.sla_monitor.store import Store
from services.sla_monitor.ticker import Ticker
from shared.calendar import hours
from shared.clock import ServiceClock
from shared.delivery import Deliveries, doors
from shared.service import Service, run

PROBLEMS = {
    UnknownSubject: (404, "unknown-subject"),
    UnknownEscalation: (404, "unknown-escalation"),
    EscalationEnded: (409, "escalation-ended"),
    NotBrokenYet: (409, "not-broken-yet"),
    BadTerm: (422, "bad-term"),
    PolicyOvertaken: (412, "policy-overtaken"),
    UnknownVersion: (404, "unknown-version"),
    TooManyFollowers: (503, "too-many-streams"),
}
LEAST_REST = 20
"""Counting takes at most this part of the time, however much there is to count."""


def build_app(settings: SlaMonitorSettings, clock: ServiceClock | None = None) -> FastAPI:
    """The app; it connects when its lifespan begins."""
    service = Service("sla_monitor", settings, clock=clock)
    first = shipped(settings.company_zone, hours(settings.working_hours), settings.company_region)
    book = PolicyBook(service, first, service.clock, learnt=metrics.show)
    metrics.show(book.rules)
    noted = Noted()
    bases = Bases(service)
    monitor = Monitor(store=Store(service), clock=service.clock, book=book, bases=bases, changed=noted.add)
    ticker = Ticker(monitor)
    escalations = _escalations(service, settings, monitor, bases, noted)
    deliveries = Deliveries(service, settings)
    zone = settings.company_zone
    notifier = Notifier(escalations.store, deliveries, service.clock, zone, hours=escalations.hours)

    async def measure() -> None:
        while True:
            began = perf_counter()
            await metrics.renew(monitor.store, monitor.clock.now())
            await asyncio.sleep(max(settings.measure_every_seconds, LEAST_REST * (perf_counter() - began)))

    postponing = Postponing(
        store=escalations.store,
        bases=bases,
        deliveries=deliveries,
        clock=service.clock,
        company_zone=settings.company_zone,
        rules=lambda: monitor.rules,
    )
    service.listen(handlers(monitor, bases, escalations, postponing))
    service.background("ticker", ticker.run)
    service.background("measure", measure)
    service.background("policy", Reckoning(book, monitor).run)
    service.background("escalation", lambda: loop.run(escalations, notifier))
    service.check("ticker", ticker.stuck)
    service.problems(PROBLEMS)
    wired = Wired(
        monitor=monitor,
        book=book,
        bases=bases,
        escalations=escalations,
        company_zone=settings.company_zone,
        plain_hooks=settings.mode == "development",
    )
    service.app.state.wired = wired
    service.background("verify", verifying.nightly(monitor, settings.company_zone).run)
    changes = Changes(Log(service), noted, Resolver(wired), service.app.state.stopping)
    service.app.state.changes = changes
    service.background("changes", changes.run)
    for routes in (*api.ROUTES, doors.router(deliveries)):
        service.app.include_router(routes)
    return service.app


def _escalations(
    service: Service, settings: SlaMonitorSettings, monitor: Monitor, bases: Bases, noted: Noted
) -> Escalations:
    return Escalations(
        NotifyStore(service),
        service.clock,
        settings.company_zone,
        load=lambda about, about_id: monitor.store.timelines.get(f"{about}:{about_id}"),
        rules=lambda: monitor.rules,
        manager_of=bases.manager_of,
        changed=lambda key: noted.add(f"{ESCALATION}{key}"),
    )


def main() -> None:
    """Run the service."""
    run("sla_monitor", SlaMonitorSettings, build_app)
