"""Any telephony that can sign a webhook: the Standard Webhooks scheme, HMAC-SHA256 of `id.timestamp.body`.

POST /v1/calls/generic    webhook-id, webhook-timestamp, webhook-signature
{"event": "rang", "call_id": "7f3", "phone": "+79131234567", "direction": "in", "at": "2026-11-02T09:00:00+07:00"}
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from standardwebhooks import Webhook, WebhookVerificationError

from services.intake.channels.doors import BadSignature, NotSetUp
from services.intake.domain.calls import Fact, Report
from services.intake.phones import phone_in
from shared.contracts.base import Direction, Moment

PROVIDER = "generic"

CallId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s/]+$")]


class CallNews(BaseModel):
    """Something happened to a call."""

    event: Literal["rang", "answered", "missed", "returned", "ended"]
    call_id: CallId
    """The telephony's own id of the conversation; ours as well, so that a request can name its call by it."""
    phone: str | None = Field(default=None, max_length=200)
    """The other side; what is no number counts as hidden."""
    direction: Direction = "in"
    at: Moment | None = None
    """When it happened; the moment of arrival where it is missing."""
    our_phone: str | None = Field(default=None, max_length=200)
    """Our side: the number dialled, or the employee's."""
    employee: str | None = Field(default=None, max_length=200)
    """The extension or the user it went to; a transfer names another."""
    talk_seconds: int | None = Field(default=None, ge=0, le=7 * 24 * 3600)
    """For `ended`."""
    recording: str | None = Field(default=None, max_length=2_000, pattern=r"^https?://\S+$")
    """For `ended`: a link."""
    by_call_id: CallId | None = None
    """For `returned`: the id of the conversation that returned it."""


class GenericDoor:
    """Takes the signed webhooks of a generic telephony; two secrets while one is being replaced by the other. The
    five-minute window is of this machine's time."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._webhooks = [Webhook(secret) for secret in secrets]

    def webhook_id(self, body: bytes, headers: Mapping[str, str]) -> str:
        """The id of a webhook that is really from the telephony.

        Raises `NotSetUp` without a secret, `BadSignature` for one that is wrong, too old or from the future.
        """
        if not self._webhooks:
            raise NotSetUp
        wrong = [_wrong(webhook, body, headers) for webhook in self._webhooks]
        if all(wrong):
            raise BadSignature(f"Подпись не принята: {wrong[0]}.")
        return headers["webhook-id"]

    def report(self, body: bytes, now: datetime) -> Report:
        """What the webhook says; `now` is when it came. Raises pydantic's `ValidationError` naming the fields that are
        wrong."""
        news = CallNews.model_validate_json(body)
        phone, ours = phone_in(news.phone or ""), phone_in(news.our_phone or "")
        fact = Fact(
            kind=news.event,
            at=news.at or now,
            direction=news.direction,
            phone=None if phone is None else phone.number,
            by_call_id=news.by_call_id,
            ours=None if ours is None else ours.number,
            leg=news.employee or None,
            final=news.event == "ended",
            talk_seconds=news.talk_seconds,
            recording=news.recording,
        )
        told_of = news.call_id
        return Report(call_id=told_of, provider=PROVIDER, provider_call_id=told_of, facts=(fact,), raw=body.decode())


def _wrong(webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> str | None:
    """Why the signature is none by this secret."""
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError, OverflowError) as error:
        return str(error) or type(error).__name__
    return None
