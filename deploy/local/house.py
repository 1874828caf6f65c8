"""All processes together: servers, then services; stopped the other way round."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from deploy.local.api_key import with_api_key
from deploy.local.board import Board, Notice
from deploy.local.external import Outside, declare_topology, reach_database
from deploy.local.home import Home
from deploy.local.machine import check_machine
from deploy.local.part import Part
from deploy.local.ports import give_back
from deploy.local.process import Process, end, running_under
from deploy.local.services import RunningService, program
from deploy.local.wiring import Wiring
from shared.messaging.topology import SERVICES

SERVER_NAMES = ("rabbitmq", "mongod")
LEFTOVER_PATIENCE = 10.0


class House:
    """The processes of one data folder: `rabbitmq`, `mongod` and the services, by name.

    `usual_ports` prefers the ports everybody knows; without it any free ones are taken, so that many houses can
    stand beside each other. `programs` gives a service's command line.
    """

    def __init__(
        self,
        home: Home,
        *,
        services: Sequence[str] = SERVICES,
        outside: Outside | None = None,
        usual_ports: bool = False,
        mode: str = "development",
        programs: Callable[[str], Sequence[str]] = program,
        notice: Notice | None = None,
    ) -> None:
        home.make()
        self.home = home
        self.services = tuple(services)
        self.outside = outside or Outside()
        self.wiring = Wiring(home, services, self.outside, usual_ports=usual_ports, mode=mode)
        self.board = Board(home.board, notice)
        self.parts = self._parts(programs)

    async def up(self) -> None:
        """Start everything, in order. Where something fails, all that was started is stopped, and it is raised."""
        check_machine(own_broker=bool(self.outside.amqp_url), own_database=bool(self.outside.mongo_url))
        await asyncio.to_thread(end_leftovers, self.home)
        for name in self.parts:
            self.board.tell(name, "waiting", port=self.wiring.ports[name])
        try:
            if self.outside.mongo_url:
                await reach_database(self.outside.mongo_url)
            await _together(self._servers(), self.start)
            if self.outside.amqp_url:
                await declare_topology(self.outside.amqp_url)
            await _together(self.services, self.start)
            await self._api_key()
            self.board.up(up=True)
        except BaseException:
            await self.down()
            raise

    async def down(self) -> None:
        """Stop everything: the services together, then mongod, then RabbitMQ with its epmd."""
        self.board.up(up=False)
        await asyncio.gather(*(self.stop(service) for service in self.services))
        for server in reversed(self._servers()):
            await self.stop(server)
        give_back(self.wiring.ports.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator["House"]:
        """Up inside, down outside, whatever happens; nobody else may run it meanwhile."""
        with self.home.locked():
            await self.up()
            try:
                yield self
            finally:
                await self.down()

    async def start(self, name: str) -> None:
        """Start one process and wait until it is ready. Raises `Died`, `NotReady`."""
        self.board.tell(name, "starting")
        try:
            await self.parts[name].start()
        except Exception as error:
            self.board.tell(name, "failed", note=str(error))
            raise
        self.board.tell(name, "ready", pid=self.pid(name))

    async def stop(self, name: str) -> None:
        """Stop one process in an orderly way, where it runs."""
        if self.parts[name].process.alive:
            self.board.tell(name, "stopping")
            await self.parts[name].stop()
            self.board.tell(name, "stopped", pid=None)
        else:
            await self.parts[name].stop()

    async def kill(self, name: str) -> None:
        """End one process as a power cut would (SIGKILL)."""
        await self.parts[name].kill()

    def freeze(self, name: str) -> None:
        """Let one process hang (SIGSTOP) until `thaw`."""
        self.parts[name].freeze()

    def thaw(self, name: str) -> None:
        """Let a frozen process go on."""
        self.parts[name].thaw()

    def pid(self, name: str) -> int | None:
        """The pid of a process while it runs."""
        return self.parts[name].process.pid

    def url(self, service: str) -> str:
        """The address of a service, e.g. `http://127.0.0.1:8001`."""
        return self.wiring.http_url(service)

    def env(self, service: str) -> Mapping[str, str]:
        """The settings a service is started with."""
        return self.wiring.env(service)

    async def _api_key(self) -> None:
        if "intake" in self.services:
            self.wiring.credentials = await with_api_key(
                self.wiring.credentials, self.home.credentials, self.url("intake"), self.wiring.jwt_private_key
            )

    def _servers(self) -> list[str]:
        return [name for name in SERVER_NAMES if name in self.parts]

    def _parts(self, programs: Callable[[str], Sequence[str]]) -> dict[str, Part]:
        parts: dict[str, Part] = {}
        if not self.outside.amqp_url:
            parts["rabbitmq"] = self.wiring.rabbit
        if not self.outside.mongo_url:
            parts["mongod"] = self.wiring.mongo
        for name in self.services:
            process = Process(name, self.home.run, self.home.log(name))
            port = self.wiring.ports[name]
            parts[name] = RunningService(process, port, programs(name), self.wiring.env(name), self.home.root)
        return parts


def end_leftovers(home: Home) -> list[str]:
    """End what a crashed run of this house left behind: services, then mongod, then RabbitMQ; their names."""
    order = [*SERVICES, "mongod", "rabbitmq", "epmd"]
    left = running_under(str(home.run))
    rank = {name: order.index(name) if name in order else -1 for name, _ in left}
    for _, process in sorted(left, key=lambda found: rank[found[0]]):
        end(process, LEFTOVER_PATIENCE)
    return sorted(rank)


async def _together(names: Iterable[str], do: Callable[[str], Coroutine[None, None, None]]) -> None:
    """Do it for all at once; the first failure stops the others and is what is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(do(name))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
