"""Puts intake together."""

import asyncio

from fastapi import FastAPI
from pydantic import SecretStr

from services.intake import hearing, joining, matters
from services.intake.answer_guard import AnswerGuard
from services.intake.api import ROUTERS
from services.intake.api.fields import SCOPES
from services.intake.channels import doors, gate, imap, smtp
from services.intake.channels.doors import WEBHOOK_LIMIT
from services.intake.channels.gate import KeyGates
from services.intake.channels.mailgun import MailgunDoor
from services.intake.domain import refusals, triage_rules
from services.intake.handlers import handlers, mail_handlers
from services.intake.post import PostOffice
from services.intake.recent import Recent
from services.intake.reception import Reception
from services.intake.settings import IntakeSettings
from services.intake.store import Store
from services.intake.telephony import telephony
from services.intake.triaging import Triager
from shared.clock import ServiceClock
from shared.delivery import Deliveries
from shared.delivery.doors import router as deliveries_router
from shared.http import key_doors
from shared.http.api_keys import ApiKeys
from shared.http.edge import Lane
from shared.http.problems import DOCUMENTED
from shared.service import Service, run

REQUEST_LIMIT = 1_000_000
"""Bytes of a request's JSON: its words may be 100 000 characters, six bytes each."""
PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    refusals.UnknownRequest: (404, "unknown-request"),
    refusals.UnknownClient: (404, "unknown-client"),
    refusals.UnknownContact: (404, "unknown-contact"),
    refusals.UnknownCall: (404, "unknown-call"),
    refusals.UnknownSender: (404, "unknown-sender"),
    refusals.KnownByCard: (409, "known-by-card"),
    refusals.UnknownWebhook: (404, "unknown-webhook"),
    refusals.UnknownMail: (404, "unknown-mail"),
    refusals.UnknownAttachment: (404, "unknown-attachment"),
    refusals.ForeignRequest: (403, "not-your-base"),
    refusals.ForeignCall: (403, "not-your-base"),
    refusals.TakenBySpecialist: (403, "taken-by-specialist"),
    triage_rules.UnknownRules: (404, "unknown-triage-rules"),
    triage_rules.RulesOvertaken: (409, "triage-rules-overtaken"),
    triage_rules.BadRules: (422, "bad-triage-rules"),
    refusals.NotTheSameMatter: (409, "not-the-same-matter"),
    refusals.NotMerged: (409, "not-merged"),
    refusals.LinkSpent: (410, "link-spent"),
    refusals.NotPossibleNow: (409, "not-possible-now"),
    refusals.PromiseInThePast: (422, "promise-in-the-past"),
    refusals.PromiseTooFar: (422, "promise-too-far"),
    refusals.NatureWithoutImportance: (422, "nature-without-importance"),
    doors.NotSetUp: (503, "channel-not-set-up"),
    doors.BadSignature: (401, "bad-signature"),
    doors.Unreadable: (400, "unreadable"),
    gate.NotFromThere: (403, "not-from-there"),
    gate.TooOften: (429, "too-often"),
}


def build_app(settings: IntakeSettings, clock: ServiceClock | None = None) -> FastAPI:
    """The service's HTTP app; its connections live as long as the app's lifespan."""
    service = Service("intake", settings, clock=clock, lanes=lanes(settings))
    store = Store(service)
    reception = Reception(
        store=store,
        recent=Recent(store),
        triager=Triager(store.triage_rules, settings.company_zone),
        clock=service.clock,
        new_id=service.new_id,
        mailgun=MailgunDoor([key.get_secret_value() for key in settings.mailgun_keys]),
    )
    keys = ApiKeys(service.store.indexes("api_keys", ()))
    service.app.state.deps = reception
    service.app.state.api_keys = keys
    service.app.state.key_gates = KeyGates(per_second=settings.key_per_second, burst=settings.key_burst)
    calls = telephony(service, reception, settings)
    service.app.state.telephony = calls
    deliveries = Deliveries(service, settings)
    office = PostOffice(reception, deliveries, settings, calls.managers)
    service.app.state.post = office
    service.app.state.answer_guard = AnswerGuard(settings)
    service.problems(PROBLEMS)
    for routes in (*ROUTERS, deliveries_router(deliveries), key_doors.router(keys, SCOPES)):
        service.app.include_router(routes, responses=DOCUMENTED)
    service.listen(handlers(reception) | mail_handlers(office) | hearing.handlers(calls))
    service.background("pair", lambda: pair(reception, settings.pair_every_seconds))
    service.background("join", lambda: joining.keep_joining(reception, settings.pair_every_seconds))
    service.background("settle", lambda: matters.keep_settling(reception, settings.pair_every_seconds))
    service.background("webhooks", calls.inbox.working)
    service.background("webhooks left", lambda: calls.inbox.sweeping(settings.sweep_webhooks_every_seconds))
    service.background("sweep", lambda: calls.sweeping(settings.sweep_calls_every_seconds))
    if settings.smtp_port:
        service.background("smtp", lambda: smtp.listen(office))
    if (mailbox := _revealed(settings.imap_url)) is not None:
        service.background("imap", lambda: imap.poll(office, mailbox))
    return service.app


def lanes(settings: IntakeSettings) -> tuple[Lane, ...]:
    """Webhooks are small and are kept whatever becomes of the broker; requests are short; letters may be long."""
    return (
        Lane(prefix="/v1/calls/", in_flight=settings.webhooks_in_flight, body=WEBHOOK_LIMIT, needs_broker=False),
        Lane(prefix="/v1/requests", in_flight=settings.max_in_flight, body=REQUEST_LIMIT),
    )


async def pair(reception: Reception, every_seconds: float) -> None:
    """For ever: pair the missed calls a crash left unpaired."""
    while True:
        await reception.pair_left()
        await asyncio.sleep(every_seconds)


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def main() -> None:
    """Serve until told to stop."""
    run("intake", IntakeSettings, build_app)
