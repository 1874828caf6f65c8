"""What is measured of a side: how fast it accepts, how fast it gets everything done, and how soon at half of that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter

from tests.bench.cpu import Usage, metered
from tests.bench.load import Gate, Tally
from tests.bench.sides import Side

CONNECTIONS = 64
UNDONE = 256
POLL = 0.1
DRAIN_WITHIN = 120.0


class NotDrained(Exception):
    """Requests that were accepted are not done in time."""


@dataclass(slots=True)
class Accepted:
    """Rounds of a closed loop, added up."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    put_off: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    drains: list[float] = field(default_factory=list)
    """Seconds until everything accepted was done, after each round."""

    def add(self, tally: Tally, drained: float | None = None) -> None:
        """One more round."""
        self.latencies += tally.latencies
        self.seconds += tally.seconds
        self.put_off += tally.put_off + tally.broken
        if drained is not None:
            self.drains.append(drained)
        for status, count in tally.refused.items():
            self.refused[status] = self.refused.get(status, 0) + count

    @property
    def rate(self) -> float:
        """Accepted a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Sustained:
    """Rounds of a loop that is held back by what is not done, added up; without its first seconds."""

    done: int = 0
    usage: Usage = field(default_factory=Usage)
    left: int = 0
    """The most that was accepted and not done at the end of a round."""
    drained: float = 0.0
    """The longest it took to get that done, in seconds."""
    put_off: int = 0

    @property
    def rate(self) -> float:
        """Done a second."""
        return self.done / self.usage.seconds


@asynccontextmanager
async def telling(gate: Gate, side: Side, first: int) -> AsyncIterator[None]:
    """Inside, `gate` is told ten times a second how many are done beyond `first`."""

    async def look() -> None:
        while True:
            gate.tell(await side.done() - first)
            await asyncio.sleep(POLL)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def drained(side: Side, wanted: int) -> float:
    """Wait until `wanted` are done; how many seconds it took. Raises `NotDrained`."""
    began = perf_counter()
    while (done := await side.done()) < wanted:
        if perf_counter() - began > DRAIN_WITHIN:
            raise NotDrained(f"{side.name}: {done} of {wanted} done after {DRAIN_WITHIN:.0f} s")
        await asyncio.sleep(POLL)
    return perf_counter() - began


async def accept(side: Side, seconds: float, into: Accepted) -> None:
    """As fast as it accepts from 64 connections; afterwards everything is let come to its end."""
    before = await side.done()
    with metered(side.pids()) as usage:
        tally = await side.generator.closed_loop(CONNECTIONS, seconds)
    into.usage.add(usage)
    into.add(tally, await drained(side, before + tally.accepted))


async def sustain(side: Side, warm_up: float, seconds: float, into: Sustained) -> None:
    """As fast as everything gets done, with at most 256 accepted and not done."""
    first, gate = await side.done(), Gate(UNDONE)
    async with telling(gate, side, first):
        loop = asyncio.create_task(side.generator.closed_loop(CONNECTIONS, warm_up + seconds, gate=gate))
        await asyncio.sleep(warm_up)
        with metered(side.pids()) as usage:
            before = await side.done()
            await asyncio.sleep(seconds)
            done = await side.done() - before
        tally = await loop
    into.done += done
    into.usage.add(usage)
    into.left = max(into.left, tally.accepted - (await side.done() - first))
    into.drained = max(into.drained, await drained(side, first + tally.accepted))
    into.put_off += tally.put_off + tally.broken
