"""The outboxes of one collection: published right after the write, cleared in batches, and what a crash left is
found by the relay."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from pymongo import IndexModel
from pymongo.errors import PyMongoError

from shared.clock import machine_now
from shared.messaging.envelope import Outgoing
from shared.messaging.outbound import Unconfirmed
from shared.observability import OUTBOX, OUTBOX_AGE, UNREADABLE

log = structlog.get_logger()

RELAY_EVERY = 2.0
CLEAR_EVERY = 0.2
LEFT_AFTER = timedelta(seconds=10)
"""An event this long in the outbox was left there by a crash."""
CLEAR_BATCH = 500
RELAY_BATCH = 500

INDEX = IndexModel(
    [("outbox.saved_at", 1)],
    name="outbox",
    partialFilterExpression={"outbox.saved_at": {"$exists": True}},
)


class Outbox:
    """What the documents of one collection still have to say."""

    def __init__(self, collection: Any, name: str, unconfirmed: Unconfirmed) -> None:
        self._collection = collection
        self._unconfirmed = unconfirmed
        self._confirmed: list[tuple[str, str]] = []
        self._some = asyncio.Event()
        self._size = OUTBOX.labels(collection=name)
        self._unreadable = UNREADABLE.labels(collection=name)
        self._age = OUTBOX_AGE.labels(collection=name)

    def publish(self, key: str, events: Iterable[Outgoing]) -> None:
        """Publish what the document `key` was just written with."""

        def confirmed(event: Outgoing) -> None:
            self._confirmed.append((key, event.id))
            self._some.set()

        for event in events:
            self._unconfirmed.add(event, confirmed)

    async def relay(self) -> None:
        """Again and again, publish what a crash or a lost confirm left behind."""
        while True:
            try:
                await self.sweep()
            except PyMongoError as error:
                log.warning("outbox cannot be read", action="relay.failed", error=str(error))
            await asyncio.sleep(RELAY_EVERY)

    async def sweep(self) -> None:
        """Take up what has been in an outbox for too long, and measure."""
        now = machine_now()
        size = await self._collection.count_documents({"outbox.saved_at": {"$exists": True}}, hint="outbox")
        oldest = await self._left(now) if size else now
        self._age.set((now - oldest).total_seconds())
        self._size.set(size)

    async def _left(self, now: datetime) -> datetime:
        """Publish what was left behind; when the oldest of it was written."""
        cursor = (
            self._collection.find({"outbox.saved_at": {"$lt": now - LEFT_AFTER}}, {"outbox": 1})
            .hint("outbox")
            .limit(RELAY_BATCH)
        )
        oldest = now
        async for document in cursor:
            for event in self._readable(document):
                oldest = min(oldest, event.saved_at)
                if event.id not in self._unconfirmed:
                    self.publish(document["_id"], [event])
        return oldest

    def _readable(self, document: dict[str, Any]) -> list[Outgoing]:
        """The events of one outbox. An entry of another shape stays where it is: it must not stop the others."""
        found = []
        for kept in document["outbox"]:
            try:
                found.append(Outgoing.from_document(kept))
            except TypeError:
                self._unreadable.inc()
                log.exception("unreadable outbox entry", action="relay.unreadable", document_id=str(document["_id"]))
        return found

    async def clearing(self) -> None:
        """Again and again, clear what was confirmed. Nobody waits for it, so it may gather for a while."""
        while True:
            await self._some.wait()
            await asyncio.sleep(CLEAR_EVERY)
            self._some.clear()
            await self.clear()

    async def clear(self) -> None:
        """Take every confirmed event out of its document."""
        while self._confirmed:
            taken, self._confirmed = self._confirmed[:CLEAR_BATCH], self._confirmed[CLEAR_BATCH:]
            # Not repeated by the driver when the connection breaks: then the relay publishes once more, and
            # consumers have seen it.
            try:
                await self._collection.update_many(
                    {"_id": {"$in": list({key for key, _ in taken})}},
                    {"$pull": {"outbox": {"id": {"$in": [event_id for _, event_id in taken]}}}},
                )
            except PyMongoError as error:
                log.warning("outbox not cleared, the relay will", action="outbox.clear", error=str(error))
