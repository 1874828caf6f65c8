"""The yardstick: what a competent engineer writes by hand for the same purpose with the same durability, and no more.

    POST ──▶ one insert ──▶ publish, confirmed ──▶ 201          python -m tests.bench.minimal door
                                    └──▶ quorum queue ──▶ one insert ──▶ ack     python -m tests.bench.minimal consumer

It knows no clients, no priorities, no specialists, no clocks; nothing saves an event when the process dies between
insert and publish, and what fails is delivered again at once for ever.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from hmac import compare_digest
from typing import Annotated, Any, Literal

import uvicorn
import uvloop
from fastapi import Depends, FastAPI, Header, HTTPException
from faststream import AckPolicy
from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.schemas.queue import QueueType
from motor.motor_asyncio import AsyncIOMotorClient
from pydantic import BaseModel, Field
from pymongo import WriteConcern
from pymongo.errors import DuplicateKeyError

from shared.clock import machine_now
from shared.ids import random_id

KEY = "the-yardstick-has-one-key"
DATABASE = "bench_minimal"
TAKEN, DONE = "taken", "done"
PREFETCH = 128
EVENTS = RabbitExchange("bench.minimal", type=ExchangeType.TOPIC, durable=True)
QUEUE = RabbitQueue("bench.minimal", queue_type=QueueType.QUORUM, durable=True, routing_key="request.registered")


class Contact(BaseModel):
    """Who asks."""

    phone: str | None = Field(default=None, max_length=30)
    email: str | None = Field(default=None, max_length=200)


class NewRequest(BaseModel):
    """What is posted."""

    channel: Literal["phone", "email", "portal", "api"]
    contact: Contact
    subject: str = Field(min_length=1, max_length=500)
    text: str = Field(max_length=100_000)
    priority: Literal["urgent", "important", "routine"] = "routine"
    external_id: str = Field(min_length=1, max_length=200)


class Registered(BaseModel):
    """What is published."""

    request_id: str
    at: datetime
    request: NewRequest


def database(url: str) -> Any:
    """Writes are answered when they are in the journal."""
    return AsyncIOMotorClient(url).get_database(DATABASE, write_concern=WriteConcern(w="majority", j=True))


def door(amqp_url: str, mongo_url: str) -> FastAPI:
    """The HTTP side."""
    broker = RabbitBroker(amqp_url, logger=None)
    taken = database(mongo_url)[TAKEN]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with broker:
            await broker.declare_exchange(EVENTS)
            yield

    def known(x_api_key: Annotated[str, Header()]) -> None:
        if not compare_digest(x_api_key, KEY):
            raise HTTPException(401)

    app = FastAPI(lifespan=lifespan)

    @app.post("/requests", status_code=201, dependencies=[Depends(known)])
    async def take(new: NewRequest) -> dict[str, str]:
        registered = Registered(request_id=random_id(), at=machine_now(), request=new)
        await taken.insert_one({"_id": registered.request_id, "at": registered.at, **new.model_dump()})
        await broker.publish(registered, exchange=EVENTS, routing_key="request.registered", persist=True)
        return {"request_id": registered.request_id}

    return app


def consumer(amqp_url: str, mongo_url: str) -> RabbitBroker:
    """The other side."""
    broker = RabbitBroker(amqp_url, logger=None)
    done = database(mongo_url)[DONE]

    @broker.subscriber(
        QUEUE, EVENTS, channel=Channel(prefetch_count=PREFETCH), ack_policy=AckPolicy.NACK_ON_ERROR, no_reply=True
    )
    async def on_registered(registered: Registered) -> None:
        document = {"_id": registered.request_id, "at": machine_now(), **registered.request.model_dump()}
        with suppress(DuplicateKeyError):
            await done.insert_one(document)

    return broker


async def _consume(amqp_url: str, mongo_url: str) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    broker = consumer(amqp_url, mongo_url)
    async with broker:
        await broker.start()
        await told.wait()


def main() -> None:
    """Run one side; `BENCH_AMQP_URL`, `BENCH_MONGO_URL` and, for the door, `BENCH_PORT` say where."""
    amqp_url, mongo_url = os.environ["BENCH_AMQP_URL"], os.environ["BENCH_MONGO_URL"]
    if sys.argv[1] == "consumer":
        uvloop.run(_consume(amqp_url, mongo_url))
    else:
        port = int(os.environ["BENCH_PORT"])
        app = door(amqp_url, mongo_url)
        uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
