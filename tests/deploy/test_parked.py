"""`svoy parked` on a real broker."""

import asyncio
from collections.abc import Awaitable, Callable

import aio_pika
import pytest
from aio_pika.abc import HeadersType
from typer.testing import CliRunner

from deploy.local.errors import HouseError
from deploy.parked import app
from shared.messaging.envelope import ATTEMPT, PARK_REASON
from shared.messaging.topology import PARKED, again_exchange, parked_queue, queue_of
from tests.kit import eventually

Svoy = Callable[..., Awaitable[str]]
REASON = "KeyError: нет клиента"


@pytest.fixture
def svoy(amqp_url: str) -> Svoy:
    """Runs `svoy parked …` against the worker's vhost and gives what it prints."""

    def run(words: tuple[str, ...], answer: str | None) -> str:
        environment = {"SVOY_AMQP_URL": amqp_url}
        result = CliRunner().invoke(app, list(words), env=environment, input=answer)
        if isinstance(result.exception, HouseError):
            raise result.exception
        return result.output

    async def away(*words: str, answer: str | None = None) -> str:
        return await asyncio.to_thread(run, words, answer)

    return away


async def park(
    url: str, service: str, message_id: str, body: bytes = b'{"a": 1}', *, reason: str | None = REASON
) -> None:
    connection = await aio_pika.connect(url)
    headers: HeadersType = {
        ATTEMPT: 5,
        "cloudEvents:subject": "r-7",
        "cloudEvents:time": "2026-11-02T09:00:00Z",
    }
    if reason is not None:
        headers[PARK_REASON] = reason
    message = aio_pika.Message(body, message_id=message_id, type="request.registered", headers=headers)
    async with connection, connection.channel() as channel:
        await (await channel.get_exchange(again_exchange(service))).publish(message, PARKED)


async def waiting(url: str, queue: str) -> int:
    connection = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        return (await channel.declare_queue(queue, passive=True)).declaration_result.message_count or 0


async def taken(url: str, queue: str) -> aio_pika.abc.AbstractIncomingMessage:
    connection = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        return await (await channel.get_queue(queue)).get(no_ack=True)


async def test_the_list_counts_them_and_says_why(svoy: Svoy, amqp_url: str) -> None:
    await park(amqp_url, "routing", "m1")
    await park(amqp_url, "routing", "m2")
    printed = await svoy("list")
    for expected in ("m1", "m2", "request.registered", "r-7", "02.11.2026 16:00:00", REASON):
        assert expected in printed
    assert "intake" in printed
    assert "m1" not in await svoy("list", "intake")


async def test_a_script_is_told_by_the_exit_code_whether_anything_is_parked(amqp_url: str) -> None:
    def code(*words: str) -> int:
        return CliRunner().invoke(app, ["list", *words], env={"SVOY_AMQP_URL": amqp_url}).exit_code

    assert await asyncio.to_thread(code, "--fail") == 0
    await park(amqp_url, "routing", "m1")
    assert await asyncio.to_thread(code) == 0
    assert await asyncio.to_thread(code, "--fail") == 1
    assert await asyncio.to_thread(code, "intake", "--fail") == 0


async def test_looking_leaves_them_where_they_are(svoy: Svoy, amqp_url: str) -> None:
    await park(amqp_url, "routing", "m1")
    await svoy("list")
    await svoy("show", "m1")
    await eventually(lambda: _is(waiting(amqp_url, parked_queue("routing")), 1))


async def test_one_is_shown_whole(svoy: Svoy, amqp_url: str) -> None:
    await park(amqp_url, "payroll", "m1", '{"имя": "Свой"}'.encode())
    printed = await svoy("show", "m1")
    for expected in ("payroll", REASON, "cloudEvents:subject: r-7", '"имя": "Свой"'):
        assert expected in printed


async def test_of_what_the_broker_parked_itself_it_is_said_what_to_do(svoy: Svoy, amqp_url: str) -> None:
    await park(amqp_url, "routing", "m1", reason=None)
    for words in (("list",), ("show", "m1")):
        printed = await svoy(*words)
        assert "не пережила это сообщение" in printed
        assert "svoy parked retry НОМЕР" in printed


async def test_retry_sends_one_back_as_if_for_the_first_time(svoy: Svoy, amqp_url: str) -> None:
    await park(amqp_url, "routing", "m1")
    await park(amqp_url, "routing", "m2")
    assert "1" in await svoy("retry", "m2")
    message = await taken(amqp_url, queue_of("routing"))
    assert (message.message_id, message.type, message.body) == ("m2", "request.registered", b'{"a": 1}')
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert {ATTEMPT, PARK_REASON}.isdisjoint(message.headers)
    assert message.headers["cloudEvents:subject"] == "r-7"
    await eventually(lambda: _is(waiting(amqp_url, parked_queue("routing")), 1))


async def test_retry_sends_all_back_of_one_service(svoy: Svoy, amqp_url: str) -> None:
    for service in ("routing", "routing", "payroll"):
        await park(amqp_url, service, "m1")
    assert "2" in await svoy("retry", "--all", "--service", "routing")
    assert await waiting(amqp_url, queue_of("routing")) == 2
    assert await waiting(amqp_url, parked_queue("payroll")) == 1


async def test_drop_asks_first(svoy: Svoy, amqp_url: str) -> None:
    await park(amqp_url, "routing", "m1")
    await svoy("drop", "m1", answer="n\n")
    await eventually(lambda: _is(waiting(amqp_url, parked_queue("routing")), 1))
    await svoy("drop", "m1", "--yes")
    await eventually(lambda: _is(waiting(amqp_url, parked_queue("routing")), 0))
    assert await waiting(amqp_url, queue_of("routing")) == 0


@pytest.mark.parametrize(
    "words", [("show", "m9"), ("retry", "m9"), ("drop", "m9", "--yes"), ("retry",), ("list", "desk")]
)
async def test_what_is_not_there_is_said_so(svoy: Svoy, words: tuple[str, ...]) -> None:
    with pytest.raises(HouseError):
        await svoy(*words)


async def _is(count: Awaitable[int], expected: int) -> bool:
    return await count == expected
