"""What every test may ask for. The helpers that are plain functions (`serving`, `eventually`, `token`, `listening`)
are in `tests.kit`.

Real servers (started once a run by the first test that needs them, stopped at its end):
    amqp_url      the worker's own vhost, with the whole topology declared, as admin; all its queues are empty
    mongo_url     `mongo_url("name")` is a fresh database, as root; it is dropped after the test
    settings_for  `settings_for(RoutingSettings, start_minutes=15)`: a service's settings in development mode on
                  `amqp_url` and a fresh database. Ask for the same settings twice to get a second replica's
                  own database; pass the first settings' `mongo_url=` to share one.
    unserved      `unserved(Service("routing", settings))`: no doors, no consumer, nothing but its database, which it is
                  disconnected from after the test
    collected     for tests in which connections are given up unclosed: they are collected right after the test, and not
                  during a later one, in whatever thread
    servers       the addresses themselves, e.g. `servers.amqp_url(vhost, user="routing")` with only its rights
    vhost         the name of the worker's vhost

    async def test_a_registered_request_is_assigned(settings_for, amqp_url):
        async with serving(build_app(settings_for(RoutingSettings))) as client, listening(amqp_url, "work.#") as heard:
            await publish(amqp_url, RequestRegistered(...))
            work = await heard.one("work.assigned")
            assert (await client.get("/v1/…", headers=token("manager", subject="m1"))).status_code == 200
"""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aio_pika
import hypothesis
import pytest
from pymongo import AsyncMongoClient

from shared.ids import random_id
from shared.messaging import topology
from shared.service import Service
from shared.settings import ServiceSettings
from tests import servers as test_servers
from tests.kit import PUBLIC_KEY
from tests.servers import Servers

# No test is timed: on a busy machine the first example of a property takes long.
hypothesis.settings.register_profile("svoy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("svoy")

S = TypeVar("S", bound=ServiceSettings)
Unserved = Callable[[Service], Service]
RUN = pytest.StashKey[Path]()
ALONE = "svoy-main"


class SettingsFor(Protocol):
    """Makes settings of a service."""

    def __call__(self, kind: type[S], **over: Any) -> S: ...


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a folder, keep our own settings out of the tests, and clean up after SIGTERM as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith("SVOY_")]:
        del os.environ[name]
    if not hasattr(config, "workerinput"):
        config.stash[RUN] = Path(tempfile.mkdtemp(prefix="svoy-tests-"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the run's folder is."""
    node.workerinput["svoy_run"] = str(node.config.stash[RUN])
    node.workerinput["svoy_pid"] = os.getpid()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers."""
    if RUN in config.stash:
        test_servers.stop(config.stash[RUN])
        shutil.rmtree(config.stash[RUN], ignore_errors=True)


@pytest.fixture(scope="session")
def vhost(request: pytest.FixtureRequest) -> str:
    """The vhost that is this worker's alone."""
    worker = getattr(request.config, "workerinput", None)
    return f"svoy-{worker['workerid']}" if worker else ALONE


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    """The RabbitMQ and the mongod of this run."""
    worker = getattr(request.config, "workerinput", None)
    if worker is None:
        return test_servers.servers(request.config.stash[RUN], os.getpid(), [ALONE])
    vhosts = [f"svoy-gw{number}" for number in range(worker["workercount"])]
    return test_servers.servers(Path(worker["svoy_run"]), worker["svoy_pid"], vhosts)


@pytest.fixture
async def amqp_url(servers: Servers, vhost: str) -> str:
    """The worker's own vhost, its queues emptied, as admin."""
    url = servers.amqp_url(vhost)
    connection = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        for queue in topology.queues():
            await (await channel.get_queue(queue.name, ensure=False)).purge()
    return url


@pytest.fixture
async def mongo_url(servers: Servers, vhost: str) -> AsyncIterator[Callable[[str], str]]:
    """Addresses of fresh databases, dropped after the test."""
    made: list[str] = []

    def fresh(name: str = "test") -> str:
        made.append(f"{vhost}_{name}_{random_id()[:8]}")
        return servers.mongo_url(made[-1])

    yield fresh
    async with AsyncMongoClient[Any](servers.mongo_url()) as client:
        for database in made:
            await client.drop_database(database)


@pytest.fixture
def settings_for(amqp_url: str, mongo_url: Callable[[str], str]) -> SettingsFor:
    """A service's settings on the worker's vhost and a fresh database, in development mode."""

    def made(kind: type[S], **over: Any) -> S:
        usual = {"mode": "development", "amqp_url": amqp_url, "jwt_public_key": PUBLIC_KEY}
        if "mongo_url" not in over:
            usual["mongo_url"] = mongo_url(kind.__name__.removesuffix("Settings").lower())
        return kind(**{**usual, **over})

    return made


@pytest.fixture
async def collected() -> AsyncIterator[None]:
    """For tests in which connections are given up: what they leave is collected, and closed, on their own loop."""
    yield
    gc.collect()


@pytest.fixture
def unserved() -> Iterator[Unserved]:
    """Takes a service that is not served: its connections are closed after the test."""
    with ExitStack() as stack:

        def kept(service: Service) -> Service:
            stack.callback(service.store.close)
            return service

        yield kept
