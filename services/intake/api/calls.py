"""`/v1/calls`: the calls that the webhooks of telephonies make up."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.intake.api.fields import Deps, Id, Phone, Reader, base_of
from services.intake.api.views import CallView
from services.intake.domain.calls import Status
from services.intake.domain.refusals import ForeignCall, UnknownCall
from services.intake.phones import phone_in
from services.intake.store import place, seen_with
from shared.http.paging import Page, Paged
from shared.http.problems import Problem

routes = APIRouter(prefix="/v1/calls", tags=["calls"])


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
