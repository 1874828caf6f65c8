import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response

from deploy.local.ports import HOST, some_free_ports
from tests.bench.load import Gate, Generator, quantile
from tests.bench.wire import Door
from tests.kit import eventually

Answering = Callable[[bytes], Awaitable[Response]]


@asynccontextmanager
async def answered_by(answer: Answering) -> AsyncIterator[Generator]:
    async def app(scope: object, receive: object, send: object) -> None:
        request = Request(scope, receive)  # type: ignore[arg-type]  # uvicorn calls it as it should be
        await (await answer(await request.body()))(scope, receive, send)  # type: ignore[arg-type]  # likewise

    port = some_free_ports(1)[0]
    server = uvicorn.Server(uvicorn.Config(app, HOST, port, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield Generator(Door.at(f"http://{HOST}:{port}/", {}), lambda number: str(number).encode(), keep=True)
    finally:
        server.should_exit = True
        await serving


async def test_every_request_of_a_closed_loop_is_another_and_its_answer_is_kept() -> None:
    bodies: list[bytes] = []

    async def answer(body: bytes) -> Response:
        bodies.append(body)
        return Response(b"made " + body, 201)

    async with answered_by(answer) as generator:
        tally = await generator.closed_loop(connections=4, seconds=0.2)
    assert len(set(bodies)) == len(bodies) == tally.accepted > 4
    assert all(kept == b"made " + str(number).encode() for number, kept in tally.answers.items())


async def test_a_503_is_sent_again_after_retry_after_and_counted() -> None:
    refused: set[bytes] = set()

    async def answer(body: bytes) -> Response:
        first = body not in refused
        refused.add(body)
        return Response(status_code=503, headers={"Retry-After": "0.01"}) if first else Response(status_code=201)

    async with answered_by(answer) as generator:
        tally = await generator.open_loop(rate=50, seconds=0.2, connections=4)
    assert tally.accepted == tally.put_off == 10
    assert min(tally.latencies) >= 0.01


async def test_an_open_loop_counts_latency_from_the_intended_time() -> None:
    async def slow(_: bytes) -> Response:
        await asyncio.sleep(0.05)
        return Response(status_code=201)

    async with answered_by(slow) as generator:
        tally = await generator.open_loop(rate=100, seconds=0.1, connections=1)
    assert tally.accepted == 10
    # The last is meant for 0.09 s and waits for nine others on the one connection; a busy machine makes it only later.
    assert max(tally.latencies) > 10 * 0.05 - 0.09 - 0.01


async def test_a_closed_loop_sends_no_more_than_its_gate_lets_be_undone() -> None:
    gate = Gate(3)
    bodies: list[bytes] = []

    async def answer(body: bytes) -> Response:
        bodies.append(body)
        return Response(status_code=201)

    async with answered_by(answer) as generator:
        loop = asyncio.create_task(generator.closed_loop(connections=4, seconds=0.2, gate=gate))
        await eventually(lambda: len(bodies) == 3)
        gate.tell(2)
        await eventually(lambda: len(bodies) == 5)
        while not loop.done():
            gate.tell(2)
            await asyncio.sleep(0)
    assert loop.result().accepted == 5


async def test_what_is_refused_is_counted_by_status() -> None:
    async def answer(_: bytes) -> Response:
        return Response(status_code=422)

    async with answered_by(answer) as generator:
        tally = await generator.open_loop(rate=50, seconds=0.1, connections=2)
    assert (tally.accepted, tally.refused) == (0, {422: 5})


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)])
def test_a_quantile_is_the_value_below_which_that_share_lies(share: float, value: float) -> None:
    assert quantile([float(one) for one in range(1, 101)], share) == value
