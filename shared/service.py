"""One running service: its connections, its HTTP app, its consumer, and the order in which they start and stop."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from socket import socket
from typing import Any, TypeVar

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from pymongo import IndexModel
from pymongo.errors import PyMongoError

from shared.clock import ServiceClock, machine_now
from shared.contracts.base import Event
from shared.http import clock_door, health, problems
from shared.http.auth import Tokens
from shared.http.edge import Edge, Lane
from shared.ids import NewId, random_id
from shared.messaging.inbound import Handler, Inbound
from shared.messaging.outbound import NotPublished, Outbound, Unconfirmed, own_cancelling
from shared.messaging.topology import parked_queue, queue_of, queues_of
from shared.observability import PARKED_MESSAGES, QUEUE, configure_logs
from shared.settings import PORTS, ServiceSettings
from shared.starting import settings_from_environment
from shared.store import Database, Documents
from shared.store.documents import CACHED

log = structlog.get_logger()

S = TypeVar("S")
Settings = TypeVar("Settings", bound=ServiceSettings)

UNCONFIRMED_LIMIT = 5_000
MEASURE_EVERY = 5.0
DRAIN_WITHIN = 5.0
ANSWERS_WITHIN = 2.0
RESTART_AFTER = 1.0
SWITCH_EVERY = 0.001
"""Seconds after which a thread of the database driver gets the interpreter from a busy loop (Python's own: 0.005)."""
IN_NO_HURRY = 10
"""How nice the services are for which no client waits."""
HTTP: dict[str, Any] = {
    "http": "httptools",
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 10,
}


class Service:
    """What a service's `build_app` puts together. Nothing connects before the app's lifespan begins."""

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        *,
        clock: ServiceClock | None = None,
        new_id: NewId = random_id,
        lanes: Sequence[Lane] = (),
    ) -> None:
        """`lanes` are limits of their own for some paths."""
        self.name = name
        self.settings = settings
        self.clock = clock or ServiceClock()
        self.new_id = new_id
        self._outbound = Outbound(settings.amqp_url.get_secret_value(), f"{name} out")
        # A question that fails or is cancelled takes its channel along: not the one events are published on.
        self._asking = Outbound(settings.amqp_url.get_secret_value(), f"{name} asking")
        self._unconfirmed = Unconfirmed(self._outbound, UNCONFIRMED_LIMIT)
        self.store = Database(settings.mongo_url.get_secret_value(), name, self._unconfirmed, new_id)
        self._inbound: Inbound | None = None
        self._preparations: list[Callable[[], Coroutine[Any, Any, object]]] = []
        self._background: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = []
        self._checks: dict[str, Callable[[], str | None]] = {}
        self._started = False
        self.app = self._build_app(lanes)

    @property
    def database(self) -> Any:
        """The driver's database: for a service's own store.py only."""
        return self.store.raw

    def documents(
        self, collection: str, state: type[S], *, indexes: Sequence[IndexModel] = (), cached: int = CACHED
    ) -> Documents[S]:
        """The collection of aggregates whose state is the dataclass `state`; of large ones few should be `cached`."""
        return self.store.documents(collection, state, indexes, cached=cached)

    def listen(self, handlers: Mapping[type[Event], Handler]) -> None:
        """Handle these events."""
        self._inbound = Inbound(
            self.name,
            self.settings.amqp_url.get_secret_value(),
            self.settings.prefetch,
            handlers,
            self._outbound,
        )

    def prepare(self, run: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Await `run()` each time the service starts, after the indexes are made and before anything is heard or
        served; where it raises the service does not start."""
        self._preparations.append(run)

    def background(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Keep `run()` going while the service runs; where it fails it is logged and started again."""
        self._background.append((name, run))

    def check(self, name: str, ready: Callable[[], str | None]) -> None:
        """One more condition of readiness: None where it holds, else why not."""
        self._checks[name] = ready

    def problems(self, mapping: Mapping[type[Exception], tuple[int, str]]) -> None:
        """Answer these domain errors with an HTTP status and a stable slug."""
        problems.map_errors(self.app, mapping)

    async def unprocessed(self) -> int:
        """How many messages to this service wait: in its queue, for another try, or parked for a person.

        Raises `NotPublished` when the broker cannot say.
        """
        return sum([await self._asking.depth(queue.name) for queue in queues_of(self.name)])

    async def unready(self) -> dict[str, str]:
        """What keeps the service from working, by name; empty when it is ready."""
        found = {} if self._started else {"service": "is starting or stopping"}
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self.store.ping()
        except (PyMongoError, TimeoutError) as error:
            found["database"] = repr(error)
        found |= await self._broker_unready()
        return found | {name: why for name, ready in self._checks.items() if (why := ready()) is not None}

    async def _broker_unready(self) -> dict[str, str]:
        found = {}
        consumers = 0
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                consumers = await self._asking.consumers(queue_of(self.name))
        except (NotPublished, TimeoutError) as error:
            found["broker"] = repr(error)
        if self._inbound is not None and not (consumers and await self._inbound.connected()):
            found["consumer"] = f"does not consume {queue_of(self.name)}"
        stuck = self._unconfirmed.stuck(machine_now())
        if stuck is not None:
            found["outbox"] = stuck
        return found

    def _build_app(self, lanes: Sequence[Lane]) -> FastAPI:
        app = FastAPI(title=f"Svoy: {self.name}", version="1", lifespan=self._lifespan)
        app.state.stopping = asyncio.Event()
        app.state.tokens = Tokens(self.settings.jwt_public_key.get_secret_value())
        app.add_middleware(
            Edge, new_id=self.new_id, limit=self.settings.max_in_flight, full=self._full, lanes=lanes
        )  # fmt: skip
        problems.install(app)
        app.include_router(health.router(self.unready))
        app.include_router(clock_door.router(self.clock, movable=self.settings.mode == "development"))
        return app

    def _full(self) -> str | None:
        return "брокер сообщений не отвечает" if self._unconfirmed.full else None

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Start in order; stop in reverse: nothing new in, what is in flight finished, what is written told."""
        async with AsyncExitStack() as stack:
            stack.callback(self.store.close)
            await self.store.prepare()
            for ready in self._preparations:
                await ready()
            self.clock.skew = await self.store.skew()
            stack.push_async_callback(self._outbound.close)
            stack.push_async_callback(self._asking.close)
            await self._asking.depth(queue_of(self.name))
            loops = [("publish", self._unconfirmed.run), ("measure", self._measure)]
            for documents in self.store.collections:
                loops += [("relay", documents.outbox.relay), ("clear", documents.outbox.clearing)]
            await stack.enter_async_context(_running(loops))
            stack.push_async_callback(self._drain)
            if self._inbound is not None:
                await self._inbound.start()
                stack.push_async_callback(self._inbound.stop)
            await stack.enter_async_context(_running(self._background))
            self._started = True
            log.info("ready", action="service.ready", mode=self.settings.mode)
            yield
            self.app.state.stopping.set()
            self._started = False
            log.info("stopping", action="service.stop")

    async def _drain(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WITHIN):
                await self.store.drained()
                await self._unconfirmed.drained()
                await self.store.drained()

    async def _measure(self) -> None:
        while True:
            with suppress(NotPublished):
                QUEUE.set(await self._asking.depth(queue_of(self.name)))
                PARKED_MESSAGES.set(await self._asking.depth(parked_queue(self.name)))
            with suppress(PyMongoError):
                self.clock.skew = await self.store.skew()
            await asyncio.sleep(MEASURE_EVERY)


@asynccontextmanager
async def _running(loops: Sequence[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_supervised(name, run), name=name) for name, run in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _supervised(name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await run()
        except asyncio.CancelledError as error:
            if own_cancelling(error):
                raise
            log.warning("cancelled from below", action="background.cancelled", loop=name)
        except Exception as error:
            log.exception("failed", action="background.failed", loop=name, exc_info=error)
        else:
            return
        await asyncio.sleep(RESTART_AFTER)


class Server(uvicorn.Server):
    """Tells the app before it waits for open answers to end: streams that never would end then."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self.config.app.state.stopping.set()  # type: ignore[union-attr]  # `_build_app` puts it there
        await super().shutdown(sockets)


def run(name: str, kind: type[Settings], build_app: Callable[[Settings], FastAPI], *, nice: int = 0) -> None:
    """Read the settings, build the app and serve it until told to stop. Raises `SystemExit` where they are wrong.

    `nice` lets others go first where the machine is busy: a request is taken in, given to somebody and watched before
    it is entered in books.
    """
    os.nice(nice)
    settings = settings_from_environment(kind)
    configure_logs(name, settings.log_level, settings.log_format)

    async def serve() -> None:
        # Built on the loop it is served on: the database driver holds on to the first one it meets.
        app = build_app(settings)
        port = settings.http_port or PORTS[name]
        proxies = list(settings.proxy_addresses)
        config = uvicorn.Config(app, host=settings.http_host, port=port, forwarded_allow_ips=proxies, **HTTP)
        await Server(config).serve()

    # What is loaded by now stays; looking through it again and again would cost a tenth of the work.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    sys.setswitchinterval(SWITCH_EVERY)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
