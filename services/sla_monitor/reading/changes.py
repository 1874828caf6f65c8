"""What changed, for whoever wants to follow it from where they stopped.

    a step ──▶ noted in memory ──(a quarter of a second)──▶ one batch in the log ──▶ shown to everybody who follows

So a busy second costs a few writes, however much changes in it, and nothing is read while nobody follows. A replica
that dies between a step and its batch leaves changes unlogged: every start says so, and who follows reads anew.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from services.sla_monitor.reading.store import MOST_KEYS, Entry, Log

EVERY = 0.25
HEARTBEAT = 15.0
RECENT, RECENT_CHANGES = 64, 5_000
"""Batches kept in memory for those who follow, and changes in them; who is slower reads them from the log."""
MOST_FOLLOWERS = 100
"""Well below what a service takes in at once."""


class TooManyFollowers(Exception):
    """Слишком много открытых потоков изменений; закройте лишние или повторите позже."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something as it is now."""

    kind: Literal["obligations", "escalation"]
    manager_id: str | None
    """In whose base it is now."""
    person_ids: frozenset[str] = frozenset()
    """Who was called to it, whoever's base it is."""
    data: BaseModel

    def concerns(self, manager_id: str) -> bool:
        """Whether a manager may see it."""
        return manager_id == self.manager_id or manager_id in self.person_ids


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed since the batch before; `lost` where what came before cannot be told any more: read anew."""

    number: int
    changes: tuple[Change, ...] = ()
    lost: bool = False


Resolve = Callable[[Sequence[str]], Awaitable[list[Change]]]
"""What stands behind these keys now."""


class Noted:
    """The keys of what this replica wrote, until they are in the log."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}

    def add(self, key: str) -> None:
        """A document changed."""
        self._keys[key] = None

    def take(self) -> tuple[str, ...]:
        """All of them, which are forgotten here."""
        keys, self._keys = tuple(self._keys), {}
        return keys

    def put_back(self, keys: Sequence[str]) -> None:
        """They could not be written."""
        self._keys = dict.fromkeys(keys) | self._keys


class Changes:
    """One replica's part: writes what it changed, shows what all of them did."""

    def __init__(self, log: Log, noted: Noted, resolve: Resolve, stopping: asyncio.Event) -> None:
        self._log = log
        self._resolve = resolve
        self._stopping = stopping
        self._noted = noted
        self._recent: deque[Batch] = deque(maxlen=RECENT)
        """Without a gap."""
        self._last = 0
        self._followers = 0
        self._reading = False
        self._beginning = asyncio.Lock()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """For ever. What cannot be written is written with the next batch."""
        await self._log.append((), restarted=True)
        while True:
            await asyncio.sleep(EVERY)
            await self._write()
            self._reading = self._reading and self._followers > 0
            if self._reading:
                await self._read()

    @contextmanager
    def following(self) -> Iterator[None]:
        """A place among those who follow. Raises `TooManyFollowers`."""
        if self._followers >= MOST_FOLLOWERS:
            raise TooManyFollowers
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1

    async def follow(self, after: int | None) -> AsyncIterator[Batch]:
        """What changes from now on, or since the batch numbered `after`; a batch without changes first, and now and
        then, to show that we live. Ends when the service stops. For whoever is `following`."""
        await self._begin()
        position = self._last if after is None else after
        yield Batch(position)
        while not self._stopping.is_set():
            for batch in await self._since(position):
                position = batch.number
                yield batch

    async def _begin(self) -> None:
        async with self._beginning:
            if not self._reading:
                self._recent.clear()
                self._last = await self._log.last()
                self._reading = True

    async def _since(self, position: int) -> list[Batch]:
        if position > self._last:
            return [Batch(self._last, lost=True)]
        if position == self._last:
            return [] if await self._wait() else [Batch(position)]
        recent = [batch for batch in self._recent if batch.number > position]
        if recent and recent[0].number == position + 1:
            return recent
        # What this replica has not read yet comes with `_read`, to everybody at once.
        found = [entry for entry in await self._log.after(position) if entry.number <= self._last]
        if not found or found[0].number != position + 1:
            return [Batch(self._last, lost=True)]
        return await self._batches(found)

    async def _wait(self) -> bool:
        """Until there is something new, or we stop; false where there was nothing for long."""
        waiting = [asyncio.create_task(self._news.wait()), asyncio.create_task(self._stopping.wait())]
        try:
            done, _ = await asyncio.wait(waiting, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return bool(done)

    async def _write(self) -> None:
        keys = self._noted.take()
        if not keys:
            return
        written = 0
        try:
            while written < len(keys):
                await self._log.append(keys[written : written + MOST_KEYS])
                written += MOST_KEYS
        except BaseException:
            self._noted.put_back(keys[written:])
            raise

    async def _read(self) -> None:
        found = await self._log.after(self._last)
        if not found:
            return
        self._recent.extend(await self._batches(found))
        while sum(len(batch.changes) for batch in self._recent) > RECENT_CHANGES and len(self._recent) > 1:
            self._recent.popleft()
        self._last = found[-1].number
        self._news.set()
        self._news = asyncio.Event()

    async def _batches(self, entries: Sequence[Entry]) -> list[Batch]:
        """Each document is shown as it is now, once, at its last change."""
        latest = {key: entry.number for entry in entries for key in entry.keys}
        batches = []
        for entry in entries:
            keys = [key for key in entry.keys if latest[key] == entry.number]
            batches.append(Batch(entry.number, tuple(await self._resolve(keys)), lost=entry.restarted))
        return batches
