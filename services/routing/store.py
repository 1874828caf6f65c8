"""Routing's documents, their indexes, and every query over them.

works        one document a request: facts and the tale told from them
specialists  one document a specialist: profile and the places taken
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from pymongo import IndexModel

from services.routing.domain.specialists import Specialist, of_ticket
from services.routing.domain.story import RANKS
from services.routing.domain.work import Work
from shared.contracts.base import Priority
from shared.service import Service

WORK_INDEXES = (
    IndexModel([("tale.stage", 1), ("tale.rank", 1), ("tale.due", 1), ("_id", 1)], name="queue"),
    IndexModel([("tale.specialist_id", 1), ("_id", 1)], name="specialist"),
    IndexModel([("tale.client.manager_id", 1), ("_id", 1)], name="manager"),
    IndexModel(
        [("tale.marks.specialist_id", 1)],
        name="record",
        partialFilterExpression={"tale.marks.specialist_id": {"$exists": True}},
    ),
)
QUEUE = (("tale.rank", 1), ("tale.due", 1), ("_id", 1))


class Store:
    """The two collections."""

    def __init__(self, service: Service) -> None:
        self.works = service.documents("works", Work, indexes=WORK_INDEXES)
        self.specialists = service.documents("specialists", Specialist)

    async def waiting(self, limit: int, *, but: Collection[str], but_needs: Collection[str]) -> list[Work]:
        """The head of the queue: by priority, then by when the client expects a specialist; without those in `but`
        and those whose need is in `but_needs`."""
        where: dict[str, Any] = {"tale.stage": "waiting"}
        if but:
            where["_id"] = {"$nin": list(but)}
        if but_needs:
            where["tale.need"] = {"$nin": list(but_needs)}
        return await self.works.find(where, sort=QUEUE, limit=limit)

    async def waiting_by_priority(self) -> dict[Priority, int]:
        """How many requests wait."""
        cursor = self.works.collection.aggregate(
            [{"$match": {"tale.stage": "waiting"}}, {"$group": {"_id": "$tale.rank", "count": {"$sum": 1}}}]
        )
        counts = {group["_id"]: int(group["count"]) async for group in cursor}
        return {priority: counts.get(rank, 0) for priority, rank in RANKS.items()}

    async def editions(self) -> dict[str, int]:
        """The edition of each specialist's document."""
        cursor = self.specialists.collection.find({}, {"edition": 1})
        return {document["_id"]: int(document["edition"]) async for document in cursor}

    async def specialists_of(self, ids: Iterable[str]) -> list[Specialist]:
        """These specialists, as the database has them now."""
        wanted = list(ids)
        return await self.specialists.find({"_id": {"$in": wanted}}, limit=len(wanted)) if wanted else []

    async def works_of(self, tickets: Iterable[str]) -> dict[str, Work]:
        """The works these tickets belong to, as the database has them now."""
        ids = list({of_ticket(one)[0] for one in tickets})
        found = await self.works.find({"_id": {"$in": ids}}, limit=len(ids)) if ids else []
        return {work.request_id: work for work in found}

    async def record(self, specialist_id: str) -> dict[str, list[str]]:
        """The requests behind each kind of entry in a specialist's record (R-COI-1); one stands there as often as
        it happened."""
        pipeline = [
            {"$match": {"tale.marks.specialist_id": specialist_id}},
            {"$unwind": "$tale.marks"},
            {"$match": {"tale.marks.specialist_id": specialist_id}},
            {"$sort": {"tale.marks.at": 1}},
            {"$group": {"_id": "$tale.marks.kind", "requests": {"$push": "$_id"}}},
        ]
        return {group["_id"]: group["requests"] async for group in self.works.collection.aggregate(pipeline)}

    async def marks_since(self, since: datetime) -> dict[str, Mapping[str, int]]:
        """For each specialist, how many entries of each kind the record has since then."""
        pipeline = [
            {"$match": {"tale.marks.specialist_id": {"$exists": True}}},
            {"$unwind": "$tale.marks"},
            {"$match": {"tale.marks.at": {"$gte": since}}},
            {"$group": {"_id": ["$tale.marks.specialist_id", "$tale.marks.kind"], "count": {"$sum": 1}}},
        ]
        found: dict[str, dict[str, int]] = {}
        async for group in self.works.collection.aggregate(pipeline):
            specialist_id, kind = group["_id"]
            found.setdefault(specialist_id, {})[kind] = int(group["count"])
        return dict(found)
