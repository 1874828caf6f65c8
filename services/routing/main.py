"""The composition root of routing."""

import asyncio
from functools import partial
from time import monotonic

from fastapi import FastAPI

from services.routing import api
from services.routing.assigner import Assigner
from services.routing.backlog import Backlog
from services.routing.demands import Demands
from services.routing.dispatcher import Dispatcher
from services.routing.estimates import Estimates
from services.routing.handlers import handlers
from services.routing.history import History
from services.routing.orders import Orders
from services.routing.policy_file import shipped
from services.routing.roster import Roster
from services.routing.settings import RoutingSettings
from services.routing.store import Store
from services.routing.sweeper import Sweeper
from shared.clock import ServiceClock
from shared.service import Service, run


def build_app(settings: RoutingSettings, clock: ServiceClock | None = None) -> FastAPI:
    """Routing's HTTP app; it consumes and assigns while its lifespan lasts."""
    service = Service("routing", settings, clock=clock)
    store, wake = Store(service), asyncio.Event()
    roster = Roster(store, service.clock.now, wake.set, shipped())
    history = History(store)
    estimates = Estimates(history, service.clock.now)
    assigner = Assigner(store, roster, estimates, service.clock.now, wake.set)
    dispatcher = Dispatcher(store, roster, assigner, service.clock)
    orders = Orders(dispatcher)
    demands = Demands(store, roster, dispatcher, orders)
    backlog = Backlog(store, dispatcher, demands, wake)
    sweeper = Sweeper(store, roster, assigner, monotonic, settings.orphan_seconds)
    service.listen(handlers(store, dispatcher, demands))
    service.background("roster", partial(roster.watch, settings.refresh_seconds))
    service.background("record", partial(roster.watch_record, settings.record_seconds))
    service.background("estimates", partial(estimates.watch, settings.estimates_seconds))
    service.background("backlog", partial(backlog.watch, settings.backlog_seconds))
    service.background("waiting", backlog.measure)
    service.background("sweep", partial(sweeper.watch, settings.sweep_seconds))
    deps = api.Routing(store, roster, dispatcher, orders, history, estimates, service.new_id, wake.set)
    api.install(service, deps)
    return service.app


def main() -> None:
    """Run routing until told to stop."""
    run("routing", RoutingSettings, build_app)
