"""Servers the user brings along instead of the embedded ones (`SVOY_AMQP_URL`, `SVOY_MONGO_URL`)."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aio_pika
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local import given
from deploy.local.errors import HouseError
from deploy.local.mongo import database_of
from shared.messaging import topology

PATIENCE = 15.0


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Their addresses; None means the embedded one."""

    amqp_url: str | None = None
    mongo_url: str | None = None

    @classmethod
    def from_environment(cls) -> "Outside":
        """Those of the environment. Raises `HouseError` where one is no address."""
        return cls(amqp_url=given.amqp_url(), mongo_url=given.mongo_url())


async def declare_topology(url: str) -> None:
    """Declare every exchange and queue on the broker at `url`. Raises `HouseError` where it refuses."""
    try:
        async with asyncio.timeout(PATIENCE):
            connection = await aio_pika.connect(url)
            async with connection, connection.channel() as channel:
                await topology.declare(channel)
    except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
        raise HouseError(
            f"RabbitMQ по адресу SVOY_AMQP_URL ({_without_password(url)}) не принимает: {error!r}. "
            "Проверьте, работает ли сервер, и адрес, vhost и права (configure, write, read) пользователя."
        ) from None


async def reach_database(url: str) -> None:
    """See that the database server at `url` answers and lets us in. Raises `HouseError` where it does not."""

    def ping() -> None:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=int(1e3 * PATIENCE)) as client:
            client.admin.command("ping")

    try:
        await asyncio.to_thread(ping)
    except (PyMongoError, ValueError) as error:
        raise HouseError(
            f"MongoDB по адресу SVOY_MONGO_URL ({_without_password(url)}) не принимает: {str(error)[:300]}. "
            "Проверьте адрес, имя и пароль; работает ли сервер."
        ) from None


def mongo_url(url: str, service: str) -> str:
    """`url` with the service's own database; whoever logs in there is known to the database named before."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    before = parts.path.strip("/")
    if before and parts.username:
        query.setdefault("authSource", before)
    return parts._replace(path=f"/{database_of(service)}", query=urlencode(query)).geturl()


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
