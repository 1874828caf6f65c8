"""Consume, retry, park: on the real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import aio_pika
import pytest
from aio_pika import Message as AmqpMessage
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect

from shared.clock import machine_now
from shared.contracts.base import NotYet
from shared.contracts.intake import RequestRegistered
from shared.messaging import reasons
from shared.messaging.envelope import ATTEMPT, CE, PARK_REASON, Message, current_cause
from shared.messaging.outbound import STUCK_AFTER, Outbound
from shared.messaging.topology import EVENTS, parked_queue, queue_of
from shared.settings import ServiceSettings
from tests.kit import eventually, listening
from tests.shared.notes import Notes, adding, outgoing, registered


@asynccontextmanager
async def channel(settings: ServiceSettings) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    connection = await aio_pika.connect(settings.amqp_url.get_secret_value())
    async with connection:
        yield await connection.channel()


async def put(settings: ServiceSettings, message: AmqpMessage, key: str = "request.registered") -> None:
    async with channel(settings) as out:
        await (await out.get_exchange(EVENTS)).publish(message, key)


async def parked(settings: ServiceSettings, service: str = "routing") -> aio_pika.abc.AbstractIncomingMessage:
    async with channel(settings) as out:
        queue = await out.get_queue(parked_queue(service))

        return await eventually(lambda: queue.get(fail=False, no_ack=True))


class Routing(Notes):
    """Listens to requests and does with each what it is told."""

    def __init__(self, settings: ServiceSettings) -> None:
        super().__init__(settings, "routing")
        self.heard: list[Message] = []
        self.failures: list[BaseException] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.service.listen({RequestRegistered: self.on_request_registered})

    async def on_request_registered(self, event: RequestRegistered, message: Message) -> None:
        self.heard.append(message)
        await self.go_on.wait()
        if self.failures:
            raise self.failures.pop(0)
        await self.documents.step(event.request_id, adding(event.subject_text), once=message.id)


async def test_a_message_repeated_by_its_publisher_has_effect_once(settings: ServiceSettings, kept: Notes) -> None:
    routing = Routing(settings)
    async with routing.running():
        out = Outbound(settings.amqp_url.get_secret_value(), "test")
        await out.publish([outgoing(registered())] * 3)
        await out.close()
        await eventually(lambda: len(routing.heard) == 3)
    assert await kept.lines("r1") == ("не считает зарплату",)


async def test_correlation_and_causation_go_on_from_message_to_message(settings: ServiceSettings) -> None:
    routing = Routing(settings)
    url = settings.amqp_url.get_secret_value()
    told: list[str] = []
    async with listening(url, "request.#") as heard, routing.running():
        first = outgoing(registered(), id="first")

        async def tell(_: RequestRegistered, message: Message) -> None:
            told.append(message.id)
            if message.id == "first":
                await routing.documents.step("n1", adding("дальше", "r2"), once=message.id)

        assert routing.service._inbound is not None
        routing.service._inbound._handlers["request.registered"] = (RequestRegistered, tell)
        out = Outbound(url, "test")
        await out.publish([first])
        await out.close()
        await eventually(lambda: len(heard.events) == 2)
        assert [event.subject for event in heard.events] == ["r1", "r2"]
        assert {event.correlation_id for event in heard.events} == {"first"}
        assert [event.causation_id for event in heard.events] == [None, "first"]
    assert current_cause.get() is None


@pytest.mark.parametrize("failure", [NotYet("no such request yet"), RuntimeError("a bug")])
async def test_what_fails_comes_again_later_and_is_then_applied(
    settings: ServiceSettings, kept: Notes, failure: Exception
) -> None:
    routing = Routing(settings)
    routing.failures = [failure]
    async with routing.running():
        await put(settings, outgoing(registered()).to_amqp())
        await eventually(lambda: [message.attempt for message in routing.heard] == [1, 2])
        await eventually(lambda: bool(routing.documents._cache))
    assert await kept.lines("r1") == ("не считает зарплату",)


async def test_what_is_logged_names_the_request_and_the_message_it_was_done_for(
    settings: ServiceSettings, logged: Callable[[], list[dict[str, str]]]
) -> None:
    routing = Routing(settings)
    routing.failures = [NotYet(), NotYet()]
    async with routing.running():
        for number in "12":
            message = outgoing(registered(), f"m{number}").to_amqp()
            message.correlation_id = f"c{number}"
            await put(settings, message)
        await eventually(lambda: len(routing.heard) == 4)
    lines = [line for line in logged() if line.get("action") == "consume.retry"]
    assert sorted((line["correlation_id"], line["causation_id"]) for line in lines) == [("c1", "m1"), ("c2", "m2")]


async def test_an_absent_database_parks_nothing_however_long_it_is_absent(settings: ServiceSettings) -> None:
    routing = Routing(settings)
    routing.failures = [AutoReconnect("no database")]
    message = outgoing(registered()).to_amqp()
    message.headers[ATTEMPT] = 5
    out = Outbound(settings.amqp_url.get_secret_value(), "test")
    async with routing.running():
        await put(settings, message)
        await eventually(lambda: _depth_is(out, "svoy.routing.10m", 1))
        assert await out.depth(parked_queue("routing")) == 0
    await out.close()


async def test_what_is_sent_on_keeps_its_own_headers_and_not_those_of_the_broker(settings: ServiceSettings) -> None:
    routing = Routing(settings)
    message = _of_version("2")
    message.headers |= {"x-death": [{"count": 1}], "x-first-death-queue": "q", "x-delivery-count": 7, "ours": 1.5}
    async with routing.running():
        await put(settings, message)
        kept = await parked(settings)
    assert kept.headers["ours"] == 1.5
    assert not {"x-death", "x-first-death-queue"} & kept.headers.keys()
    assert not kept.headers.get("x-delivery-count")


async def test_what_fails_on_its_last_try_is_parked_whole(settings: ServiceSettings) -> None:
    routing = Routing(settings)
    routing.failures = [RuntimeError("still a bug")]
    message = outgoing(registered()).to_amqp()
    message.headers[ATTEMPT] = 5
    message.content_encoding = "utf-8"
    async with routing.running():
        await put(settings, message)
        kept = await parked(settings)
    assert (kept.body, kept.content_encoding) == (message.body, "utf-8")
    assert kept.headers[CE + "id"] == "m1"
    assert kept.headers[PARK_REASON] == (
        "Служба routing не смогла обработать сообщение, попыток: 5. Последняя ошибка: RuntimeError: still a bug. "
        "Подробности в журнале службы (на этой машине: svoy logs routing). "
        "Устраните причину и верните сообщение: svoy parked retry НОМЕР."
    )


async def test_however_long_an_error_is_what_to_do_is_said(settings: ServiceSettings) -> None:
    routing = Routing(settings)
    routing.failures = [RuntimeError("bug " * 1_000)]
    message = outgoing(registered()).to_amqp()
    message.headers[ATTEMPT] = 5
    async with routing.running():
        await put(settings, message)
        reason = str((await parked(settings)).headers[PARK_REASON])
    assert reason.endswith("svoy parked retry НОМЕР.")
    assert len(reason) < 1_000


@pytest.mark.parametrize("said", [reasons.bad_schema, lambda kind: reasons.unknown_event("routing", kind)])
def test_however_long_a_foreign_name_is_what_to_do_is_said(said: Callable[[str], str]) -> None:
    reason = said("x" * 3_000)
    assert reason.endswith(("drop НОМЕР.", "svoy parked drop НОМЕР."))
    assert len(reason) < 1_000


def _without(header: str) -> AmqpMessage:
    message = outgoing(registered()).to_amqp()
    del message.headers[CE + header]
    return message


def _with_body(body: bytes) -> AmqpMessage:
    message = outgoing(registered()).to_amqp()
    message.body = body
    return message


def _of_version(version: str) -> AmqpMessage:
    message = outgoing(registered()).to_amqp()
    message.headers[CE + "dataschema"] = f"urn:svoy:request.registered:{version}"
    return message


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (_with_body(b"\xff\x00 no json"), "Содержание не подходит к событию request.registered: тело: это не JSON"),
        (_with_body(b"[]"), "тело: нужен объект {…}"),
        (_with_body(b'{"at": "yesterday"}'), "request_id: обязательное поле"),
        (_with_body(b'{"at": "0001-01-01T00:00:00+14:00"}'), "at: такого момента не бывает"),
        (_without("id"), "нет атрибута CloudEvents «id»"),
        (_without("dataschema"), "нет атрибута CloudEvents «dataschema»"),
        (_of_version("2"), "пришло в версии 2, а служба routing знает версию 1"),
        (_of_version("second"), "dataschema не подходит к событию request.registered"),
        (AmqpMessage(b""), "нет атрибута CloudEvents «id»"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_can_never_be_read_is_parked_at_once(
    settings: ServiceSettings, message: AmqpMessage, reason: str
) -> None:
    routing = Routing(settings)
    async with routing.running():
        await put(settings, message)
        kept = await parked(settings)
    told = str(kept.headers[PARK_REASON])
    assert reason in told
    assert told.endswith("drop НОМЕР.")
    assert kept.body == message.body
    assert routing.heard == []


async def test_a_message_in_flight_at_shutdown_is_finished_and_the_rest_stays_in_the_queue(
    settings: ServiceSettings, kept: Notes
) -> None:
    routing = Routing(settings.model_copy(update={"prefetch": 1}))
    routing.go_on.clear()
    async with routing.running():
        await put(settings, outgoing(registered("r1"), "m1").to_amqp())
        await put(settings, outgoing(registered("r2"), "m2").to_amqp())
        await eventually(lambda: len(routing.heard) == 1)
        going_on = asyncio.create_task(_go_on_once_it_stops(routing))
    await going_on
    assert await kept.lines("r1") != ()
    assert await kept.lines("r2") == ()
    second = Routing(settings)
    async with second.running():
        await eventually(lambda: [message.id for message in second.heard] == ["m2"])


async def _go_on_once_it_stops(routing: Routing) -> None:
    inbound = routing.service._inbound
    assert inbound is not None
    await eventually(lambda: not inbound._subscriber.running)
    routing.go_on.set()


async def test_what_becomes_of_messages_is_counted(settings: ServiceSettings) -> None:
    def counted() -> dict[str, float]:
        kind = "request.registered"
        outcomes = ("applied", "retried", "parked")
        found = {each: ("svoy_events_handled_total", {"type": kind, "outcome": each}) for each in outcomes} | {
            "published": ("svoy_events_published_total", {"type": kind}),
            "duplicate": ("svoy_events_duplicate_total", {"collection": "notes"}),
            "timed": ("svoy_handler_seconds_count", {"type": kind}),
        }
        return {each: REGISTRY.get_sample_value(*sample) or 0.0 for each, sample in found.items()}

    before = counted()
    routing = Routing(settings)
    routing.failures = [NotYet()]
    out = Outbound(settings.amqp_url.get_secret_value(), "test")
    async with routing.running():
        await out.publish([outgoing(registered())])
        await eventually(lambda: len(routing.heard) == 2)
        await out.publish([outgoing(registered())])
        await put(settings, _of_version("2"))
        expected = {"published": 2, "applied": 2, "retried": 1, "parked": 1, "duplicate": 1, "timed": 4}
        await eventually(lambda: {each: now - before[each] for each, now in counted().items()} == expected)
    await out.close()


async def test_the_depth_of_a_queue_can_be_asked(settings: ServiceSettings) -> None:
    out = Outbound(settings.amqp_url.get_secret_value(), "test")
    await out.publish([outgoing(registered(), f"m{i}") for i in range(7)])
    await eventually(lambda: _depth_is(out, queue_of("routing"), 7))
    await out.close()


async def test_a_service_whose_consumer_is_gone_is_not_ready(settings: ServiceSettings) -> None:
    routing = Routing(settings)
    async with routing.running():
        await eventually(lambda: _unready(routing, set()))
        assert routing.service._inbound is not None
        await routing.service._inbound._subscriber.stop()
        routing.service._inbound._subscriber.running = True
        await eventually(lambda: _unready(routing, {"consumer"}))


async def test_a_service_whose_events_the_broker_does_not_take_is_not_ready(settings: ServiceSettings) -> None:
    notes = Notes(settings)
    async with notes.running():
        old = replace(outgoing(registered(), "x" * 300), saved_at=machine_now() - STUCK_AFTER)
        notes.service._unconfirmed.add(old, lambda _: None)
        assert await _unready(notes, {"outbox"})
        notes.service._unconfirmed._waiting.clear()


async def _unready(notes: Notes, names: set[str]) -> bool:
    return (await notes.service.unready()).keys() == names


async def _depth_is(out: Outbound, queue: str, depth: int) -> bool:
    return await out.depth(queue) == depth
