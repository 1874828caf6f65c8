"""The log of what changed: numbered batches without a gap, forgotten an hour after the next one was written.

The newest is never forgotten: it holds the number to go on from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from shared.clock import machine_now
from shared.service import Service

KEPT_SECONDS = 3600
PAGE = 200
MOST_KEYS = 1_000
"""In one batch, and about as many are read at once: behind each stands a whole document."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch of the log: the keys of what changed."""

    number: int
    keys: tuple[str, ...]
    restarted: bool
    """A replica started: it may have died before with changes it had not written here."""


class Log:
    """The numbers have no gaps, and a higher one is written later, whichever replica writes."""

    def __init__(self, service: Service) -> None:
        indexes = [IndexModel("at", expireAfterSeconds=KEPT_SECONDS)]
        self._collection: Any = service.store.indexes("changes", indexes)

    async def append(self, keys: Sequence[str], *, restarted: bool = False) -> None:
        """One batch more."""
        while True:
            number = await self.last() + 1
            try:
                await self._collection.insert_one({"_id": number, "keys": list(keys), "restarted": restarted})
            except DuplicateKeyError:
                continue
            break
        # Only from here on may those before it expire: `at` is what the index goes by.
        older = {"_id": {"$lt": number}, "at": None}
        await self._collection.update_many(older, {"$set": {"at": machine_now()}})

    async def last(self) -> int:
        """The highest number; 0 where nothing was ever written."""
        found = await self._collection.find_one({}, {"_id": 1}, sort=[("_id", -1)])
        return 0 if found is None else int(found["_id"])

    async def after(self, number: int, limit: int = PAGE) -> list[Entry]:
        """The batches that follow that number, at least one where there is any, and no more than are good at once."""
        found: list[Entry] = []
        keys = 0
        async for one in self._collection.find({"_id": {"$gt": number}}).sort("_id", 1).limit(limit):
            found.append(Entry(one["_id"], tuple(one["keys"]), one["restarted"]))
            keys += len(one["keys"])
            if keys >= MOST_KEYS:
                break
        return found
