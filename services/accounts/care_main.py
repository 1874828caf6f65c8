"""Puts calls, control, debt and referrals together: their collections, messages, loops and doors."""

from functools import partial

from services.accounts import calling, care_metrics, debts, planning, referring
from services.accounts import care_policy as policies
from services.accounts.api import calls, control, prospects, referrals, spoken
from services.accounts.api import debts as debt_doors
from services.accounts.care import Care
from services.accounts.care_store import CareStore
from services.accounts.domain import care_refusals
from services.accounts.handlers import handlers
from services.accounts.office import Office
from services.accounts.settings import AccountsSettings
from shared.calendar import NoCalendarYear
from shared.service import Service

ROUTERS = (calls.routes, control.routes, debt_doors.routes, referrals.routes, prospects.routes, spoken.routes)
PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    care_refusals.UnknownContact: (404, "unknown-contact"),
    care_refusals.UnknownRequest: (404, "unknown-request"),
    care_refusals.UnknownCall: (404, "unknown-call"),
    care_refusals.UnknownProspect: (404, "unknown-prospect"),
    care_refusals.AlreadyHeld: (409, "already-held"),
    care_refusals.FindingsMissing: (422, "findings-missing"),
    care_refusals.BadOrder: (422, "bad-order"),
    care_refusals.NotUnderControl: (409, "not-under-control"),
    care_refusals.BadVerdict: (422, "bad-verdict"),
    care_refusals.MayNotAsk: (409, "may-not-ask"),
    care_refusals.WrongMove: (409, "wrong-move"),
    care_refusals.ContactInThePast: (422, "contact-in-the-past"),
    care_refusals.TrialNotFlawless: (409, "trial-not-flawless"),
    NoCalendarYear: (422, "no-calendar-year"),
}


def install(service: Service, office: Office, settings: AccountsSettings) -> Care:
    """Everything about the care of clients, on this service."""
    policy = policies.load(settings.care_policy_file)
    care = Care(office=office, store=CareStore(service), policy=policy, dirty=set())
    office.store.trailed.update(care.store.trailed)
    service.app.state.care = care
    service.problems(PROBLEMS)
    service.listen(handlers(care))
    for routes in ROUTERS:
        service.app.include_router(routes)
    service.background("debts", partial(debts.keep, care, settings.debts_every_seconds))
    service.background("plans", partial(planning.keep, care, settings.plans_every_seconds))
    service.background("calls", partial(calling.resume, care, settings.resume_after_seconds))
    service.background("totals", partial(care_metrics.keep, care, settings.totals_every_seconds))
    service.background("wins", partial(referring.watch, care, settings.resume_after_seconds))
    return care
