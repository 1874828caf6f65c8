"""Lists: newest first, page by page. Whose things are is looked up by an index; whatever else is asked of them is
looked for among so many at a time, so that no question takes longer than that. `Found.beyond` says where to go on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from shared.contracts.base import to_milliseconds
from shared.store import Documents

S = TypeVar("S")

LOOKED_THROUGH = 20_000
"""Things one page is looked for among."""
Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, as filters of the database."""

    whose: tuple[Condition, ...] = ()
    """What an index answers: of which clients, which number."""
    what: tuple[Condition, ...] = ()
    """Everything else: the state, the words, …"""


@dataclass(frozen=True, slots=True)
class Found(Generic[S]):
    """What was found, the newest first."""

    items: list[S]
    beyond: str | None = None
    """Where the search stopped, where there is more to look through: it may have found fewer than were asked for."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[S]):
    """A collection as it is listed: by the moment in `field`, then by id, the last first."""

    documents: Documents[S]
    field: str
    placed: Callable[[S], tuple[datetime | None, str]]
    """The moment and the id of one."""
    among: int = LOOKED_THROUGH

    async def found(self, wanted: Wanted, after: str | None, limit: int) -> Found[S]:
        """At most `limit` that fulfil all of `wanted`; `after` is the `place` of the last one seen, or what `beyond`
        said. Raises `ValueError` if it is neither."""
        if not any(wanted.what):
            return Found(await self.documents.find(self._among(wanted, after), sort=self.order, limit=limit))
        pipeline = self.pipeline(wanted, after, limit)
        ids = [one["_id"] async for one in self.documents.collection.aggregate(pipeline)]
        items = await self.documents.find({"_id": {"$in": ids}}, sort=self.order, limit=limit) if ids else []
        full = len(ids) == limit
        return Found(items, None if full else await self._edge(wanted, after, items))

    @property
    def order(self) -> list[tuple[str, int]]:
        """The newest first."""
        return [(self.field, -1), ("_id", -1)]

    def pipeline(self, wanted: Wanted, after: str | None, limit: int) -> list[dict[str, Any]]:
        """The question to the database: the ids of what is found among so many."""
        return [
            {"$match": self._among(wanted, after)},
            {"$sort": dict(self.order)},
            {"$limit": self.among},
            {"$match": _all(wanted.what)},
            {"$limit": limit},
            {"$project": {"_id": 1}},
        ]

    def _among(self, wanted: Wanted, after: str | None) -> dict[str, Any]:
        return _all([*wanted.whose, *([] if after is None else [_later(self.field, after)])])

    async def _edge(self, wanted: Wanted, after: str | None, items: Sequence[S]) -> str | None:
        """The place of the last one looked at; what came meanwhile moves it, but never back over what was found."""
        cursor = self.documents.collection.find(self._among(wanted, after), {self.field: 1})
        async for last in cursor.sort(self.order).skip(self.among - 1).limit(1):
            edge = place(_dug(last, self.field), last["_id"])
            found = place(*self.placed(items[-1])) if items else edge
            return min(edge, found, key=_rank)
        return None


def place(moment: datetime | None, key: str) -> str:
    """Where a thing stands in the order of its list."""
    return f"{key} {'' if moment is None else moment.isoformat()}"


def _later(field: str, after: str) -> dict[str, Any]:
    """What stands behind a place; things without a moment stand last."""
    key, separator, written = after.partition(" ")
    if not separator:
        raise ValueError(after)
    if not written:
        return {field: None, "_id": {"$lt": key}}
    moment = to_milliseconds(datetime.fromisoformat(written))
    # Not «less or none»: of an alternative the index would be read from its beginning, page after page.
    return {field: {"$not": {"$gt": moment}}, "$nor": [{field: moment, "_id": {"$gte": key}}]}


def _all(where: Sequence[Condition]) -> dict[str, Any]:
    filters = [condition for condition in where if condition]
    return {"$and": filters} if filters else {}


def _rank(place: str) -> tuple[str, str]:
    key, _, moment = place.partition(" ")
    return moment, key


def _dug(document: Mapping[str, Any], path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = None if found is None else found.get(name)
    return found
