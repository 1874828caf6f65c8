"""The collections of payroll, their indexes, and every query on them."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pymongo import IndexModel

from services.payroll.domain.accruals import Given
from services.payroll.domain.books import Books
from services.payroll.domain.clients import Client
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import NEVER, Month, first_day, following
from services.payroll.domain.objections import Dispute
from services.payroll.domain.policy import Policies, Policy
from services.payroll.domain.prospects import Prospect
from services.payroll.domain.review import Part, Preview
from services.payroll.domain.statement import Statement
from services.payroll.domain.verifying import Difference
from services.payroll.domain.watermark import Watermark
from shared.contracts.base import Decision
from shared.money import ZERO
from shared.service import Service
from shared.store.codec import from_fields
from shared.verification import Verification

BOOKS = "company"
"""The key of the one document of months and policies."""
WATERMARK = "accounts"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
BATCH = 64
HELD = 500
"""Ledgers kept in memory: one with a hundred facts takes 85 kB. A close touches each once, and facts are few."""
CHRONOLOGICAL = ("facts.effective", "facts.fact_id", "_id")
VERSIONS = [("_id", 1), ("version", 1)]
LEDGER_INDEXES = (
    IndexModel("facts.effective"),
    IndexModel("facts.client_id"),
    IndexModel("manager.revision"),
    IndexModel("reversals.fact_id", sparse=True),
    IndexModel("cases.proposed_at", sparse=True),
    IndexModel("closed.month"),
    IndexModel([("settled_to", 1), ("_id", 1)]),
    IndexModel(VERSIONS),
)
KNOWN = {"manager.revision": {"$gt": -1}}
"""Ledgers whose manager was told of."""
_MOVES = {
    "$and": [
        {"$gt": ["$$this.fee", 0]},
        {"$ne": [{"$ifNull": ["$$this.undoes", "$$this.kind"]}, "handed_over"]},
        {"$in": [{"$ifNull": ["$$this.source", None]}, [None, "referral"]]},
    ]
}
"""A fact that pays or costs."""
READING_INDEXES = (IndexModel([("manager_id", 1), ("_id", 1)]), IndexModel([("by", 1), ("_id", 1)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Somebody read another's pay. Without a `manager_id`: everybody's."""

    reading_id: str
    at: datetime
    by: str
    role: str
    what: str
    manager_id: str | None
    month: Month | None


@dataclass(frozen=True, slots=True)
class Borne:
    """A fact, who bears it, and whether that manager is known."""

    manager_id: str
    manager_known: bool
    fact: Fact

    @property
    def place(self) -> str:
        """Where it stands in the order of `facts_where`."""
        return json.dumps([self.fact.effective.isoformat(), self.fact.fact_id, self.manager_id])


class Store:
    """One ledger a manager, and the books of the company: one document each."""

    def __init__(self, service: Service) -> None:
        self.ledgers = service.documents("ledgers", Ledger, indexes=LEDGER_INDEXES, cached=HELD)
        self.books = service.documents("books", Books)
        self.previews = service.documents("previews", Preview)
        self.looks = service.documents("looks", Part)
        self.exports = service.documents("exports", Given)
        self.watermarks = service.documents("watermarks", Watermark)
        self.clients = service.documents("clients", Client, indexes=[IndexModel("manager_id")])
        self.prospects = service.documents("prospects", Prospect, indexes=[IndexModel("manager_id")])
        self.disputes = service.documents("disputes", Dispute, indexes=[IndexModel([("manager_id", 1), ("_id", 1)])])
        self.verifications = service.documents("verifications", Verification[Difference])
        self.readings = service.store.indexes("readings", READING_INDEXES)

    async def company_books(self) -> Books:
        """The months closed so far, and the policies."""
        return await self.books.get(BOOKS) or Books()

    async def policies(self, usual: Policy) -> Policies:
        """The policy of every month."""
        return (await self.company_books()).in_force(usual)

    async def ledgers_after(self, manager_id: str | None, limit: int) -> list[Ledger]:
        """Ledgers in order of the manager's id."""
        return await self.ledgers.find({} if manager_id is None else {"_id": {"$gt": manager_id}}, limit=limit)

    async def ledgers_in_batches(self, after: str | None = None) -> AsyncIterator[list[Ledger]]:
        """All ledgers beyond `after`, in order of the manager's id."""
        while batch := await self.ledgers_after(after, BATCH):
            yield batch
            after = batch[-1].manager_id

    async def employed(self, month: Month) -> bool:
        """Whether any known manager works in `month`."""
        return await self.ledgers.collection.find_one(_employed(month), {"_id": 1}) is not None

    async def first_due(self) -> Month | None:
        """The first month any known manager has to be paid for here: since they are known, or since the first fact that
        pays or costs. One answer of the database, however many ledgers there are."""
        found = await self.ledgers.collection.aggregate(_first_due()).to_list()
        return found[0]["first"] if found else None

    async def unsettled(self, month: Month, limit: int) -> list[str]:
        """Managers for whom `month` has not been closed yet."""
        cursor = self.ledgers.collection.find(_not_settled(month), {"_id": 1}).sort([("settled_to", 1), ("_id", 1)])
        return [found["_id"] async for found in cursor.limit(limit)]

    async def progress(self, month: Month) -> tuple[int, int]:
        """For how many managers `month` has been closed, and of how many."""
        every = int(await self.ledgers.collection.count_documents({}, hint=VERSIONS))
        return every - await self.ledgers.count(_not_settled(month)), every

    async def closed_sums(self, month: Month) -> AsyncIterator[tuple[str, Decimal, str]]:
        """Manager, total and hash of every closed statement of `month`, in order of the manager's id."""
        cursor = self.ledgers.collection.aggregate(
            [
                {"$match": {"closed.month": month}},
                {"$project": {"closed": {"month": 1, "total": 1, "seal": 1}}},
                {"$unwind": "$closed"},
                {"$match": {"closed.month": month}},
                {"$sort": {"_id": 1}},
            ]
        )
        async for found in cursor:
            yield found["_id"], found["closed"].get("total", ZERO), found["closed"].get("seal", "")

    async def closed_statements(self, month: Month, after: str | None, limit: int) -> list[Statement]:
        """Closed statements of `month` in order of the manager's id."""
        found = await self._closed_in(month, after, limit)
        statements = (ledger.closed_statement(month) for ledger in found)
        return [statement for statement in statements if statement is not None]

    async def ledgers_closed_in(self, month: Month) -> AsyncIterator[Ledger]:
        """Ledgers with a closed statement of `month`, without their facts, in order of the manager's id."""
        after: str | None = None
        while batch := await self._closed_in(month, after, BATCH):
            for ledger in batch:
                yield ledger
            after = batch[-1].manager_id

    async def _closed_in(self, month: Month, after: str | None, limit: int) -> list[Ledger]:
        where: dict[str, Any] = {"closed.month": month} | ({} if after is None else {"_id": {"$gt": after}})
        fields = {"manager_id": 1, "manager": 1, "closed": {"$elemMatch": {"month": month}}}
        cursor = self.ledgers.collection.find(where, fields).sort("_id", 1).limit(limit)
        return [from_fields(found, Ledger) async for found in cursor]

    async def export(self, month: Month, number: int) -> Given | None:
        """What an export was made of."""
        return await self.exports.get(f"{month}:{number}")

    async def keep_export(self, month: Month, number: int, given: Given) -> Given:
        """What an export is made of, kept: the first word counts."""
        return (await self.exports.step(f"{month}:{number}", lambda known: Decision(known or given))).state

    async def with_cases(self, manager_id: str | None, since: str, limit: int) -> list[Ledger]:
        """Ledgers with proposals to dismiss, in order of the manager's id, from `since` on."""
        whose = {"$gte": since} if manager_id is None else {"$eq": manager_id}
        return await self.ledgers.find({"cases.proposed_at": {"$gt": EPOCH}, "_id": whose}, limit=limit)

    async def without_manager(self) -> list[Ledger]:
        """Ledgers whose manager nobody has told of."""
        return await self.ledgers.find({"manager.revision": None}, limit=0)

    async def waiting_reversals(self) -> list[str]:
        """Words that a fact was wrong, whose fact has not come."""
        found = await self.ledgers.find({"reversals.fact_id": {"$gt": ""}}, limit=0)
        return sorted(word.fact_id for ledger in found for word in ledger.reversals)

    async def facts_elsewhere(self, clients: Collection[str], managers: Sequence[str]) -> list[Fact]:
        """All facts about these clients in the ledgers of others than these managers."""
        there = {"facts.client_id": {"$in": list(clients)}}
        cursor = self.ledgers.collection.aggregate(
            [
                {"$match": there | {"_id": {"$nin": list(managers)}}},
                {"$project": {"facts": 1}},
                {"$unwind": "$facts"},
                {"$match": there},
            ]
        )
        return [from_fields(found["facts"], Fact) async for found in cursor]

    async def ledgers_of(self, managers: Sequence[str]) -> list[Ledger]:
        """Their ledgers, in order of the manager's id."""
        return await self.ledgers.find({"_id": {"$in": list(managers)}}, limit=max(len(managers), 1))

    async def versions_after(self, manager_id: str, limit: int = 0) -> list[tuple[str, int]]:
        """The versions of ledgers beyond `manager_id`, in order of the manager's id; without a `limit` of all."""
        cursor = self.ledgers.collection.find({"_id": {"$gt": manager_id}}, {"version": 1}).hint(VERSIONS)
        return [(found["_id"], found["version"]) async for found in cursor.sort("_id", 1).limit(limit)]

    async def changed_since(self, seen: Mapping[str, int]) -> set[str]:
        """Managers whose ledgers are not of the versions `seen`."""
        return {manager_id for manager_id, version in await self.versions_after("") if seen.get(manager_id) != version}

    async def parts(self, look: int) -> list[Part]:
        """What is kept of a look, in order of the managers' ids."""
        return await self.looks.find(_of_look(look), limit=0)

    async def forget_parts(self, look: int) -> None:
        """Forget the parts of a look that is finished, and of those before it."""
        await self.looks.collection.delete_many({"_id": {"$lt": f"{look:09};"}})

    async def looked_at(self, look: int) -> int:
        """How many ledgers a look has seen."""
        seen = {"$group": {"_id": None, "ledgers": {"$sum": {"$size": "$versions"}}}}
        cursor = self.looks.collection.aggregate([{"$match": _of_look(look)}, seen])
        return sum([found["ledgers"] async for found in cursor])

    async def clients_of(self, manager_id: str) -> list[Client]:
        """The clients a manager holds."""
        return await self.clients.find({"manager_id": manager_id}, limit=10_000)

    async def prospects_of(self, manager_id: str) -> list[Prospect]:
        """The prospects of a manager."""
        return await self.prospects.find({"manager_id": manager_id}, limit=10_000)

    async def clients_named(self, ids: Sequence[str]) -> list[Client]:
        """These clients."""
        return await self.clients.find({"_id": {"$in": list(ids)}}, limit=max(len(ids), 1))

    async def note(self, reading: Reading) -> None:
        """Write down that somebody read another's pay."""
        fields = {name: getattr(reading, name) for name in Reading.__slots__}
        await self.readings.insert_one({"_id": fields.pop("reading_id")} | fields)

    async def readings_where(self, where: dict[str, Any], after: str | None, limit: int) -> list[Reading]:
        """Readings in order of their ids."""
        beyond = {} if after is None else {"_id": {"$gt": after}}
        cursor = self.readings.find(where | beyond).sort("_id", 1).limit(limit)
        return [Reading(reading_id=found.pop("_id"), **found) async for found in cursor]

    async def facts_where(
        self, *, manager_id: str | None, month: Month | None, after: str | None, limit: int
    ) -> list[Borne]:
        """Facts in order of their days; `after` is the `place` of the last one seen, `ValueError` if it is none."""
        dated = {} if month is None else {"facts.effective": _within(month)}
        beyond = [] if after is None else [{"$match": _beyond(after)}]
        cursor = self.ledgers.collection.aggregate(
            [
                {"$match": dated | ({} if manager_id is None else {"_id": manager_id})},
                {"$project": {"facts": 1, "known": {"$gt": ["$manager", None]}}},
                {"$unwind": "$facts"},
                {"$match": dated},
                *beyond,
                {"$sort": dict.fromkeys(CHRONOLOGICAL, 1)},
                {"$limit": limit},
            ]
        )
        return [Borne(found["_id"], found["known"], from_fields(found["facts"], Fact)) async for found in cursor]


def _of_look(look: int) -> dict[str, Any]:
    return {"_id": {"$gte": f"{look:09}:", "$lt": f"{look:09};"}}


def _employed(month: Month) -> dict[str, Any]:
    still = [{"manager.left": None}, {"manager.left": {"$gte": first_day(month).isoformat()}}]
    return KNOWN | {"manager.hired": {"$lt": first_day(following(month)).isoformat()}, "$or": still}


def _first_due() -> list[dict[str, Any]]:
    hired, left = _month_of("$manager.hired"), _month_of({"$ifNull": ["$manager.left", NEVER]})
    fact: dict[str, Any] = {
        "$map": {
            "input": {"$filter": {"input": "$facts", "as": "this", "cond": _MOVES}},
            "in": _month_of("$$this.effective"),
        }
    }
    months = {"$concatArrays": [[{"$max": [hired, _month_of("$manager.known_from")]}], fact]}
    worked = {"$and": [{"$gte": ["$$this", hired]}, {"$lte": ["$$this", left]}]}
    return [
        {"$match": KNOWN},
        {"$project": {"due": {"$min": {"$filter": {"input": months, "as": "this", "cond": worked}}}}},
        {"$match": {"due": {"$ne": None}}},
        {"$group": {"_id": None, "first": {"$min": "$due"}}},
    ]


def _month_of(day: object) -> dict[str, Any]:
    return {"$substrBytes": [day, 0, 7]}


def _not_settled(month: Month) -> dict[str, Any]:
    return {"settled_to": {"$not": {"$gte": month}}}


def _within(month: Month) -> dict[str, str]:
    return {"$gte": first_day(month).isoformat(), "$lt": first_day(following(month)).isoformat()}


def _beyond(place: str) -> dict[str, Any]:
    seen = list(zip(CHRONOLOGICAL, _read(place), strict=True))
    return {"$or": [dict(seen[:number]) | {field: {"$gt": value}} for number, (field, value) in enumerate(seen)]}


def _read(place: str) -> tuple[str, str, str]:
    try:
        found = json.loads(place)
    except RecursionError:
        raise ValueError(place) from None
    match found:
        case [str(day), str(fact_id), str(manager_id)]:
            return day, fact_id, manager_id
        case _:
            raise ValueError(place)
