"""A fact that cannot be what it says is parked whole, and moves no money."""

import json
from collections.abc import Awaitable, Callable

import aio_pika
import pytest
from aio_pika import Message
from aio_pika.abc import AbstractIncomingMessage

from shared.clock import machine_now
from shared.messaging.envelope import CE, PARK_REASON, Outgoing
from shared.messaging.topology import EVENTS, parked_queue
from tests.kit import eventually
from tests.payroll.conftest import Doors
from tests.payroll.given import client_won, manager

NOV = "2026-11"


def message(body: dict[str, object], version: int = 1) -> Message:
    """A `client.won` with this body, of this version of the contract."""
    sound = client_won(1, NOV)
    amqp = Outgoing.of(sound, id="message-1", source="svoy/tests", saved_at=machine_now()).to_amqp()
    amqp.body = json.dumps(body).encode()
    amqp.headers[CE + "dataschema"] = f"urn:svoy:client.won:{version}"
    return amqp


def won(**over: object) -> dict[str, object]:
    """The body of a sound `client.won`, but for what is said otherwise."""
    return client_won(20000, NOV, fact_id="w1").model_dump(mode="json") | over


BAD = {
    "a fee below zero": (message(won(fact_id="bad", fee="-1.00")), "плата -1,00 ₽ меньше нуля"),
    "a fee with three decimals": (
        message(won(fact_id="bad", fee="1.005")),
        "fee: в сумме больше двух знаков",
    ),
    "a fee that is a float": (message(won(fact_id="bad", fee=20000.5)), "fee: сумма пишется в рублях строкой"),
    "a day that is none": (message(won(fact_id="bad", effective="2026-02-30")), "effective: нужна дата"),
    "a day long before anybody": (message(won(fact_id="bad", effective="1899-12-31")), "его день 31.12.1899"),
    "a day years ahead": (message(won(fact_id="bad", effective="2031-01-01")), "его день 01.01.2031"),
    "a source nobody knows": (message(won(fact_id="bad", source="magic")), "source: одно из: "),
    "another content under a known id": (message(won(fee="99000.00")), "раньше записан факт с другим содержанием"),
    "confirmed by the one it pays": (
        message(won(fact_id="bad", confirmed_by="m1")),
        "его подтвердил m1",
    ),
    "an unknown version": (message(won(fact_id="bad"), version=2), "пришло в версии 2"),
}


@pytest.fixture
async def put(doors: Doors) -> Callable[[Message], Awaitable[AbstractIncomingMessage]]:
    """Publishes a message and gives what is parked of it."""

    async def put(amqp: Message) -> AbstractIncomingMessage:
        connection = await aio_pika.connect(doors.amqp_url)
        async with connection, connection.channel() as channel:
            exchange = await channel.get_exchange(EVENTS, ensure=False)
            await exchange.publish(amqp, "client.won")
            queue = await channel.get_queue(parked_queue("payroll"), ensure=False)
            return await eventually(lambda: queue.get(fail=False, no_ack=True))

    return put


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_fact_is_parked_at_once_and_pays_nobody(
    doors: Doors, put: Callable[[Message], Awaitable[AbstractIncomingMessage]], name: str
) -> None:
    await doors.told(manager(), client_won(20000, NOV, fact_id="w1"))
    bad, reason = BAD[name]
    parked = await put(bad)
    assert parked.body == bad.body
    assert reason in str(parked.headers[PARK_REASON])
    assert [fact["fact_id"] for fact in (await doors.shown("/v1/facts"))["items"]] == ["w1"]
    assert (await doors.shown(f"/v1/statements/m1/{NOV}"))["total"] == "90000.00"
