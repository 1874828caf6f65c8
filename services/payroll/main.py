"""Puts payroll together."""

from functools import partial

from fastapi import FastAPI

from services.payroll import closing
from services.payroll.api import ROUTERS
from services.payroll.domain import refusals
from services.payroll.domain.statement import Policy
from services.payroll.handlers import handlers
from services.payroll.office import Office
from services.payroll.settings import PayrollSettings
from services.payroll.store import Store
from shared.clock import ServiceClock
from shared.service import BEHIND_THE_DOOR, Service, run

PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    refusals.UnknownManager: (404, "unknown-manager"),
    refusals.NoStatement: (404, "no-statement"),
    refusals.NotYourPay: (403, "not-your-pay"),
    refusals.MonthNotEnded: (409, "month-not-ended"),
    refusals.MonthAlreadyClosed: (409, "month-already-closed"),
    refusals.MonthIsClosing: (409, "month-is-closing"),
    refusals.MonthOutOfOrder: (409, "month-out-of-order"),
    refusals.BeforeTheBooks: (409, "before-the-books"),
    refusals.NobodyEmployed: (409, "nobody-employed"),
    refusals.ManagersUnknown: (409, "managers-unknown"),
}


def build_app(settings: PayrollSettings, clock: ServiceClock | None = None) -> FastAPI:
    """The service's HTTP app; its connections live as long as the app's lifespan."""
    service = Service("payroll", settings, clock=clock)
    office = Office(
        store=Store(service), clock=service.clock, zone=settings.company_zone, policy=Policy(settings.base_pay)
    )
    service.app.state.deps = office
    service.problems(PROBLEMS)
    for routes in ROUTERS:
        service.app.include_router(routes)
    service.listen(handlers(office))
    service.background("resume", partial(closing.resume, office, settings.resume_after_seconds))
    return service.app


def main() -> None:
    """Serve until told to stop."""
    run("payroll", PayrollSettings, build_app, nice=BEHIND_THE_DOOR)
