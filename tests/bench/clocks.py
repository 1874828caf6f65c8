"""What a million promises cost: `python -m tests.bench.clocks [open] [due_per_s] [storm]`. Several minutes, most of
them filling.

On a mongod of its own: so many open obligations (one a timeline), of which so many a second fall due. Two replicas'
tickers, a process each, fire them side by side by guarded writes; what they tell is counted and never leaves them:
each obligation must have been told as broken exactly once, by one of the two. Then both wake up after an outage of an
hour in which `storm` more fell due, calls, urgent, important and routine mixed: it is measured when each of these is
through, and that nobody was warned of what had long been broken.
"""

import asyncio
import json
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import psutil
import uvloop

from deploy.local.mongo import ROOT, EmbeddedMongo
from services.sla_monitor.domain.facts import Fact
from services.sla_monitor.domain.timeline import heard
from services.sla_monitor.store import NEVER, Store, key_of
from shared.clock import machine_now
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import About
from shared.store.codec import to_fields
from tests.bench.cpu import metered
from tests.bench.load import quantile
from tests.bench.results import Aim, console, keep, scratch, show_aims, step, table
from tests.bench.ticking import LINE, RULES, Told, database

OPEN, DUE_PER_S, STORM = 1_000_000, 1_000, 100_000
REPLICAS = 2
SECONDS = 20
OUTAGE = timedelta(hours=1)
BATCH = 5_000
MIXED: tuple[Priority | None, ...] = (None, "urgent", "important", "routine")
"""What the storm is made of, in equal parts, and the order in which it is to be worked off."""
AIMS = (
    Aim(figure="open", bound=OPEN),
    Aim(figure="due_per_s", bound=DUE_PER_S),
    Aim(figure="lateness_p99_s", bound=1.0, at_most=True),
    Aim(figure="told_twice", bound=0, at_most=True),
    Aim(figure="not_told", bound=0, at_most=True),
    Aim(figure="stale_warnings", bound=0, at_most=True),
)


@dataclass(frozen=True)
class Owed:
    """What is to be filled in: which obligation falls due when, and of which priority."""

    number: int
    due: datetime
    priority: Priority | None = None
    warned: bool = True
    """That it was close has been told."""


def document(owed: Owed) -> dict[str, Any]:
    """A missed call whose `callback`, or a request whose `assign`, falls due then."""
    about: About = "call" if owed.priority is None else "request"
    kind: Any = "call.missed" if owed.priority is None else "request.registered"
    begun = owed.due - timedelta(minutes=5)
    fact = Fact(kind=kind, at=begun, priority=owed.priority)
    state = heard(None, about, f"k{owed.number}", fact, now=begun, rules=RULES).state
    one = next(each for each in state.obligations if each.clock in {"callback", "assign"})
    # Whatever the priority's usual time: here each falls due at its own moment.
    fields = to_fields(state)
    (kept,) = [each for each in fields["obligations"] if each["id"] == one.id]
    kept |= {"due": owed.due, "warn_at": owed.due - timedelta(minutes=2)}
    next_due = owed.due + timedelta(milliseconds=1) if owed.warned else kept["warn_at"]
    fields |= {"obligations": [kept], "announced": [f"warned {one.id}"] if owed.warned else []}
    fields |= {"next_due": next_due, "nearest": owed.due}
    return fields | {"_id": key_of(about, state.about_id), "version": 1, "outbox": [], "seen": []}


def spread(first: int, count: int, begin: datetime, per_second: float, mixed: Sequence[Priority | None], *,
           warned: bool = True) -> Iterator[Owed]:  # fmt: skip
    """Due times at an even rate from `begin` on."""
    for number in range(count):
        moment = begin + timedelta(seconds=number / per_second)
        due = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        yield Owed(first + number, due, mixed[number % len(mixed)], warned)


async def fill(store: Store, owed: Iterator[Owed]) -> None:
    """Insert them."""
    batch: list[dict[str, Any]] = []
    for one in owed:
        batch.append(document(one))
        if len(batch) == BATCH:
            await store.timelines.collection.insert_many(batch, ordered=False)
            batch = []
    if batch:
        await store.timelines.collection.insert_many(batch, ordered=False)


class Replica:
    """A ticker's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[Told] = []

    async def ask(self, **what: Any) -> None:
        """Tell it something; what it has told meanwhile is kept."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.told += map(tuple, json.loads(await self.process.stdout.readline()))


@asynccontextmanager
async def replicas(url: str) -> AsyncIterator[list[Replica]]:
    """The tickers, up and waiting for the word to begin."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "tests.bench.ticking", url)
    found = [
        Replica(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=LINE))
        for _ in range(REPLICAS)
    ]
    try:
        await asyncio.gather(*(one.ask() for one in found))
        yield found
    finally:
        for one in found:
            if one.process.stdin is not None:
                one.process.stdin.close()
        await asyncio.gather(*(one.process.wait() for one in found))


async def through(store: Store, until: datetime, within: float) -> None:
    """Wait until nothing is due by then any more, at most so long."""
    deadline = perf_counter() + within
    where = {"next_due": {"$gt": NEVER, "$lte": until}}

    async def late(where: dict[str, Any]) -> bool:
        return await store.timelines.collection.find_one(where, {"_id": 1}) is not None

    while await late(where) and perf_counter() < deadline:  # noqa: ASYNC110 - a benchmark may look again
        await asyncio.sleep(0.1)


async def bench(count: int, rate: int, storm: int) -> dict[str, Any]:
    """Run it on a mongod of its own."""
    with scratch() as folder:
        async with EmbeddedMongo(folder, passwords={ROOT: secrets.token_hex(8)}).running() as mongo:
            url = mongo.root_url("bench_clocks")
            made, store, _ = database(url)
            await made.prepare()
            assert mongo.process.pid is not None
            try:
                steady = await steadily(store, url, count, rate, mongo.process.pid)
                return {"open": count, "replicas": REPLICAS, **steady, **await stormily(store, url, storm)}
            finally:
                made.close()


async def steadily(store: Store, url: str, count: int, rate: int, mongod: int) -> dict[str, Any]:
    """Let a stretch of so many a second fall due, among all that is open."""
    step(f"{count:,} open obligations")
    begin = machine_now() + timedelta(days=1)
    await fill(store, spread(0, count, begin, rate, (None,)))
    step(f"{rate:,} a second fall due for {SECONDS} s, with {REPLICAS} replicas")
    end = begin + timedelta(seconds=SECONDS)
    async with replicas(url) as found:
        pids = {f"ticker {number}": one.process.pid for number, one in enumerate(found, 1)} | {"mongod": mongod}
        sampled = asyncio.create_task(peak(pids))
        offset = begin - timedelta(seconds=3) - machine_now()
        await asyncio.gather(*(one.ask(offset=offset.total_seconds()) for one in found))
        with metered(pids) as usage:
            await asyncio.sleep((end - offset - machine_now()).total_seconds())
            await through(store, end, SECONDS * 10)
        for one in found:
            await one.ask()
        sampled.cancel()
    wanted = {obligation_of(one) for one in spread(0, rate * SECONDS, begin, rate, (None,))}
    told = [each for one in found for each in one.told if each[1] in wanted]
    late = [each[3] for each in told]
    times = Counter(each[1] for each in told if each[0] == "sla.breached")
    return {
        "due_per_s": round(len(late) / SECONDS, 1),
        "lateness_p50_s": round(quantile(late, 0.5), 3),
        "lateness_p99_s": round(quantile(late, 0.99), 3),
        "lateness_max_s": round(max(late, default=0.0), 3),
        "told_by_replica": [len(one.told) for one in found],
        "told_twice": sum(number - 1 for number in times.values()),
        "not_told": len(wanted - times.keys()),
        "cpu_us_per_timer": usage.per(len(late)),
        "cores_of_others": round(usage.cores_of_others, 2),
        "peak_rss_mb": max(size for name, size in PEAK.items() if name != "mongod"),
        "peak_rss_mongod_mb": PEAK["mongod"],
    }


async def stormily(store: Store, url: str, storm: int) -> dict[str, Any]:
    """Both replicas wake up after an hour in which nobody looked."""
    step(f"an outage of an hour leaves {storm:,} more overdue")
    begin = machine_now() - timedelta(days=2)
    end = begin + OUTAGE
    first, rate = 10**9, storm / OUTAGE.total_seconds()
    await fill(store, spread(first, storm, begin, rate, MIXED, warned=False))
    async with replicas(url) as found:
        began, offset = perf_counter(), end - machine_now()
        await asyncio.gather(*(one.ask(offset=offset.total_seconds()) for one in found))
        await through(store, end, 900)
        drained = perf_counter() - began
        for one in found:
            await one.ask()
    told = [each for one in found for each in one.told]
    broken = [each for each in told if each[0] == "sla.breached"]
    woke = min((each[4] for each in told), default=0.0)
    times = Counter(each[1] for each in broken)
    by_priority = {
        str(priority or "calls"): round(max((each[4] for each in broken if each[2] == priority), default=0.0) - woke, 1)
        for priority in MIXED
    }
    return {
        "storm": storm,
        "storm_drain_s": round(drained, 1),
        "storm_through_s": by_priority,
        "storm_told_twice": sum(number - 1 for number in times.values()),
        "storm_not_told": sum(1 for one in spread(first, storm, begin, rate, MIXED)
                              if one.due < end and not times[obligation_of(one)]),
        "stale_warnings": sum(1 for each in told if each[0] == "sla.warned" and each[3] > STALE),
    }  # fmt: skip


STALE = 240.0
"""Seconds: a warning comes two minutes before the due time, and nobody is warned of what broke over a minute ago."""


def obligation_of(owed: Owed) -> str:
    """The id of what was filled in."""
    return f"k{owed.number}:{'callback' if owed.priority is None else 'assign'}:1"


PEAK: dict[str, float] = {}


async def peak(pids: dict[str, int]) -> None:
    """Remember the most memory each process had."""
    while True:
        for name, pid in pids.items():
            PEAK[name] = max(PEAK.get(name, 0.0), round(psutil.Process(pid).memory_info().rss / 2**20, 1))
        await asyncio.sleep(0.5)


def main() -> None:
    """Measure, show, keep."""
    given = [*map(int, sys.argv[1:4])]
    count, rate, storm = [*given, *(OPEN, DUE_PER_S, STORM)[len(given) :]]
    found = uvloop.run(bench(count, rate, storm))
    shown = table("Clocks", "figure", "measured")
    for name, value in found.items():
        shown.add_row(name, str(value))
    console.print(shown)
    show_aims(found, AIMS)
    console.print(f"→ {keep('clocks', found)}", highlight=False)


if __name__ == "__main__":
    main()
