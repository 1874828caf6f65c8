"""How much of a week's calls was made, by manager, counted by the database (R-IMP-1)."""

from collections.abc import Sequence
from typing import Any

from services.accounts import planning
from services.accounts.care import Care
from services.accounts.care_store import CareStore
from services.accounts.domain.coverage import Coverage
from services.accounts.domain.weeks import Week

HELD = {"$type": "date"}
OF_PLAN = {"from": "contact_calls", "localField": "entries.call_id", "foreignField": "_id", "as": "calls"}
SEEN = [{"$project": {"_id": 0, "manager_id": 1, "held_at": 1, "discovered": 1}}]
"""What of a call is counted."""


async def owing(care: Care, week: Week) -> set[str]:
    """The managers who owe calls in that week; of the present week whoever holds a base, whose plan is made where it is
    not yet. Raises `NoCalendarYear` where it cannot be."""
    found = set(await care.store.planned_in(week))
    if week == care.week():
        late = set(await care.office.store.holding()) - found
        await planning.keep_up(care, sorted(late))
        found |= late
    return found


async def of_week(store: CareStore, week: Week, manager_ids: Sequence[str] | None = None) -> dict[str, Coverage]:
    """Everybody's week, or that of these managers; who owed none and held none is not in it.

    What was planned and what was held are read one after the other: a planned call that is held in between counts as
    `unplanned`, and not as `held`, until it is read again.
    """
    whose = {"week": str(week)} | ({} if manager_ids is None else {"manager_id": {"$in": list(manager_ids)}})
    planned = {each["_id"]: each async for each in store.plans.collection.aggregate(_planned(whose))}
    held = {each["_id"]: each async for each in store.contact_calls.collection.aggregate(_held(whose))}
    return {key: _coverage(planned.get(key, {}), held.get(key, {})) for key in planned.keys() | held.keys()}


def _planned(whose: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each plan: how many calls are in it, what became of them, and what of that is the manager's own doing."""
    own = {"$eq": ["$$this.manager_id", "$manager_id"]}
    talked = {"$eq": [{"$type": "$$this.held_at"}, "date"]}
    return [
        {"$match": whose},
        {"$project": {"manager_id": 1, "entries.call_id": 1}},
        {"$lookup": OF_PLAN | {"pipeline": SEEN}},
        {"$set": {"held": _those("$calls", talked), "own": _those("$calls", {"$and": [talked, own]})}},
        {
            "$project": {
                "_id": "$manager_id",
                "planned": {"$size": "$entries"},
                "begun": {"$size": "$calls"},
                "held": {"$size": "$held"},
                "own": {"$size": "$own"},
                "discovered": {"$sum": "$calls.discovered"},
                "own_discovered": {"$sum": "$own.discovered"},
            }
        },
    ]


def _held(whose: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each manager: the conversations they held, owed or not."""
    counted = {"held": {"$sum": 1}, "discovered": {"$sum": "$discovered"}}
    return [{"$match": whose | {"held_at": HELD}}, {"$group": {"_id": "$manager_id"} | counted}]


def _those(calls: str, test: dict[str, Any]) -> dict[str, Any]:
    return {"$filter": {"input": calls, "cond": test}}


def _coverage(planned: dict[str, Any], held: dict[str, Any]) -> Coverage:
    """What a manager held less what of it was planned for them is what nobody was owed."""
    return Coverage(
        planned=planned.get("planned", 0),
        held=planned.get("held", 0),
        attempted=planned.get("begun", 0) - planned.get("held", 0),
        unplanned=held.get("held", 0) - planned.get("own", 0),
        discovered=planned.get("discovered", 0) + held.get("discovered", 0) - planned.get("own_discovered", 0),
    )
