"""Routing's documents, their indexes, and every query over them.

works        one document a request: facts and the tale told from them
specialists  one document a specialist: profile, absences, exclusions, and the places taken
clients      one document a client: whose base it is in
policies     one document a version of the policy, by its number
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import IndexModel

from services.routing.domain.clients import KnownClient
from services.routing.domain.policy import Policy
from services.routing.domain.specialists import Specialist, of_ticket
from services.routing.domain.story import RANKS
from services.routing.domain.work import Work
from shared.contracts.base import Priority
from shared.service import Service
from shared.store.codec import from_fields

QUEUE = (("tale.rank", 1), ("tale.ahead", -1), ("tale.due", 1), ("registered.at", 1), ("_id", 1))
"""As `Wish.order`."""
WORK_INDEXES = (
    IndexModel([("tale.stage", 1), *QUEUE], name="queue"),
    IndexModel([("tale.specialist_id", 1), ("_id", 1)], name="specialist"),
    IndexModel([("tale.client.manager_id", 1), ("_id", 1)], name="manager"),
    IndexModel(
        [("tale.marks.specialist_id", 1), ("tale.marks.at", 1)],
        name="marks",
        partialFilterExpression={"tale.marks.specialist_id": {"$exists": True}},
    ),
    IndexModel([("tale.marks.at", 1)], name="marked", partialFilterExpression={"tale.marks.at": {"$exists": True}}),
    IndexModel([("deeds.specialist_id", 1), ("deeds.at", 1)], name="deeds"),
    IndexModel([("tale.client.client_id", 1), ("registered.at", 1)], name="client"),
    IndexModel([("registered.at", 1), ("_id", 1)], name="registered"),
    IndexModel(
        [("tale.pending.action", 1)],
        name="pending",
        partialFilterExpression={"tale.pending.action": {"$exists": True}},
    ),
)
CLIENT_INDEXES = (
    IndexModel([("manager_id", 1)], name="base"),
    IndexModel([("former", 1)], name="former"),
)
UNREAD = {"words": 0, "deeds": 0, "explained": 0, "outbox": 0, "write_id": 0, "seen": 0}
"""What the queue does without."""
BASE_LIMIT = 10_000
PENDING_AT_ONCE = 100


class Store:
    """The collections."""

    def __init__(self, service: Service) -> None:
        self.works = service.documents("works", Work, indexes=WORK_INDEXES)
        self.specialists = service.documents("specialists", Specialist)
        self.clients = service.documents("clients", KnownClient, indexes=CLIENT_INDEXES)
        self.policies = service.documents("policies", Policy)

    async def waiting(
        self, limit: int, *, after: Work | None = None, but_needs: Collection[tuple[int, str]] = ()
    ) -> list[Work]:
        """The queue behind `after` (its head, where that is None), without their words and deeds: by priority, then by
        when the client expects a specialist, then by age; without those whose rank and need are in `but_needs`, unless
        nobody has been told yet that they wait."""
        where: list[dict[str, Any]] = [{"tale.stage": "waiting"}]
        if after is not None:
            where.append(_behind(after))
        hopeless: dict[int, list[str]] = {}
        for rank, need in but_needs:
            hopeless.setdefault(rank, []).append(need)
        where += [
            {"$nor": [{"tale.rank": rank, "tale.need": {"$in": needs}, "tale.announced": True}]}
            for rank, needs in hopeless.items()
        ]
        cursor = self.works.collection.find({"$and": where}, UNREAD).sort(list(QUEUE)).limit(limit)
        return [from_fields(document, Work) async for document in cursor]

    async def pending(self, after: str = "") -> list[Work]:
        """Work with something to be done as soon as it can be, by request: the first of those behind `after`."""
        where = {"tale.pending.action": {"$exists": True}, "_id": {"$gt": after}}
        return await self.works.find(where, limit=PENDING_AT_ONCE)

    async def newest_policy(self) -> Policy | None:
        """The policy put in force last; None where the shipped one never was changed."""
        found = await self.policies.find({}, sort=(("number", -1),), limit=1)
        return found[0] if found else None

    async def base_of(self, manager_id: str) -> tuple[list[str], list[str]]:
        """The clients a manager holds, and those they held before and do not any more."""
        mine = self.clients.collection.find({"manager_id": manager_id}, {"_id": 1}).limit(BASE_LIMIT)
        gone = {"former": manager_id, "manager_id": {"$ne": manager_id}}
        former = self.clients.collection.find(gone, {"_id": 1}).limit(BASE_LIMIT)
        return [found["_id"] async for found in mine], [found["_id"] async for found in former]

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

    async def ranks_of(self, tickets: Iterable[str]) -> dict[str, int]:
        """The rank of the work behind each ticket, where it is known."""
        wanted = list(tickets)
        works = await self.works_of(wanted)
        return {one: works[key].tale.rank for one in wanted if (key := of_ticket(one)[0]) in works}

    async def works_since(self, since: datetime) -> dict[str, int]:
        """How many works each specialist was given since then."""
        pipeline = [
            {"$match": {"registered.at": {"$gte": since}}},
            {"$project": {"deeds.specialist_id": 1, "deeds.turn": 1}},
            {"$unwind": "$deeds"},
            {"$match": {"deeds.turn": {"$gt": 0}}},
            {"$group": {"_id": "$deeds.specialist_id", "count": {"$sum": 1}}},
        ]
        return {group["_id"]: int(group["count"]) async for group in self.works.collection.aggregate(pipeline)}

    async def displaceable(self, specialist_ids: Sequence[str], often: int) -> dict[str, list[str]]:
        """For each of these specialists who has some, the routine requests whose place urgent work may take: not
        started, bound to no date, displaced less than `often` times; what the client expects latest comes first."""
        where = {
            "tale.stage": "assigned",
            "tale.rank": RANKS["routine"],
            "tale.ahead": {"$not": {"$gte": often}},
            "tale.finish_by": None,
            "tale.specialist_id": {"$in": list(specialist_ids)},
        }
        theirs = {"$group": {"_id": "$tale.specialist_id", "requests": {"$push": "$_id"}}}
        cursor = self.works.collection.aggregate([{"$match": where}, {"$sort": {"tale.due": -1, "_id": -1}}, theirs])
        return {group["_id"]: group["requests"] async for group in cursor}

    async def marks_since(self, since: datetime) -> dict[str, Mapping[str, int]]:
        """For each specialist, how many entries of each kind the record has since then."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"tale.marks.at": {"$gte": since}}},
            {"$project": {"tale.marks": 1}},
            {"$unwind": "$tale.marks"},
            {"$match": {"tale.marks.at": {"$gte": since}}},
            {"$group": {"_id": ["$tale.marks.specialist_id", "$tale.marks.kind"], "count": {"$sum": 1}}},
        ]
        found: dict[str, dict[str, int]] = {}
        async for group in self.works.collection.aggregate(pipeline):
            specialist_id, kind = group["_id"]
            found.setdefault(specialist_id, {})[kind] = int(group["count"])
        return dict(found)


def _behind(work: Work) -> dict[str, Any]:
    """What comes after `work` in the queue."""
    tale = work.tale
    at = work.registered.at if work.registered else tale.due
    here: dict[str, Any] = {"tale.rank": tale.rank}
    alike = here | {"tale.ahead": tale.ahead or {"$in": [0, None]}}
    return {
        "$or": [
            {"tale.rank": {"$gt": tale.rank}},
            here | {"tale.ahead": {"$lt": tale.ahead}},
            alike | {"tale.due": {"$gt": tale.due}},
            alike | {"tale.due": tale.due, "registered.at": {"$gt": at}},
            alike | {"tale.due": tale.due, "registered.at": at, "_id": {"$gt": work.request_id}},
        ]
    }
