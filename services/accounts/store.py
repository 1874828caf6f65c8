"""The collections of accounts, their indexes, and every query on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from services.accounts.domain.client import Client
from services.accounts.domain.conflict import Conflict
from services.accounts.domain.conflict import Kind as ConflictKind
from services.accounts.domain.growth import Course
from services.accounts.domain.manager import Manager
from services.accounts.domain.proposal import OPEN, Proposal, Standing
from services.accounts.domain.trail import Block, Entry
from services.accounts.domain.watermark import Watermark
from shared.contracts.accounts import ClientHandedOver, ClientLost, ClientWon, FactReversed
from shared.service import Service
from shared.store import Documents
from shared.store.codec import from_fields

MANAGERS_LIMIT = 10_000
CLIENTS_LIMIT = 1_000_000
PARTIES_LIMIT = 200
"""Clients named in one conflict."""
BRANCHES_LIMIT = 100
"""Clients with one INN."""
FACTS = frozenset({kind.TYPE for kind in (ClientWon, ClientLost, ClientHandedOver, FactReversed)})

TRAIL = IndexModel("trail.waiting.entry_id", partialFilterExpression={"trail.waiting.entry_id": {"$exists": True}})
BLOCK_INDEXES = (
    IndexModel("entries.entry_id"),
    IndexModel([("entries.kind", 1), ("entries.about", 1), ("number", -1)]),
)
CLIENT_INDEXES = (
    TRAIL,
    IndexModel([("inn", 1), ("apart", 1)], unique=True),
    IndexModel([("name", 1), ("_id", 1)]),
    IndexModel([("manager_id", 1), ("name", 1), ("_id", 1)]),
    IndexModel("contacts.phones"),
    IndexModel("contacts.emails"),
    IndexModel([("active", 1), ("source", 1)]),
    IndexModel([("stays.holders.manager_id", 1), ("_id", 1)]),
    IndexModel("moved_on"),
    IndexModel([("manager_id", 1), ("active", 1), ("moved_on", 1), ("fee", 1)], name="growth"),
    IndexModel([("words", 1), ("name", 1), ("_id", 1)]),
    IndexModel("reversals.fact_id", name="reversed", partialFilterExpression={"reversals.fact_id": {"$gt": ""}}),
)
SNILS = IndexModel("snils", unique=True, partialFilterExpression={"snils": {"$gt": ""}})
"""Made after the others (`keep_snils_apart`), before anything is served: what an earlier version let in must not keep
the service down."""
OUTDATED = (
    ("clients", "inn_1"),
    ("clients", "active_1_moved_on_1_manager_id_1_fee_1"),
    ("contact_calls", "week_1"),
    ("contact_calls", "manager_id_1_week_1"),
    ("asks", "manager_id_1_last_at_1"),
)
"""Indexes of earlier versions; the first would refuse a branch kept apart."""
SPOKEN_OF: Mapping[str, Mapping[str, Any]] = {"control": {"facts.kind": "ordered"}}
"""Which documents of a kind the audit chain must speak of; all of them where nothing is said."""
COURSE = {each.name: 1 for each in fields(Course)}
NOT_THERE = frozenset({26, 27})
"""What the database answers where there is no such collection or index."""
CONFLICT_INDEXES = (
    TRAIL,
    IndexModel([("state", 1), ("_id", 1)]),
    IndexModel([("parties.manager_id", 1), ("state", 1), ("_id", 1)]),
)
PROPOSAL_INDEXES = (
    TRAIL,
    IndexModel([("proposed_at", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("proposed_at", 1), ("_id", 1)]),
    IndexModel([("concerns", 1), ("proposed_at", 1), ("_id", 1)]),
    IndexModel([("proposed_by", 1), ("proposed_at", 1), ("_id", 1)]),
    IndexModel("prospect_id", unique=True, partialFilterExpression={"prospect_id": {"$gt": ""}}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A trial request and whose it is: whether it is over, and flawless; whether its prospect was won already."""

    prospect_id: str
    manager_id: str
    vouched_by_client_id: str
    ended: bool
    flawless: bool
    won: bool


TRIED = {"trials": 1, "state": 1, "manager_id": 1, "vouched_by_client_id": 1}


class Store:
    """Managers, clients and proposals: one document each."""

    def __init__(self, service: Service) -> None:
        self.managers = service.documents("managers", Manager, indexes=(TRAIL,))
        self.clients = service.documents("clients", Client, indexes=CLIENT_INDEXES)
        self.proposals = service.documents("proposals", Proposal, indexes=PROPOSAL_INDEXES)
        self._database = service.database
        self.conflicts = service.documents("conflicts", Conflict, indexes=CONFLICT_INDEXES)
        self.blocks = service.documents("audit", Block, indexes=BLOCK_INDEXES)
        self.trailed: dict[str, Documents[Any]] = {
            "manager": self.managers,
            "client": self.clients,
            "proposal": self.proposals,
            "conflict": self.conflicts,
        }
        """Whose changes are kept in the audit chain, by the kind of document."""
        self.watermarks = service.documents("watermarks", Watermark)

    async def drop_outdated(self) -> None:
        """Drop the indexes of earlier versions."""
        for collection, name in OUTDATED:
            try:
                await self._database[collection].drop_index(name)
            except OperationFailure as failure:
                if failure.code not in NOT_THERE:
                    raise

    async def keep_snils_apart(self) -> bool:
        """From now on no two managers have one СНИЛС; false where two have, as an earlier version let them."""
        try:
            await self.managers.collection.create_indexes([SNILS])
        except DuplicateKeyError:
            return False
        return True

    async def managers_with(self, snils: str) -> list[Manager]:
        """The managers who have this СНИЛС, in order of id."""
        return await self.managers.find({"snils": snils}, limit=PARTIES_LIMIT)

    async def managers_after(self, manager_id: str | None, limit: int) -> list[Manager]:
        """Managers in order of id."""
        return await self.managers.find({} if manager_id is None else {"_id": {"$gt": manager_id}}, limit=limit)

    async def managers_of(self, manager_ids: Iterable[str]) -> list[Manager]:
        """The managers of these ids, those of them that there are."""
        wanted = list(manager_ids)
        return await self.managers.find({"_id": {"$in": wanted}}, limit=len(wanted) + 1)

    async def client_by_inn(self, inn: str, apart: str | None = None) -> Client | None:
        """The client with this INN, active or lost; of branches kept `apart` the one with this KPP."""
        return next(iter(await self.clients.find({"inn": inn, "apart": apart}, limit=1)), None)

    async def clients_by_inn(self, inns: Iterable[str]) -> dict[tuple[str, str | None], Client]:
        """Those clients of `inns` that there are, by INN and by the KPP of a branch kept apart."""
        wanted = list(inns)
        found = await self.clients.find({"inn": {"$in": wanted}}, limit=len(wanted) * BRANCHES_LIMIT + 1)
        return {(client.inn, client.apart): client for client in found}

    async def count_up_to(self, where: Mapping[str, Any], limit: int) -> int:
        """How many clients match, counted up to `limit`."""
        return int(await self.clients.collection.count_documents(where, limit=limit))

    async def clients_where(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Client]:
        """Clients in order of name; `after` is the `client_place` of the last one seen."""
        if after is not None:
            client_id, _, name = after.partition(" ")
            where = {"$and": [where, _beyond("name", name, client_id)]}
        return await self.clients.find(where, sort=(("name", 1), ("_id", 1)), limit=limit)

    async def proposals_where(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Proposal]:
        """Proposals, the oldest first; `after` is the `place_of` the last one seen, `ValueError` if it is none."""
        if after is not None:
            where = {"$and": [where, _beyond("proposed_at", *read_place(after))]}
        return await self.proposals.find(where, sort=(("proposed_at", 1), ("_id", 1)), limit=limit)

    async def trial(self, request_id: str, proposal_id: str) -> Tried | None:
        """How far a prospect's trial request of this id has come, leaving aside what the proposal itself does."""
        found = await self._database["prospects"].find_one({"trials.request_id": request_id}, TRIED)
        if found is None:
            return None
        (trial,) = (each for each in found["trials"] if each["request_id"] == request_id)
        taken = await self.proposals.count({"prospect_id": found["_id"], "_id": {"$ne": proposal_id}})
        return Tried(
            prospect_id=found["_id"],
            manager_id=found["manager_id"],
            vouched_by_client_id=found["vouched_by_client_id"],
            ended=trial.get("ended_at") is not None,
            flawless=bool(trial.get("flawless")),
            won=found["state"] == "won" or taken > 0,
        )

    async def won_of(self, prospect_ids: Sequence[str]) -> list[Proposal]:
        """The confirmed wins by which these prospects became clients."""
        where = {"prospect_id": {"$in": list(prospect_ids)}, "state": "confirmed"}
        return await self.proposals.find(where, sort=(("prospect_id", 1),), limit=len(prospect_ids) or 1)

    async def reversed_ever(self) -> list[str]:
        """The clients of whom some fact was reversed."""
        found = self.clients.collection.find({"reversals.fact_id": {"$gt": ""}}, {"_id": 1}).hint("reversed")
        return [each["_id"] async for each in found]

    async def client_of_request(self, request_id: str) -> str | None:
        """Whose request it is, as far as is known."""
        found = await self._database["matters"].find_one({"_id": request_id}, {"client_id": 1})
        return str(found["client_id"]) if found and found.get("client_id") else None

    async def unfinished(self, decided_before: datetime, limit: int = 100) -> list[Proposal]:
        """Confirmed proposals whose client is not yet known to have followed."""
        where = {"state": "confirming", "decided.at": {"$lte": decided_before}}
        return await self.proposals.find(where, sort=(("proposed_at", 1),), limit=limit)

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

    async def last_block(self) -> Block | None:
        """The end of the audit chain."""
        return next(iter(await self._blocks({}, -1, 1)), None)

    async def blocks_after(self, block: Block | None, limit: int) -> list[Block]:
        """The blocks that follow, in order. Raises `msgspec.ValidationError` for one that cannot be read."""
        return await self._blocks({"_id": {"$gt": block.block_id}} if block else {}, 1, limit)

    async def _blocks(self, where: Mapping[str, Any], order: int, limit: int) -> list[Block]:
        # Not `find`, which leaves out what it cannot read: here nothing may be missing.
        found = self.blocks.collection.find(where, {"outbox": 0}).sort("_id", order).limit(limit)
        return [from_fields(each, Block) async for each in found]

    async def chained_among(self, entry_ids: Sequence[str]) -> set[str]:
        """Those of these entries that are in the chain."""
        where = {"entries.entry_id": {"$in": list(entry_ids)}}
        found = self.blocks.collection.find(where, {"entries.entry_id": 1})
        return {entry["entry_id"] async for block in found for entry in block["entries"]}

    async def chained_about(self, kind: str, about: str, before: int | None, limit: int) -> list[Entry]:
        """The entries about one document that are in the chain, the newest first; numbered below `before`."""
        below = {} if before is None else {"entries.number": {"$lt": before}}
        return await self._entries({"entries.kind": kind, "entries.about": about}, below, limit)

    async def chained_of(self, kind: str, abouts: Sequence[str]) -> dict[str, list[Entry]]:
        """The entries about several documents that are in the chain."""
        found: dict[str, list[Entry]] = {}
        for entry in await self._entries({"entries.kind": kind, "entries.about": {"$in": list(abouts)}}, {}, None):
            found.setdefault(entry.about, []).append(entry)
        return found

    async def keys_after(self, kind: str, key: str, limit: int) -> list[str]:
        """Ids, in order, of documents of which the chain must speak, or that say it does."""
        spoken_of = {"$or": [{"trail.made": {"$gt": 0}}, SPOKEN_OF.get(kind, {})]}
        found = self.trailed[kind].collection.find({"_id": {"$gt": key}, **spoken_of}, {"_id": 1})
        return [each["_id"] async for each in found.sort("_id", 1).limit(limit)]

    async def _entries(self, about: Mapping[str, Any], more: Mapping[str, Any], limit: int | None) -> list[Entry]:
        steps: list[dict[str, Any]] = [
            {"$match": {"entries": {"$elemMatch": {name.removeprefix("entries."): it for name, it in about.items()}}}},
            {"$unwind": "$entries"},
            {"$match": {**about, **more}},
            {"$replaceRoot": {"newRoot": "$entries"}},
            {"$sort": {"number": -1}},
        ]
        found = self.blocks.collection.aggregate(steps if limit is None else [*steps, {"$limit": limit}])
        return [from_fields(entry, Entry) async for entry in found]

    async def ever_held_by(self, manager_id: str) -> list[Course]:
        """Every client the manager holds or held."""
        return await self._courses({"stays.holders.manager_id": manager_id})

    async def _courses(self, where: Mapping[str, Any]) -> list[Course]:
        found = await self.clients.collection.find(where, COURSE).to_list(None)
        return [from_fields(each, Course) for each in found]

    async def moved_since(self, day: date, manager_ids: Sequence[str] | None = None) -> list[Course]:
        """Clients about whose history something changes on `day` or later, of those these managers ever held."""
        held = {} if manager_ids is None else {"stays.holders.manager_id": {"$in": list(manager_ids)}}
        moved = {"$or": [{"moved_on": {"$gte": day.isoformat()}}, {"moved_on": None}]}
        return await self._courses(held | moved)

    async def unmoved_since(
        self, day: date, manager_ids: Sequence[str] | None = None
    ) -> dict[str, tuple[int, Decimal]]:
        """How many of the others are with us, and what they pay, by manager."""
        held = {} if manager_ids is None else {"manager_id": {"$in": list(manager_ids)}}
        groups = self.clients.collection.aggregate(
            [
                {"$match": held | {"active": True, "moved_on": {"$lt": day.isoformat()}}},
                {"$group": {"_id": "$manager_id", "count": {"$sum": 1}, "fees": {"$sum": "$fee"}}},
            ],
            hint="growth",
        )
        return {group["_id"]: (group["count"], group["fees"]) async for group in groups}

    async def unindexed(self, limit: int) -> list[str]:
        """Clients recorded before there was an index of their words and days."""
        found = self.clients.collection.find({"moved_on": None}, {"_id": 1}).limit(limit)
        return [each["_id"] async for each in found]

    async def clients_with(self, kind: ConflictKind, value: str) -> list[Client]:
        """The clients that have this INN, or an accountant with this phone."""
        where = {"inn": value} if kind == "inn" else {"contacts.phones": value}
        return await self.clients.find(where, limit=PARTIES_LIMIT)

    async def phones_of_several(self) -> list[str]:
        """Phones that more than one accountant has."""
        return await self._several([{"$unwind": "$contacts"}, {"$unwind": "$contacts.phones"}], "$contacts.phones")

    async def snils_of_several(self) -> list[str]:
        """СНИЛС that more than one manager has."""
        given: list[dict[str, Any]] = [{"$match": {"snils": {"$gt": ""}}}, *_several("$snils")]
        return [each["_id"] async for each in self.managers.collection.aggregate(given)]

    async def inns_of_several(self) -> list[str]:
        """INNs that more than one client has."""
        return await self._several([], "$inn")

    async def _several(self, steps: list[dict[str, Any]], field: str) -> list[str]:
        found = self.clients.collection.aggregate([*steps, *_several(field)], allowDiskUse=True)
        return [each["_id"] async for each in found]

    async def standing_conflicts(self) -> list[Conflict]:
        """Those that are not gone."""
        return await self.conflicts.find({"state": {"$ne": "gone"}}, limit=CLIENTS_LIMIT)

    async def conflicts_where(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Conflict]:
        """Conflicts in order of id; `after` is the last one seen."""
        beyond = {} if after is None else {"_id": {"$gt": after}}
        return await self.conflicts.find({**where, **beyond}, limit=limit)

    async def active_by_source(self) -> dict[str, int]:
        """How many clients are with us, by how they came."""
        groups = self.clients.collection.aggregate(
            [{"$match": {"active": True}}, {"$group": {"_id": "$source", "count": {"$sum": 1}}}]
        )
        return {group["_id"]: group["count"] async for group in groups}

    async def active_and_fees(self) -> tuple[int, Decimal]:
        """How many clients are with us, and what they pay together a month."""
        groups = self.clients.collection.aggregate(
            [{"$match": {"active": True}}, {"$group": {"_id": None, "count": {"$sum": 1}, "fees": {"$sum": "$fee"}}}],
            hint="growth",
        )
        found = [(each["count"], each["fees"]) async for each in groups]
        return found[0] if found else (0, Decimal(0))

    async def holding(self) -> list[str]:
        """The managers who hold a base at present."""
        found: list[str] = await self.clients.collection.distinct("manager_id", {"active": True})
        return found

    async def open_proposals(self) -> tuple[int, datetime | None]:
        """How many proposals are open, and since when the oldest."""
        where = {"state": {"$in": list(OPEN)}}
        oldest = await self.proposals.find(where, sort=(("proposed_at", 1),), limit=1)
        return await self.proposals.count(where), oldest[0].proposed_at if oldest else None


def _several(field: str) -> list[dict[str, Any]]:
    """The steps to what is in this field more than once."""
    return [{"$group": {"_id": field, "count": {"$sum": 1}}}, {"$match": {"count": {"$gt": 1}}}]


def client_place(client_id: str, name: str) -> str:
    """Where a client stands in the order of `clients_where`."""
    return f"{client_id} {name}"


def place_of(moment: datetime, key: str) -> str:
    """Where something stands in an order by moment, then by id."""
    return f"{key} {moment.isoformat()}"


def read_place(place: str) -> tuple[datetime, str]:
    """The moment and the id `place_of` was made of. Raises `ValueError`."""
    key, _, moment = place.partition(" ")
    at = datetime.fromisoformat(moment)
    if at.utcoffset() != timedelta():
        raise ValueError(place)
    return at, key


def seen_by(person: str) -> dict[str, Any]:
    """The filter for proposals a manager may see: their own, and those about their base or pay."""
    return {"$or": [{"proposed_by": person}, {"concerns": person}]}


def in_state(state: Standing | None) -> dict[str, Any]:
    """The filter for proposals in `state`; all where it is None."""
    return {} if state is None else {"state": state}


def _beyond(field: str, value: object, key: str) -> dict[str, Any]:
    return {"$or": [{field: {"$gt": value}}, {field: value, "_id": {"$gt": key}}]}
