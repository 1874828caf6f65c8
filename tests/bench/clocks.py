"""What a million promises cost: `python -m tests.bench.clocks [open] [due_per_s]`. A few minutes, most of them filling.

On a mongod of its own: so many open obligations (one a timeline), of which so many a second fall due. One replica's
ticker fires them by its guarded writes; what it tells is counted, and never leaves the process. Then an hour's backlog
of the same rate (bounded by `STORM`) is found at once, as after an outage, and worked off.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import psutil
import uvloop

from deploy.local.mongo import ROOT, EmbeddedMongo
from services.sla_monitor.domain.built_in import shipped
from services.sla_monitor.domain.facts import Fact
from services.sla_monitor.domain.rules import Edition, Rules
from services.sla_monitor.domain.timeline import Timeline, heard
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.policy_book import Rulebook
from services.sla_monitor.store import Store, key_of
from services.sla_monitor.ticker import Ticker
from shared.calendar import hours
from shared.clock import ServiceClock
from shared.ids import random_id
from shared.messaging.outbound import Outbound, Unconfirmed
from shared.store import Database, Stepped
from shared.store.codec import to_fields
from tests.bench.cpu import metered
from tests.bench.load import quantile
from tests.bench.results import Aim, console, keep, scratch, show_aims, step, table

OPEN, DUE_PER_S = 1_000_000, 1_000
SECONDS = 20
STORM = 20_000
BATCH = 5_000
RULES = Rules([Edition(shipped("Asia/Krasnoyarsk", hours("09:00-13:00,14:00-18:00")))])
AIMS = (
    Aim(figure="open", bound=OPEN),
    Aim(figure="due_per_s", bound=DUE_PER_S),
    Aim(figure="lateness_p99_s", bound=1.0, at_most=True),
)


class Watched(Monitor):
    """A monitor that remembers how late each due time was told."""

    late: list[tuple[datetime, float]] = []  # noqa: RUF012 - one run, one list

    async def fire(self, key: str, now: datetime) -> Stepped[Timeline]:
        """As the monitor does."""
        stepped = await super().fire(key, now)
        if stepped.written:
            done = self.clock.now()
            broken = [one.due for one in stepped.state.obligations if one.ending is None and one.due < done]
            self.late.extend((due, (done - due).total_seconds()) for due in broken)
        return stepped


class Silent(Unconfirmed):
    """Takes what is told and says at once that it was."""

    def add(self, event: Any, confirmed: Any) -> None:
        """Confirmed."""
        confirmed(event)


def missed(number: int, due: datetime) -> dict[str, Any]:
    """The document of a missed call whose `callback` falls due then; that it was close has been told."""
    at = due - timedelta(minutes=5)
    fact = Fact(kind="call.missed", at=at)
    state = heard(None, "call", f"k{number}", fact, now=at, rules=RULES).state
    (one,) = state.obligations
    fields = to_fields(state)
    fields |= {"announced": [f"warned {one.id}"], "next_due": one.due + timedelta(milliseconds=1)}
    return fields | {"_id": key_of("call", state.about_id), "version": 1, "outbox": [], "seen": []}


def documents(count: int, dues: Iterator[datetime], first: int = 0) -> Iterator[list[dict[str, Any]]]:
    """In batches, as they are inserted."""
    for begin in range(first, first + count, BATCH):
        yield [missed(number, next(dues)) for number in range(begin, min(begin + BATCH, first + count))]


def spread(begin: datetime, per_second: float) -> Iterator[datetime]:
    """Due times at an even rate from `begin` on."""
    number = 0
    while True:
        moment = begin + timedelta(seconds=number / per_second)
        yield moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        number += 1


async def fill(store: Store, count: int, dues: Iterator[datetime], first: int) -> None:
    """Insert so many timelines."""
    for batch in documents(count, dues, first):
        await store.timelines.collection.insert_many(batch, ordered=False)


async def until(done: Any, within: float) -> None:
    """Wait for a condition, at most so long."""
    deadline = perf_counter() + within
    while not done() and perf_counter() < deadline:  # noqa: ASYNC110 - a benchmark may look again
        await asyncio.sleep(0.05)


async def bench(count: int, rate: int) -> dict[str, Any]:
    """Run it on a mongod of its own."""
    with scratch() as folder:
        async with EmbeddedMongo(folder, passwords={ROOT: secrets.token_hex(8)}).running() as mongo:
            quiet = Silent(Outbound("amqp://nowhere", "bench"), limit=1)
            database = Database(mongo.root_url("bench_clocks"), "bench", quiet, random_id)
            store = Store(database)  # type: ignore[arg-type]  # all a store asks of a service is `documents`
            await database.prepare()
            assert mongo.process.pid is not None
            try:
                return await run(store, count, rate, {"ticker": os.getpid(), "mongod": mongo.process.pid})
            finally:
                database.close()


async def run(store: Store, count: int, rate: int, pids: dict[str, int]) -> dict[str, Any]:
    """Fill, let the stretch fall due, then find a backlog."""
    clock = ServiceClock()
    monitor = Watched(store=store, clock=clock, book=Rulebook(RULES))
    step(f"{count:,} open obligations")
    stretch = rate * SECONDS
    await fill(store, count, spread(clock.now() + timedelta(days=1), rate), 0)
    first = (await store.timelines.find({}, sort=[("next_due", 1)], limit=1))[0].obligations[0].due
    clock.offset += first - timedelta(seconds=3) - clock.now()
    step(f"{rate:,} a second fall due for {SECONDS} s")
    sampled = asyncio.create_task(peak(pids))
    ticking = asyncio.create_task(Ticker(monitor).run())
    clearing = asyncio.create_task(store.timelines.outbox.clearing())
    with metered(pids) as usage:
        await until(lambda: len(monitor.late) >= stretch, SECONDS * 10)
    late = [lateness for due, lateness in monitor.late if due < first + timedelta(seconds=SECONDS)]
    ticking.cancel()
    monitor.late.clear()
    step(f"an outage leaves {STORM:,} overdue")
    clock.offset += timedelta(seconds=STORM / rate)
    began = perf_counter()
    ticking = asyncio.create_task(Ticker(monitor).run())
    await until(lambda: len(monitor.late) >= STORM, 600)
    drained = perf_counter() - began
    for task in (ticking, clearing):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(ticking, clearing)
    sampled.cancel()
    return {
        "open": count,
        "due_per_s": round(len(late) / SECONDS, 1),
        "lateness_p50_s": round(quantile(late, 0.5), 3),
        "lateness_p99_s": round(quantile(late, 0.99), 3),
        "cpu_us_per_timer": usage.per(len(late)),
        "cores_of_others": round(usage.cores_of_others, 2),
        "peak_rss_mb": PEAK["ticker"],
        "peak_rss_mongod_mb": PEAK["mongod"],
        "storm": STORM,
        "storm_drain_s": round(drained, 1),
    }


PEAK = {"ticker": 0.0, "mongod": 0.0}


async def peak(pids: dict[str, int]) -> None:
    """Remember the most memory each process had."""
    while True:
        for name, pid in pids.items():
            PEAK[name] = max(PEAK[name], round(psutil.Process(pid).memory_info().rss / 2**20, 1))
        await asyncio.sleep(0.5)


def main() -> None:
    """Measure, show, keep."""
    count, rate = (*map(int, sys.argv[1:3]), OPEN, DUE_PER_S)[:2] if len(sys.argv) > 2 else (OPEN, DUE_PER_S)
    found = uvloop.run(bench(count, rate))
    shown = table("Clocks", "figure", "measured")
    for name, value in found.items():
        shown.add_row(name, str(value))
    console.print(shown)
    show_aims(found, AIMS)
    console.print(f"→ {keep('clocks', found)}", highlight=False)


if __name__ == "__main__":
    main()
