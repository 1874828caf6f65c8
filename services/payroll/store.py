"""The collections of payroll, their indexes, and every query on them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel

from services.payroll.domain.books import Books
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month, first_day, following
from shared.service import Service
from shared.store.codec import from_fields

BOOKS = "company"
"""The key of the one document of months."""
BATCH = 64
CHRONOLOGICAL = ("facts.effective", "facts.fact_id", "_id")
LEDGER_INDEXES = (IndexModel("facts.effective"),)


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
        self.ledgers = service.documents("ledgers", Ledger, indexes=LEDGER_INDEXES)
        self.books = service.documents("books", Books)

    async def company_books(self) -> Books:
        """The months closed so far."""
        return await self.books.get(BOOKS) or Books()

    async def ledgers_after(self, manager_id: str | None, limit: int) -> list[Ledger]:
        """Ledgers in order of the manager's id."""
        return await self.ledgers.find({} if manager_id is None else {"_id": {"$gt": manager_id}}, limit=limit)

    async def ledgers_in_batches(self, after: str | None = None) -> AsyncIterator[list[Ledger]]:
        """All ledgers beyond `after`, in order of the manager's id."""
        while batch := await self.ledgers_after(after, BATCH):
            yield batch
            after = batch[-1].manager_id

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
