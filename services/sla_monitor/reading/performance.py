"""The query behind the reports: obligations counted by outcome and whole seconds, so that percentiles are exact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sla_monitor.domain.performance import By, Cell, Performance, line
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
"""Cells the database answers with: while the next ones come, whatever else the service does has its turn."""
THEIRS = {"$filter": {"input": "$named", "cond": {"$eq": ["$$this.who", "$obligations.specialist_id"]}}}
NAMES: Mapping[By, Any] = {
    "client": "$client.name",
    "specialist": {"$let": {"vars": {"theirs": THEIRS}, "in": {"$last": "$$theirs.name"}}},
}
NAMED = {"$filter": {"input": "$facts", "cond": {"$gt": ["$$this.name", None]}}}
"""The facts that say what somebody is called."""


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
    is about, no more is held than one line is made of: its outcomes, and the times that differ by whole seconds."""
    cursor = store.timelines.collection.aggregate(_pipeline(wanted, now), allowDiskUse=True, batchSize=AT_ONCE)
    found: list[Performance] = []
    cells: list[Cell] = []
    async for one in cursor:
        cell = from_fields(one, Cell)
        if cells and cells[0].key != cell.key:
            found.append(line(cells))
            cells = []
        cells.append(cell)
    if cells:
        found.append(line(cells))
    return sorted(found, key=lambda one: one.key is None)


def _pipeline(wanted: Wanted, now: datetime) -> list[dict[str, Any]]:
    documents: dict[str, Any] = {"obligations": {"$elemMatch": {"since": _period(wanted)}}}
    if wanted.base is not None:
        documents |= within(wanted.base)
    group = {"key": _key(wanted), "outcome": "$outcome", "seconds": "$seconds"}
    return [
        {"$match": documents},
        {"$project": {"client": 1, "obligations": 1} | ({"named": NAMED} if wanted.by == "specialist" else {})},
        {"$unwind": "$obligations"},
        {"$match": _obligations(wanted, now)},
        {"$set": {"outcome": _outcome(), "seconds": _seconds()}},
        {"$group": {"_id": group, "name": {"$last": NAMES.get(wanted.by)}, "count": {"$sum": 1}}},
        {"$replaceWith": {"$mergeObjects": [{"key": None, "seconds": None}, "$_id", "$$ROOT"]}},
        {"$sort": {"key": 1}},
    ]


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


def _outcome() -> dict[str, Any]:
    late = {"$cond": [{"$gt": ["$obligations.ended", "$obligations.due"]}, "met_late", "met"]}
    branches = [
        {"case": {"$eq": ["$obligations.ending", "met"]}, "then": late},
        {"case": {"$eq": ["$obligations.ending", "cancelled"]}, "then": "given_up_late"},
    ]
    return {"$switch": {"branches": branches, "default": "overdue"}}


def _seconds() -> dict[str, Any]:
    took = {"$dateDiff": {"startDate": "$obligations.since", "endDate": "$obligations.ended", "unit": "millisecond"}}
    whole = {"$toInt": {"$round": {"$divide": [took, 1000]}}}
    return {"$cond": [{"$eq": ["$obligations.ending", "met"]}, whole, None]}
