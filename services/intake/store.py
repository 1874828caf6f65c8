"""The collections of intake, their indexes, and every query on them."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from bson import Binary
from pymongo import IndexModel
from pymongo.errors import ConnectionFailure, CursorNotFound, DuplicateKeyError, ExecutionTimeout, WriteConcernError

from services.intake.directory import Directory
from services.intake.domain.callers import KnownClient
from services.intake.domain.calls import Call
from services.intake.domain.mailboxes import Mailbox
from services.intake.domain.mails import Answered, Mail
from services.intake.domain.refusals import UnknownMail
from services.intake.domain.requests import ServiceRequest
from services.intake.domain.senders import Sender
from services.intake.domain.triage_rules import TriageRules
from services.intake.domain.webhooks import State, Webhook
from services.intake.lists import Listing, Wanted
from services.intake.numbers import Numbers
from shared.service import Service
from shared.store.files import Files

ONE_DOCUMENT = 15_000_000
"""Bytes of a letter that fit into a document beside its id; a larger one is a file."""
UNREACHABLE = (ConnectionFailure,)
"""What is raised where nothing at all can be kept just now."""
PASSING = (*UNREACHABLE, CursorNotFound, ExecutionTimeout, WriteConcernError)
"""What the database raises though nothing is wrong with what it was asked: it passes by itself."""
CLAIMED_AT_ONCE = 1_000
PAIRED_AT_ONCE = 100
LEFT_AT_ONCE = 5_000

A_STRING = {"$type": "string"}
"""A query uses a partial index only where it says itself what the index asks for."""
NOBODYS = {"client": {"$type": "null"}}
BY_LINK = IndexModel(
    [("link.sender", 1), ("link.said", 1)], name="link", partialFilterExpression={"link.sender": A_STRING}
)
BY_ID = (("_id", 1),)
NEWEST = [("registered_at", -1), ("_id", -1)]
REQUEST_INDEXES = (
    IndexModel(NEWEST),
    IndexModel([("client.client_id", 1), *NEWEST]),
    IndexModel("number"),
    IndexModel([("caller.email", 1), *NEWEST], partialFilterExpression={"caller.email": {"$type": "string"}}),
    IndexModel("unclaimed", partialFilterExpression={"unclaimed.0": {"$exists": True}}),
    IndexModel([("client.manager_id", 1), *NEWEST], name="open", partialFilterExpression={"state": "open"}),
    IndexModel("client.manager_id", name="trials", partialFilterExpression={"trial": True}),
    IndexModel("merged_into", partialFilterExpression={"merged_into": A_STRING}),
    IndexModel("merge_unchecked", partialFilterExpression={"merge_unchecked": True}),
    BY_LINK,
)
CALL_INDEXES = (
    IndexModel([("course.phone", 1), ("course.status", 1), ("course.answered_at", 1), ("_id", 1)]),
    IndexModel([("course.began_at", -1), ("_id", -1)]),
    IndexModel([("client.client_id", 1), ("course.began_at", -1), ("_id", -1)]),
    IndexModel("unpaired", partialFilterExpression={"unpaired": True}),
    IndexModel("quiet_at", partialFilterExpression={"quiet_at": {"$type": "date"}}),
    IndexModel("course.phone", name="nobodys", partialFilterExpression=NOBODYS),
    BY_LINK,
)
MAIL_INDEXES = (
    IndexModel("header_id", partialFilterExpression={"header_id": {"$type": "string"}}),
    IndexModel([("sender", 1), ("received_at", -1)]),
    IndexModel("request_id", partialFilterExpression={"request_id": {"$type": "string"}}),
    IndexModel("sender", name="nobodys", partialFilterExpression=NOBODYS),
    IndexModel([("received_at", -1), ("_id", -1)], name="nobodys_newest", partialFilterExpression=NOBODYS),
    BY_LINK,
)
SENDER_INDEXES = (IndexModel("joining", partialFilterExpression={"joining": True}),)
WEBHOOK_INDEXES = (
    IndexModel([("urgency", 1), ("received_at", 1)], partialFilterExpression={"state": "waiting"}),
    IndexModel([("received_at", -1), ("_id", -1)], partialFilterExpression={"state": "not_understood"}),
    IndexModel([("received_at", -1), ("_id", -1)], name="done", partialFilterExpression={"state": "done"}),
    IndexModel("done_at", expireAfterSeconds=30 * 24 * 3600),
)
"""A webhook that was worked off is kept for thirty days; any other for ever."""
CLIENT_INDEXES = (IndexModel("keys"), IndexModel("manager_id"))
MANAGER_INDEXES = (IndexModel("phones"),)


class Store:
    """Requests, calls, mails and the projection of clients: one document each; raw letters beside them."""

    def __init__(self, service: Service) -> None:
        self.requests = service.documents("requests", ServiceRequest, indexes=REQUEST_INDEXES)
        self.calls = service.documents("calls", Call, indexes=CALL_INDEXES)
        self.mails = service.documents("mails", Mail, indexes=MAIL_INDEXES)
        self.answered = service.documents("answered", Answered)
        self.clients = service.documents("clients", KnownClient, indexes=CLIENT_INDEXES)
        self.senders = service.documents("senders", Sender, indexes=SENDER_INDEXES)
        self.webhooks = Webhooks(service)
        self.directory = Directory(self.clients, self.senders)
        self.listed_requests = Listing(self.requests, "registered_at", lambda one: (one.registered_at, one.request_id))
        self.listed_calls = Listing(self.calls, "course.began_at", lambda one: (one.course.began_at, one.call_id))
        self.numbers = Numbers(service.store.indexes("counters", ()))
        self.mailboxes = service.documents("mailboxes", Mailbox)
        self.triage_rules = service.documents("triage_rules", TriageRules)
        self.attachments = Files(service.database, "attachments")
        self._letters = service.store.indexes("letters", ())
        self._large_letters = Files(service.database, "large_letters")

    async def base_of(self, manager_id: str) -> frozenset[str]:
        """Ids of the clients a manager holds at present, and of the prospects they have at trial (R-REF-3)."""
        held = await self.clients.collection.distinct("_id", {"manager_id": manager_id})
        tried = {"trial": True, "client.manager_id": manager_id}
        return frozenset([*held, *await self.requests.collection.distinct("client.client_id", tried)])

    async def confusion(
        self, since: datetime, until: datetime
    ) -> tuple[dict[str, dict[str, int]], list[tuple[str, int, int]]]:
        """Of the requests registered since then and before `until` whose priority nobody had given: how many, by the
        rules' priority and people's; and by rule how often it spoke, and how often people saw it otherwise."""
        own = {"registered_at": {"$gte": since, "$lt": until}, "triage.reasons.rule": {"$ne": "given"}}
        people = {"$ifNull": [{"$last": "$corrections.priority"}, "$triage.priority"]}
        wrong = {"$cond": [{"$eq": ["$triage.priority", people]}, 0, 1]}
        pairs = {"$group": {"_id": {"rules": "$triage.priority", "people": people}, "count": {"$sum": 1}}}
        by_rule = {"$group": {"_id": "$triage.reasons.rule", "count": {"$sum": 1}, "wrong": {"$sum": wrong}}}
        table: dict[str, dict[str, int]] = {}
        async for one in self.requests.collection.aggregate([{"$match": own}, pairs]):
            table.setdefault(one["_id"]["rules"], {})[one["_id"]["people"]] = one["count"]
        rules = self.requests.collection.aggregate(
            [{"$match": own}, {"$unwind": "$triage.reasons"}, by_rule, {"$sort": {"wrong": -1, "_id": 1}}]
        )
        return table, [(one["_id"], one["count"], one["wrong"]) async for one in rules]

    async def unclaimed(self, keys: Iterable[str], after: str = "") -> list[ServiceRequest]:
        """Requests of nobody yet whose caller has one of these keys: so many, by id, from `after` on."""
        where = {"unclaimed": {"$in": list(keys)}, "unclaimed.0": {"$exists": True}}
        return await self.requests.find(where | {"_id": {"$gt": after}}, sort=BY_ID, limit=CLAIMED_AT_ONCE)

    async def nobodys_calls(self, keys: Iterable[str], after: str = "") -> list[Call]:
        """Calls of nobody yet whose number has one of these keys: so many, by id, from `after` on."""
        phones = [key.removeprefix("tel:") for key in keys if key.startswith("tel:")]
        where = {**NOBODYS, "course.phone": {"$in": phones}, "_id": {"$gt": after}}
        return await self.calls.find(where, sort=BY_ID, limit=CLAIMED_AT_ONCE)

    async def nobodys_mails(self, keys: Iterable[str], after: str = "") -> list[Mail]:
        """Letters of nobody yet whose address has one of these keys: so many, by id, from `after` on."""
        addresses = [key.removeprefix("mail:") for key in keys if key.startswith("mail:")]
        where = {**NOBODYS, "sender": {"$in": addresses}, "_id": {"$gt": after}}
        return await self.mails.find(where, sort=BY_ID, limit=CLAIMED_AT_ONCE)

    async def unpaired(self) -> list[Call]:
        """Calls whose number has still to be looked through."""
        return await self.calls.find({"unpaired": True}, limit=PAIRED_AT_ONCE)

    async def missed_until(self, phone: str, moment: datetime) -> list[Call]:
        """Calls of a client from `phone` missed not later than `moment` and not returned."""
        missed = {"course.phone": phone, "course.status": "missed", "course.direction": "in"}
        return await self.calls.find(missed | {"course.missed_at": {"$lte": moment}}, limit=0)

    async def conversation_since(self, phone: str, moment: datetime) -> Call | None:
        """The first conversation with `phone` not earlier than `moment`."""
        answered = {"course.phone": phone, "course.status": "answered", "course.answered_at": {"$gte": moment}}
        found = await self.calls.find(answered, sort=(("course.answered_at", 1), ("_id", 1)), limit=1)
        return found[0] if found else None

    async def numbered(self, number: str) -> ServiceRequest | None:
        """The request people call by this number."""
        found = await self.requests.find({"number": number}, limit=1)
        return found[0] if found else None

    async def written_by(self, sender: str, since: datetime) -> list[ServiceRequest]:
        """Requests this address opened by mail since then, the newest first."""
        where = {"caller.email": {"$eq": sender, **A_STRING}, "channel": "email", "registered_at": {"$gte": since}}
        return await self.requests.find(where, sort=NEWEST, limit=50)

    async def open_of(self, client_id: str, since: datetime, limit: int = 200) -> list[ServiceRequest]:
        """Open requests of a client registered since then, the newest first."""
        where = {"client.client_id": client_id, "state": "open", "registered_at": {"$gte": since}}
        return await self.requests.find(where, sort=NEWEST, limit=limit)

    async def open_in_base(self, manager_id: str, since: datetime, limit: int) -> list[ServiceRequest]:
        """Open requests of a manager's base registered since then, the newest first."""
        where = {"client.manager_id": manager_id, "state": "open", "registered_at": {"$gte": since}}
        return await self.requests.find(where, sort=NEWEST, limit=limit)

    async def nobodys_open(self, since: datetime, limit: int) -> list[ServiceRequest]:
        """Open requests of nobody registered since then, the newest first."""
        where = {"client.client_id": None, "state": "open", "registered_at": {"$gte": since}}
        return await self.requests.find(where, sort=NEWEST, limit=limit)

    async def merged_into(self, request_id: str) -> list[ServiceRequest]:
        """Requests merged into this one."""
        return await self.requests.find({"merged_into": {"$eq": request_id, **A_STRING}}, limit=0)

    async def mails_of(self, request_ids: Sequence[str]) -> list[Mail]:
        """Letters that opened or joined these requests, or speak of them."""
        return await self.mails.find({"request_id": {"$in": list(request_ids), **A_STRING}}, limit=0)

    async def calls_by_id(self, call_ids: Sequence[str]) -> list[Call]:
        """These calls."""
        return await self.calls.find({"_id": {"$in": list(call_ids)}}, limit=0) if call_ids else []

    async def unchecked(self) -> list[ServiceRequest]:
        """Merged requests of which it has still to be looked whether the mergers lead round in a circle."""
        return await self.requests.find({"merge_unchecked": True})

    async def mail_headed(self, header_ids: Sequence[str]) -> list[Mail]:
        """Letters with one of these Message-IDs."""
        where = {"header_id": {"$in": list(header_ids), **A_STRING}}
        return await self.mails.find(where, sort=(("received_at", -1),), limit=20)

    async def keep_letter(self, message_id: str, raw: bytes) -> None:
        """Keep a raw letter as it came first: whole in one document where it fits, else as a file."""
        if len(raw) > ONE_DOCUMENT:
            await self._large_letters.put(message_id, raw, {})
            return
        with suppress(DuplicateKeyError):
            await self._letters.insert_one({"_id": message_id, "raw": Binary(raw)})

    async def letter(self, message_id: str) -> bytes:
        """A raw letter. Raises `UnknownMail` where there is none."""
        kept = await self._letters.find_one({"_id": message_id})
        raw = await self._large_letters.get(message_id) if kept is None else bytes(kept["raw"])
        if raw is None:
            raise UnknownMail
        return raw


class Webhooks:
    """What telephonies sent."""

    def __init__(self, service: Service) -> None:
        self.documents = service.documents("webhooks", Webhook, indexes=WEBHOOK_INDEXES)
        self._listing = Listing(self.documents, "received_at", lambda one: (one.received_at, one.webhook_id))

    async def waiting_since(self, moment: datetime) -> list[tuple[int, datetime, str]]:
        """Urgency, time of arrival and id of those that came before `moment` and wait, the most urgent first."""
        waiting = {"state": "waiting", "received_at": {"$lte": moment}}
        found = self.documents.collection.find(waiting, {"urgency": 1, "received_at": 1})
        found = found.sort([("urgency", 1), ("received_at", 1)]).limit(LEFT_AT_ONCE)
        return [(one["urgency"], one["received_at"], one["_id"]) async for one in found]

    async def newest(self, state: State, provider: str | None, after: str | None, limit: int) -> list[Webhook]:
        """Those in this state, of one provider or of all, the newest first; `after` is the `place` of the last one
        seen, `ValueError` if it is none."""
        where: list[dict[str, Any]] = [{"state": state}, {} if provider is None else {"provider": provider}]
        return (await self._listing.found(Wanted(tuple(where)), after, limit)).items

    async def count(self, state: State) -> int:
        """How many are in this state."""
        return await self.documents.count({"state": state})


def seen_with(base: frozenset[str] | None) -> dict[str, Any]:
    """The filter for what somebody may see who sees the clients in `base` and what is nobody's; None sees all."""
    return {} if base is None else {"client.client_id": {"$in": [*sorted(base), None]}}
