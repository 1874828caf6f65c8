"""`/v1/calls/{megafon,zadarma,uis}`: the webhooks of telephonies that post forms or a template's JSON."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.intake import metrics
from services.intake.api.views import Heard
from services.intake.channels import forms, megafon, uis, zadarma
from services.intake.domain.callers import Caller
from services.intake.domain.calls import Call
from services.intake.domain.refusals import Refused
from services.intake.telephony import Telephony
from shared.store import Stepped

routes = APIRouter(prefix="/v1/calls", tags=["calls"])
FORM = {
    "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}
}
NOTICE = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": uis.Notice.model_json_schema()}}}
}


async def _telephony(request: Request) -> Telephony:
    found: Telephony = request.app.state.telephony
    return found


Calls = Annotated[Telephony, Depends(_telephony)]


@routes.post("/megafon", openapi_extra=FORM, response_model=None)
async def from_megafon(telephony: Calls, request: Request) -> Heard | dict[str, str] | None:
    """Whatever MegaFon VATS tells; `cmd=contact` is answered with the caller's name and responsible manager."""
    with refusals_counted(megafon.PROVIDER):
        form = telephony.megafon.form(await telephony.gates[megafon.PROVIDER].body(request))
        if form.get("cmd") == "contact":
            return await _contact(telephony, forms.number(form.get("phone")))
        report = megafon.report(form, telephony.reception.clock.now())
    return None if report is None else heard(await telephony.hear(report))


@routes.get("/zadarma")
async def echo(zd_echo: Annotated[str, Query(min_length=1, max_length=200)]) -> Response:
    """Zadarma checks the address once: what it sends comes back as it is."""
    return Response(zd_echo, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


@routes.post("/zadarma", openapi_extra=FORM)
async def from_zadarma(telephony: Calls, request: Request) -> Heard:
    """Whatever Zadarma or Novofon tells."""
    with refusals_counted(zadarma.PROVIDER):
        body = await telephony.gates[zadarma.PROVIDER].body(request)
        form = telephony.zadarma.form(body, request.headers.get("signature", ""))
        report = telephony.zadarma.report(form, telephony.reception.clock.now())
    return heard(await telephony.hear(report))


@routes.post("/uis/{token}", openapi_extra=NOTICE)
async def from_uis(telephony: Calls, request: Request, token: str) -> Heard:
    """Whatever the template of UIS or CoMagic tells; the secret is in the address."""
    with refusals_counted(uis.PROVIDER):
        telephony.uis.check(token)
        body = await telephony.gates[uis.PROVIDER].body(request)
        report = telephony.uis.report(body, telephony.reception.clock.now())
    return heard(await telephony.hear(report))


@contextmanager
def refusals_counted(provider: str) -> Iterator[None]:
    """What is refused is counted; fields that are wrong are named."""
    try:
        yield
    except (Refused, ValidationError) as error:
        metrics.WEBHOOKS.labels(provider, "refused").inc()
        if isinstance(error, ValidationError):
            raise RequestValidationError(error.errors()) from None
        raise


def heard(stepped: Stepped[Call]) -> Heard:
    """The answer to a webhook."""
    call = stepped.state
    metrics.WEBHOOKS.labels(call.provider, "taken" if stepped.written else "repeated").inc()
    return Heard(call_id=call.call_id, status=call.course.status, repeated=not stepped.written)


async def _contact(telephony: Telephony, phone: str | None) -> dict[str, str]:
    """Who is calling, while it rings: nothing where nobody knows."""
    caller = Caller(phone=phone)
    found = await telephony.reception.identity(caller)
    if found.client is None:
        return {}
    known = await telephony.reception.store.clients.get(found.client.client_id)
    names = {} if known is None else {contact.contact_id: contact.name for contact in known.contacts}
    said = ", ".join(filter(None, (names.get(found.contact_id or ""), found.client.name)))
    manager = None if known is None else await telephony.managers.get(known.manager_id)
    answer: dict[str, Any] = {"contact_name": said if manager is None else f"{said} (ведёт {manager.name})"}
    login = None if known is None else telephony.users.get(known.manager_id)
    return answer | ({} if login is None else {"responsible": login})
