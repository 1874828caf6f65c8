"""Puts payroll together."""

from datetime import timedelta
from functools import partial

from fastapi import FastAPI

from services.payroll import resuming, verifying
from services.payroll.api import ROUTERS, SCOPES
from services.payroll.api.fields import answer_pending
from services.payroll.domain import refusals
from services.payroll.domain.accruals import Organisation
from services.payroll.domain.policy import Policy
from services.payroll.handlers import handlers
from services.payroll.office import Office
from services.payroll.settings import PayrollSettings
from services.payroll.store import Store
from shared.clock import ServiceClock
from shared.delivery import Deliveries
from shared.delivery import doors as delivery_doors
from shared.http import key_doors
from shared.http.api_keys import ApiKeys
from shared.service import IN_NO_HURRY, Service, run

PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    refusals.UnknownManager: (404, "unknown-manager"),
    refusals.NoStatement: (404, "no-statement"),
    refusals.NoPreview: (404, "no-preview"),
    refusals.NoProposal: (404, "no-proposal"),
    refusals.NoExport: (404, "no-export"),
    refusals.UnknownObjection: (404, "unknown-objection"),
    refusals.NotYourPay: (403, "not-your-pay"),
    refusals.ConfirmedByTheSame: (403, "confirmed-by-the-same"),
    refusals.OwnObjection: (403, "own-objection"),
    refusals.OwnDismissal: (403, "own-dismissal"),
    refusals.NoSuchLine: (422, "no-such-line"),
    refusals.NotYourClients: (422, "not-your-clients"),
    refusals.MonthNotEnded: (409, "month-not-ended"),
    refusals.MonthAlreadyClosed: (409, "month-already-closed"),
    refusals.MonthIsClosing: (409, "month-is-closing"),
    refusals.MonthOutOfOrder: (409, "month-out-of-order"),
    refusals.BeforeTheBooks: (409, "before-the-books"),
    refusals.NobodyEmployed: (409, "nobody-employed"),
    refusals.ManagersUnknown: (409, "managers-unknown"),
    refusals.FactsWaiting: (409, "facts-waiting"),
    refusals.FactsInDoubt: (409, "facts-in-doubt"),
    refusals.ReviewFirst: (409, "review-first"),
    refusals.ReviewNotFinished: (409, "review-not-finished"),
    refusals.ReviewOvertaken: (409, "review-overtaken"),
    refusals.CloseRequestedAlready: (409, "close-requested-already"),
    refusals.CloseNotRequested: (409, "close-not-requested"),
    refusals.MonthNotClosed: (409, "month-not-closed"),
    refusals.ExportedAlready: (409, "exported-already"),
    refusals.EmployeesIncomplete: (409, "employees-incomplete"),
    refusals.PolicyTooLate: (409, "policy-too-late"),
    refusals.NotPossibleNow: (409, "not-possible-now"),
    refusals.TermOver: (409, "term-over"),
    refusals.TermNotOver: (409, "term-not-over"),
    refusals.EvidenceChanged: (409, "evidence-changed"),
    refusals.AnsweredOtherwise: (409, "answered-otherwise"),
    refusals.KeyReused: (409, "idempotency-key-reused"),
}
"""`EventsPending` besides (409, `events-pending`): with `Retry-After`."""


def build_app(settings: PayrollSettings, clock: ServiceClock | None = None) -> FastAPI:
    """The service's HTTP app; its connections live as long as the app's lifespan."""
    service = Service("payroll", settings, clock=clock)
    deliveries = Deliveries(service, settings)
    office = _office(service, settings, deliveries)
    keys = ApiKeys(service.store.indexes("api_keys", ()))
    service.app.state.deps = office
    service.app.state.api_keys = keys
    service.problems(PROBLEMS)
    service.app.add_exception_handler(refusals.EventsPending, answer_pending)
    for routes in (*ROUTERS, key_doors.router(keys, SCOPES), delivery_doors.router(deliveries)):
        service.app.include_router(routes)
    service.listen(handlers(office))
    service.background("resume", partial(resuming.resume, office, settings.resume_after_seconds))
    service.background("verify", verifying.nightly(office).run)
    return service.app


def _office(service: Service, settings: PayrollSettings, deliveries: Deliveries) -> Office:
    return Office(
        store=Store(service),
        clock=service.clock,
        new_id=service.new_id,
        zone=settings.company_zone,
        usual=Policy(settings.base_pay),
        term=timedelta(days=settings.objection_days),
        lag=timedelta(seconds=settings.watermark_lag_seconds),
        odds={
            "at_trial": settings.trial_odds,
            "flawless": settings.trial_odds_flawless,
            "not_flawless": settings.trial_odds_not_flawless,
        },
        organisation=Organisation(
            settings.organisation_inn, settings.organisation_kpp, settings.accrual_base, settings.accrual_bonus
        ),
        unprocessed=service.unprocessed,
        deliveries=deliveries,
        hook=settings.pay_hook,
        answers_within=settings.close_answers_within_seconds,
    )


def main() -> None:
    """Serve until told to stop."""
    run("payroll", PayrollSettings, build_app, nice=IN_NO_HURRY)
