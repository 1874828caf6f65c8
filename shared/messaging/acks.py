"""Acknowledgements, gathered for a few milliseconds: what is done up to the first message still under way is told to
the broker in one frame. A message that was done and not yet told of comes again after a crash, and is then known."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import ChannelInvalidStateError

from shared.messaging.outbound import own_cancelling

log = structlog.get_logger()

GATHER = 0.003
"""Seconds."""


@dataclass(slots=True)
class _Channel:
    """What has become of the deliveries of one channel, which count from 1."""

    told: int = 0
    """The broker has been told of all up to this one."""
    apart: set[int] = field(default_factory=set)
    """Above it, what was told one by one."""
    done: dict[int, AbstractIncomingMessage] = field(default_factory=dict)
    """What is still to be told."""

    def together(self) -> int:
        """The last delivery before the first that is still under way."""
        last = self.told
        while last + 1 in self.done or last + 1 in self.apart:
            last += 1
        return last

    async def flush(self) -> None:
        """Tell what is done."""
        done, last = self.done, self.together()
        below = [tag for tag in done if tag <= last]
        above = [tag for tag in done if tag > last]
        self.done, self.told = {}, last
        self.apart = {tag for tag in self.apart if tag > last}.union(above)
        if below:
            await _told(done[max(below)].ack(multiple=True))
        for tag in above:
            await _told(done[tag].ack())


class Acks:
    """The acknowledgements of one consumer, which has its channel for itself; the channel may be opened anew."""

    def __init__(self) -> None:
        self._channels: dict[Any, _Channel] = {}
        self._soon: asyncio.Task[None] | None = None
        self._telling = asyncio.Lock()

    def done(self, incoming: AbstractIncomingMessage) -> None:
        """`incoming` needs to come no more."""
        self._of(incoming).done[_tag(incoming)] = incoming
        if self._soon is None:
            self._soon = asyncio.create_task(self._flush_soon())

    async def failed(self, incoming: AbstractIncomingMessage) -> None:
        """`incoming` goes back to its queue."""
        await _told(incoming.nack(requeue=True))
        self._of(incoming).apart.add(_tag(incoming))  # not before it is told: what is above must not take it along

    async def flush(self) -> None:
        """Tell now what is done. One at a time: a later frame must not overtake what an earlier one tells apart."""
        async with self._telling:
            for key, channel in list(self._channels.items()):
                await channel.flush()
                if key.is_closed:
                    self._channels.pop(key, None)

    async def _flush_soon(self) -> None:
        await asyncio.sleep(GATHER)
        self._soon = None
        await self.flush()

    def _of(self, incoming: AbstractIncomingMessage) -> _Channel:
        try:
            return self._channels.setdefault(incoming.channel, _Channel())
        except ChannelInvalidStateError:
            return _Channel()  # of a channel that is gone nothing is kept


async def _told(telling: Coroutine[Any, Any, None]) -> None:
    """Of a channel that is gone, the broker delivers again what it was not told of."""
    try:
        await telling
    except (Exception, asyncio.CancelledError) as error:
        if own_cancelling(error):
            raise
        log.warning("not acknowledged", action="consume.ack", error=repr(error))


def _tag(incoming: AbstractIncomingMessage) -> int:
    assert incoming.delivery_tag is not None  # noqa: S101 - consumed with acknowledgements
    return incoming.delivery_tag
