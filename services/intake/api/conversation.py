"""`/v1/requests/{id}/conversation`: everything that was said and done about a request, in its order."""

from datetime import datetime

from fastapi import APIRouter

from services.intake.api.fields import Deps, Office, Reader, View, base_of
from services.intake.domain.calls import Status
from services.intake.domain.mails import Kind as MailKind
from services.intake.domain.requests import ServiceRequest, within
from services.intake.domain.telling import Item, Kind, Sent, call_ids, told
from services.intake.post import PostOffice
from services.intake.reception import Reception
from shared.contracts.base import Channel, Direction, Nature, Priority
from shared.delivery.delivery import Delivery
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1/requests/{request_id}", tags=["requests"])


class ItemView(View):
    """One thing that was said or done."""

    at: datetime
    kind: Kind
    request_id: str
    """The request itself, or one that is merged into it."""
    number: str
    who: str | None
    """Who wrote it down or did it."""
    said_by: str | None
    """The accountant as the recorder names them, or whom a letter is from or to."""
    words: str | None
    channel: Channel | None
    until: datetime | None
    satisfied: bool | None
    priority: Priority | None
    nature: Nature | None
    client_id: str | None
    contact_id: str | None
    other_request_id: str | None
    round: int | None
    message_id: str | None
    mail_kind: MailKind | None
    call_id: str | None
    call_status: Status | None
    direction: Direction | None
    talk_seconds: int | None
    delivery_id: str | None
    standing: str | None
    """Whether a letter of ours has arrived."""


@routes.get("/conversation")
async def conversation(reception: Deps, office: Office, who: Reader, request_id: str, paging: Paged) -> Page[ItemView]:
    """Calls, letters in and out, promises, verdicts, corrections, mergers, steps of the work: from the beginning on,
    with what was said about requests merged into it."""
    request = within(await reception.store.requests.get(request_id), await base_of(reception, who))
    items = await _all(reception, office, request)
    after = paging.after or ""
    later = [item for item in items if item.place > after][: paging.limit + 1]
    page = paging.page(later, lambda item: item.place)
    return Page(items=[ItemView.model_validate(item) for item in page.items], next=page.next)


async def _all(reception: Reception, office: PostOffice, request: ServiceRequest) -> list[Item]:
    requests, store = await _with_merged(reception, request), reception.store
    ids = [one.request_id for one in requests]
    calls = await store.calls_by_id([call_id for one in requests for call_id in call_ids(one)])
    found = await office.deliveries.documents.find({"about": {"$in": ids}}, limit=0)
    return told(requests, calls, await store.mails_of(ids), [_sent(one) for one in found if one.letter is not None])


async def _with_merged(reception: Reception, request: ServiceRequest) -> list[ServiceRequest]:
    """The request and everything that is merged into it, directly or not."""
    found = {request.request_id: request}
    waiting = [request]
    while waiting:
        inner = await reception.store.merged_into(waiting.pop().request_id)
        new = [one for one in inner if one.request_id not in found]
        found |= {one.request_id: one for one in new}
        waiting += new
    return list(found.values())


def _sent(delivery: Delivery) -> Sent:
    letter = delivery.letter
    return Sent(
        delivery_id=delivery.delivery_id,
        request_id=delivery.about,
        at=delivery.created_at,
        subject="" if letter is None else letter.subject,
        to="" if letter is None else ", ".join(letter.to),
        standing=delivery.standing,
    )
