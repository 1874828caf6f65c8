"""The connection to a service's own database."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Thread
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import IndexModel, WriteConcern
from pymongo.uri_parser import parse_uri

from shared.clock import machine_now
from shared.ids import NewId
from shared.messaging.outbound import Unconfirmed
from shared.store.codec import CODEC_OPTIONS
from shared.store.documents import CACHED, Documents
from shared.store.outbox import INDEX, Outbox

S = TypeVar("S")

SERVER_SELECTION_MS = 30_000
"""Longer than a restart of the database takes."""
SOCKET_TIMEOUT_MS = 30_000
CLOSE_WITHIN = 1.0
DURABLE = WriteConcern(w="majority", j=True)


class Database:
    """A service's database and the collections of documents in it."""

    def __init__(self, url: str, service: str, unconfirmed: Unconfirmed, new_id: NewId) -> None:
        self._client: Any = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=SERVER_SELECTION_MS,
            socketTimeoutMS=SOCKET_TIMEOUT_MS,
            appname=f"svoy-{service}",
        )
        name = parse_uri(url)["database"] or f"svoy_{service}"
        self.raw: Any = self._client.get_database(name, codec_options=CODEC_OPTIONS, write_concern=DURABLE)
        """The driver's database, for a service's own queries and files."""
        self.collections: list[Documents[Any]] = []
        self._service = service
        self._unconfirmed = unconfirmed
        self._new_id = new_id
        self._indexes: list[tuple[Any, list[IndexModel]]] = []

    def documents(
        self, name: str, kind: type[S], indexes: Sequence[IndexModel] = (), *, cached: int = CACHED
    ) -> Documents[S]:
        """The collection `name` of aggregates of `kind`, at most `cached` of them kept in memory."""
        collection = self.raw[name]
        outbox = Outbox(collection, name, self._unconfirmed)
        source = f"svoy/{self._service}"
        documents = Documents(collection, kind, outbox, name=name, source=source, new_id=self._new_id, cached=cached)
        self.collections.append(documents)
        self._indexes.append((collection, [INDEX, *indexes]))
        return documents

    def indexes(self, name: str, indexes: Sequence[IndexModel]) -> Any:
        """A plain collection (a projection, a counter) with its indexes."""
        collection = self.raw[name]
        self._indexes.append((collection, list(indexes)))
        return collection

    async def prepare(self) -> None:
        """Make the indexes. Raises the driver's error where the database cannot be reached."""
        for collection, indexes in self._indexes:
            if indexes:
                await collection.create_indexes(indexes)

    async def skew(self) -> timedelta:
        """How far the database server's clock is ahead of this machine's."""
        before = machine_now()
        answer = await self.raw.command("hello", codec_options=CODEC_OPTIONS)
        middle = before + (machine_now() - before) / 2
        return timedelta(seconds=round((answer["localTime"] - middle).total_seconds(), 1))

    async def ping(self) -> None:
        """Raises the driver's error where the database does not answer."""
        await self.raw.command("ping")

    async def drained(self) -> None:
        """Wait until every write is through and every confirmed event cleared."""
        for documents in self.collections:
            await documents.drained()
            await documents.outbox.clear()

    def close(self) -> None:
        """Close the connections. The driver says goodbye to the server first, which may hang: then it is left alone."""
        closing = Thread(target=self._client.close, daemon=True)
        closing.start()
        closing.join(CLOSE_WITHIN)
