"""Aggregates as documents: state, version, outbox and inbox in one document, one step one guarded write.

    step:  load ──▶ decide (pure) ──▶ one durable write of state + events + the message's id ──▶ publish ──▶ clear

A crash anywhere leaves either nothing of the step, or all of it with its events waiting in the outbox.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar, get_origin
from weakref import WeakValueDictionary

import msgspec
import structlog

from shared.clock import machine_now
from shared.contracts.base import Decide, Decision, Event
from shared.ids import NewId
from shared.messaging.envelope import Outgoing
from shared.observability import CONFLICTS, DUPLICATES, UNREADABLE
from shared.store.batching import Batcher
from shared.store.codec import from_fields, to_fields
from shared.store.commit import SEEN_KEPT, Conflict, GroupCommit, Write
from shared.store.outbox import Outbox

log = structlog.get_logger()

S = TypeVar("S")

CACHED = 5_000
"""Documents kept in memory. A stale one costs a conflict and a second look, never a wrong write."""
TRIES = 50
LOAD_BATCH = 256
HIDDEN = {"outbox": 0, "write_id": 0}
RESERVED = frozenset({"_id", "version", "outbox", "seen", "write_id"})
"""Fields of every document; a state has none of these names."""


class Busy(Exception):
    """So many writers want this document that the step did not get through; try again."""


class Unreadable(Exception):
    """The document in the database is not one this program understands."""


@dataclass(frozen=True, slots=True)
class Stepped(Generic[S]):
    """What became of a step."""

    state: S
    events: tuple[Event, ...]
    written: bool
    """False where the step had been taken before, or changed nothing."""


@dataclass(frozen=True, slots=True)
class _Held(Generic[S]):
    version: int
    state: S | None
    seen: tuple[str, ...]
    fresh: bool


_ABSENT: _Held[Any] = _Held(0, None, (), fresh=True)
_MAYBE: _Held[Any] = _Held(0, None, (), fresh=False)


class Documents(Generic[S]):
    """One collection of aggregates whose state is the frozen dataclass `kind`.

    Raises `TypeError` where `kind` has a field of the store's own: it would be overwritten at each write.
    """

    def __init__(
        self,
        collection: Any,
        kind: type[S],
        outbox: Outbox,
        *,
        name: str,
        source: str,
        new_id: NewId,
        cached: int = CACHED,
    ) -> None:
        if taken := RESERVED.intersection(field.name for field in fields(get_origin(kind) or kind)):  # type: ignore[arg-type]  # a dataclass
            raise TypeError(f"{kind.__name__}.{min(taken)}: the store keeps its own under this name")
        self.collection = collection
        self.outbox = outbox
        self._kind = kind
        self._source = source
        self._new_id = new_id
        self._cached_at_most = cached
        self._commit = GroupCommit(collection, name)
        self._loads: Batcher[str, _Held[S]] = Batcher(self._load, LOAD_BATCH)
        self._cache: OrderedDict[str, _Held[S]] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._conflicts = CONFLICTS.labels(collection=name)
        self._duplicates = DUPLICATES.labels(collection=name)
        self._unreadable = UNREADABLE.labels(collection=name)

    async def step(self, key: str, decide: Decide[S], *, once: str | None = None, new: bool = False) -> Stepped[S]:
        """Decide on the document `key` and make it so, durably, before returning.

        `decide` may be called several times: it must be pure. `once` names the cause, which then has effect at most
        once on this document. `new` expects that there is no such document yet, which saves reading it.
        What `decide` raises is raised. Raises `DuplicateKey` where another unique index is violated.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            return await self._step(key, decide, once, _MAYBE if new and key not in self._cache else None)

    async def get(self, key: str) -> S | None:
        """The state of the document `key` as the database has it now."""
        return (await self._loads.call(key)).state

    async def find(
        self, where: Mapping[str, Any], *, sort: Sequence[tuple[str, int]] = (("_id", 1),), limit: int = 100
    ) -> list[S]:
        """The states of at most `limit` documents that match the driver's filter `where`; one that cannot be read is
        left out, logged and counted, so that it does not take the others along."""
        cursor = self.collection.find(where, HIDDEN).sort(list(sort)).limit(limit)
        held = [self._held(document) async for document in cursor]
        return [one.state for one in held if not isinstance(one, Unreadable) and one.state is not None]

    async def count(self, where: Mapping[str, Any]) -> int:
        """How many documents match."""
        return int(await self.collection.count_documents(where))

    async def drained(self) -> None:
        """Wait until every write is through."""
        await self._commit.drained()

    async def _step(self, key: str, decide: Decide[S], once: str | None, held: _Held[S] | None) -> Stepped[S]:
        for _ in range(TRIES):
            held = held or self._cached(key) or await self._loads.call(key)
            if once is not None and once in held.seen and held.state is not None:
                self._duplicates.inc()
                return Stepped(held.state, (), written=False)
            try:
                decision = decide(held.state)
            except Exception:
                if held.fresh:
                    raise
                held = await self._loads.call(key)
                continue
            if decision.state is held.state and not decision.events:
                if held.fresh:
                    return Stepped(decision.state, (), written=False)
                held = await self._loads.call(key)
                continue
            try:
                await self._write(key, held, decision, once)
            except Conflict:
                self._conflicts.inc()
                self._cache.pop(key, None)
                held = None
                continue
            return Stepped(decision.state, decision.events, written=True)
        raise Busy

    async def _write(self, key: str, held: _Held[S], decision: Decision[S], once: str | None) -> None:
        now = machine_now()
        events = tuple(
            Outgoing.of(event, id=self._new_id(), source=self._source, saved_at=now) for event in decision.events
        )
        seen = held.seen if once is None else (*held.seen, once)[-SEEN_KEPT:]
        self._cache.pop(key, None)

        def written() -> None:
            self.outbox.publish(key, events)
            self._remember(key, _Held(held.version + 1, decision.state, seen, fresh=False))

        await self._commit.write(Write(key, held.version, to_fields(decision.state), events, once, written))

    def _cached(self, key: str) -> _Held[S] | None:
        held = self._cache.get(key)
        if held is not None:
            self._cache.move_to_end(key)
        return held

    def _remember(self, key: str, held: _Held[S]) -> None:
        self._cache[key] = held
        if len(self._cache) > self._cached_at_most:
            self._cache.popitem(last=False)

    async def _load(self, keys: Sequence[str]) -> Sequence[_Held[S] | BaseException]:
        cursor = self.collection.find({"_id": {"$in": list(set(keys))}}, HIDDEN)
        found = {document["_id"]: self._held(document) async for document in cursor}
        return [found.get(key, _ABSENT) for key in keys]

    def _held(self, document: dict[str, Any]) -> _Held[S] | Unreadable:
        try:
            state = from_fields(document, self._kind)
            version, seen = document["version"], tuple(document.get("seen", ()))
        except (msgspec.ValidationError, KeyError, TypeError) as error:
            # A document nobody can read must not take its neighbours' loads with it.
            self._unreadable.inc()
            log.exception("unreadable document", action="store.unreadable", collection=self.collection.name,
                          document_id=str(document["_id"]))  # fmt: skip
            return Unreadable(f"{self.collection.name} {document['_id']}: {error}")
        return _Held(version, state, seen, fresh=True)
