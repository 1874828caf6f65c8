"""`/v1/mailboxes`: how far our mailboxes have been read, and which letters could not be kept."""

from datetime import datetime

from fastapi import APIRouter, Depends

from services.intake.api.fields import Deps, View
from shared.http.auth import requires

routes = APIRouter(prefix="/v1/mailboxes", tags=["emails"])


class ParkedView(View):
    """A letter that could not be kept; it lies unseen in the mailbox under this UID."""

    uid: int
    why: str
    since: datetime
    tries: int
    again_at: datetime


class MailboxView(View):
    """A mailbox."""

    name: str
    last_uid: int
    parked: tuple[ParkedView, ...]


@routes.get("", dependencies=[Depends(requires("lead", "director"))])
async def listed(reception: Deps) -> list[MailboxView]:
    """All mailboxes that were read."""
    return [MailboxView.model_validate(box) for box in await reception.store.mailboxes.find({})]
