"""The composition root of sla_monitor: production and tests both call `build_app`."""

import asyncio
from time import perf_counter

from fastapi import FastAPI

from services.sla_monitor import api, metrics
from services.sla_monitor.domain.rules import Rules, company_calendars
from services.sla_monitor.domain.timeline import UnknownSubject
from services.sla_monitor.handlers import handlers
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.settings import SlaMonitorSettings
from services.sla_monitor.store import Store
from services.sla_monitor.ticker import Ticker
from shared.calendar import hours
from shared.clock import ServiceClock
from shared.service import BEHIND_THE_DOOR, Service, run

LEAST_REST = 20
"""Counting takes at most this part of the time, however much there is to count."""


def build_app(settings: SlaMonitorSettings, clock: ServiceClock | None = None) -> FastAPI:
    """The app; it connects when its lifespan begins."""
    service = Service("sla_monitor", settings, clock=clock)
    rules = Rules(company_calendars(settings.company_zone, hours(settings.working_hours)))
    monitor = Monitor(store=Store(service), clock=service.clock, rules=rules)
    ticker = Ticker(monitor)

    async def measure() -> None:
        while True:
            began = perf_counter()
            await metrics.renew(monitor.store, monitor.clock.now())
            await asyncio.sleep(max(settings.measure_every_seconds, LEAST_REST * (perf_counter() - began)))

    service.listen(handlers(monitor))
    service.background("ticker", ticker.run)
    service.background("measure", measure)
    service.check("ticker", ticker.stuck)
    service.problems({UnknownSubject: (404, "unknown-subject")})
    service.app.state.deps = monitor
    service.app.include_router(api.routes)
    return service.app


def main() -> None:
    """Run the service."""
    run("sla_monitor", SlaMonitorSettings, build_app, nice=BEHIND_THE_DOOR)
