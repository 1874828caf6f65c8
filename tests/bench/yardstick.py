"""Runs the minimal pipeline beside the house, on the same RabbitMQ and the same mongod."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aio_pika

from deploy.local.home import PROJECT
from deploy.local.ports import HOST, answers, some_free_ports
from deploy.local.process import Command, Process, own_environment
from tests.bench import minimal
from tests.bench.load import Generator
from tests.bench.sides import bodies
from tests.bench.wire import Door

BOOT, PATIENCE = 30.0, 10.0


class Yardstick:
    """The minimal pipeline as a side of the comparison; `servers` are the pids of broker and database."""

    name = "minimal"

    def __init__(
        self, folder: Path, amqp_url: str, mongo_url: str, servers: Mapping[str, int], phones: Sequence[str]
    ) -> None:
        run, log = folder / "run", folder / "log"
        self._amqp_url = amqp_url
        self._servers = servers
        self._port = some_free_ports(1)[0]
        self._sides = {name: Process(f"minimal-{name}", run, log / f"{name}.log") for name in ("consumer", "door")}
        self._environment = own_environment(
            HOME=str(folder), BENCH_AMQP_URL=amqp_url, BENCH_MONGO_URL=mongo_url, BENCH_PORT=str(self._port)
        )
        self._done: Any = minimal.database(mongo_url)[minimal.DONE]
        door = Door.at(f"http://{HOST}:{self._port}/requests", {"X-API-Key": minimal.KEY})
        self.generator = Generator(door, bodies(phones))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Yardstick"]:
        """Both processes run inside, and are stopped outside. Raises `Died`, `NotReady`."""
        try:
            for name, process in self._sides.items():
                argv = [sys.executable, "-m", "tests.bench.minimal", name]
                process.start(Command(argv=argv, env=self._environment, cwd=PROJECT))
            await self._sides["consumer"].until(self._consumes, BOOT)
            await self._sides["door"].until(lambda: answers(self._port), BOOT)
            yield self
        finally:
            for process in reversed(self._sides.values()):
                await process.stop(PATIENCE)
            self._done.database.client.close()

    def pids(self) -> Mapping[str, int]:
        """Door, consumer, broker, database."""
        return {name: process.pid for name, process in self._sides.items() if process.pid} | dict(self._servers)

    async def done(self) -> int:
        """How many the consumer has inserted."""
        return int(await self._done.estimated_document_count())

    async def _consumes(self) -> str | None:
        try:
            connection = await aio_pika.connect(self._amqp_url)
            async with connection, connection.channel() as channel:
                queue = await channel.declare_queue(minimal.QUEUE.name, passive=True)
                consumers = queue.declaration_result.consumer_count
        except aio_pika.exceptions.AMQPError as error:
            return repr(error)
        return None if consumers else "no consumer yet"
