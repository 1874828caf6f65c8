"""What was done, read for the record (R-COI-1) and for estimates: bounded queries, whose indexes store.py has."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.routing.domain.doing import lived
from services.routing.domain.dossier import Dossier, Period, dossier
from services.routing.domain.estimates import Done
from services.routing.domain.signals import RETURNS_WITHIN, Eyes
from services.routing.domain.specialists import Specialist
from services.routing.domain.work import Work
from services.routing.domain.worktime import worked_by
from services.routing.stems import stems
from services.routing.store import Store
from shared.store.codec import from_fields

S = TypeVar("S")
R = TypeVar("R")
WORKS = 2_000
"""The works, the newest first, a record is told from."""
FINISHED = 5_000
"""The works, the newest first, estimates are learnt from."""
BATCH = 250
"""The works read at one go: nothing else gets its turn meanwhile."""
LEARNT_FROM = timedelta(days=365)
PEOPLE = 10_000
UNREAD = {"explained": 0, "outbox": 0, "write_id": 0, "seen": 0}
NEWEST = [("registered.at", -1), ("_id", 1)]


@dataclass(frozen=True, slots=True)
class Told:
    """A record, and whether it is told from all works of the period, or from the newest ones."""

    dossier: Dossier
    complete: bool


class History:
    """Reads what was done."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(self, specialist: Specialist, period: Period, now: datetime) -> Told:
        """A specialist's record over a period."""
        key, profile = specialist.specialist_id, specialist.profile
        own = await self._works(_had(key, period), WORKS)
        others = await self._works(_of_clients(own, period), WORKS) if own else []
        eyes = Eyes(worked=worked_by(profile), zone=profile.zone, stems=stems, now=now)
        told = await asyncio.to_thread(dossier, key, own, others, period, eyes)
        return Told(told, len(own) < WORKS and len(others) < WORKS)

    async def done(self, now: datetime) -> list[Done]:
        """The finished works of a year that nobody refused."""
        where = {"registered.at": {"$gte": now - LEARNT_FROM}, "tale.stage": {"$in": ["finished", "closed"]}}
        people = self._store.specialists.collection.find().limit(PEOPLE)
        worked = dict(await _read(people, Specialist, lambda one: [(one.specialist_id, worked_by(one.profile))]))
        return await _read(self._cursor(where, FINISHED), Work, lambda work: lived(work, worked, stems))

    async def _works(self, where: Mapping[str, Any], limit: int) -> list[Work]:
        return await _read(self._cursor(where, limit), Work, lambda work: [work])

    def _cursor(self, where: Mapping[str, Any], limit: int) -> Any:
        return self._store.works.collection.find(where, UNREAD).sort(NEWEST).limit(limit)


async def _read(cursor: Any, kind: type[S], then: Callable[[S], Iterable[R]]) -> list[R]:
    """What `then` makes of each document: a batch at a time and off the event loop, so that nothing waits for it, and
    no more is held than is wanted."""
    found: list[R] = []
    cursor = cursor.batch_size(BATCH)
    while documents := await cursor.to_list(BATCH):
        found += await asyncio.to_thread(_made, documents, kind, then)
    return found


def _made(documents: Iterable[Any], kind: type[S], then: Callable[[S], Iterable[R]]) -> list[R]:
    return [made for document in documents for made in then(from_fields(document, kind))]


def _had(specialist_id: str, period: Period) -> dict[str, Any]:
    """Works in which something of theirs happened in the period, or soon before it."""
    at: dict[str, Any] = {}
    if period.since is not None:
        at["$gte"] = period.since - RETURNS_WITHIN
    if period.until is not None:
        at["$lt"] = period.until
    one: dict[str, Any] = {"specialist_id": specialist_id} | ({"at": at} if at else {})
    marks = {"tale.marks.specialist_id": specialist_id, "tale.marks": {"$elemMatch": one}}
    return {"$or": [{"deeds": {"$elemMatch": one}}, marks]}


def _of_clients(own: Sequence[Work], period: Period) -> dict[str, Any]:
    """Requests of the same clients that came soon enough after one of these works was registered."""
    clients = sorted({work.tale.client.client_id for work in own if work.tale.client is not None})
    at: dict[str, Any] = {"$gte": min(work.registered.at for work in own if work.registered)}
    if period.until is not None:
        at["$lt"] = period.until
    return {"tale.client.client_id": {"$in": clients}, "registered.at": at}
