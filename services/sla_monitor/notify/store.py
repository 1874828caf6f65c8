"""The collections of escalation and every query on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import IndexModel

from services.sla_monitor.domain.bundle import Inbox
from services.sla_monitor.domain.escalation import Escalation, State
from services.sla_monitor.domain.people import People, Person
from services.sla_monitor.store import NAMED, NEVER, URGENT_FIRST, Base, within
from shared.contracts.sla_monitor import About, ClockName
from shared.service import Service

MOST_PEOPLE = 10_000
TOGETHER = 500
ESCALATIONS = (
    IndexModel([("promise_broken", -1), ("next_due", 1)], partialFilterExpression={"next_due": {"$gt": NEVER}}),
    IndexModel("untold", partialFilterExpression={"untold.0": {"$exists": True}}),
    IndexModel([("about", 1), ("about_id", 1)]),
    IndexModel("began"),
    NAMED,
)
"""Who is called next (ended ones are not in it), who is still to be told, one subject's, the past, and the clients a
manager is named for."""
INBOXES = (IndexModel("number", partialFilterExpression={"standing.0": {"$exists": True}}),)

Place = tuple[bool, datetime, str]
"""Whether a promise is broken, the due time, and the escalation's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which escalations are asked for."""

    state: State | None = None
    """None: all that have not ended."""
    clock: ClockName | None = None
    about: About | None = None
    about_id: str | None = None
    base: Base | None = None
    since: datetime
    """Of what has ended: only what began after it."""


class NotifyStore:
    """Escalations, people, and what each person is being told."""

    def __init__(self, service: Service) -> None:
        self.escalations = service.documents("escalations", Escalation, indexes=ESCALATIONS)
        self.people = service.documents("people", Person)
        self.inboxes = service.documents("inboxes", Inbox, indexes=INBOXES)

    async def everybody(self) -> People:
        """All people, by id."""
        return {person.person_id: person for person in await self.people.find({}, limit=MOST_PEOPLE)}

    async def due(self, now: datetime, but: Sequence[str] = ()) -> list[Escalation]:
        """Whoever is to be called by now; broken promises first, of a backlog the most urgent, the longest overdue;
        `but` for these."""
        others = {"_id": {"$nin": list(but)}} if but else {}
        return await self._first({"next_due": {"$gt": NEVER, "$lte": now}} | others, "next_due")

    async def untold(self) -> list[str]:
        """Everybody with something still to be told."""
        cursor = self.escalations.collection.find(still_untold(), {"untold": 1}).limit(TOGETHER * 10)
        return sorted({person_id async for found in cursor for person_id in found["untold"]})

    async def untold_to(self, person_id: str) -> list[Escalation]:
        """What is still to be told to somebody; broken promises first, of a backlog the most urgent."""
        return await self._first(still_untold() | {"untold": person_id}, "due")

    async def _first(self, where: dict[str, Any], by: str) -> list[Escalation]:
        found = await self.escalations.find(where, sort=(("promise_broken", -1), (by, 1)), limit=TOGETHER)
        if len(found) < TOGETHER:
            return found
        found = [one for one in found if one.promise_broken]
        for priority in URGENT_FIRST:
            if left := TOGETHER - len(found):
                some = where | {"promise_broken": False, "priority": priority}
                found += await self.escalations.find(some, sort=((by, 1),), limit=left)
        return found

    async def standing(self) -> list[Inbox]:
        """Bundles that were put, and are not yet in the hands of the deliveries."""
        return await self.inboxes.find({"standing.0": {"$exists": True}, "number": {"$gt": 0}}, limit=TOGETHER)

    async def of_subject(self, about: About, about_id: str) -> list[Escalation]:
        """The escalations of one request, call, weekly call or prospect, in order."""
        where = {"about": about, "about_id": about_id}
        return await self.escalations.find(where, sort=(("began", 1), ("_id", 1)), limit=TOGETHER)

    async def listed(self, asked: Asked, after: Place | None, limit: int) -> list[Escalation]:
        """Broken promises first, then by due time; after that place in the order."""
        clauses = [where(asked), *([_beyond(after)] if after else [])]
        sort = (("promise_broken", -1), ("due", 1), ("_id", 1))
        return await self.escalations.find({"$and": clauses}, sort=sort, limit=limit)


def still_untold() -> dict[str, Any]:
    """The filter for calls that somebody has not been told of."""
    return {"untold.0": {"$exists": True}, "untold": {"$gt": ""}}


def where(asked: Asked) -> dict[str, Any]:
    """The filter for what is asked for."""
    found: dict[str, Any] = {"about": asked.about, "about_id": asked.about_id} if asked.about_id else {}
    if asked.state == "ended":
        found |= {"ending": {"$ne": None}, "began": {"$gte": asked.since}}
    elif asked.state == "warned":
        found |= {"ending": None, "next_due": None, "began": {"$gte": asked.since}}
    elif asked.state is not None:
        acknowledged = {"$ne": None} if asked.state == "acknowledged" else None
        found |= {"next_due": {"$gt": NEVER}, "acknowledged_until": acknowledged}
    elif not asked.about_id:
        found |= {"next_due": {"$gt": NEVER}}
    if asked.clock is not None:
        found["clock"] = asked.clock
    if asked.base is not None:
        found["$or"] = [within(asked.base), {"calls.person_ids": asked.base.manager_id}]
    return found


def _beyond(after: Place) -> dict[str, Any]:
    broken, due, escalation_id = after
    later = [
        {"promise_broken": broken, "due": {"$gt": due}},
        {"promise_broken": broken, "due": due, "_id": {"$gt": escalation_id}},
    ]
    return {"$or": [*later, {"promise_broken": False}] if broken else later}
