"""Group commit: writes that wait at the same moment go to the database as one `bulk_write`, acknowledged by the
majority and in the journal. Each is guarded by its document's version, so that a repeat can do no harm."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import structlog
from pymongo import InsertOne, UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, PyMongoError

from shared.ids import random_id
from shared.messaging.envelope import Outgoing
from shared.observability import COMMIT_BATCH
from shared.store.batching import Batcher

log = structlog.get_logger()

DUPLICATE_KEY = 11000
BATCH = 256
SEEN_KEPT = 512
"""How many ids of applied messages a document remembers."""
GIVE_UP_AFTER = 4
"""Rounds against an unreachable database, each of which waits out the driver's server selection, before giving up."""

_writer = random_id()[:12]
_writes = count(1)


class Conflict(Exception):
    """Somebody else wrote this document first."""


class DuplicateKey(Exception):
    """Another document has the same value where it must be unique; the argument names the field."""


@dataclass(slots=True)
class Write:
    """One guarded write of one document."""

    key: str
    version: int
    """The version this write was decided on; 0 where there is no document yet."""
    fields: dict[str, Any]
    outbox: tuple[Outgoing, ...]
    once: str | None
    written: Callable[[], None]
    """Called as soon as the write is durable, whatever has become of its caller meanwhile."""
    id: str = field(default_factory=lambda: f"{_writer}-{next(_writes)}")

    def operation(self) -> InsertOne[dict[str, Any]] | UpdateOne:
        """The driver's operation: error 11000 on `_id` tells a conflict of versions."""
        outbox = [event.to_document() for event in self.outbox]
        seen = [] if self.once is None else [self.once]
        head = self.fields | {"version": self.version + 1, "write_id": self.id}
        if self.version == 0:
            return InsertOne(head | {"_id": self.key, "outbox": outbox, "seen": seen})
        push: dict[str, Any] = {}
        if outbox:
            push["outbox"] = {"$each": outbox}
        if seen:
            push["seen"] = {"$each": seen, "$slice": -SEEN_KEPT}
        change = {"$set": head} | ({"$push": push} if push else {})
        return UpdateOne({"_id": self.key, "version": self.version}, change, upsert=True)


class GroupCommit:
    """The writes of one collection."""

    def __init__(self, collection: Any, name: str) -> None:
        self._collection = collection
        self._batches: Batcher[Write, None] = Batcher(self._commit, BATCH)
        self._size = COMMIT_BATCH.labels(collection=name)

    async def write(self, write: Write) -> None:
        """Durable when it returns. Raises `Conflict` or `DuplicateKey`; then nothing was written."""
        await self._batches.call(write)

    async def drained(self) -> None:
        """Wait until every write is through."""
        await self._batches.drained()

    async def _commit(self, writes: Sequence[Write], *, again: bool = False) -> Sequence[BaseException | None]:
        """`again` where some of the writes may have come through before."""
        self._size.observe(len(writes))
        try:
            outcomes = await self._attempts(writes, again=again)
        except AutoReconnect as error:
            return [error] * len(writes)
        except Exception as error:  # noqa: BLE001 - drivers refuse a document with errors of many kinds
            if len(writes) == 1:
                return [error]
            # One write that the driver cannot take must not pull down its neighbours.
            return [(await self._commit([write], again=True))[0] for write in writes]
        for write, outcome in zip(writes, outcomes, strict=True):
            if outcome is None:
                write.written()
        return outcomes

    async def _attempts(self, writes: Sequence[Write], *, again: bool) -> Sequence[BaseException | None]:
        for attempt in range(GIVE_UP_AFTER):
            try:
                outcomes = await self._bulk(writes)
                return await self._told_apart(writes, outcomes) if again or attempt else outcomes
            except AutoReconnect as error:
                log.warning("database unreachable", action="commit.retry", attempt=attempt, error=str(error))
                if attempt == GIVE_UP_AFTER - 1:
                    raise
                await asyncio.sleep(0.2 * 2**attempt)
        raise AssertionError

    async def _bulk(self, writes: Sequence[Write]) -> list[BaseException | None]:
        outcomes: list[BaseException | None] = [None] * len(writes)
        try:
            await self._collection.bulk_write([write.operation() for write in writes], ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            if details.get("writeConcernErrors"):
                raise
            for failed in details["writeErrors"]:
                outcomes[failed["index"]] = _meaning(failed)
        return outcomes

    async def _told_apart(
        self, writes: Sequence[Write], outcomes: Sequence[BaseException | None]
    ) -> Sequence[BaseException | None]:
        """After a lost connection a conflict may be with our own first try, which had come through after all."""
        keys = [write.key for write, outcome in zip(writes, outcomes, strict=True) if outcome is not None]
        cursor = self._collection.find({"_id": {"$in": keys}}, {"write_id": 1})
        ours = {document["_id"]: document["write_id"] async for document in cursor}
        return [
            None if outcome is not None and ours.get(write.key) == write.id else outcome
            for write, outcome in zip(writes, outcomes, strict=True)
        ]


def _meaning(failed: dict[str, Any]) -> BaseException:
    if failed.get("code") != DUPLICATE_KEY:
        return PyMongoError(failed.get("errmsg", "write failed"))
    fields = list(failed.get("keyPattern") or {"_id": 1})
    return Conflict() if fields == ["_id"] else DuplicateKey(", ".join(fields))
