"""Every query on what came from a sender, and the queue «кто это?»: of what is nobody's the newest, so that it takes no
longer however much nobody ever said whose it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from services.intake.domain.calls import Call
from services.intake.domain.identity import Word
from services.intake.domain.mails import Mail
from services.intake.domain.requests import ServiceRequest
from services.intake.domain.senders import Sender
from services.intake.lists import LOOKED_THROUGH
from services.intake.store import A_STRING, CLAIMED_AT_ONCE, NOBODYS, Store
from shared.contracts.base import to_milliseconds

SHOWN_FOR = timedelta(days=30)
"""How long a call, a letter or a request that is over stands in the queue; an open request stands there for ever."""
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
    """The beginning of what is shown."""
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

    async def given(self, word: Word) -> list[ServiceRequest]:
        """Open requests that were given to somebody by an earlier word, and nobody has been told to look at."""
        doubtful = {"state": "open", "disowned": {"$ne": True}}
        return await self._store.requests.find(_earlier(word) | doubtful, limit=CLAIMED_AT_ONCE)

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

    async def queue(self, now: datetime, after: str | None, limit: int) -> list[Unknown]:
        """Senders nobody knows, the most pressing first, then who has waited longest. Those of whom a person said that
        they are none of ours are left out. `after` is the place of the last one seen, `ValueError` if it is none."""
        later: list[dict[str, Any]] = [] if after is None else [{"$match": _after(after)}]
        told = {"from": "senders", "localField": "_id", "foreignField": "_id", "as": "told"}
        ours: list[dict[str, Any]] = [{"$lookup": told}, {"$match": {"told.none_of_ours": {"$ne": True}}}]
        order = {"$sort": {"pressing": 1, "first_at": 1, "_id": 1}}
        (_, requests), *others = windows(now - SHOWN_FOR)
        together = [{"$unionWith": {"coll": name, "pipeline": pipeline}} for name, pipeline in others]
        pipeline = [*requests, *together, _BY_SENDER, *later, *ours, order, {"$limit": limit}]
        return [_unknown(one) async for one in self._store.requests.collection.aggregate(pipeline)]


def windows(since: datetime, most: int = LOOKED_THROUGH) -> list[tuple[str, list[dict[str, Any]]]]:
    """By collection, what of nobody's the queue looks at: the newest `most` of each kind, and of those what is open or
    came since then."""
    requests = {"$or": [{"state": "open"}, {"registered_at": {"$gte": since}}]}
    calls = {"course.phone": {"$gt": ""}, "course.direction": "in"}
    mails = {"sender": {"$gt": ""}, "request_id": None, "kind": {"$in": ["request", "thanks"]}}
    return [
        ("requests", [*_newest("registered_at", {"client.client_id": None}, most), {"$match": requests}, _REQUEST]),
        ("calls", [*_newest("course.began_at", {"client.client_id": None}, most, since), {"$match": calls}, _CALL]),
        ("mails", [*_newest("received_at", NOBODYS, most, since), {"$match": mails}, _MAIL]),
    ]


def _newest(
    field: str, nobodys: dict[str, Any], most: int, since: datetime | None = None
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    lately = {} if since is None else {field: {"$gte": since}}
    return {"$match": nobodys | lately}, {"$sort": {field: -1, "_id": -1}}, {"$limit": most}


def _shown(what: What, **fields: Any) -> dict[str, Any]:
    return {"$project": {"what": {"$literal": what}, "id": "$_id", **fields}}


_UNRETURNED = {"$cond": [{"$eq": ["$course.status", "missed"]}, 1, NOT_OPEN]}
_REQUEST = _shown("request", key=_KEY, at="$registered_at", pressing=_PRESSING, name="$caller.name", about="$subject")
_CALL = _shown("call", key={"$concat": ["tel:", "$course.phone"]}, at="$course.began_at", pressing=_UNRETURNED)
_MAIL = _shown(
    "mail",
    key={"$concat": ["mail:", "$sender"]},
    at="$received_at",
    pressing={"$literal": NOT_OPEN},
    name="$sender_name",
    about="$subject",
)
_BY_SENDER = {
    "$group": {
        "_id": "$key",
        "pressing": {"$min": "$pressing"},
        "first_at": {"$min": "$at"},
        "last_at": {"$max": "$at"},
        "count": {"$sum": 1},
        "name": {"$max": "$name"},
        "pieces": {
            "$topN": {"n": SHOWN_OF, "sortBy": {"at": -1, "id": 1}, "output": ["$what", "$id", "$at", "$about"]}
        },
    }
}


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
