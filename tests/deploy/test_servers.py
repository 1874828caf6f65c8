"""The run's own servers and helpers do what the tests rely on."""

from typing import Any

import aio_pika
import pytest
from pymongo import AsyncMongoClient

from shared.clock import machine_now
from shared.contracts.intake import CallRang
from shared.messaging.topology import queue_of
from shared.settings import ServiceSettings
from tests.conftest import SettingsFor
from tests.kit import listening, publish


def rang(call_id: str) -> CallRang:
    return CallRang(at=machine_now(), call_id=call_id, phone="+73912000000", direction="in")


async def test_what_is_published_is_heard_in_order(amqp_url: str) -> None:
    async with listening(amqp_url, "call.*") as heard:
        ids = await publish(amqp_url, rang("c1"), rang("c2"))
        events = await heard.several(2, "call.rang")
        assert [event.id for event in events] == ids
        assert [event.as_(CallRang).call_id for event in events] == ["c1", "c2"]


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_finds_its_queues_empty(amqp_url: str, turn: int) -> None:
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        queue = await channel.declare_queue(queue_of("sla_monitor"), passive=True)
        assert queue.declaration_result.message_count == 0, f"turn {turn}"
    await publish(amqp_url, rang("left behind"))


async def test_each_settings_have_a_database_of_their_own(settings_for: SettingsFor) -> None:
    first, second = settings_for(ServiceSettings), settings_for(ServiceSettings)
    async with AsyncMongoClient[dict[str, Any]](first.mongo_url.get_secret_value()) as client:
        await client.get_default_database()["things"].insert_one({"_id": 1})
    async with AsyncMongoClient[dict[str, Any]](second.mongo_url.get_secret_value()) as client:
        assert await client.get_default_database()["things"].count_documents({}) == 0
