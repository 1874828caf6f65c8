"""Every query on what came from a sender, and the queue «кто это?»."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.intake.domain.calls import Call
from services.intake.domain.identity import Word
from services.intake.domain.mails import Mail
from services.intake.domain.requests import ServiceRequest
from services.intake.domain.senders import Sender
from services.intake.store import A_STRING, CLAIMED_AT_ONCE, NOBODYS, Store
from shared.contracts.base import to_milliseconds

SHOWN_OF = 5
"""Of the requests, calls and letters of an unknown sender, how many are named."""
What = Literal["request", "call", "mail"]
NOT_OPEN = 3
"""How pressing a sender is who has no request open and no call unreturned."""
_PRESSING = {
    "$switch": {
        "branches": [
            {"case": {"$ne": ["$state", "open"]}, "then": NOT_OPEN},
            {"case": {"$eq": ["$priority", "urgent"]}, "then": 0},
            {"case": {"$eq": ["$priority", "important"]}, "then": 1},
        ],
        "default": 2,
    }
}
_EXTENSION = {"$cond": ["$caller.extension", {"$concat": [";ext=", "$caller.extension"]}, ""]}
_KEY = {
    "$cond": [
        "$caller.phone",
        {"$concat": ["tel:", "$caller.phone", _EXTENSION]},
        {"$cond": ["$caller.email", {"$concat": ["mail:", "$caller.email"]}, {"$concat": ["request:", "$_id"]}]},
    ]
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A request, a call or a letter of an unknown sender."""

    what: What
    id: str
    at: datetime
    about: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A sender nobody knows."""

    key: str
    pressing: int
    """0 with an urgent request open, 1 with an important one or an unreturned call, 2 with any, else 3."""
    first_at: datetime
    """The true beginning: the clocks run since then."""
    last_at: datetime
    count: int
    name: str | None
    pieces: tuple[Piece, ...]
    """The newest."""

    @property
    def place(self) -> str:
        """Where it stands in the queue."""
        return f"{self.pressing} {self.first_at.isoformat()} {self.key}"


class SenderStore:
    """What came from whom."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> Sender | None:
        """What was said of a sender."""
        return await self._store.senders.get(key)

    async def unjoined(self) -> list[Sender]:
        """Senders whose past has still to be given to their client."""
        return await self._store.senders.find({"joining": True})

    async def requests(self, word: Word) -> list[ServiceRequest]:
        """Requests of the sender that are nobody's or were given to somebody by an earlier word on it."""
        waiting = {"unclaimed": word.sender, "unclaimed.0": {"$exists": True}}
        return await self._store.requests.find({"$or": [waiting, _earlier(word)]}, limit=CLAIMED_AT_ONCE)

    async def calls(self, word: Word) -> list[Call]:
        """Calls likewise; whoever is behind an extension has none of their own."""
        return await self._store.calls.find(_from("tel:", "course.phone", word), limit=CLAIMED_AT_ONCE)

    async def mails(self, word: Word) -> list[Mail]:
        """Letters likewise."""
        return await self._store.mails.find(_from("mail:", "sender", word), limit=CLAIMED_AT_ONCE)

    async def holders(self, key: str) -> dict[str, str]:
        """The names of the clients in whose cards the sender stands, by id."""
        plain = key.partition(";")[0]
        found = await self._store.clients.find({"keys": plain, "active": True}, limit=0)
        return {client.client_id: client.name for client in found}

    async def unknown(self, key: str) -> Unknown | None:
        """One sender, where anything of it is nobody's."""
        found = await self._queue([{"$match": {"_id": key}}])
        return found[0] if found else None

    async def queue(self, after: str | None, limit: int) -> list[Unknown]:
        """Senders nobody knows, the most pressing first, then who has waited longest. Those of whom a person said that
        they are none of ours are left out. `after` is the place of the last one seen, `ValueError` if it is none."""
        later: list[dict[str, Any]] = [] if after is None else [{"$match": _after(after)}]
        told = {"from": "senders", "localField": "_id", "foreignField": "_id", "as": "told"}
        ours: list[dict[str, Any]] = [{"$lookup": told}, {"$match": {"told.none_of_ours": {"$ne": True}}}]
        order = {"$sort": {"pressing": 1, "first_at": 1, "_id": 1}}
        return await self._queue([*later, *ours, order, {"$limit": limit}])

    async def _queue(self, stages: Sequence[dict[str, Any]]) -> list[Unknown]:
        latest = {"n": SHOWN_OF, "sortBy": {"at": -1, "id": 1}, "output": ["$what", "$id", "$at", "$about"]}
        grouped = {
            "_id": "$key",
            "pressing": {"$min": "$pressing"},
            "first_at": {"$min": "$at"},
            "last_at": {"$max": "$at"},
            "count": {"$sum": 1},
            "name": {"$max": "$name"},
            "pieces": {"$topN": latest},
        }
        pipeline = [
            *_REQUESTS,
            {"$unionWith": {"coll": "calls", "pipeline": _CALLS}},
            {"$unionWith": {"coll": "mails", "pipeline": _MAILS}},
            {"$group": grouped},
            *stages,
        ]
        return [_unknown(one) async for one in self._store.requests.collection.aggregate(pipeline)]


def _shown(what: What, **fields: Any) -> dict[str, Any]:
    return {"$project": {"what": {"$literal": what}, "id": "$_id", **fields}}


_UNRETURNED = {"$cond": [{"$eq": ["$course.status", "missed"]}, 1, NOT_OPEN]}
_REQUESTS: list[dict[str, Any]] = [
    {"$match": {"unclaimed": {"$gt": ""}, "unclaimed.0": {"$exists": True}}},
    _shown(
        "request",
        key=_KEY,
        at="$registered_at",
        pressing=_PRESSING,
        name="$caller.name",
        about="$subject",
    ),
]
_CALLS: list[dict[str, Any]] = [
    {
        "$match": {
            **NOBODYS,
            "course.phone": {"$gt": ""},
            "course.direction": "in",
            "course.began_at": {"$type": "date"},
        }
    },
    _shown("call", key={"$concat": ["tel:", "$course.phone"]}, at="$course.began_at", pressing=_UNRETURNED),
]
_MAILS: list[dict[str, Any]] = [
    {"$match": {**NOBODYS, "sender": {"$gt": ""}, "request_id": None, "kind": {"$in": ["request", "thanks"]}}},
    _shown(
        "mail",
        key={"$concat": ["mail:", "$sender"]},
        at="$received_at",
        pressing={"$literal": NOT_OPEN},
        name="$sender_name",
        about="$subject",
    ),
]


def _earlier(word: Word) -> dict[str, Any]:
    return {"link.sender": {"$eq": word.sender, **A_STRING}, "link.said": {"$lt": word.said}}


def _from(prefix: str, field: str, word: Word) -> dict[str, Any]:
    if not word.sender.startswith(prefix) or ";" in word.sender:
        return _earlier(word)
    return {"$or": [{**NOBODYS, field: word.sender.removeprefix(prefix)}, _earlier(word)]}


def _after(place: str) -> dict[str, Any]:
    pressing, separator, rest = place.partition(" ")
    moment, second, key = rest.partition(" ")
    if not (separator and second and pressing in {"0", "1", "2", "3"}):
        raise ValueError(place)
    rank, at = int(pressing), to_milliseconds(datetime.fromisoformat(moment))
    return {
        "$or": [
            {"pressing": {"$gt": rank}},
            {"pressing": rank, "first_at": {"$gt": at}},
            {"pressing": rank, "first_at": at, "_id": {"$gt": key}},
        ]
    }


def _unknown(found: dict[str, Any]) -> Unknown:
    return Unknown(
        key=found["_id"],
        pressing=found["pressing"],
        first_at=found["first_at"],
        last_at=found["last_at"],
        count=found["count"],
        name=found["name"],
        pieces=tuple(Piece(*piece) for piece in found["pieces"]),
    )
