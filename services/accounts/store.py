"""The collections of accounts, their indexes, and every query on them."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import IndexModel

from services.accounts.domain.client import Client
from services.accounts.domain.manager import Manager
from services.accounts.domain.proposal import OPEN, Proposal, Standing
from services.accounts.domain.watermark import Watermark
from shared.contracts.accounts import ClientHandedOver, ClientLost, ClientWon, FactReversed
from shared.service import Service

MANAGERS_LIMIT = 10_000
BRANCHES_LIMIT = 100
"""Clients with one INN."""
FACTS = frozenset({kind.TYPE for kind in (ClientWon, ClientLost, ClientHandedOver, FactReversed)})

CLIENT_INDEXES = (
    IndexModel([("inn", 1), ("apart", 1)], unique=True),
    IndexModel([("name", 1), ("_id", 1)]),
    IndexModel([("manager_id", 1), ("name", 1), ("_id", 1)]),
    IndexModel("contacts.phones"),
    IndexModel([("active", 1), ("source", 1)]),
)
PROPOSAL_INDEXES = (
    IndexModel([("state", 1), ("proposed_at", 1), ("_id", 1)]),
    IndexModel([("concerns", 1), ("proposed_at", 1), ("_id", 1)]),
    IndexModel([("proposed_by", 1), ("proposed_at", 1), ("_id", 1)]),
)


class Store:
    """Managers, clients and proposals: one document each."""

    def __init__(self, service: Service) -> None:
        self.managers = service.documents("managers", Manager)
        self.clients = service.documents("clients", Client, indexes=CLIENT_INDEXES)
        self.proposals = service.documents("proposals", Proposal, indexes=PROPOSAL_INDEXES)
        self.watermarks = service.documents("watermarks", Watermark)

    async def manager_names(self) -> dict[str, str]:
        """The name of every manager, by id."""
        return {manager.manager_id: manager.name for manager in await self.managers.find({}, limit=MANAGERS_LIMIT)}

    async def managers_after(self, manager_id: str | None, limit: int) -> list[Manager]:
        """Managers in order of id."""
        return await self.managers.find({} if manager_id is None else {"_id": {"$gt": manager_id}}, limit=limit)

    async def client_by_inn(self, inn: str, apart: str | None = None) -> Client | None:
        """The client with this INN, active or lost; of branches kept `apart` the one with this KPP."""
        return next(iter(await self.clients.find({"inn": inn, "apart": apart}, limit=1)), None)

    async def clients_by_inn(self, inns: Iterable[str]) -> dict[tuple[str, str | None], Client]:
        """Those clients of `inns` that there are, by INN and by the KPP of a branch kept apart."""
        wanted = list(inns)
        found = await self.clients.find({"inn": {"$in": wanted}}, limit=len(wanted) * BRANCHES_LIMIT + 1)
        return {(client.inn, client.apart): client for client in found}

    async def clients_where(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Client]:
        """Clients in order of name; `after` is the `client_place` of the last one seen."""
        if after is not None:
            client_id, _, name = after.partition(" ")
            where = {"$and": [where, _beyond("name", name, client_id)]}
        return await self.clients.find(where, sort=(("name", 1), ("_id", 1)), limit=limit)

    async def proposals_where(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Proposal]:
        """Proposals, the oldest first; `after` is the `proposal_place` of the last one seen, `ValueError` if it is
        none."""
        if after is not None:
            proposal_id, _, moment = after.partition(" ")
            proposed_at = datetime.fromisoformat(moment)
            if proposed_at.utcoffset() != timedelta():
                raise ValueError(after)
            where = {"$and": [where, _beyond("proposed_at", proposed_at, proposal_id)]}
        return await self.proposals.find(where, sort=(("proposed_at", 1), ("_id", 1)), limit=limit)

    async def unfinished(self, decided_before: datetime, limit: int = 100) -> list[Proposal]:
        """Confirmed proposals whose client is not yet known to have followed."""
        return await self.proposals.find({"state": "confirming", "decided.at": {"$lte": decided_before}}, limit=limit)

    async def earliest_deciding(self) -> datetime | None:
        """Since when the oldest fact is being confirmed whose client is not known to have followed."""
        found = self.proposals.collection.find({"state": "confirming"}, {"decided": 1})
        since = [each["decided"].get("first_at") or each["decided"]["at"] async for each in found]
        return min(since, default=None)

    async def earliest_untold(self) -> datetime | None:
        """The moment of the oldest fact not yet known to be published."""
        found = self.clients.collection.find({"outbox.saved_at": {"$exists": True}}, {"outbox": 1}).hint("outbox")
        moments = [event["time"] async for each in found for event in each["outbox"] if event["type"] in FACTS]
        return min(moments, default=None)

    async def active_by_source(self) -> dict[str, int]:
        """How many clients are with us, by how they came."""
        groups = self.clients.collection.aggregate(
            [{"$match": {"active": True}}, {"$group": {"_id": "$source", "count": {"$sum": 1}}}]
        )
        return {group["_id"]: group["count"] async for group in groups}

    async def open_proposals(self) -> tuple[int, datetime | None]:
        """How many proposals are open, and since when the oldest."""
        where = {"state": {"$in": list(OPEN)}}
        oldest = await self.proposals.find(where, sort=(("proposed_at", 1),), limit=1)
        return await self.proposals.count(where), oldest[0].proposed_at if oldest else None


def client_place(client_id: str, name: str) -> str:
    """Where a client stands in the order of `clients_where`."""
    return f"{client_id} {name}"


def proposal_place(proposal: Proposal) -> str:
    """Where a proposal stands in the order of `proposals_where`."""
    return f"{proposal.proposal_id} {proposal.proposed_at.isoformat()}"


def named(words: str) -> dict[str, Any]:
    """The filter for clients whose name has every one of `words`, capitals or not."""
    return {"$and": [{"name": {"$regex": re.escape(word), "$options": "i"}} for word in words.split()]}


def seen_by(person: str) -> dict[str, Any]:
    """The filter for proposals a manager may see: their own, and those about their base or pay."""
    return {"$or": [{"proposed_by": person}, {"concerns": person}]}


def in_state(state: Standing | None) -> dict[str, Any]:
    """The filter for proposals in `state`; all where it is None."""
    return {} if state is None else {"state": state}


def _beyond(field: str, value: object, key: str) -> dict[str, Any]:
    return {"$or": [{field: {"$gt": value}}, {field: value, "_id": {"$gt": key}}]}
