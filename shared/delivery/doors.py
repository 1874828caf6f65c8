"""`/v1/deliveries`: what was sent to people outside, what came of it, and once more."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from shared.delivery.deliveries import Deliveries
from shared.delivery.delivery import Delivery, Kind, Standing
from shared.http.auth import requires
from shared.http.paging import Page, Paged
from shared.http.problems import Problem

READERS = ("lead", "director")


class AttemptView(BaseModel):
    """One try; `error` is None where it arrived."""

    at: datetime
    error: str | None


class DeliveryView(BaseModel):
    """A letter or a webhook on its way; a letter's text and a webhook's body are left out."""

    delivery_id: str
    kind: Kind
    about: str
    to: list[str]
    subject: str
    standing: Standing
    created_at: datetime
    next_try: datetime | None
    attempts: list[AttemptView]


def router(deliveries: Deliveries) -> APIRouter:
    """The doors, for leads and directors."""
    routes = APIRouter(prefix="/v1/deliveries", tags=["deliveries"], dependencies=[Depends(requires(*READERS))])

    @routes.get("")
    async def listed(
        page: Paged,
        standing: Standing | None = None,
        kind: Kind | None = None,
        about: Annotated[str | None, Query(max_length=300)] = None,
    ) -> Page[DeliveryView]:
        where: dict[str, Any] = {}
        if standing is not None:
            where["standing"] = standing
        if kind is not None:
            where[kind] = {"$ne": None}
        if about is not None:
            where["about"] = about
        if page.after is not None:
            where["_id"] = {"$gt": page.after}
        found = await deliveries.documents.find(where, limit=page.limit + 1)
        return page.page([_view(delivery) for delivery in found], key=lambda view: view.delivery_id)

    @routes.get("/{delivery_id}")
    async def one(delivery_id: str) -> DeliveryView:
        return _view(_found(await deliveries.documents.get(delivery_id)))

    @routes.post("/{delivery_id}/resend")
    async def resend(delivery_id: str) -> DeliveryView:
        return _view(_found(await deliveries.send_again(delivery_id)))

    return routes


def _found(delivery: Delivery | None) -> Delivery:
    if delivery is None:
        raise Problem(404, "unknown-delivery", "Такого отправления нет; оно забывается через 90 дней после отправки.")
    return delivery


def _view(delivery: Delivery) -> DeliveryView:
    letter, hook = delivery.letter, delivery.hook
    return DeliveryView(
        delivery_id=delivery.delivery_id,
        kind=delivery.kind,
        about=delivery.about,
        to=list(letter.to) if letter else [hook.url] if hook else [],
        subject=letter.subject if letter else hook.type if hook else "",
        standing=delivery.standing,
        created_at=delivery.created_at,
        next_try=delivery.due,
        attempts=[AttemptView(at=attempt.at, error=attempt.error) for attempt in delivery.attempts],
    )
