"""What the webhook door takes: `python -m tests.bench.webhooks`. A minute, on a RabbitMQ and a mongod of its own.

burst_answered     of 2 000 webhooks sent within one second, how many were answered 200, none of them put off
burst_lost         of those answered, how many did not come to a call in the end
burst_order        how much longer what can wait (summaries, recordings) waited to be worked off than what cannot (a
                   call that rings, a call that was missed): the medians' ratio
answered_ratio     webhooks answered a second, over those of a door written by hand that inserts once and does no more
                   (tests/bench/minimal_webhooks.py), both from 64 connections; ours works off at the same time
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import uvloop
from pymongo import AsyncMongoClient

from deploy.local.home import PROJECT, Home
from deploy.local.house import House
from deploy.local.ports import HOST, answers, some_free_ports
from deploy.local.process import Command, Process, own_environment
from services.intake.domain.webhooks import LIVE, MOST
from shared.clock import machine_now
from shared.ids import random_id
from tests.bench import minimal, minimal_webhooks
from tests.bench.load import Body, Generator, Tally, quantile
from tests.bench.results import Aim, console, keep, scratch, show_aims, step, table
from tests.bench.wire import Door

BURST, CONNECTIONS, MANY = 2_000, 64, 500
SECONDS, ROUNDS = 3.0, 3
PATIENCE = 120.0
FORM = "application/x-www-form-urlencoded"
TOKEN = minimal_webhooks.TOKEN
AIMS = (
    Aim(figure="burst_answered", bound=BURST),
    Aim(figure="burst_lost", bound=0, at_most=True),
    Aim(figure="burst_order", bound=1.0),
    Aim(figure="answered_ratio", bound=0.5),
)
Waiting = tuple[int, float]
"""How urgent a webhook was, and how many seconds it waited until it was worked off."""


def forms() -> Body:
    """The n-th form of a VATS: of each call that it rings, then that it was answered or missed, then its history."""
    run = random_id()[:12]

    def body(number: int) -> bytes:
        call, step_ = divmod(number, 3)
        answered = call % 4 > 0
        form = {
            "crm_token": TOKEN,
            "callid": f"{run}-{call}",
            "phone": f"7913{call % 10_000_000:07}",
            "telnum": "73912000000",
            "user": "anna",
        }
        if step_ < 2:
            kind = ("INCOMING", "ACCEPTED" if answered else "CANCELLED")[step_]
            return urlencode(form | {"cmd": "event", "type": kind}).encode()
        over = (
            {"status": "Success", "duration": "60", "link": "https://vats.example/1.mp3"}
            if answered
            else {"status": "Missed"}
        )
        start = f"{machine_now():%Y%m%dT%H%M%SZ}"
        return urlencode(form | {"cmd": "history", "type": "in", "start": start, "wait": "0"} | over).encode()

    return body


class Ours:
    """Intake, its broker and its database."""

    def __init__(self, house: House, webhooks: Any, calls: Any) -> None:
        self._webhooks = webhooks
        self._calls = calls
        self.generator = Generator(Door.at(f"{house.url('intake')}/v1/calls/megafon", {}, FORM), forms())

    async def worked_off(self) -> float:
        """Seconds from now until nothing waits."""
        began = perf_counter()
        while await self._webhooks.count_documents({"state": "waiting"}):
            if perf_counter() - began > PATIENCE:
                raise TimeoutError("webhooks still wait")
            await asyncio.sleep(0.02)
        return perf_counter() - began

    async def waited(self) -> list[Waiting]:
        """Of each that is done."""
        done = self._webhooks.find({"state": "done"}, {"urgency": 1, "received_at": 1, "done_at": 1})
        return [(one["urgency"], (one["done_at"] - one["received_at"]).total_seconds()) async for one in done]

    async def without_call(self) -> int:
        """Webhooks that did not come to a call."""
        named = await self._webhooks.distinct("call_id")
        known = set(await self._calls.distinct("_id"))
        return len([call for call in named if call not in known])


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[tuple[House, Ours]]:
    """Up inside, down outside."""
    os.environ.update(SVOY_MEGAFON_TOKENS=TOKEN, SVOY_WEBHOOKS_PER_SECOND="1000000")
    house = House(Home(folder / "house"), services=("intake",), mode="production")
    step("starting RabbitMQ, mongod, intake")
    async with house.running(), AsyncMongoClient[Any](house.wiring.mongo_url("intake")) as client:
        database = client.get_default_database()
        yield house, Ours(house, database["webhooks"], database["calls"])


@asynccontextmanager
async def yardstick(folder: Path, mongo_url: str) -> AsyncIterator[Generator]:
    """The door written by hand, as a process on the same database server."""
    port = some_free_ports(1)[0]
    process = Process("minimal-webhooks", folder / "run", folder / "log" / "minimal-webhooks.log")
    environment = own_environment(HOME=str(folder), BENCH_MONGO_URL=mongo_url, BENCH_PORT=str(port))
    argv = [sys.executable, "-m", "tests.bench.minimal_webhooks"]
    process.start(Command(argv=argv, env=environment, cwd=PROJECT))
    try:
        await process.until(lambda: answers(port), 30)
        yield Generator(Door.at(f"http://{HOST}:{port}/webhooks", {}, FORM), forms())
    finally:
        await process.stop(10)


async def burst(found: Ours) -> dict[str, Any]:
    """Two thousand within a second, and what became of them."""
    step(f"{BURST} webhooks within a second")
    tally = await found.generator.open_loop(BURST, 1.0, MANY)
    after = await found.worked_off()
    waited = await found.waited()
    first = [seconds for urgency, seconds in waited if urgency == MOST]
    rest = [seconds for urgency, seconds in waited if urgency > LIVE]
    return {
        "burst_answered": tally.accepted - tally.put_off,
        "burst_lost": tally.accepted - len(waited) + await found.without_call(),
        "burst_order": round(quantile(rest, 0.5) / quantile(first, 0.5), 2),
        "burst": shown(tally)
        | {
            "worked_off_after_s": round(after, 2),
            "urgent_waited_p50_ms": round(1e3 * quantile(first, 0.5), 1),
            "urgent_waited_p99_ms": round(1e3 * quantile(first, 0.99), 1),
            "rest_waited_p50_ms": round(1e3 * quantile(rest, 0.5), 1),
            "rest_waited_p99_ms": round(1e3 * quantile(rest, 0.99), 1),
        },
    }


async def side_by_side(found: Ours, other: Generator) -> dict[str, Any]:
    """Both doors in turns, from so many connections."""
    rates: dict[str, list[float]] = {"ours": [], "minimal": []}
    last: dict[str, Tally] = {}
    generators: dict[str, Generator] = {"ours": found.generator, "minimal": other}
    for number in range(ROUNDS):
        step(f"{CONNECTIONS} connections, round {number + 1} of {ROUNDS}")
        for name, generator in generators.items():
            last[name] = await generator.closed_loop(CONNECTIONS, SECONDS)
            rates[name].append(last[name].rate)
            await found.worked_off()
    middle = {name: quantile(each, 0.5) for name, each in rates.items()}
    return {
        "answered_ratio": round(middle["ours"] / middle["minimal"], 2),
        "doors": {name: shown(last[name]) | {"answered_per_s": round(middle[name], 1)} for name in middle},
    }


def shown(tally: Tally) -> dict[str, Any]:
    """The figures of one phase."""
    return {
        "answered": tally.accepted,
        "answered_per_s": round(tally.rate, 1),
        "put_off": tally.put_off,
        "refused": tally.refused,
        "p50_ms": round(1e3 * quantile(tally.latencies, 0.5), 1),
        "p99_ms": round(1e3 * quantile(tally.latencies, 0.99), 1),
    }


def show(found: dict[str, Any]) -> None:
    """The tables."""
    names = ("answered", "answered_per_s", "put_off", "p50_ms", "p99_ms")
    doors = table("Webhooks", "phase", "answered", "a second", "put off", "p50 ms", "p99 ms")
    rows: dict[str, Callable[[str], object]] = {
        f"burst of {BURST} in a second": found["burst"].get,
        "closed loop: ours": found["doors"]["ours"].get,
        "closed loop: minimal": found["doors"]["minimal"].get,
    }
    for title, figure in rows.items():
        doors.add_row(title, *(f"{figure(name):,}" for name in names))
    console.print(doors)
    waits = table("From arrival to done, in the burst", "what", "p50 ms", "p99 ms")
    for title, name in (("rings, was missed", "urgent"), ("ends, summaries, recordings", "rest")):
        waits.add_row(title, *(f"{found['burst'][f'{name}_waited_{share}_ms']:,}" for share in ("p50", "p99")))
    console.print(waits)
    show_aims(found, AIMS)


async def bench() -> dict[str, Any]:
    """Run it."""
    with scratch() as folder:
        async with ours(folder) as (house, found):
            figures = await burst(found)
            url = house.wiring.mongo.root_url(minimal.DATABASE)
            async with yardstick(folder, url) as other:
                return figures | await side_by_side(found, other)


def main() -> None:
    """Measure, show, keep."""
    found = uvloop.run(bench())
    show(found)
    console.print(f"→ {keep('webhooks', found)}", highlight=False)


if __name__ == "__main__":
    main()
