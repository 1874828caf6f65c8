"""What is done is acknowledged, what is under way is not: on the real broker."""

import asyncio
from random import Random  # noqa: TID251 - seeded: the same orders on every machine

import aio_pika
import pytest

from shared.messaging.acks import Acks
from shared.messaging.outbound import Outbound
from shared.messaging.topology import queue_of
from shared.settings import ServiceSettings
from tests.conftest import SettingsFor
from tests.kit import eventually
from tests.shared.notes import outgoing, registered

MESSAGES = 12
Incoming = aio_pika.abc.AbstractIncomingMessage


@pytest.fixture
def url(settings_for: SettingsFor) -> str:
    return settings_for(ServiceSettings).amqp_url.get_secret_value()


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_is_done_in_whatever_order_only_what_is_under_way_comes_again(url: str, seed: int) -> None:
    chance = Random(seed)
    order = chance.sample(range(MESSAGES), chance.randint(1, MESSAGES))
    fails = set(chance.sample(order, len(order) // 4))
    await put(url)
    async with await aio_pika.connect(url) as connection:
        taken, acks = await take(connection, MESSAGES), Acks()
        for number in order:
            if number in fails:
                await acks.failed(taken[number])
            else:
                acks.done(taken[number])
            if chance.random() < 0.3:
                await acks.flush()
        await acks.flush()
    again = {f"m{number}" for number in range(MESSAGES)} - {f"m{number}" for number in set(order) - fails}
    async with await aio_pika.connect(url) as connection:
        assert {message.message_id for message in await take(connection, len(again))} == again
    await eventually(lambda: _depth_is(url, len(again)))


async def test_what_is_done_while_the_broker_is_told_is_told_in_its_turn(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames that overtook each other would name a message twice, and the broker would close the channel."""
    monkeypatch.setattr("shared.messaging.acks.GATHER", 0.0)
    chance, many = Random(0), 40 * MESSAGES
    for _ in range(many // MESSAGES):
        await put(url)
    async with await aio_pika.connect(url) as connection:
        taken, acks = await take(connection, many), Acks()
        failed: list[Incoming] = []

        async def work(message: Incoming) -> None:
            for _ in range(chance.randint(0, 60)):
                await asyncio.sleep(0)
            if chance.random() < 0.1:
                failed.append(message)
                await acks.failed(message)
            else:
                acks.done(message)

        await asyncio.gather(*map(work, taken))
        await acks.flush()
        assert not taken[0].channel.is_closed
    await eventually(lambda: _depth_is(url, len(failed)))


async def test_what_is_done_is_told_without_being_asked(url: str) -> None:
    await put(url)
    async with await aio_pika.connect(url) as connection:
        taken, acks = await take(connection, MESSAGES), Acks()
        for message in taken:
            acks.done(message)
        await eventually(lambda: not acks._channels or acks._channels[taken[0].channel].told == MESSAGES)
    await eventually(lambda: _depth_is(url, 0))


async def test_of_a_channel_that_is_gone_nothing_can_be_told_and_nothing_is_kept(url: str) -> None:
    await put(url)
    acks = Acks()
    async with await aio_pika.connect(url) as connection:
        taken = await take(connection, MESSAGES)
    for message in taken[:3]:
        acks.done(message)
    await acks.failed(taken[3])
    await acks.flush()
    assert not acks._channels
    await eventually(lambda: _depth_is(url, MESSAGES))


async def put(url: str) -> None:
    out = Outbound(url, "test")
    await out.publish([outgoing(registered(), f"m{number}") for number in range(MESSAGES)])
    await out.close()


async def take(connection: aio_pika.abc.AbstractConnection, count: int) -> list[Incoming]:
    """The first `count` deliveries, in order, none of them acknowledged."""
    channel = await connection.channel()
    queue = await channel.get_queue(queue_of("routing"), ensure=False)
    taken: asyncio.Queue[Incoming] = asyncio.Queue()
    await queue.consume(taken.put)
    async with asyncio.timeout(10):
        return [await taken.get() for _ in range(count)]


async def _depth_is(url: str, depth: int) -> bool:
    """What a channel held when it was closed comes back to the queue a moment later."""
    out = Outbound(url, "test")
    try:
        return await out.depth(queue_of("routing")) == depth
    finally:
        await out.close()
