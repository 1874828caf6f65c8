"""django-helpdesk, as an administrator would install it, in an environment of its own that is kept between runs.

Its REST API creates the same tickets over HTTP; a commit is on the disk before it is answered; nothing is sent by
e-mail. `python -m tests.bench.helpdesk` tries it alone.
"""

import json
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from deploy.local.ports import HOST, answers, some_free_ports
from deploy.local.process import Command, Process, own_environment
from tests.bench.cpu import metered
from tests.bench.environments import python_with, run
from tests.bench.load import Generator, quantile
from tests.bench.phases import CONNECTIONS, Accepted
from tests.bench.results import console, scratch
from tests.bench.texts import subject, text
from tests.bench.wire import Door

PACKAGES = ("django-helpdesk==2.6.1", "django==5.2.19", "djangorestframework==3.18.3", "gunicorn==27.0.1")
WORKERS, THREADS = 2, 4
BOOT, PATIENCE = 30.0, 10.0
SITE = Path(__file__).resolve().parent / "helpdesk_site"


class Helpdesk:
    """A running helpdesk whose database lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.process = Process("helpdesk", folder / "run", folder / "log" / "helpdesk.log")
        self._port = some_free_ports(1)[0]
        self._environment = own_environment(
            HOME=str(folder),
            PYTHONPATH=str(SITE),
            PYTHONDONTWRITEBYTECODE="1",
            DJANGO_SETTINGS_MODULE="settings",
            BENCH_SECRET_KEY=secrets.token_hex(32),
            BENCH_DATABASE=str(folder / "helpdesk.sqlite3"),
        )
        self._token = ""
        self._queue = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Helpdesk"]:
        """Served inside, stopped outside. Raises `NotInstalled`, `Died`, `NotReady`."""
        python = python_with("helpdesk", PACKAGES)
        self._seed(python)
        argv = [str(python), "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()"]
        argv += ["--bind", f"{HOST}:{self._port}", "--worker-class", "gthread", "--keep-alive", "75"]
        argv += ["--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "warning"]
        self.process.start(Command(argv=argv, env=self._environment, cwd=self.process.log.parent))
        try:
            await self.process.until(lambda: answers(self._port), BOOT)
            yield self
        finally:
            await self.process.stop(PATIENCE)

    def generator(self) -> Generator:
        """Creates tickets through the REST API."""
        headers = {"Authorization": f"Token {self._token}"}
        return Generator(Door.at(f"http://{HOST}:{self._port}/api/tickets/", headers), self._ticket)

    def pids(self) -> Mapping[str, int]:
        """Its server with the workers, and this process, which makes the load."""
        return {"generator": os.getpid()} | ({"helpdesk": self.process.pid} if self.process.pid else {})

    def _ticket(self, number: int) -> bytes:
        ticket = {"queue": self._queue, "title": subject(number), "description": text(number), "priority": 3}
        return json.dumps(ticket, ensure_ascii=False).encode()

    def _seed(self, python: Path) -> None:
        self.process.log.parent.mkdir(parents=True, exist_ok=True)
        argv = [str(python), str(SITE / "seed.py")]
        seeded = json.loads(run(*argv, environment=self._environment))
        self._token, self._queue = seeded["token"], seeded["queue"]


async def measured(folder: Path, connections: int, seconds: float, into: Accepted) -> None:
    """Tickets created in a closed loop."""
    async with Helpdesk(folder).running() as helpdesk:
        generator = helpdesk.generator()
        await generator.closed_loop(WORKERS * THREADS, 1.0)
        with metered(helpdesk.pids()) as usage:
            tally = await generator.closed_loop(connections, seconds)
    into.usage.add(usage)
    into.add(tally)


def main() -> None:
    """Try it alone."""
    found = Accepted()
    with scratch() as folder:
        uvloop.run(measured(folder, CONNECTIONS, 10.0, found))
    p50, p99 = (1e3 * quantile(found.latencies, share) for share in (0.5, 0.99))
    console.print(f"{found.rate:.1f} tickets/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, refused {found.refused}")


if __name__ == "__main__":
    main()
