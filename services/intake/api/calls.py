"""`/v1/calls`: the webhooks of telephony providers, and the calls they make up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from services.intake import metrics
from services.intake.api.fields import Deps, Id, Phone, Reader, base_of
from services.intake.api.views import CallView, Heard
from services.intake.channels import generic, mango
from services.intake.domain.calls import Call, Status
from services.intake.domain.refusals import ForeignCall, Refused, UnknownCall
from services.intake.phones import phone_in
from services.intake.store import place, seen_with
from shared.http.paging import Page, Paged
from shared.http.problems import Problem
from shared.store import Stepped

routes = APIRouter(prefix="/v1/calls", tags=["calls"])
SIGNED = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": generic.CallNews.model_json_schema()}}}
}
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["vpbx_api_key", "sign", "json"],
                    "properties": {name: {"type": "string"} for name in ("vpbx_api_key", "sign", "json")},
                }
            }
        },
    }
}


@routes.post("/generic", openapi_extra=SIGNED)
async def from_generic(reception: Deps, request: Request) -> Heard:
    """A call rang, was answered, missed, returned, or ended. The same webhook again answers 200 and does nothing."""
    body = await request.body()
    with _refusals_counted(generic.PROVIDER):
        webhook_id = reception.generic.webhook_id(body, request.headers)
        report = reception.generic.report(body, reception.clock.now())
    return _heard(await reception.hear(report, once=f"webhook:{webhook_id}"))


@routes.post("/mango/events/{kind}", openapi_extra=FORM)
async def from_mango(reception: Deps, request: Request, kind: Id) -> Heard | None:
    """Whatever Mango Office tells; null for what is about no call with a client."""
    body = await request.body()
    with _refusals_counted(mango.PROVIDER):
        report = mango.report(kind, reception.mango.payload(body))
    return None if report is None else _heard(await reception.hear(report))


class Search(BaseModel):
    """By client, by the other side's number, by how it went."""

    client_id: Id | None = None
    phone: Phone | None = None
    status: Status | None = None

    def where(self) -> list[dict[str, Any]]:
        """As filters of the database."""
        phone = None if self.phone is None else phone_in(self.phone)
        wanted = {
            "client.client_id": self.client_id,
            "course.phone": None if phone is None else phone.number,
            "course.status": self.status,
        }
        return [{field: value} for field, value in wanted.items() if value is not None]


@routes.get("")
async def listed(reception: Deps, who: Reader, search: Annotated[Search, Query()], paging: Paged) -> Page[CallView]:
    """Calls, the newest first; a manager sees those of their own base and of callers nobody knows."""
    where = [*search.where(), seen_with(await base_of(reception, who))]
    try:
        found = await reception.store.calls_where(where, paging.after, paging.limit + 1)
    except ValueError:
        raise Problem(422, "bad-cursor", "cursor: берите его из поля next предыдущей страницы.") from None
    return paging.page([CallView.of(call) for call in found], lambda call: place(call.began_at, call.call_id))


@routes.get("/{call_id}")
async def one(reception: Deps, who: Reader, call_id: str) -> CallView:
    """One call with the facts heard about it."""
    call = await reception.store.calls.get(call_id)
    if call is None:
        raise UnknownCall
    base = await base_of(reception, who)
    if base is not None and call.client is not None and call.client.client_id not in base:
        raise ForeignCall
    return CallView.of(call)


@contextmanager
def _refusals_counted(provider: str) -> Iterator[None]:
    try:
        yield
    except (Refused, ValidationError) as error:
        metrics.WEBHOOKS.labels(provider, "refused").inc()
        if isinstance(error, ValidationError):
            raise RequestValidationError(error.errors()) from None
        raise


def _heard(stepped: Stepped[Call]) -> Heard:
    call = stepped.state
    metrics.WEBHOOKS.labels(call.provider, "taken" if stepped.written else "repeated").inc()
    return Heard(call_id=call.call_id, status=call.course.status, repeated=not stepped.written)
