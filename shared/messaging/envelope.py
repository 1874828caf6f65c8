"""The envelope of an event: CloudEvents 1.0 attributes in AMQP headers, the JSON body beside them."""

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aio_pika import DeliveryMode
from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractIncomingMessage, HeadersType

from shared.contracts.base import Event
from shared.messaging import reasons

CE = "cloudEvents:"
ATTEMPT = "x-svoy-attempt"
PARK_REASON = "x-svoy-reason"
"""Why a message was tried again or parked, in Russian (`reasons.py`)."""
BY_BROKER = ("x-death", "x-first-death", "x-last-death", "x-delivery-count")
"""How the headers begin in which the broker tells a message's past; sent on, they would tell the copy's."""
SCHEMA = "urn:svoy:"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a step is done for; its events carry it on."""

    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


current_cause: ContextVar[Cause | None] = ContextVar("current_cause", default=None)


class Unreadable(Exception):
    """The message can never be understood by this service; it is parked whole. Its text is the log's; `reason` is for
    whoever looks at what is parked."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """What a handler is told about the message that carried its event."""

    id: str
    type: str
    time: str
    """RFC 3339."""
    subject: str
    source: str
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way out: kept in a document's outbox until the broker has confirmed it."""

    id: str
    type: str
    version: int
    source: str
    subject: str
    time: datetime
    body: str
    saved_at: datetime
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, event: Event, *, id: str, source: str, saved_at: datetime) -> "Outgoing":  # noqa: A002 - CloudEvents' name
        """`event` in its envelope, carrying on the cause it came from."""
        cause = current_cause.get() or Cause(correlation_id=id)
        return cls(
            id=id,
            type=event.TYPE,
            version=event.VERSION,
            source=source,
            subject=event.subject,
            time=event.at,
            body=event.model_dump_json(),
            saved_at=saved_at,
            correlation_id=cause.correlation_id,
            causation_id=cause.causation_id,
            traceparent=cause.traceparent,
        )

    def to_document(self) -> dict[str, Any]:
        """As the outbox keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, kept: Mapping[str, Any]) -> "Outgoing":
        """Back from the outbox."""
        return cls(**kept)

    def to_amqp(self) -> AmqpMessage:
        """Persistent, with the CloudEvents attributes as headers."""
        headers: dict[str, Any] = {
            CE + "specversion": "1.0",
            CE + "id": self.id,
            CE + "source": self.source,
            CE + "type": self.type,
            CE + "subject": self.subject,
            CE + "time": self.time.isoformat(),
            CE + "dataschema": f"{SCHEMA}{self.type}:{self.version}",
        }
        if self.causation_id:
            headers[CE + "causationid"] = self.causation_id
        if self.traceparent:
            headers[CE + "traceparent"] = self.traceparent
        return AmqpMessage(
            self.body.encode(),
            headers=headers,
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=self.id,
            correlation_id=self.correlation_id,
            type=self.type,
        )


def message_of(incoming: AbstractIncomingMessage) -> tuple[Message, int]:
    """The envelope of an incoming message and its contract version. Raises `Unreadable` naming what is missing."""
    headers = incoming.headers
    message = Message(
        id=_attribute(headers, "id"),
        type=_attribute(headers, "type"),
        time=_attribute(headers, "time"),
        subject=_attribute(headers, "subject"),
        source=_attribute(headers, "source"),
        correlation_id=incoming.correlation_id or _attribute(headers, "id"),
        causation_id=_optional(headers, "causationid"),
        traceparent=_optional(headers, "traceparent"),
        attempt=attempt_of(headers),
    )
    schema, _, version = _attribute(headers, "dataschema").rpartition(":")
    if schema != SCHEMA + message.type or not version.isdecimal():
        raise Unreadable(f"dataschema is not that of {message.type}", reasons.bad_schema(message.type))
    return message, int(version)


def copy_of(
    incoming: AbstractIncomingMessage, headers: Mapping[str, Any], *, without: Collection[str] = ()
) -> AmqpMessage:
    """The same message, to be published once more: persistent, with `headers` besides its own, of which those the
    broker added and those named `without` are left out."""
    own = {
        name: value
        for name, value in incoming.headers.items()
        if name not in without and not name.startswith(BY_BROKER)
    }
    return AmqpMessage(
        incoming.body,
        headers=own | dict(headers),
        content_type=incoming.content_type,
        content_encoding=incoming.content_encoding,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=incoming.message_id,
        correlation_id=incoming.correlation_id,
        type=incoming.type,
    )


def attempt_of(headers: HeadersType) -> int:
    """Which try this is: 1 at first."""
    attempt = headers.get(ATTEMPT, 1)
    return attempt if isinstance(attempt, int) and attempt > 0 else 1


def _attribute(headers: HeadersType, name: str) -> str:
    value = _optional(headers, name)
    if value is None:
        raise Unreadable(f"the CloudEvents attribute {name} is missing", reasons.without(name))
    return value


def _optional(headers: HeadersType, name: str) -> str | None:
    value = headers.get(CE + name)
    return value if isinstance(value, str) and value else None
