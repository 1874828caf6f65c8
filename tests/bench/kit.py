"""What the kit's documents cost: `python -m tests.bench.kit`. Half a minute.

A step of `Documents` (state, version, outbox, inbox, guard, group commit) against the driver's plain `insert_one` of
the same fields with the same durability, from 1, 8 and 64 callers at once. With one caller it must cost nothing extra.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

import uvloop

from deploy.local.mongo import ROOT, EmbeddedMongo
from shared.clock import machine_now
from shared.contracts.base import Decision
from shared.ids import random_id
from shared.messaging.outbound import Outbound, Unconfirmed
from shared.store import Database, Documents
from tests.bench.cpu import Usage, metered
from tests.bench.load import quantile
from tests.bench.results import Aim, console, keep, scratch, show_aims, step, table

CALLERS = (1, 8, 64)
SECONDS = 0.7
ROUNDS = 4
PAIRS = 1_500
AIMS = (
    Aim(figure="single_caller_latency_ratio", bound=1.1, at_most=True),
    Aim(figure="writes_ratio_at_64", bound=2.0),
    Aim(figure="cpu_ratio_at_64", bound=0.5, at_most=True),
)
Writing = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Note:
    """A state of the usual size."""

    note_id: str
    at: datetime
    who: str
    subject: str
    text: str
    tags: tuple[str, ...]


@dataclass(slots=True)
class Measured:
    """The rounds of one way to write, from so many callers, added up."""

    usage: Usage = field(default_factory=Usage)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Writes a second."""
        return len(self.latencies) / self.usage.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a write, client and server."""
        return 1e6 * self.usage.total / len(self.latencies)

    def shown(self) -> dict[str, float]:
        """The figures."""
        return {
            "writes_per_s": round(self.rate, 1),
            "cpu_us_per_write": round(self.cpu_us, 1),
            "p50_ms": round(1e3 * quantile(self.latencies, 0.5), 3),
            "p99_ms": round(1e3 * quantile(self.latencies, 0.99), 3),
        }


def note(note_id: str) -> Note:
    """A fresh one."""
    text = "Не проводится начисление, просим посмотреть до обеда. " * 4
    return Note(note_id, machine_now(), "Бухгалтер", "Начисление зарплаты", text, ("1С:ЗГУ", "urgent"))


def ways(database: Database, documents: Documents[Note]) -> dict[str, Writing]:
    """The two ways to write a new document, durably."""
    plain = database.raw["plain"]

    async def by_step(key: str) -> None:
        await documents.step(key, lambda _: Decision(note(key)), once=key, new=True)

    async def by_insert(key: str) -> None:
        await plain.insert_one({"_id": key, **asdict(note(key))})

    return {"step": by_step, "insert_one": by_insert}


async def measure(write: Writing, callers: int, pids: dict[str, int], into: Measured) -> None:
    """Write for a while from so many callers at once."""

    async def one() -> None:
        while perf_counter() < deadline:
            began = perf_counter()
            await write(random_id())
            into.latencies.append(perf_counter() - began)

    with metered(pids) as usage:
        deadline = perf_counter() + SECONDS
        await asyncio.gather(*(one() for _ in range(callers)))
    into.usage.add(usage)


async def side_by_side(writing: dict[str, Writing]) -> float:
    """The median latency of a step over that of an insert, call about, so that whatever else the machine does meets
    both alike."""
    latencies: dict[str, list[float]] = {name: [] for name in writing}
    for _ in range(PAIRS):
        for name, write in writing.items():
            began = perf_counter()
            await write(random_id())
            latencies[name].append(perf_counter() - began)
    return quantile(latencies["step"], 0.5) / quantile(latencies["insert_one"], 0.5)


async def compare(writing: dict[str, Writing], mongod: int) -> dict[int, dict[str, Measured]]:
    """Every number of callers, the ways in turns."""
    found = {callers: {name: Measured() for name in writing} for callers in CALLERS}
    pids = {"client": os.getpid(), "mongod": mongod}
    for callers in CALLERS:
        step(f"{callers} at once")
        for _ in range(ROUNDS):
            for name, write in writing.items():
                await measure(write, callers, pids, found[callers][name])
    return found


def figures(single: float, found: dict[int, dict[str, Measured]]) -> dict[str, Any]:
    """The ratios, and behind them everything measured."""
    many = found[64]
    shown = {str(callers): {name: way.shown() for name, way in both.items()} for callers, both in found.items()}
    return {
        "single_caller_latency_ratio": round(single, 3),
        "writes_ratio_at_64": round(many["step"].rate / many["insert_one"].rate, 2),
        "cpu_ratio_at_64": round(many["step"].cpu_us / many["insert_one"].cpu_us, 3),
        "callers": shown,
    }


def show(found: dict[str, Any]) -> None:
    """The table."""
    shown = table("Durable writes", "callers", "way", "writes/s", "CPU µs/write", "p50 ms", "p99 ms")
    for callers, both in found["callers"].items():
        for name, way in both.items():
            shown.add_row(callers, name, *(f"{value:,.1f}" for value in way.values()))
    console.print(shown)
    show_aims(found, AIMS)


async def bench() -> dict[str, Any]:
    """Run it on a mongod of its own."""
    with scratch() as folder:
        step("starting mongod")
        async with EmbeddedMongo(folder, passwords={ROOT: secrets.token_hex(8)}).running() as mongo:
            unused = Unconfirmed(Outbound("amqp://nowhere", "bench"), limit=1)
            database = Database(mongo.root_url("bench_kit"), "bench", unused, random_id)
            documents = database.documents("notes", Note)
            await database.prepare()
            assert mongo.process.pid is not None
            writing = ways(database, documents)
            try:
                step("one at a time, call about")
                single = await side_by_side(writing)
                return figures(single, await compare(writing, mongo.process.pid))
            finally:
                database.close()


def main() -> None:
    """Measure, show, keep."""
    found = uvloop.run(bench())
    show(found)
    console.print(f"→ {keep('kit', found)}", highlight=False)


if __name__ == "__main__":
    main()
