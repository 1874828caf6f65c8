"""The user's own servers instead of the embedded ones."""

import sys
from collections.abc import Callable
from pathlib import Path

import aio_pika
import pytest

from deploy.local import external, mongo, rabbit
from deploy.local.errors import HouseError, Unsupported
from deploy.local.external import Outside, declare_topology, mongo_url, reach_database
from deploy.local.home import Home
from deploy.local.house import House
from deploy.local.machine import check_machine
from deploy.local.ports import some_free_ports
from shared.messaging.topology import queue_of
from tests.deploy.tiny import tiny


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("mongodb://db:27017", "mongodb://db:27017/svoy_intake"),
        ("mongodb://u:p%40@db/", "mongodb://u:p%40@db/svoy_intake"),
        ("mongodb://u:p@db/svoy", "mongodb://u:p@db/svoy_intake?authSource=svoy"),
        ("mongodb://u:p@a,b/x?authSource=admin&w=1", "mongodb://u:p@a,b/svoy_intake?authSource=admin&w=1"),
    ],
)
def test_each_service_gets_its_own_database_there(given: str, made: str) -> None:
    assert mongo_url(given, "intake") == made


async def test_the_topology_is_declared_there(amqp_url: str) -> None:
    await declare_topology(amqp_url)
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        assert (await channel.declare_queue(queue_of("routing"), passive=True)).name == queue_of("routing")


@pytest.mark.usefixtures("collected")
async def test_a_broker_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(HouseError) as refused:
        await declare_topology(f"amqp://u:secret@127.0.0.1:{some_free_ports(1)[0]}/v")
    assert "SVOY_AMQP_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_a_database_that_is_not_there_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "PATIENCE", 0.5)
    with pytest.raises(HouseError) as refused:
        await reach_database(f"mongodb://u:secret@127.0.0.1:{some_free_ports(1)[0]}/v")
    assert "SVOY_MONGO_URL" in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_a_house_with_servers_of_its_own_runs_the_services_alone(
    tmp_path: Path, amqp_url: str, mongo_url: Callable[[str], str]
) -> None:
    outside = Outside(amqp_url=amqp_url, mongo_url=mongo_url("outside"))
    house = House(Home(tmp_path), services=["routing"], outside=outside, programs=tiny)
    async with house.running():
        assert list(house.parts) == ["routing"]
        assert house.env("routing")["SVOY_AMQP_URL"] == amqp_url


def test_a_machine_that_cannot_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbit, "SERVERS", ())
    monkeypatch.setattr(mongo, "WHEEL", "no-such-wheel")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    with pytest.raises(Unsupported) as told:
        check_machine(own_broker=False, own_database=False)
    for expected in ("rabbitmq-server", "mongod", "docker compose", "SVOY_AMQP_URL", "make servers"):
        assert expected in str(told.value)
    check_machine(own_broker=True, own_database=True)
