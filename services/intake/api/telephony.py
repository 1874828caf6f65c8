"""`/v1/calls/{generic,mango,megafon,zadarma,uis}`: the webhooks of telephonies. Each is kept, answered, and worked off
after that, from what was kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import PlainTextResponse

from services.intake import metrics
from services.intake.api.fields import Id
from services.intake.api.views import Kept, Known
from services.intake.channels import forms, generic, mango, megafon, uis, zadarma
from services.intake.domain.callers import Caller
from services.intake.domain.refusals import Refused
from services.intake.domain.webhooks import Webhook
from services.intake.telephony import Telephony
from shared.store import Stepped

routes = APIRouter(prefix="/v1/calls", tags=["calls"])


def _body(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


def _form(*needed: str) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in needed}
    schema = {"type": "object", "required": list(needed), "properties": properties}
    return _body("application/x-www-form-urlencoded", schema)


SIGNED = _body("application/json", generic.CallNews.model_json_schema())
NOTICE = _body("application/json", uis.Notice.model_json_schema())
MANGO = _form("vpbx_api_key", "sign", "json")
FORM = _form()


async def _telephony(request: Request) -> Telephony:
    found: Telephony = request.app.state.telephony
    return found


Calls = Annotated[Telephony, Depends(_telephony)]


@routes.post("/generic", openapi_extra=SIGNED)
async def from_generic(telephony: Calls, request: Request) -> Kept:
    """A call rang, was answered, missed, returned, or ended. The same webhook again answers 200 and does nothing."""
    with refusals_counted(generic.PROVIDER):
        body = await telephony.gates[generic.PROVIDER].body(request)
        named = telephony.doors.generic.webhook_id(body, request.headers)
        return kept(await telephony.take(generic.PROVIDER, body, named=named))


@routes.post("/mango/events/{kind:path}", openapi_extra=MANGO)
async def from_mango(telephony: Calls, request: Request, kind: Id) -> Kept:
    """Whatever Mango Office tells."""
    with refusals_counted(mango.PROVIDER):
        payload = telephony.doors.mango.payload(await telephony.gates[mango.PROVIDER].body(request))
        return kept(await telephony.take(mango.PROVIDER, payload, kind=kind))


@routes.post("/megafon", openapi_extra=FORM, response_model_exclude_unset=True)
async def from_megafon(telephony: Calls, request: Request) -> Kept | Known:
    """Whatever MegaFon VATS tells; `cmd=contact` is answered with the caller's name and responsible manager."""
    with refusals_counted(megafon.PROVIDER):
        payload = telephony.doors.megafon.payload(await telephony.gates[megafon.PROVIDER].body(request))
        form = forms.fields(payload)
        if form.get("cmd") == "contact":
            telephony.gates[megafon.PROVIDER].count()
            return await _contact(telephony, forms.number(form.get("phone")))
        return kept(await telephony.take(megafon.PROVIDER, payload))


@routes.get("/zadarma", response_class=PlainTextResponse)
async def echo(zd_echo: Annotated[str, Query(min_length=1, max_length=200)]) -> Response:
    """Zadarma checks the address once: what it sends comes back as it is."""
    return PlainTextResponse(zd_echo, headers={"X-Content-Type-Options": "nosniff"})


@routes.post("/zadarma", openapi_extra=FORM)
async def from_zadarma(telephony: Calls, request: Request) -> Kept:
    """Whatever Zadarma or Novofon tells."""
    with refusals_counted(zadarma.PROVIDER):
        body = await telephony.gates[zadarma.PROVIDER].body(request)
        payload = telephony.doors.zadarma.payload(body, request.headers.get("signature", ""))
        return kept(await telephony.take(zadarma.PROVIDER, payload))


@routes.post("/uis/{token}", openapi_extra=NOTICE)
async def from_uis(telephony: Calls, request: Request, token: str) -> Kept:
    """Whatever the template of UIS or CoMagic tells; the secret is in the address."""
    with refusals_counted(uis.PROVIDER):
        telephony.doors.uis.check(token)
        return kept(await telephony.take(uis.PROVIDER, await telephony.gates[uis.PROVIDER].body(request)))


@contextmanager
def refusals_counted(provider: str) -> Iterator[None]:
    """What is refused is counted."""
    try:
        yield
    except Refused:
        metrics.WEBHOOKS.labels(provider, "refused").inc()
        raise


def kept(stepped: Stepped[Webhook]) -> Kept:
    """The answer to a webhook: it is durable."""
    webhook = stepped.state
    metrics.WEBHOOKS.labels(webhook.provider, "taken" if stepped.written else "repeated").inc()
    return Kept(
        webhook_id=webhook.webhook_id,
        call_id=webhook.call_id,
        repeated=not stepped.written,
        not_understood=webhook.why,
    )


async def _contact(telephony: Telephony, phone: str | None) -> Known:
    """Who is calling, while it rings: nothing where nobody knows."""
    found = await telephony.reception.identity(Caller(phone=phone))
    if found.client is None:
        return Known()
    known = await telephony.reception.store.clients.get(found.client.client_id)
    names = {} if known is None else {contact.contact_id: contact.name for contact in known.contacts}
    said = ", ".join(filter(None, (names.get(found.contact_id or ""), found.client.name)))
    manager = None if known is None else await telephony.managers.get(known.manager_id)
    shown = said if manager is None else f"{said} (ведёт {manager.name})"
    login = None if known is None else telephony.users.get(known.manager_id)
    return Known(contact_name=shown) if login is None else Known(contact_name=shown, responsible=login)
