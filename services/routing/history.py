"""What was done, read for the record (R-COI-1) and for estimates: bounded queries, whose indexes store.py has."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.routing.domain.attempts import attempts
from services.routing.domain.dossier import Dossier, Period, dossier
from services.routing.domain.estimates import Done, Task
from services.routing.domain.needs import need_of
from services.routing.domain.signals import RETURNS_WITHIN, Eyes
from services.routing.domain.specialists import Profile, Specialist
from services.routing.domain.work import Work
from services.routing.domain.worktime import Worked, real_minutes, spent, worked_by
from services.routing.stems import stems
from services.routing.store import Store
from shared.store.codec import from_fields

WORKS = 2_000
"""The works, the newest first, a record is told from."""
FINISHED = 5_000
"""The works, the newest first, estimates are learnt from."""
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
        works = await self._works(where, FINISHED)
        people = await self._store.specialists.find({}, limit=PEOPLE)
        profiles: Mapping[str, Profile] = {one.specialist_id: one.profile for one in people}
        worked = {key: worked_by(profile) for key, profile in profiles.items()}
        return await asyncio.to_thread(lambda: [one for work in works for one in _done(work, worked)])

    async def _works(self, where: Mapping[str, Any], limit: int) -> list[Work]:
        cursor = self._store.works.collection.find(where, UNREAD).sort(NEWEST).limit(limit)
        return [from_fields(document, Work) async for document in cursor]


def task_of(work: Work, specialist_id: str | None) -> Task:
    """What is known of the work before it is done."""
    registered, client = work.registered, work.tale.client
    return Task(
        product="|".join(need_of(registered.products, None).products) if registered else "",
        client_id=client.client_id if client else "",
        words=stems(registered.subject_text) if registered else frozenset(),
        specialist_id=specialist_id or "",
    )


def _done(work: Work, worked: Mapping[str, Worked]) -> Iterable[Done]:
    for one in attempts(work):
        if one.finished_at is not None and one.outcome in {"finished", "accepted"}:
            minutes = spent(tuple(one.spans), worked.get(one.specialist_id, real_minutes))
            yield Done(task=task_of(work, one.specialist_id), at=one.finished_at, minutes=max(1.0, minutes))


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
