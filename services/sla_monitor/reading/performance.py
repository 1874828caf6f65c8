"""The query behind the reports: the database counts; of the times it answers each, so that percentiles are exact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sla_monitor.domain.performance import By, Line, Part, Performance
from services.sla_monitor.store import Base, Store, within
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import ClockName
from shared.store.codec import from_fields

KEYS: Mapping[By, str] = {
    "manager": "$client.manager_id",
    "specialist": "$obligations.specialist_id",
    "client": "$client.client_id",
    "clock": "$obligations.clock",
}
AT_ONCE = 500
"""Parts the database answers with: while the next ones come, whatever else the service does has its turn."""
TIMELINES = 20_000
"""Of fewer nobody counts what they owe. After a crash the database may be out by its last minute: still few enough."""
OBLIGATIONS_A_PART = 500_000
"""Of more of them each line is answered in parts: the times in a part, in one document of the database, stay below the
16 MB that one may have (1.39 million, which leaves room for parts that are not quite of one size)."""
THEIRS = {"$filter": {"input": "$named", "cond": {"$eq": ["$$this.who", "$obligations.specialist_id"]}}}
NAMES: Mapping[By, Any] = {
    "client": "$client.name",
    "specialist": {"$let": {"vars": {"theirs": THEIRS}, "in": {"$last": "$$theirs.name"}}},
}
NAMED = {"$filter": {"input": "$facts", "cond": {"$gt": ["$$this.name", None]}}}
"""The facts that say what somebody is called."""
MET = {"$eq": ["$obligations.ending", "met"]}
LATE = {"$gt": ["$obligations.ended", "$obligations.due"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Of obligations that began from `since` until before `until`, however old what they are about is."""

    by: By
    since: datetime
    until: datetime
    zone: str
    """Whose months they are."""
    clock: ClockName | None = None
    priority: Priority | None = None
    base: Base | None = None


async def lines(store: Store, wanted: Wanted, now: datetime) -> list[Performance]:
    """A report, in order of its keys; what still has time is not in it, nor what was given up in time. However much it
    is about, no more is held than one part, and of one line the times that differ by whole seconds."""
    question = pipeline(wanted, now, await parts_of(store, wanted))
    found: list[Performance] = []
    line: Line | None = None
    async for one in store.timelines.collection.aggregate(question, allowDiskUse=True, batchSize=AT_ONCE):
        part = from_fields(one, Part)
        if line is None or line.key != part.key:
            found += [line.performance()] if line else []
            line = Line(part.key)
        line.add(part)
    found += [line.performance()] if line else []
    return sorted(found, key=lambda one: one.key is None)


async def parts_of(store: Store, wanted: Wanted) -> int:
    """In how many parts each line is to be answered."""
    timelines = store.timelines.collection
    if await timelines.estimated_document_count() < TIMELINES:
        return 1
    count = {"_id": None, "count": {"$sum": {"$size": "$obligations"}}}
    question = [{"$match": _documents(wanted)}, {"$group": count}]
    return 1 + sum([int(one["count"]) async for one in timelines.aggregate(question)]) // OBLIGATIONS_A_PART


def pipeline(wanted: Wanted, now: datetime, parts: int) -> list[dict[str, Any]]:
    """The question: each line in so many parts, of about one size whatever its obligations have in common."""
    part = {"$floor": {"$multiply": [{"$rand": {}}, parts]}}
    return [
        {"$match": _documents(wanted)},
        {"$project": {"client": 1, "obligations": 1} | ({"named": NAMED} if wanted.by == "specialist" else {})},
        {"$unwind": "$obligations"},
        {"$match": _obligations(wanted, now)},
        {"$group": {"_id": {"key": _key(wanted), "part": part}} | _named(wanted.by) | _counted()},
        {"$set": {"key": "$_id.key"}},
        {"$sort": {"key": 1}},
    ]


def _documents(wanted: Wanted) -> dict[str, Any]:
    base = {} if wanted.base is None else within(wanted.base)
    return {"obligations": {"$elemMatch": {"since": _period(wanted)}}} | base


def _period(wanted: Wanted) -> dict[str, datetime]:
    return {"$gte": wanted.since, "$lt": wanted.until}


def _obligations(wanted: Wanted, now: datetime) -> dict[str, Any]:
    settled = [
        {"obligations.ending": "met"},
        {"obligations.ending": "cancelled", "$expr": {"$gt": ["$obligations.ended", "$obligations.due"]}},
        {"obligations.ending": None, "obligations.paused": None, "obligations.due": {"$lt": now}},
    ]
    named = {"obligations.clock": wanted.clock, "obligations.priority": wanted.priority}
    began = {"obligations.since": _period(wanted)}
    return {"$or": settled} | began | {name: value for name, value in named.items() if value is not None}


def _key(wanted: Wanted) -> Any:
    if wanted.by == "month":
        return {"$dateToString": {"date": "$obligations.since", "format": "%Y-%m", "timezone": wanted.zone}}
    return {"$ifNull": [KEYS[wanted.by], None]}


def _named(by: By) -> dict[str, Any]:
    name = NAMES.get(by)
    known = {"$cond": [{"$gt": [name, None]}, ["$obligations.since", name], None]}
    return {} if name is None else {"named": {"$max": known}}


def _counted() -> dict[str, Any]:
    milliseconds = {"$subtract": ["$obligations.ended", "$obligations.since"]}
    whole = {"$toInt": {"$round": {"$divide": [milliseconds, 1000]}}}
    return {
        "count": {"$sum": 1},
        "met_late": {"$sum": {"$cond": [{"$and": [MET, LATE]}, 1, 0]}},
        "seconds": {"$push": {"$cond": [MET, whole, "$$REMOVE"]}},
    }
