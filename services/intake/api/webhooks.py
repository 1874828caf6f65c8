"""`/v1/webhooks`: what telephonies sent and nobody could make sense of, as it came."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.intake.api.fields import Id
from services.intake.api.telephony import Calls
from services.intake.api.views import WebhookView
from services.intake.domain.webhooks import State
from services.intake.lists import place
from shared.http.auth import requires
from shared.http.paging import Page, Paged, bad_cursor

routes = APIRouter(prefix="/v1/webhooks", tags=["calls"], dependencies=[Depends(requires("lead", "director"))])


@routes.get("")
async def listed(
    telephony: Calls,
    paging: Paged,
    state: Annotated[State, Query()] = "not_understood",
    provider: Annotated[Id | None, Query()] = None,
) -> Page[WebhookView]:
    """Webhooks in one state, the newest first: those nobody could make sense of, unless asked for others."""
    store = telephony.inbox.store
    try:
        found = await store.newest(state, provider, paging.after, paging.limit + 1)
    except ValueError:
        raise bad_cursor() from None
    views = [WebhookView.of(webhook) for webhook in found]
    return paging.page(views, lambda one: place(one.received_at, one.webhook_id))


@routes.post("/{webhook_id}/again", status_code=202)
async def again(telephony: Calls, webhook_id: str) -> WebhookView:
    """Work it off once more: after the program, its settings or a clock were mended."""
    return WebhookView.of(await telephony.inbox.again(webhook_id))
