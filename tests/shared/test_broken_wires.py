"""What a service does when the network to its servers breaks, hangs, or loses an answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.local.services import PATIENCE
from shared.messaging.outbound import NotPublished, Outbound, Unconfirmed
from shared.messaging.topology import again_exchange, queue_of
from shared.settings import ServiceSettings
from tests.conftest import SettingsFor
from tests.kit import eventually, listening
from tests.shared.notes import Notes, adding, outgoing, registered
from tests.shared.test_messaging import Routing, put
from tests.shared.wire import Wire

pytestmark = pytest.mark.usefixtures("collected")

IN_TIME = PATIENCE - 2
"""Seconds a service may take to stop while none of its servers answers: less than those who stop it wait."""


@pytest.fixture
async def to_mongo(settings: ServiceSettings) -> AsyncIterator[Wire]:
    async with Wire(settings.mongo_url.get_secret_value()).laid() as wire:
        yield wire


@pytest.fixture
async def to_rabbit(settings: ServiceSettings) -> AsyncIterator[Wire]:
    async with Wire(settings.amqp_url.get_secret_value()).laid() as wire:
        yield wire


@pytest.fixture
def wired(settings_for: SettingsFor, to_mongo: Wire, to_rabbit: Wire) -> ServiceSettings:
    """Settings of a service that reaches its servers through the wires."""
    return settings_for(ServiceSettings, mongo_url=to_mongo.url, amqp_url=to_rabbit.url, prefetch=2)


@pytest.mark.parametrize("before", [(), ("сначала",)], ids=["first-write", "later-write"])
async def test_a_write_whose_answer_was_lost_has_effect_once_and_its_events_go_out(
    settings: ServiceSettings, wired: ServiceSettings, to_mongo: Wire, before: tuple[str, ...]
) -> None:
    notes = Notes(wired)
    async with listening(settings.amqp_url.get_secret_value(), "request.#") as heard, notes.running():
        for line in before:
            await notes.documents.step("n1", adding(line))
        to_mongo.lose_answer_to = "раз".encode()
        assert (await notes.documents.step("n1", adding("раз", "r1"))).written
        assert to_mongo.lose_answer_to is None
        assert await notes.lines("n1") == (*before, "раз")
        await heard.one("request.registered")


async def test_the_consumer_comes_back_after_a_cut_with_its_limit(
    settings: ServiceSettings, wired: ServiceSettings, to_rabbit: Wire
) -> None:
    routing = Routing(wired)
    async with routing.running():
        await eventually(lambda: _ready(routing))
        to_rabbit.cut()
        await eventually(lambda: _ready(routing), within=60)
        routing.go_on.clear()
        for number in range(6):
            await put(settings, outgoing(registered(f"r{number}"), f"m{number}").to_amqp())
        await eventually(lambda: len(routing.heard) == wired.prefetch)
        routing.go_on.set()
        await eventually(lambda: len(routing.heard) == 6)


async def _ready(notes: Notes) -> bool:
    return not await notes.service.unready()


async def test_events_written_while_the_broker_is_away_go_out_when_it_is_back(
    settings: ServiceSettings, wired: ServiceSettings, to_rabbit: Wire
) -> None:
    notes = Notes(wired)
    async with listening(settings.amqp_url.get_secret_value(), "request.#") as heard, notes.running():
        to_rabbit.cut()
        await notes.documents.step("n1", adding("раз", "r1"))
        to_rabbit.cut()
        await heard.one("request.registered")
        await eventually(lambda: notes.all_told("n1"))


async def test_a_service_stops_in_time_though_database_and_broker_hang_and_gives_its_messages_back(
    settings: ServiceSettings, wired: ServiceSettings, to_mongo: Wire, to_rabbit: Wire
) -> None:
    routing = Routing(wired)
    loop = asyncio.get_running_loop()
    before = connecting()
    routing.go_on.clear()
    async with routing.running():
        await put(settings, outgoing(registered()).to_amqp())
        await eventually(lambda: len(routing.heard) == 1)
        to_mongo.freeze()
        to_rabbit.freeze()
        routing.go_on.set()
        step = asyncio.create_task(routing.documents.step("n1", adding("раз", "r1")))
        began = loop.time()
    assert loop.time() - began < IN_TIME
    assert connecting() <= before, "it would connect again for ever"
    step.cancel()
    await asyncio.gather(step, return_exceptions=True)
    to_rabbit.cut()
    await _closed_to_its_end(routing)
    out = Outbound(settings.amqp_url.get_secret_value(), "test")
    await eventually(lambda: _waits(out))
    await out.close()


def connecting() -> set[asyncio.Task[object]]:
    """What keeps a connection to the broker, and makes it anew when it breaks."""
    return {task for task in asyncio.all_tasks() if "RobustConnection" in getattr(task.get_coro(), "__qualname__", "")}


async def _closed_to_its_end(notes: Notes) -> None:
    """What the consumer gave up half closed."""
    inbound = notes.service._inbound
    assert inbound is not None
    assert inbound._connection is not None
    await inbound._connection.close()


async def _waits(out: Outbound) -> bool:
    return await out.depth(queue_of("routing")) == 1


async def test_a_message_that_can_be_neither_handled_nor_put_off_goes_back_to_its_queue(
    settings: ServiceSettings,
) -> None:
    routing = Routing(settings)
    routing.failures = [RuntimeError("a bug")]
    async with routing.running():
        routing.service._outbound._url = "amqp://127.0.0.1:9/"
        await routing.service._outbound.close()
        await put(settings, outgoing(registered()).to_amqp())
        await eventually(lambda: [message.attempt for message in routing.heard] == [1, 1], within=60)
        await eventually(lambda: bool(routing.documents._cache))


async def test_what_no_queue_takes_is_not_taken_for_published_and_the_way_out_stays_open(
    settings: ServiceSettings,
) -> None:
    out = Outbound(settings.amqp_url.get_secret_value(), "test")
    message = outgoing(registered()).to_amqp()
    for exchange, key in [(again_exchange("routing"), "nowhere"), ("svoy.nowhere", "now")]:
        with pytest.raises(NotPublished):
            await out.send(exchange, key, message)
    assert len(await out.publish([outgoing(registered())])) == 1
    await out.close()


async def test_events_the_broker_cannot_take_do_not_hold_up_the_others(settings: ServiceSettings) -> None:
    out = Outbound(settings.amqp_url.get_secret_value(), "test")
    unconfirmed = Unconfirmed(out, limit=1000)
    confirmed: list[str] = []
    for number in range(300):
        unconfirmed.add(outgoing(registered(), "x" * 256 + str(number)), lambda event: confirmed.append(event.id))
    unconfirmed.add(outgoing(registered(), "good"), lambda event: confirmed.append(event.id))
    running = asyncio.create_task(unconfirmed.run())
    await eventually(lambda: confirmed == ["good"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await out.close()
