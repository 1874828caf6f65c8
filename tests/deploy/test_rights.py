"""Each service's users can touch only what is its own."""

import base64
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from aiormq.exceptions import ChannelAccessRefused
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from deploy.local.rights import password_hash
from shared.messaging.topology import EVENTS, NOW, SERVICES, again_exchange, parked_queue, queue_of
from tests.servers import Servers


@pytest.fixture
async def routing(servers: Servers, vhost: str) -> AsyncIterator[AbstractChannel]:
    """A channel of routing's own user."""
    connection = await aio_pika.connect(servers.amqp_url(vhost, user="routing"))
    async with connection, connection.channel() as channel:
        yield channel


async def say(channel: AbstractChannel, exchange: str, key: str) -> None:
    into = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
    await into.publish(aio_pika.Message(b"{}"), key)


async def test_it_may_say_what_is_its_own(routing: AbstractChannel, amqp_url: str) -> None:
    assert amqp_url
    await say(routing, EVENTS, "work.assigned")
    await say(routing, again_exchange("routing"), NOW)


@pytest.mark.parametrize(
    ("exchange", "key"),
    [
        (EVENTS, "request.registered"),
        (EVENTS, "work"),
        (EVENTS, "homework.done"),
        (again_exchange("intake"), NOW),
        ("", queue_of("intake")),
        ("amq.topic", "work.assigned"),
    ],
)
async def test_it_may_say_nothing_else(routing: AbstractChannel, exchange: str, key: str) -> None:
    with pytest.raises(ChannelAccessRefused):
        await say(routing, exchange, key)


async def test_it_may_read_its_own_queue(routing: AbstractChannel, amqp_url: str) -> None:
    assert amqp_url
    queue = await routing.get_queue(queue_of("routing"), ensure=False)
    assert await queue.get(fail=False) is None


@pytest.mark.parametrize("queue", [queue_of("intake"), parked_queue("routing"), "svoy.routing.1s"])
async def test_it_may_read_no_other(routing: AbstractChannel, queue: str) -> None:
    with pytest.raises(ChannelAccessRefused):
        await (await routing.get_queue(queue, ensure=False)).get(fail=False)


async def test_it_may_declare_nothing(routing: AbstractChannel) -> None:
    with pytest.raises(ChannelAccessRefused):
        await routing.declare_queue("svoy.routing.mine")


async def test_its_database_user_reaches_no_other_database(servers: Servers) -> None:
    database, password = "svoy_routing", servers.passwords["routing"]
    url = f"mongodb://{database}:{password}@127.0.0.1:{servers.mongo_port}/{database}"
    async with AsyncMongoClient[dict[str, Any]](url) as client:
        await client[database]["rights"].insert_one({"_id": "mine"})
        await client[database]["rights"].drop()
        for other in [f"svoy_{service}" for service in SERVICES if service != "routing"] + ["admin"]:
            with pytest.raises(OperationFailure, match="not authorized"):
                await client[other]["things"].find_one()


async def test_nobody_reaches_the_database_without_a_password(servers: Servers) -> None:
    async with AsyncMongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{servers.mongo_port}/") as client:
        with pytest.raises(OperationFailure, match="requires authentication"):
            await client["svoy_routing"]["things"].find_one()


def test_a_password_is_kept_salted_and_hashed() -> None:
    kept = base64.b64decode(password_hash("пароль"))
    assert kept[4:] == sha256(kept[:4] + "пароль".encode()).digest()
    assert password_hash("пароль") != password_hash("пароль")
