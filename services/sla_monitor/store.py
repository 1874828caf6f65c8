"""The collections of sla_monitor, their indexes, and every query on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel

from services.sla_monitor.domain.facts import Client
from services.sla_monitor.domain.obligations import Obligation, Standing
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.domain.verifying import Difference
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import About, ClockName
from shared.service import Service
from shared.store.codec import from_fields
from shared.verification import Verification

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every due time: what is after it has one."""

URGENT_FIRST: tuple[Priority | None, ...] = (None, "urgent", "important", "routine")
"""The order in which a backlog is worked off. Calls, weekly calls and prospects have no priority."""

Place = tuple[datetime, str]
"""A due time and an obligation's id."""

NAMED = IndexModel(
    [("client.manager_id", 1), ("client.client_id", 1)],
    name="named",
    partialFilterExpression={"client.manager_id": {"$gt": ""}},
)
"""The clients a manager is named for; what is about no client of a manager's is not in it."""

INDEXES = (
    IndexModel([("priority", 1), ("next_due", 1)], partialFilterExpression={"next_due": {"$gt": NEVER}}),
    IndexModel("nearest", partialFilterExpression={"nearest": {"$gt": NEVER}}),
    IndexModel("began"),
    IndexModel("obligations.since"),
    IndexModel("client.client_id", partialFilterExpression={"nearest": {"$gt": NEVER}}),
    NAMED,
)
"""What will be told next, what is still to be done, the past, what the reports count, what is open for a client, and
the clients a manager is named for. The first two and the fifth hold only what is still running."""

CLIENT_INDEXES = (IndexModel([("manager_id", 1), ("_id", 1)]),)
"""Whose clients are whose (bases.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What one manager may see: their clients as they are now. A client nobody told of is whose the events say."""

    manager_id: str
    clients: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    """Of the clients the events name the manager for, those nobody told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which obligations are asked for. Without a standing: what still runs, or all of one subject."""

    standing: Standing | None = None
    clock: ClockName | None = None
    priority: Priority | None = None
    base: Base | None = None
    about: About | None = None
    about_id: str | None = None
    due_by: datetime | None = None
    since: datetime
    """Of what has ended: only of requests and calls that began after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One obligation with what it is about."""

    about: About
    about_id: str
    number: str | None = None
    client: Client | None = None
    obligation: Obligation


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many obligations of one clock and priority run."""

    clock: ClockName
    priority: Priority | None
    running: int
    overdue: int
    nearest: datetime | None
    """The earliest due time still to come."""


class Store:
    """Timelines: one document a request or call; and their verifications: one a night."""

    def __init__(self, service: Service) -> None:
        self.timelines = service.documents("timelines", Timeline, indexes=INDEXES)
        self.verifications = service.documents("verifications", Verification[Difference])

    async def upcoming(self, until: datetime, limit: int, but: Sequence[str] = ()) -> list[tuple[datetime, str]]:
        """When something is to be told until then, and the document's key: of calls and urgent requests before the
        others, within a priority the earliest first; `but` for these."""
        found: list[tuple[datetime, str]] = []
        for priority in URGENT_FIRST:
            if len(found) < limit:
                where = becoming_due(until) | {"priority": priority} | ({"_id": {"$nin": list(but)}} if but else {})
                cursor = self.timelines.collection.find(where, {"next_due": 1}).sort("next_due", 1)
                found += [(one["next_due"], one["_id"]) async for one in cursor.limit(limit - len(found))]
        return found

    async def keys(self, where: dict[str, Any], after: str, limit: int) -> tuple[list[str], str | None]:
        """Keys of timelines, in order, and the last of them; None where nothing is after it."""
        wanted = {"$and": [where, {"_id": {"$gt": after}}]}
        cursor = self.timelines.collection.find(wanted, {"_id": 1}).sort("_id", 1).limit(limit)
        found = [one["_id"] async for one in cursor]
        return found, found[-1] if len(found) == limit else None

    async def page(self, where: dict[str, Any], after: str, limit: int) -> tuple[list[Timeline], str | None]:
        """The timelines of such a page; one that cannot be read does not end it."""
        keys, last = await self.keys(where, after, limit)
        return (await self.timelines.find({"_id": {"$in": keys}}, limit=limit) if keys else []), last

    async def rows(self, wanted: Wanted, now: datetime, after: Place | None, limit: int) -> list[Row]:
        """Obligations in order of due time, after that place in it."""
        pipeline: list[dict[str, Any]] = [
            {"$match": documents_of(wanted, now)},
            {"$unwind": "$obligations"},
            {"$match": {"$and": [_obligations(wanted, now), _beyond(after)]}},
            {"$sort": {"obligations.due": 1, "obligations.id": 1}},
            {"$limit": limit},
            {"$project": {"_id": 0, "about": 1, "about_id": 1, "number": 1, "client": 1, "obligation": "$obligations"}},
        ]
        return [from_fields(row, Row) async for row in self.timelines.collection.aggregate(pipeline)]

    async def running_by_clock(self, now: datetime) -> list[Count]:
        """The obligations that run, counted."""
        due = "$obligations.due"
        ticks = {"$eq": [{"$ifNull": ["$obligations.paused", None]}, None]}
        overdue = {"$and": [{"$lt": [due, now]}, ticks]}
        count = {
            "_id": {"clock": "$obligations.clock", "priority": "$obligations.priority"},
            "running": {"$sum": 1},
            "overdue": {"$sum": {"$cond": [overdue, 1, 0]}},
            "nearest": {"$min": {"$cond": [{"$and": [{"$gte": [due, now]}, ticks]}, due, None]}},
        }
        pipeline: list[dict[str, Any]] = [
            {"$match": {"nearest": {"$gt": NEVER}}},
            {"$project": {"obligations.clock": 1, "obligations.priority": 1, "obligations.due": 1,
                          "obligations.ending": 1, "obligations.paused": 1}},
            {"$unwind": "$obligations"},
            {"$match": {"obligations.ending": None}},
            {"$group": count},
            {"$replaceWith": {"$mergeObjects": ["$_id", "$$ROOT"]}},
        ]  # fmt: skip
        return [from_fields(found, Count) async for found in self.timelines.collection.aggregate(pipeline)]


def key_of(about: About, about_id: str) -> str:
    """The `_id` of a timeline."""
    return f"{about}:{about_id}"


def place(row: Row) -> str:
    """Where a row stands in the order of `Store.rows`, as a text."""
    return f"{row.obligation.due.isoformat()} {row.obligation.id}"


def place_of(text: str) -> Place:
    """The place that `place` wrote. Raises `ValueError` where it did not."""
    moment, _, obligation_id = text.partition(" ")
    due = datetime.fromisoformat(moment)
    if due.utcoffset() != timedelta() or not obligation_id:
        raise ValueError(text)
    return due, obligation_id


def within(base: Base) -> dict[str, Any]:
    """The filter for documents about a manager's clients."""
    theirs = {"client.client_id": {"$in": list(base.clients)}}
    said = {"client.client_id": {"$in": list(base.unheard)}, "client.manager_id": base.manager_id}
    return {"$or": [theirs, said]} if base.unheard else theirs


def open_of(client_id: str) -> dict[str, Any]:
    """The filter for what is open of a client's requests and calls."""
    return {"client.client_id": client_id, "nearest": {"$gt": NEVER}, "about": {"$in": ["request", "call"]}}


def month_before(now: datetime) -> datetime:
    """How far back what has ended is looked for unless asked otherwise."""
    return now - timedelta(days=31)


def becoming_due(until: datetime) -> dict[str, Any]:
    """The filter for documents with something to tell until then."""
    return {"next_due": {"$gt": NEVER, "$lte": until}}


def documents_of(wanted: Wanted, now: datetime) -> dict[str, Any]:
    """The filter for documents that may hold what is wanted."""
    where: dict[str, Any] = {}
    if wanted.about_id is not None and wanted.about is not None:
        where["_id"] = key_of(wanted.about, wanted.about_id)
    elif wanted.standing in {"met", "cancelled"}:
        where["began"] = {"$gte": wanted.since}
    else:
        late = {"$lt": now} if wanted.standing == "breached" else {}
        soon = {"$lte": wanted.due_by} if wanted.due_by is not None else {}
        where["nearest"] = {"$gt": NEVER} | late | soon
    if wanted.about is not None:
        where["about"] = wanted.about
    if wanted.base is not None:
        where |= within(wanted.base)
    return where


def _obligations(wanted: Wanted, now: datetime) -> dict[str, Any]:
    clauses: list[dict[str, Any]] = [_standing(wanted, now)]
    if wanted.clock is not None:
        clauses.append({"obligations.clock": wanted.clock})
    if wanted.priority is not None:
        clauses.append({"obligations.priority": wanted.priority})
    if wanted.due_by is not None:
        soon = {"obligations.due": {"$lte": wanted.due_by}}
        clauses.append(soon if wanted.standing == "paused" else soon | {"obligations.paused": None})
    return {"$and": clauses}


def _standing(wanted: Wanted, now: datetime) -> dict[str, Any]:
    """The same as `Obligation.standing`, in the database's words."""
    due, warn_at = "obligations.due", "obligations.warn_at"
    running = {"obligations.ending": None, "obligations.paused": None}
    by_standing: dict[Standing | None, dict[str, Any]] = {
        "open": running | {warn_at: {"$gt": now}, due: {"$gte": now}},
        "warned": running | {warn_at: {"$lte": now}, due: {"$gte": now}},
        "breached": running | {due: {"$lt": now}},
        "paused": {"obligations.ending": None, "obligations.paused": {"$ne": None}},
        "met": {"obligations.ending": "met"},
        "cancelled": {"obligations.ending": "cancelled"},
        None: {} if wanted.about_id is not None else {"obligations.ending": None},
    }
    return by_standing[wanted.standing]


def _beyond(after: Place | None) -> dict[str, Any]:
    if after is None:
        return {}
    due, obligation_id = after
    return {
        "$or": [
            {"obligations.due": {"$gt": due}},
            {"obligations.due": due, "obligations.id": {"$gt": obligation_id}},
        ]
    }
