"""The query behind the reports: obligations counted by outcome and whole seconds, so that percentiles are exact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sla_monitor.domain.performance import By, Cell
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
NAMES: Mapping[By, Any] = {"client": "$client.name"}


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


async def cells(store: Store, wanted: Wanted, now: datetime) -> list[Cell]:
    """What a report is made of; what still has time is not in it, nor what was given up in time."""
    cursor = store.timelines.collection.aggregate(_pipeline(wanted, now), allowDiskUse=True)
    return [from_fields(found, Cell) async for found in cursor]


def _pipeline(wanted: Wanted, now: datetime) -> list[dict[str, Any]]:
    documents: dict[str, Any] = {"obligations": {"$elemMatch": {"since": _period(wanted)}}}
    if wanted.base is not None:
        documents |= within(wanted.base)
    group = {"key": _key(wanted), "outcome": "$outcome", "seconds": "$seconds"}
    return [
        {"$match": documents},
        {"$project": {"client": 1, "obligations": 1}},
        {"$unwind": "$obligations"},
        {"$match": _obligations(wanted, now)},
        {"$set": {"outcome": _outcome(), "seconds": _seconds()}},
        {"$group": {"_id": group, "name": {"$last": NAMES.get(wanted.by)}, "count": {"$sum": 1}}},
        {"$replaceWith": {"$mergeObjects": [{"key": None, "seconds": None}, "$_id", "$$ROOT"]}},
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
