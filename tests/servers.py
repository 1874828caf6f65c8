"""The one RabbitMQ and the one mongod of a test run.

The first test that needs them starts a keeper (`python tests/servers.py`), whichever pytest worker it runs in; the
others find its addresses in the run's folder. The keeper stops both servers when it is told to, and by itself when
the pytest process it was started for is gone, so that nothing is left running even after a kill -9.
"""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from deploy.local.errors import HouseError
from deploy.local.mongo import ROOT, EmbeddedMongo
from deploy.local.process import own_environment
from deploy.local.rabbit import EmbeddedRabbit
from deploy.local.rights import ADMIN
from shared.messaging.topology import SERVICES

HERE = Path(__file__).resolve()
POLL = 0.2


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where the servers of this run are, and one worker's own part of them."""

    amqp_port: int
    mongo_port: int
    passwords: dict[str, str]

    def amqp_url(self, vhost: str, user: str = ADMIN) -> str:
        """As `user` (the admin, or a service with its own rights) to `vhost`."""
        return f"amqp://{user}:{self.passwords[user]}@127.0.0.1:{self.amqp_port}/{quote(vhost, safe='')}"

    def mongo_url(self, database: str = "") -> str:
        """As root to `database`."""
        return f"mongodb://root:{self.passwords[ROOT]}@127.0.0.1:{self.mongo_port}/{database}?authSource=admin"


def servers(run: Path, watched: int, vhosts: list[str]) -> Servers:
    """The servers of the test run whose folder is `run`, started where they are not; `watched` is its pytest's pid."""
    with _locked(run / "lock"):
        found = run / "servers.json"
        if not found.exists():
            _start_keeper(run, watched, vhosts)
        return Servers(**json.loads(found.read_text()))


def stop(run: Path) -> None:
    """Stop the servers of the test run, where there are any."""
    with suppress(FileNotFoundError, psutil.Error):
        keeper = psutil.Process(int((run / "keeper.pid").read_text()))
        keeper.terminate()
        keeper.wait(60)


def _start_keeper(run: Path, watched: int, vhosts: list[str]) -> None:
    log = str(run / "keeper.log")
    argv = [sys.executable, str(HERE), str(run), str(watched), *vhosts]
    pid = os.posix_spawn(
        sys.executable,
        argv,
        own_environment(HOME=str(run), PYTHONPATH=str(HERE.parent.parent)),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    (run / "keeper.pid").write_text(str(pid))
    keeper = psutil.Process(pid)
    while not (run / "servers.json").exists():
        with suppress(psutil.TimeoutExpired):
            keeper.wait(POLL)
            raise HouseError(f"the servers for the tests do not start:\n{(run / 'keeper.log').read_text()}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def keep(run: Path, watched: int, vhosts: list[str]) -> None:
    """Run both servers until told to stop, or until the process `watched` is gone."""
    passwords = {name: secrets.token_hex(8) for name in (ADMIN, ROOT, *SERVICES)}
    rabbit = EmbeddedRabbit(
        run / "rabbitmq", passwords={n: p for n, p in passwords.items() if n != ROOT}, vhosts=vhosts
    )
    mongo = EmbeddedMongo(run / "mongod", passwords={n: p for n, p in passwords.items() if n != ADMIN})
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with AsyncExitStack() as stack:
        await asyncio.gather(stack.enter_async_context(rabbit.running()), stack.enter_async_context(mongo.running()))
        there = Servers(amqp_port=rabbit.ports.amqp, mongo_port=mongo.port, passwords=passwords)
        ready = run / "servers.new"
        ready.write_text(json.dumps(asdict(there)))
        ready.rename(run / "servers.json")
        while psutil.pid_exists(watched) and not told.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), POLL)
    if not told.is_set():
        shutil.rmtree(run, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(keep(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
