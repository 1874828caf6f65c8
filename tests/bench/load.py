"""The load: a closed loop (each connection sends its next request when the last is answered), the same bounded by what
is not done yet, and an open loop (requests at their own times, latency counted from the time intended)."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Any

from tests.bench.wire import Answer, Connection, Disconnected, Door

FIRST_PAUSE = 0.05
CREATED = frozenset({200, 201})

Body = Callable[[int], bytes]
"""The body of the n-th request; each n is a request of its own."""


@dataclass(slots=True)
class Tally:
    """What became of the requests of one phase."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds until the request was accepted, waits that the server asked for included."""
    began: dict[int, float] = field(default_factory=dict)
    """When each was sent, or in an open loop meant to be sent: `perf_counter()`."""
    answers: dict[int, bytes] = field(default_factory=dict)
    """The bodies, by number, where they are kept."""
    put_off: int = 0
    """How often the server answered 503 and the request was sent again after `Retry-After`."""
    broken: int = 0
    """Connections lost before the answer; the request was sent again."""
    refused: dict[int, int] = field(default_factory=dict)
    """Other answers, by status: these requests were not accepted."""

    @property
    def accepted(self) -> int:
        """How many were accepted."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Accepted a second."""
        return self.accepted / self.seconds if self.seconds else 0.0


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie; nan of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Gate:
    """Holds a closed loop back while `limit` requests are sent and not yet done."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sent = 0
        self._done = 0
        self._moved = asyncio.Event()

    def take(self) -> bool:
        """Whether one more may be sent; if so, it counts as sent."""
        if self._sent - self._done >= self._limit:
            return False
        self._sent += 1
        return True

    def tell(self, done: int) -> None:
        """So many are done by now."""
        self._done = done
        self._moved.set()
        self._moved = asyncio.Event()

    async def moved(self) -> None:
        """Wait until there is news."""
        await self._moved.wait()


class Generator:
    """Sends requests to one door. Numbers go on from phase to phase, so that no request is ever repeated."""

    def __init__(self, door: Door, body: Body, *, keep: bool = False) -> None:
        self._door = door
        self._body = body
        self._keep = keep
        self._numbers = count(1)
        self.tally = Tally()

    async def closed_loop(self, connections: int, seconds: float, *, gate: Gate | None = None) -> Tally:
        """As fast as `connections` get their answers, and as `gate` lets them."""
        self.tally = tally = Tally()

        async def one(connection: Connection) -> None:
            while perf_counter() < deadline:
                if gate is None or gate.take():
                    await self._send(connection, next(self._numbers), perf_counter())
                else:
                    await gate.moved()

        began = perf_counter()
        deadline = began + seconds
        await self._on(connections, one)
        tally.seconds = perf_counter() - began
        return tally

    async def open_loop(self, rate: float, seconds: float, connections: int) -> Tally:
        """`rate` requests a second at even distances, whatever the answers; `connections` is the most there may be
        at once. A request that found none free waited, and its latency shows it."""
        self.tally = tally = Tally()
        total = int(rate * seconds)
        turn = count()

        async def one(connection: Connection) -> None:
            while (mine := next(turn)) < total:
                intended = began + mine / rate
                if (early := intended - perf_counter()) > 0:
                    await asyncio.sleep(early)
                await self._send(connection, next(self._numbers), intended)

        began = perf_counter()
        await self._on(connections, one)
        tally.seconds = perf_counter() - began
        return tally

    async def _on(self, connections: int, one: Callable[[Connection], Coroutine[Any, Any, None]]) -> None:
        made = [Connection(self._door) for _ in range(connections)]
        try:
            async with asyncio.TaskGroup() as group:
                for connection in made:
                    group.create_task(one(connection))
        finally:
            for connection in made:
                connection.close()

    async def _send(self, connection: Connection, number: int, began: float) -> None:
        tally, body = self.tally, self._body(number)
        tally.began[number] = began
        answer = await self._until_answered(connection, body)
        if answer.status not in CREATED:
            tally.refused[answer.status] = tally.refused.get(answer.status, 0) + 1
            return
        tally.latencies.append(perf_counter() - began)
        if self._keep:
            tally.answers[number] = answer.body

    async def _until_answered(self, connection: Connection, body: bytes) -> Answer:
        while True:
            try:
                answer = await connection.post(body)
            except (Disconnected, OSError):
                self.tally.broken += 1
                await asyncio.sleep(FIRST_PAUSE)
                continue
            if answer.status != 503:
                return answer
            self.tally.put_off += 1
            await asyncio.sleep(answer.retry_after or FIRST_PAUSE)
