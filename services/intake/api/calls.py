"""`/v1/calls`: the calls that the webhooks of telephonies make up."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.intake.api.fields import Deps, Id, Phone, Reader, base_of
from services.intake.api.views import CallView
from services.intake.domain.calls import Status
from services.intake.domain.refusals import ForeignCall, UnknownCall
from services.intake.lists import Wanted, place
from services.intake.phones import phone_in
from services.intake.store import seen_with
from shared.http.paging import Page, Paged, bad_cursor

routes = APIRouter(prefix="/v1/calls", tags=["calls"])


class Search(BaseModel):
    """By client, by the other side's number, by how it went."""

    client_id: Id | None = None
    phone: Phone | None = None
    status: Status | None = None

    def wanted(self, *seen: dict[str, Any]) -> Wanted:
        """As filters of the database; `seen` is what one may see."""
        phone = None if self.phone is None else phone_in(self.phone)
        client = {} if self.client_id is None else {"client.client_id": self.client_id}
        number = {} if phone is None else {"course.phone": phone.number}
        status = {} if self.status is None else {"course.status": self.status}
        return Wanted((client, number, *seen), (status,))


@routes.get("")
async def listed(reception: Deps, who: Reader, search: Annotated[Search, Query()], paging: Paged) -> Page[CallView]:
    """Calls, the newest first; a manager sees those of their own base and of callers nobody knows. A status is looked
    for among 20 000 at a time: a page may hold fewer than `limit`, and `next` goes on."""
    wanted = search.wanted(seen_with(await base_of(reception, who)))
    try:
        found = await reception.store.listed_calls.found(wanted, paging.after, paging.limit + 1)
    except ValueError:
        raise bad_cursor() from None
    views = [CallView.of(call) for call in found.items]
    return paging.page(views, lambda call: place(call.began_at, call.call_id), beyond=found.beyond)


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
