"""The parking queues: messages that need a person, looked at, sent back to their service, or dropped."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from deploy.local.errors import HouseError
from shared.messaging.envelope import ATTEMPT, CE, PARK_REASON, copy_of
from shared.messaging.reasons import GAVE_UP
from shared.messaging.topology import NOW, again_exchange, parked_queue


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked message. A message without an id of its own is known by its body's hash."""

    service: str
    id: str
    kind: str
    subject: str
    time: str
    reason: str
    headers: dict[str, str]
    body: str


class Parking:
    """The parking queues of a broker, seen over an admin's connection."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection

    async def count(self, service: str) -> int:
        """How many messages are parked."""
        async with self._connection.channel() as channel:
            queue = await channel.declare_queue(parked_queue(service), passive=True)
            return int(queue.declaration_result.message_count or 0)

    async def messages(self, service: str, limit: int | None = None) -> list[Parked]:
        """The parked messages, the oldest first; they stay where they are."""
        async with self._connection.channel() as channel:
            return [_parked(service, found) async for found in _held(channel, service, limit)]

    async def retry(self, service: str, ids: Collection[str] | None) -> int:
        """Send messages (all, where `ids` is None) back to the service's queue, as if for the first time. Each leaves
        the parking only after the broker has confirmed its copy. Returns how many."""

        async def send_back(channel: AbstractChannel, message: AbstractIncomingMessage) -> None:
            exchange = await channel.get_exchange(again_exchange(service), ensure=False)
            await exchange.publish(copy_of(message, {}, without=(ATTEMPT, PARK_REASON)), NOW, mandatory=True)

        return await self._take(service, ids, send_back)

    async def drop(self, service: str, ids: Collection[str] | None) -> int:
        """Remove messages (all, where `ids` is None) for good. Returns how many."""

        async def nothing(_: AbstractChannel, __: AbstractIncomingMessage) -> None: ...

        return await self._take(service, ids, nothing)

    async def _take(
        self,
        service: str,
        ids: Collection[str] | None,
        first: Callable[[AbstractChannel, AbstractIncomingMessage], Awaitable[None]],
    ) -> int:
        taken = 0
        async with self._connection.channel(publisher_confirms=True, on_return_raises=True) as channel:
            async for message in _held(channel, service, None):
                if ids is None or _id(message) in ids:
                    await first(channel, message)
                    await message.ack()
                    taken += 1
        return taken


@asynccontextmanager
async def parking(url: str) -> AsyncIterator[Parking]:
    """The parking of the broker at `url`. Raises `HouseError` where it cannot be reached."""
    try:
        connection = await aio_pika.connect(url, timeout=10)
    except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
        raise HouseError(f"RabbitMQ не отвечает: {error!r}. Система запущена? Проверьте: svoy status.") from None
    async with connection:
        yield Parking(connection)


async def _held(channel: AbstractChannel, service: str, limit: int | None) -> AsyncIterator[AbstractIncomingMessage]:
    """The messages there are now, each held until the channel closes, which puts back what was not acknowledged."""
    queue = await channel.declare_queue(parked_queue(service), passive=True)
    there = int(queue.declaration_result.message_count or 0)
    for _ in range(there if limit is None else min(there, limit)):
        message = await queue.get(fail=False)
        if message is None:
            return
        yield message


def _parked(service: str, message: AbstractIncomingMessage) -> Parked:
    headers = {name: str(value) for name, value in message.headers.items()}
    return Parked(
        service=service,
        id=_id(message),
        kind=message.type or headers.get(CE + "type", "?"),
        subject=headers.get(CE + "subject", ""),
        time=headers.get(CE + "time", ""),
        reason=headers.get(PARK_REASON, GAVE_UP),
        headers=headers,
        body=message.body.decode(errors="replace"),
    )


def _id(message: AbstractIncomingMessage) -> str:
    return message.message_id or f"sha-{sha256(message.body).hexdigest()[:12]}"
