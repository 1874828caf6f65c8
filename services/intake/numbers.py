"""The numbers people call requests by: `100 245`. Each process takes them in blocks; gaps do no harm."""

import asyncio
from typing import Any

from pymongo import ReturnDocument

FIRST = 100_000
BLOCK = 100


class Numbers:
    """Hands out numbers nobody else gets, one round trip a block."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self._next = self._end = 0
        self._taking = asyncio.Lock()

    async def take(self) -> str:
        """The next number."""
        if self._next == self._end:
            async with self._taking:
                if self._next == self._end:
                    await self._take_block()
        self._next += 1
        return f"{FIRST + self._next - 1:,}".replace(",", " ")

    async def _take_block(self) -> None:
        counter = await self._collection.find_one_and_update(
            {"_id": "requests"}, {"$inc": {"taken": BLOCK}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        self._next, self._end = counter["taken"] - BLOCK, counter["taken"]
