"""Plain helpers of the tests; the fixtures are in `conftest.py`."""

import asyncio
import inspect
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeVar, overload

import aio_pika
import httpx
import uvicorn
from aio_pika.abc import AbstractIncomingMessage
from fastapi import FastAPI

from deploy.tokens import new_key, public_key, sign
from shared.clock import machine_now
from shared.contracts.base import Event
from shared.ids import random_id
from shared.messaging.envelope import Outgoing
from shared.messaging.topology import EVENTS
from shared.observability import HANDLED
from shared.service import HTTP

T = TypeVar("T")
E = TypeVar("E", bound=Event)

PRIVATE_KEY = new_key()
PUBLIC_KEY = public_key(PRIVATE_KEY)
FOREIGN_KEY = new_key()
"""A key no service of the tests knows."""
WITHIN = 20.0
"""Seconds; a machine that is slow, and has more to do, comes to it, too."""
POLL = 0.02


def token(*roles: str, subject: str = "someone", hours: float = 1, key: str = PRIVATE_KEY) -> dict[str, str]:
    """The header with a pass for `subject`; negative `hours` make an expired one, `FOREIGN_KEY` a foreign one."""
    return {"Authorization": f"Bearer {sign(key, subject, roles, timedelta(hours=hours))}"}


@overload
async def eventually(found: Callable[[], Awaitable[T | None]], *, within: float = WITHIN) -> T: ...
@overload
async def eventually(found: Callable[[], T | None], *, within: float = WITHIN) -> T: ...
async def eventually(found: Callable[[], Any], *, within: float = WITHIN) -> Any:
    """What `found()` returns (or its coroutine), as soon as it is true. Raises `AssertionError` after `within` s;
    an assertion that fails inside `found` counts as not yet, and is what is raised in the end."""
    last: object = None
    deadline = asyncio.get_running_loop().time() + within
    while True:
        try:
            last = found()
            if inspect.isawaitable(last):
                last = await last
            if last:
                return last
        except AssertionError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within} s; the last answer was {last!r}")
        await asyncio.sleep(POLL)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app`, which runs in this process from start-up to shutdown."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://svoy.test") as client,
    ):
        yield client


@asynccontextmanager
async def on_port(app: FastAPI, port: int = 0, *, started: bool = False) -> AsyncIterator[str]:
    """The app behind a real socket (at a free port, where none is named), served as in production; its address.
    One that is `started` runs already: it is neither started nor stopped."""
    lifespan: Literal["off", "auto"] = "off" if started else "auto"
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, lifespan=lifespan, **HTTP))
    running = asyncio.create_task(server._serve())
    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


@dataclass(frozen=True, slots=True)
class Heard:
    """An event somebody published."""

    id: str
    kind: str
    """The event's type, e.g. `work.assigned`."""
    subject: str
    correlation_id: str | None
    causation_id: str | None
    body: dict[str, Any]

    def as_(self, contract: type[E]) -> E:
        """The event itself."""
        return contract.model_validate(self.body)


@dataclass(slots=True)
class Ear:
    """What was heard so far, in the order it came."""

    events: list[Heard] = field(default_factory=list)

    def of(self, *types: str) -> list[Heard]:
        """Those of these types (of all, where none is named)."""
        return [event for event in self.events if not types or event.kind in types]

    def types(self) -> list[str]:
        """The types heard, in order."""
        return [event.kind for event in self.events]

    async def one(self, kind: str, *, within: float = WITHIN) -> Heard:
        """The first event of the type, waited for."""
        return (await self.several(1, kind, within=within))[0]

    async def several(self, count: int, *types: str, within: float = WITHIN) -> list[Heard]:
        """At least `count` events of these types, waited for."""

        def enough() -> list[Heard]:
            found = self.of(*types)
            assert len(found) >= count, f"heard {self.types()}, waited for {count} of {types or 'anything'}"
            return found

        return await eventually(enough, within=within)


@asynccontextmanager
async def listening(url: str, *patterns: str) -> AsyncIterator[Ear]:
    """Hear what is published to the events exchange under these patterns (`work.#`, `call.*`; all by default)."""
    ear = Ear()

    async def take(incoming: AbstractIncomingMessage) -> None:
        ear.events.append(_heard(incoming))

    connection = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
        for pattern in patterns or ("#",):
            await queue.bind(EVENTS, pattern)
        tag = await queue.consume(take, no_ack=True)
        yield ear
        await queue.cancel(tag)


async def publish(url: str, *events: Event, ids: list[str] | None = None, source: str = "svoy/tests") -> list[str]:
    """Publish events as their service would, and wait for the confirms; `ids` make duplicates. Returns the ids."""
    named = ids or [random_id() for _ in events]
    connection = await aio_pika.connect(url)
    async with connection, connection.channel(publisher_confirms=True) as channel:
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        for event, event_id in zip(events, named, strict=True):
            outgoing = Outgoing.of(event, id=event_id, source=source, saved_at=machine_now())
            await exchange.publish(outgoing.to_amqp(), event.TYPE, mandatory=False)
    return named


def handled() -> Counter[str]:
    """How many messages were handled in this process so far, by what became of them."""
    samples = [sample for metric in HANDLED.collect() for sample in metric.samples if sample.name.endswith("_total")]
    return sum((Counter({sample.labels["outcome"]: int(sample.value)}) for sample in samples), Counter[str]())


def _heard(incoming: AbstractIncomingMessage) -> Heard:
    attributes = {name: str(value) for name, value in incoming.headers.items()}
    return Heard(
        id=attributes["cloudEvents:id"],
        kind=attributes["cloudEvents:type"],
        subject=attributes["cloudEvents:subject"],
        correlation_id=incoming.correlation_id,
        causation_id=attributes.get("cloudEvents:causationid"),
        body=json.loads(incoming.body),
    )
