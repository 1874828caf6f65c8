"""The way out: publish with confirms, persistent, and mandatory where somebody listens."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import cast

import aio_pika
import structlog
from aio_pika import Message as AmqpMessage
from aio_pika.abc import AbstractConnection
from aiormq import Channel

from shared.messaging.envelope import Outgoing
from shared.messaging.topology import EVENTS, listeners
from shared.observability import PUBLISHED

log = structlog.get_logger()

CONNECT_TIMEOUT = 10.0
CONFIRM_TIMEOUT = 10.0
PAUSE = 0.5
HEARTBEAT = 5
BATCH = 256
STUCK_AFTER = timedelta(seconds=60)


class NotPublished(Exception):
    """The broker did not confirm the message; it may or may not have it."""


class Outbound:
    """A connection of its own for publishing, so that an error in one direction does not close the other."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AbstractConnection | None = None
        self._channel: aio_pika.abc.AbstractChannel | None = None
        self._connecting = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether the last publish found, or left, an open connection."""
        return self._channel is not None and not self._channel.is_closed

    async def publish(self, events: Sequence[Outgoing]) -> list[Outgoing]:
        """Publish all of `events` at once and tell which of them the broker confirmed."""
        used = None
        try:
            channel, used = await self._open()
            async with asyncio.timeout(CONFIRM_TIMEOUT):
                results = await asyncio.gather(
                    *(
                        _publish(channel, EVENTS, event.type, event.to_amqp(), mandatory=bool(listeners(event.type)))
                        for event in events
                    ),
                    return_exceptions=True,
                )
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever it was, it is not confirmed
            await self._lost(error, used)
            return []
        confirmed = [
            event for event, result in zip(events, results, strict=True) if not isinstance(result, BaseException)
        ]
        for event in confirmed:
            PUBLISHED.labels(type=event.type).inc()
        if len(confirmed) < len(events):
            await self._lost(next(result for result in results if isinstance(result, BaseException)), used)
        return confirmed

    async def send(self, exchange: str, key: str, message: AmqpMessage) -> None:
        """Publish one message to `exchange`. Raises `NotPublished`."""
        used = None
        try:
            channel, used = await self._open()
            async with asyncio.timeout(CONFIRM_TIMEOUT):
                await _publish(channel, exchange, key, message, mandatory=True)
        except (Exception, asyncio.CancelledError) as error:
            await self._lost(error, used)
            raise NotPublished(f"{exchange} did not take a message for {key}: {error!r}") from error

    async def depth(self, queue: str) -> int:
        """How many messages wait in `queue`. Raises `NotPublished` when the broker cannot say."""
        return (await self._declared(queue))[0]

    async def consumers(self, queue: str) -> int:
        """How many consumers `queue` has. Raises `NotPublished` when the broker cannot say."""
        return (await self._declared(queue))[1]

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is None:
            return
        try:
            async with asyncio.timeout(1):
                await connection.close()
        except (Exception, asyncio.CancelledError) as error:
            if own_cancelling(error):
                raise

    async def _declared(self, queue: str) -> tuple[int, int]:
        """Messages and consumers of `queue`."""
        used = None
        try:
            channel, used = await self._open()
            async with asyncio.timeout(CONFIRM_TIMEOUT):
                answer = await channel.queue_declare(queue, passive=True)
        except (Exception, asyncio.CancelledError) as error:
            await self._lost(error, used)
            raise NotPublished(f"{queue} cannot be asked: {error!r}") from error
        return int(answer.message_count or 0), int(answer.consumer_count or 0)

    async def _open(self) -> tuple[Channel, AbstractConnection | None]:
        """A channel that is open, and its connection."""
        async with self._connecting:
            if not self.connected:
                await self._connect()
            assert self._channel is not None  # noqa: S101 - just connected
            return cast("Channel", await self._channel.get_underlay_channel()), self._connection

    async def _connect(self) -> None:
        await self.close()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            self._connection = await aio_pika.connect(
                self._url, heartbeat=HEARTBEAT, client_properties={"connection_name": self._name}
            )
            self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)

    async def _lost(self, error: BaseException, used: AbstractConnection | None) -> None:
        """Forget the connection that was `used`, if it may be to blame, and is not another one by now. A broker that
        hangs or goes away raises CancelledError."""
        if own_cancelling(error):
            raise error
        log.warning("not confirmed by the broker", action="publish.failed", error=repr(error))
        if isinstance(error, aio_pika.exceptions.DeliveryError):
            return
        if used is None or used is self._connection:
            await self.close()


def own_cancelling(error: BaseException) -> bool:
    """Whether `error` means that this very task shall end; another `CancelledError` came out of a lost connection."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


async def _publish(channel: Channel, exchange: str, key: str, message: AmqpMessage, *, mandatory: bool) -> None:
    # aio_pika's own `publish` waits until the frames are in the socket, with the channel locked: one by one. Here they
    # are only queued, so that many go out together; the confirm is waited for all the same.
    await channel.basic_publish(
        message.body, exchange=exchange, routing_key=key, properties=message.properties, mandatory=mandatory, wait=False
    )


class Unconfirmed:
    """Events written and not yet confirmed: published as they were written, as many at once as are waiting."""

    def __init__(self, outbound: Outbound, limit: int) -> None:
        self._outbound = outbound
        self._limit = limit
        self._waiting: dict[str, tuple[Outgoing, Callable[[Outgoing], None]]] = {}
        self._more = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    @property
    def full(self) -> bool:
        """Whether so many events wait for the broker that no new work should be taken on."""
        return len(self._waiting) >= self._limit

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, event: Outgoing, confirmed: Callable[[Outgoing], None]) -> None:
        """Publish `event` soon; `confirmed` is called once the broker has it."""
        self._waiting.setdefault(event.id, (event, confirmed))
        self._more.set()
        self._none.clear()

    async def run(self) -> None:
        """Publish for ever."""
        while True:
            await self._more.wait()
            batch = [event for event, _ in list(self._waiting.values())[:BATCH]]
            done = await self._outbound.publish(batch)
            for event in done:
                _, confirmed = self._waiting.pop(event.id)
                confirmed(event)
            if not self._waiting:
                self._more.clear()
                self._none.set()
            elif len(done) < len(batch):
                self._let_others_go_first(batch)
                await asyncio.sleep(PAUSE)

    async def drained(self) -> None:
        """Wait until nothing waits for the broker."""
        await self._none.wait()

    def stuck(self, now: datetime) -> str | None:
        """Which event the broker has not taken for too long; None where there is none."""
        oldest = min((event for event, _ in self._waiting.values()), key=lambda event: event.saved_at, default=None)
        if oldest is None or now - oldest.saved_at < STUCK_AFTER:
            return None
        return f"{len(self._waiting)} events are not confirmed, {oldest.type} since {oldest.saved_at.isoformat()}"

    def _let_others_go_first(self, batch: Sequence[Outgoing]) -> None:
        """What the broker does not take (a queue is missing) must not hold up what it would."""
        for event in batch:
            if event.id in self._waiting:
                self._waiting[event.id] = self._waiting.pop(event.id)
