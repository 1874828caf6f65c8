"""The collections of calls, control, debt and referrals, their indexes, and every query on them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pymongo import IndexModel

from services.accounts.domain.calls_plan import CallPlan
from services.accounts.domain.contact_calls import ContactCall
from services.accounts.domain.debt import MissedCall, Part
from services.accounts.domain.fans import Ask, Asks, Brief
from services.accounts.domain.matters import Matter
from services.accounts.domain.prospects import Prospect
from services.accounts.domain.weeks import Week
from services.accounts.store import TRAIL, read_place
from shared.contracts.accounts import Band
from shared.contracts.base import STANDARD_TARIFF
from shared.service import Service
from shared.store import Documents
from shared.store.codec import from_fields

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BASE_LIMIT = 5_000
"""More clients or accountants than one manager ever holds."""
MATTERS_LIMIT = 0
"""None: what a debt or a plan is made of is never cut short."""
LOOKED_BACK = 20
"""Requests of one client a fan is judged by, at most."""
BRIEF = {
    "request_id": "$_id",
    "number": {"$ifNull": ["$registration.number", "$_id"]},
    "flawless": "$flawless",
    "refused_at": "$refused_at",
}

WEIGHING = (("client_id", 1), ("weighs_at", 1))
"""In the order of an index: asked for in that of ids, the database may go through all of them instead."""
MATTER_INDEXES = (
    TRAIL,
    IndexModel(WEIGHING, name="weighing"),
    IndexModel([("client_id", 1), ("closed_at", -1)], name="praised", partialFilterExpression={"praised": True}),
    IndexModel(
        [("client_id", 1), ("control_since", 1)], name="controlled", partialFilterExpression={"controlled": True}
    ),
    IndexModel(
        [("client_id", 1), ("refused_at", 1)], name="refused", partialFilterExpression={"refused_at": {"$gt": EPOCH}}
    ),
)
MISSED_INDEXES = (
    IndexModel([("client_id", 1), ("missed_at", 1)]),
    IndexModel([("missed_at", 1), ("client_id", 1)]),
)
CALL_INDEXES = (
    TRAIL,
    IndexModel([("manager_id", 1), ("week", 1), ("_id", 1)]),
    IndexModel([("client_id", 1), ("week", 1), ("_id", 1)]),
    IndexModel([("contact_id", 1), ("held_at", -1)]),
    IndexModel([("week", 1), ("held_at", 1)]),
    IndexModel([("week", 1), ("manager_id", 1), ("held_at", 1), ("discovered", 1)], name="covered"),
    IndexModel("settled", name="unsettled", partialFilterExpression={"settled": False}),
)
ASK_INDEXES = (
    TRAIL,
    IndexModel([("asks.manager_id", 1), ("last_at", 1)]),
    IndexModel("asks.contact_id"),
    IndexModel("last_at"),
)
PLAN_INDEXES = (
    IndexModel([("week", 1), ("manager_id", 1)]),
    IndexModel([("week", 1), ("size", 1)]),
    IndexModel("quiet", name="untold", partialFilterExpression={"quiet": False}),
)
PROSPECT_INDEXES = (
    TRAIL,
    IndexModel([("manager_id", 1), ("state", 1), ("next_contact", 1)]),
    IndexModel([("state", 1), ("_id", 1)]),
    IndexModel("registered_at"),
    IndexModel("vouched_by_client_id"),
    IndexModel("wins.client_id"),
    IndexModel("trials.request_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accountant:
    """An accountant as the plan of calls needs to know them."""

    contact_id: str
    name: str
    away_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A client as the plan of calls needs to know it: little, since a whole company's are read."""

    client_id: str
    revision: int
    name: str
    zone: str
    manager_id: str
    tariff: str = STANDARD_TARIFF
    contacts: tuple[Accountant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A client as lists of a base need to know it."""

    client_id: str
    name: str
    fee: Decimal
    active: bool


OUTLINED = {each.name: 1 for each in fields(Outline) if each.name != "contacts"} | {
    f"contacts.{each.name}": 1 for each in fields(Accountant)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A client's manual-work debt as it was last told. `as_of` is the moment it was computed for."""

    client_id: str
    revision: int = 1
    zone: str
    as_of: datetime
    policy_version: str
    manager_id: str
    fee: Decimal
    name: str
    active: bool = True
    score: float
    band: Band
    loss_probability: float
    parts: tuple[Part, ...] = ()
    contacts: tuple[tuple[str, float], ...] = ()
    """Points by accountant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One asking, and the client that was asked."""

    client_id: str
    ask: Ask


class CareStore:
    """Matters, missed calls, debts, plans, weekly calls, askings and prospects."""

    def __init__(self, service: Service) -> None:
        self.matters = service.documents("matters", Matter, indexes=MATTER_INDEXES)
        self.missed_calls = service.documents("missed_calls", MissedCall, indexes=MISSED_INDEXES)
        self.debts = service.documents(
            "debts", Debt, indexes=(IndexModel([("score", -1)]), IndexModel([("active", 1), ("band", 1), ("fee", 1)]))
        )
        self.plans = service.documents("plans", CallPlan, indexes=PLAN_INDEXES)
        self.contact_calls = service.documents("contact_calls", ContactCall, indexes=CALL_INDEXES)
        self.asks = service.documents("asks", Asks, indexes=ASK_INDEXES)
        self.prospects = service.documents("prospects", Prospect, indexes=PROSPECT_INDEXES)
        self.trailed: dict[str, Documents[Any]] = {
            "prospect": self.prospects,
            "asks": self.asks,
            "contact_call": self.contact_calls,
            "control": self.matters,
        }
        """Whose changes are kept in the audit chain, by the kind of document."""
        self._clients = service.store.indexes("clients", (IndexModel("contacts.contact_id"),))

    async def client_id_of_contact(self, contact_id: str) -> str | None:
        """The client whose accountant it is."""
        found = await self._clients.find_one({"contacts.contact_id": contact_id}, {"_id": 1})
        return found and str(found["_id"])

    async def outline(self, manager_id: str) -> list[Outline]:
        """The manager's clients at present, by id."""
        found = self._clients.find({"manager_id": manager_id, "active": True}, OUTLINED).sort("_id", 1)
        return [from_fields(document, Outline) for document in await found.to_list(None)]

    async def base(self, manager_id: str) -> list[Held]:
        """The clients the manager holds at present."""
        wanted = {each.name: 1 for each in fields(Held)}
        found = await self._clients.find({"manager_id": manager_id, "active": True}, wanted).to_list(None)
        return [from_fields(document, Held) for document in found]

    async def weighing(self, client_ids: Collection[str], since: datetime) -> list[Matter]:
        """The requests of these clients that weigh anything at `since` or later."""
        where = {"client_id": {"$in": list(client_ids)}, "weighs_at": {"$gte": since}}
        return await self.matters.find(where, sort=WEIGHING, limit=MATTERS_LIMIT)

    async def unanswered(self, client_ids: Collection[str], since: datetime) -> list[MissedCall]:
        """The missed calls of these clients since `since`, returned ones too."""
        where = {"client_id": {"$in": list(client_ids)}, "missed_at": {"$gte": since}}
        return await self.missed_calls.find(where, sort=(("client_id", 1), ("missed_at", 1)), limit=MATTERS_LIMIT)

    async def indebted(self, since: datetime) -> set[str]:
        """The clients whose debt may be other than nothing, or was told as other than nothing."""
        weighing = self.matters.collection.aggregate(
            [{"$match": {"weighs_at": {"$gte": since}}}, {"$group": {"_id": "$client_id"}}], hint="weighing"
        )
        calling = await self.missed_calls.collection.distinct("client_id", {"missed_at": {"$gte": since}})
        known = self.debts.collection.find({"score": {"$gt": 0}}, {"_id": 1})
        found = {each["_id"] async for each in weighing} | {each["_id"] async for each in known} | set(calling)
        return {client_id for client_id in found if client_id is not None}

    async def debts_of(self, client_ids: Collection[str]) -> dict[str, Debt]:
        """What was last told of these clients' debts."""
        found = await self.debts.find({"_id": {"$in": list(client_ids)}}, limit=len(client_ids) + 1)
        return {debt.client_id: debt for debt in found}

    async def answered_for(self, manager_id: str) -> dict[str, bool]:
        """Everybody the manager answers for, lost clients and dropped prospects too, by id: whether they are lost."""
        clients = self._clients.find({"manager_id": manager_id}, {"active": 1})
        prospects = self.prospects.collection.find({"manager_id": manager_id}, {"state": 1})
        return {each["_id"]: not each["active"] async for each in clients} | {
            each["_id"]: each["state"] == "dropped" async for each in prospects
        }

    async def controlled(self, client_ids: Collection[str]) -> list[Matter]:
        """The requests of these clients under control, the longest there first."""
        where = {"client_id": {"$in": list(client_ids)}, "controlled": True}
        return await self.matters.find(where, sort=(("control_since", 1),), limit=BASE_LIMIT)

    async def praised(self, client_ids: Sequence[str]) -> dict[str, tuple[Brief, ...]]:
        """The latest urgent and important requests of each client that closed satisfied, the last one first."""
        return await self._briefs({"client_id": {"$in": list(client_ids)}, "praised": True}, "closed_at")

    async def refused_since(self, client_ids: Sequence[str], since: datetime) -> dict[str, tuple[Brief, ...]]:
        """The requests of each client refused since then, the last one first."""
        where = {"client_id": {"$in": list(client_ids)}, "refused_at": {"$gte": since}, "merged_into": None}
        return await self._briefs(where, "refused_at")

    async def open_briefs(self, client_ids: Sequence[str], now: datetime) -> dict[str, tuple[Brief, ...]]:
        """The open requests of each client."""
        where = {"client_id": {"$in": list(client_ids)}, "weighs_at": {"$gte": now}, "open": True}
        return await self._briefs(where, "weighs_at")

    async def _briefs(self, where: Mapping[str, Any], latest: str) -> dict[str, tuple[Brief, ...]]:
        groups = self.matters.collection.aggregate(
            [
                {"$match": where},
                {"$sort": {"client_id": 1, latest: -1}},
                {"$group": {"_id": "$client_id", "found": {"$firstN": {"input": BRIEF, "n": LOOKED_BACK}}}},
            ]
        )
        return {each["_id"]: tuple(from_fields(one, Brief) for one in each["found"]) async for each in groups}

    async def open_of(self, client_id: str, since: datetime) -> tuple[Matter, ...]:
        """The client's requests that are open, or under control."""
        where = {"client_id": client_id, "weighs_at": {"$gte": since}, "$or": [{"open": True}, {"controlled": True}]}
        return tuple(await self.matters.find(where, sort=WEIGHING, limit=MATTERS_LIMIT))

    async def last_held(self, contact_ids: Sequence[str]) -> dict[str, datetime]:
        """When each accountant was last spoken with on a weekly call."""
        groups = self.contact_calls.collection.aggregate(
            [
                {"$match": {"contact_id": {"$in": list(contact_ids)}}},
                {"$sort": {"contact_id": 1, "held_at": -1}},
                # As the index has them: one look each, however many years of calls there are.
                {"$group": {"_id": "$contact_id", "held_at": {"$first": "$held_at"}}},
            ]
        )
        found = await groups.to_list(len(contact_ids))
        return {group["_id"]: group["held_at"] for group in found if group["held_at"] is not None}

    async def won_as(self, client_ids: Sequence[str]) -> list[Prospect]:
        """The prospects that became these clients."""
        where = {"wins.client_id": {"$in": list(client_ids)}, "state": "won"}
        return await self.prospects.find(where, limit=len(client_ids) + 1)

    async def asks_of(self, client_ids: Sequence[str]) -> dict[str, Asks]:
        """When each of these clients was asked for a referral."""
        found = await self.asks.find({"_id": {"$in": list(client_ids)}}, limit=len(client_ids) + 1)
        return {each.client_id: each for each in found}

    async def asked(self, manager_id: str | None, since: datetime) -> int:
        """How often clients, of the manager's base then, were asked for a referral since then."""
        whose = {} if manager_id is None else {"asks.manager_id": manager_id}
        steps = _unwound({**whose, "last_at": {"$gte": since}}, {**whose, "asks.at": {"$gte": since}})
        counted = self.asks.collection.aggregate([*steps, {"$count": "all"}])
        return sum([each["all"] async for each in counted])

    async def asks_where(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[Asked]:
        """Askings, the latest first; `after` is the `place_of` the last one seen. Raises `ValueError` if it is none."""
        beyond = {} if after is None else _before("asks.at", "asks.ask_id", *read_place(after))
        steps = _unwound(where, {**where, **beyond})
        order = {"$sort": {"asks.at": -1, "asks.ask_id": -1}}
        found = self.asks.collection.aggregate([*steps, order, {"$limit": limit}])
        return [Asked(client_id=each["_id"], ask=from_fields(each["asks"], Ask)) async for each in found]

    async def went_how_far(self, where: Mapping[str, Any], since: datetime) -> dict[str, int]:
        """How many prospects were named since then, and how many of them went how far."""
        tests: dict[str, Any] = {
            "named": True,
            "tried": {"$gt": [{"$size": "$trials"}, 0]},
            "flawless": {"$in": [True, "$trials.flawless"]},
            "won": {"$eq": ["$state", "won"]},
            "dropped": {"$eq": ["$state", "dropped"]},
        }
        sums = {name: {"$sum": {"$cond": [test, 1, 0]}} for name, test in tests.items()}
        found = self.prospects.collection.aggregate(
            [{"$match": {**where, "registered_at": {"$gte": since}}}, {"$group": {"_id": None} | sums}]
        )
        counted: dict[str, int] = next(iter([each async for each in found]), dict.fromkeys(tests, 0))
        return {name: counted[name] for name in tests}

    async def calls_in(self, where: Mapping[str, Any]) -> list[ContactCall]:
        """The weekly calls that match."""
        return await self.contact_calls.find(where, limit=MATTERS_LIMIT)

    async def planned_in(self, week: Week) -> list[str]:
        """The managers who have a plan of that week."""
        found: list[str] = await self.plans.collection.distinct("manager_id", {"week": str(week)})
        return found

    async def calling_in(self, week: Week) -> list[str]:
        """The managers who spoke with anybody in that week."""
        held = {"week": str(week), "held_at": {"$type": "date"}}
        found: list[str] = await self.contact_calls.collection.distinct("manager_id", held)
        return found

    async def calls_where(self, where: Mapping[str, Any], after: str | None, limit: int) -> list[ContactCall]:
        """Weekly calls, the latest week first; `after` is the `call_place` of the last one seen, `ValueError` if it is
        none."""
        if after is not None:
            week, _, call_id = after.partition(" ")
            where = {**where, **_before("week", "_id", str(Week.parse(week)), call_id)}
        return await self.contact_calls.find(where, sort=(("week", -1), ("_id", -1)), limit=limit)

    async def client_ever_of(self, contact_id: str) -> str | None:
        """The client whose accountant it is, or was when called."""
        client_id = await self.client_id_of_contact(contact_id)
        if client_id is not None:
            return client_id
        call = await self.contact_calls.collection.find_one({"contact_id": contact_id}, {"client_id": 1})
        return str(call["client_id"]) if call else None

    async def unsettled(self) -> list[ContactCall]:
        """Conversations whose consequences are not known to be done."""
        return await self.contact_calls.find({"settled": False}, sort=(("settled", 1),))

    async def untold_plans(self, limit: int) -> list[str]:
        """Keys of plans with something untold."""
        found = self.plans.collection.find({"quiet": False}, {"_id": 1}).limit(limit)
        return [document["_id"] async for document in found]

    async def telling_plans(self) -> int:
        """How many plans wait for the broker."""
        where = {"outbox.saved_at": {"$exists": True}}
        return int(await self.plans.collection.count_documents(where, hint="outbox"))


def call_place(call: ContactCall) -> str:
    """Where a weekly call stands in the order of `calls_where`."""
    return f"{call.week} {call.call_id}"


def _before(field: str, key_field: str, value: object, key: str) -> dict[str, Any]:
    """The filter for what comes after this place where the greatest stands first."""
    return {"$or": [{field: {"$lt": value}}, {field: value, key_field: {"$lt": key}}]}


def _unwound(clients: Mapping[str, Any], askings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps to those askings of these clients."""
    return [{"$match": clients}, {"$unwind": "$asks"}, {"$match": askings}]
