"""Numbers about all bases together, added up in the database; what is too dear to add up at once, in turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import get_args

from services.accounts import referring
from services.accounts.care import Care
from services.accounts.care_store import CareStore
from services.accounts.domain import fans
from services.accounts.domain.prospects import Standing
from services.accounts.domain.weeks import Week
from shared.contracts.accounts import Band

TOGETHER = 50
"""Managers whose bases are looked through at a time."""
NOTHING = (0, Decimal(0))


async def by_band(care: Care) -> dict[Band, tuple[int, Decimal]]:
    """How many clients are in each band of manual-work debt, and their fees a month."""
    groups = care.store.debts.collection.aggregate(
        [
            {"$match": {"active": True, "band": {"$in": ["watch", "risk"]}}},
            {"$group": {"_id": "$band", "count": {"$sum": 1}, "fees": {"$sum": "$fee"}}},
        ]
    )
    found: dict[Band, tuple[int, Decimal]] = {each["_id"]: (each["count"], each["fees"]) async for each in groups}
    watch, risk = found.get("watch", NOTHING), found.get("risk", NOTHING)
    count, fees = await care.office.store.active_and_fees()
    calm = max(count - watch[0] - risk[0], 0), max(fees - watch[1] - risk[1], Decimal(0))
    return {"calm": calm, "watch": watch, "risk": risk}


async def week_calls(store: CareStore, week: Week) -> dict[str, int]:
    """The calls of a week: planned; held; attempted and never reached."""
    sums = store.plans.collection.aggregate(
        [{"$match": {"week": str(week)}}, {"$group": {"_id": None, "planned": {"$sum": "$size"}}}],
        hint="week_1_size_1",
    )
    planned = sum([each["planned"] async for each in sums])
    begun = await store.contact_calls.count({"week": str(week)})
    held = await store.contact_calls.count({"week": str(week), "held_at": {"$type": "date"}})
    return {"planned": planned, "held": held, "attempted": begun - held}


async def prospects_by_state(store: CareStore) -> dict[Standing, int]:
    """How many prospects stand where."""
    groups = store.prospects.collection.aggregate(
        [{"$sort": {"state": 1}}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}], hint="state_1__id_1"
    )
    found = {each["_id"]: each["count"] async for each in groups}
    return {state: found.get(state, 0) for state in get_args(Standing)}


async def under_control(store: CareStore) -> tuple[int, datetime | None]:
    """How many requests are under control, and since when the oldest."""
    groups = store.matters.collection.aggregate(
        [
            {"$match": {"controlled": True}},
            {"$group": {"_id": None, "count": {"$sum": 1}, "since": {"$min": "$control_since"}}},
        ],
        hint="controlled",
    )
    found = [(each["count"], each["since"]) async for each in groups]
    return found[0] if found else (0, None)


@dataclass(frozen=True, slots=True)
class OfBase:
    """What a base comes to: clients that are fans, or lack one step; accountants never reached."""

    fan: int = 0
    near: int = 0
    never_reached: int = 0


@dataclass(slots=True)
class Rounds:
    """Goes through the bases, some managers at a time, and remembers what each came to."""

    found: dict[str, OfBase] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    async def go_on(self, care: Care) -> None:
        """Look through the next few bases; all over again after the last one."""
        if not self.waiting:
            holding = await care.office.store.holding()
            self.found = {manager_id: self.found.get(manager_id, OfBase()) for manager_id in holding}
            self.waiting = holding
        now, self.waiting = self.waiting[:TOGETHER], self.waiting[TOGETHER:]
        for manager_id in now:
            self.found[manager_id] = await _of_base(care, manager_id)

    def whole(self) -> Mapping[str, int]:
        """All bases together."""
        return {name: sum(getattr(each, name) for each in self.found.values()) for name in OfBase.__slots__}


async def _of_base(care: Care, manager_id: str) -> OfBase:
    outline = await care.store.outline(manager_id)
    stand = await _standings(care, [client.client_id for client in outline])
    contacts = [contact.contact_id for client in outline for contact in client.contacts]
    held = await care.store.last_held(contacts)
    return OfBase(
        fan=sum(each.fan for each in stand),
        near=sum(each.near for each in stand),
        never_reached=sum(contact_id not in held for contact_id in contacts),
    )


async def _standings(care: Care, client_ids: Sequence[str]) -> list[fans.Fan]:
    histories = await referring.histories(care, client_ids)
    return [fans.fan(care.policy.fans, history, care.now(), care.office.zone) for history in histories.values()]
