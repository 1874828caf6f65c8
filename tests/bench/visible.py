"""When a request is assigned and its clocks are visible: heard from the broker, and looked up over HTTP for a sample.

`sla.met` of the clock `assign` is published after the durable write of the timeline that knows both the registration
and the assignment, and routing had written the assignment before it said so.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from time import perf_counter

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from deploy.demo.doors import DIRECTOR, Differs
from deploy.local.rights import ADMIN
from shared.contracts.sla_monitor import SlaMet
from shared.messaging.topology import EVENTS
from tests.bench.load import Tally
from tests.bench.ours import Ours

PATIENCE = 10.0


@dataclass(slots=True)
class Seen:
    """When each request was first known to be assigned with its clocks visible, by `perf_counter()`; and what was
    found when some of them were looked up at that moment."""

    at: dict[str, float] = field(default_factory=dict)
    looked_up: int = 0
    not_shown: list[str] = field(default_factory=list)
    """What was not there although it was announced."""

    async def complete(self, count: int) -> None:
        """Wait until `count` were seen, or no more come."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while len(self.at) < count:  # noqa: ASYNC110 - told by a callback of the broker's
                    await asyncio.sleep(0.05)

    def latencies(self, tally: Tally) -> list[float]:
        """Seconds from the time each request was meant to be sent; for ever, for those that were not seen."""
        ids = {number: json.loads(body)["request_id"] for number, body in tally.answers.items()}
        return [self.at.get(found, inf) - tally.began[number] for number, found in ids.items()]


@asynccontextmanager
async def watching(ours: Ours, sample_every: int) -> AsyncIterator[Seen]:
    """Watch inside; every `sample_every`-th request is looked up."""
    seen = Seen()
    lookups: set[asyncio.Task[None]] = set()

    async def take(incoming: AbstractIncomingMessage) -> None:
        now = perf_counter()
        event = json.loads(incoming.body)
        if event["clock"] != "assign" or event["about"] != "request" or event["about_id"] in seen.at:
            return
        seen.at[event["about_id"]] = now
        if len(seen.at) % sample_every == 0:
            task = asyncio.create_task(_look_up(ours, event["about_id"], seen))
            lookups.add(task)

    connection = await aio_pika.connect(ours.house.wiring.amqp_url(ADMIN))
    async with connection, connection.channel() as channel:
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
        await queue.bind(EVENTS, SlaMet.TYPE)
        tag = await queue.consume(take, no_ack=True)
        yield seen
        await queue.cancel(tag)
        await asyncio.gather(*lookups)


async def _look_up(ours: Ours, request_id: str, seen: Seen) -> None:
    seen.looked_up += 1
    try:
        assignment, timeline = await asyncio.gather(
            ours.doors.get("routing", f"/v1/requests/{request_id}/assignment", DIRECTOR),
            ours.doors.get("sla_monitor", f"/v1/requests/{request_id}/timeline", DIRECTOR),
        )
    except Differs as missing:
        seen.not_shown.append(f"{request_id}: {missing}")
        return
    clocks = {clock["clock"]: clock["state"] for clock in timeline["obligations"]}
    if assignment["winner"] is None or clocks.get("assign") != "met" or "start" not in clocks:
        seen.not_shown.append(f"{request_id}: {clocks}")
