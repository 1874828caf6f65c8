"""The way in: one queue a service, each message to the handler of its event.

A message is acknowledged after its handler's write. What fails is published, confirmed, to a delay queue and comes
back after 1 s, 10 s, 1 min, 10 min; then, or at once where it cannot be read at all, it is parked for a person.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from time import perf_counter
from typing import Any

import structlog
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitQueue
from faststream.rabbit.schemas.queue import QueueType
from pydantic import ValidationError
from pymongo.errors import AutoReconnect

from shared.contracts.base import Event, NotYet
from shared.messaging import reasons
from shared.messaging.envelope import (
    ATTEMPT,
    PARK_REASON,
    Cause,
    Message,
    Unreadable,
    attempt_of,
    copy_of,
    current_cause,
    message_of,
)
from shared.messaging.outbound import HEARTBEAT, NotPublished, Outbound, own_cancelling
from shared.messaging.topology import DELAYS, PARKED, again_exchange, queue_of
from shared.observability import HANDLED, HANDLER_TIME

log = structlog.get_logger()

Handler = Callable[[Any, Message], Awaitable[None]]
REASON_LIMIT = 1_000
PAUSE = 1.0
STOP_WITHIN = 8.0
CLOSE_WITHIN = 1.0


class Inbound:
    """A service's consumer."""

    def __init__(
        self, service: str, url: str, prefetch: int, handlers: Mapping[type[Event], Handler], outbound: Outbound
    ) -> None:
        self._service = service
        self._outbound = outbound
        self._handlers = {event.TYPE: (event, handler) for event, handler in handlers.items()}
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._connection: AbstractConnection | None = None
        self._broker = RabbitBroker(
            _with_heartbeat(url), apply_types=False, logger=None, reconnect_interval=1.0, graceful_timeout=None
        )
        self._subscriber = self._broker.subscriber(
            RabbitQueue(queue_of(service), queue_type=QueueType.QUORUM, durable=True, declare=False),
            channel=Channel(prefetch_count=prefetch),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            decoder=_undecoded,
            no_reply=True,
        )
        self._subscriber(self._take)

    async def start(self) -> None:
        """Connect and consume. Raises the broker's error where the queue does not exist or may not be read."""
        self._connection = await self._broker.connect()
        await self._broker.start()

    async def stop(self) -> None:
        """Take nothing more, finish what is in flight, disconnect; in any case within a few seconds."""
        self._stopping = True
        await _in_time("consume.stop", STOP_WITHIN, self._finish())
        await _in_time("consume.close", CLOSE_WITHIN, self._broker.stop())
        if self._connection is not None:
            # A subscriber that does not stop leaves it open, and then it would be made anew for ever.
            await _in_time("consume.disconnect", CLOSE_WITHIN, self._connection.close())

    async def connected(self) -> bool:
        """Whether the consumer runs and is connected."""
        return not self._stopping and bool(self._subscriber.running) and await self._broker.ping(timeout=1)

    async def _finish(self) -> None:
        await self._subscriber.stop()
        await self._idle.wait()

    async def _take(self, incoming: AbstractIncomingMessage) -> None:
        self._in_flight += 1
        self._idle.clear()
        try:
            await self._handle(incoming)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def _handle(self, incoming: AbstractIncomingMessage) -> None:
        began = perf_counter()
        kind = incoming.type or "unknown"
        try:
            message, event, handler = self._read(incoming)
            kind = message.type
            current_cause.set(Cause(message.correlation_id, message.id, message.traceparent))
            await handler(event, message)
        except Unreadable as error:
            await self._park(incoming, kind if kind in self._handlers else "unknown", str(error), error.reason)
        except Exception as error:  # noqa: BLE001 - whatever failed is tried again, then parked
            await self._again(incoming, kind, error)
        else:
            HANDLED.labels(type=kind, outcome="applied").inc()
        HANDLER_TIME.labels(type=kind if kind in self._handlers else "unknown").observe(perf_counter() - began)

    def _read(self, incoming: AbstractIncomingMessage) -> tuple[Message, Event, Handler]:
        message, version = message_of(incoming)
        known = self._handlers.get(message.type)
        if known is None:
            reason = reasons.unknown_event(self._service, message.type)
            raise Unreadable(f"{self._service} does not know the event {message.type}", reason)
        kind, handler = known
        if version != kind.VERSION:
            reason = reasons.unknown_version(self._service, message.type, version, kind.VERSION)
            raise Unreadable(f"{message.type} has version {version}, {self._service} knows {kind.VERSION}", reason)
        try:
            return message, kind.model_validate_json(incoming.body), handler
        except ValidationError as error:
            reason = reasons.bad_body(message.type, error)
            raise Unreadable(f"{message.type} does not validate: {_briefly(error)}", reason) from None

    async def _again(self, incoming: AbstractIncomingMessage, kind: str, error: Exception) -> None:
        attempt = attempt_of(incoming.headers)
        text, reason = f"{type(error).__name__}: {error}", reasons.failed(self._service, attempt, error)
        # A database that is away is no fault of the message's: it is tried until the database is back.
        if attempt > len(DELAYS) and not isinstance(error, AutoReconnect):
            await self._park(incoming, kind, text, reason)
            return
        delay = list(DELAYS)[min(attempt, len(DELAYS)) - 1]
        level = log.info if isinstance(error, NotYet) else log.warning
        level("tried again later", action="consume.retry", type=kind, attempt=attempt, delay=delay, error=text,
              message_id=incoming.message_id)  # fmt: skip
        await self._send_on(incoming, delay, {ATTEMPT: attempt + 1, PARK_REASON: reason[:REASON_LIMIT]})
        HANDLED.labels(type=kind, outcome="retried").inc()

    async def _park(self, incoming: AbstractIncomingMessage, kind: str, text: str, reason: str) -> None:
        log.error("parked", action="consume.park", type=kind, error=text, message_id=incoming.message_id)
        await self._send_on(incoming, PARKED, {PARK_REASON: reason[:REASON_LIMIT]})
        HANDLED.labels(type=kind, outcome="parked").inc()

    async def _send_on(self, incoming: AbstractIncomingMessage, key: str, headers: dict[str, Any]) -> None:
        try:
            await self._outbound.send(again_exchange(self._service), key, copy_of(incoming, headers))
        except NotPublished:
            # The message goes back to the queue, which would deliver it again at once.
            await asyncio.sleep(PAUSE)
            raise


async def _in_time(action: str, seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` if it can be done in time. What is not acknowledged by then comes again."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except (Exception, asyncio.CancelledError) as error:
        if own_cancelling(error):
            raise
        log.warning("consumer did not stop in order", action=action, error=repr(error))


async def _undecoded(message: Any) -> AbstractIncomingMessage:
    raw: AbstractIncomingMessage = message.raw_message
    return raw


def _briefly(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)[:5]
    )


def _with_heartbeat(url: str) -> str:
    return url if "heartbeat=" in url else f"{url}{'&' if '?' in url else '?'}heartbeat={HEARTBEAT}"
