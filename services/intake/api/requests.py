"""`/v1/requests`: a client wants something solved."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from services.intake import tables
from services.intake.api.fields import (
    SEES_ALL,
    Body,
    Deps,
    Email,
    Id,
    Line,
    Office,
    Phone,
    Reader,
    Registrar,
    RequestReader,
    base_of,
)
from services.intake.api.views import Registered, RequestCard, RequestView
from services.intake.domain.callers import Caller
from services.intake.domain.identity import Identity
from services.intake.domain.refusals import ForeignRequest
from services.intake.domain.requests import Register, ServiceRequest, State, answer, within
from services.intake.domain.triage import Triage
from services.intake.inns import inns_in
from services.intake.lists import Wanted, place
from services.intake.mail_domains import institution_of
from services.intake.phones import phone_in
from services.intake.post import PostOffice
from services.intake.reception import Reception
from services.intake.store import seen_with
from shared.contracts.base import Channel, Nature, Priority
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged, bad_cursor
from shared.http.problems import Problem
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/requests", tags=["requests"])

JSON = "application/json"
EXPORTED, EXPORTED_AMONG = 10_000, 200_000
SEARCHED = ("subject", "text", "follow_ups.words")
SHORTEST = 2
"""Characters that are looked for."""
_NOT_SAID = re.compile(r"[\s№]")
ANOTHER = (
    "Под этим external_id или Idempotency-Key уже есть заявка № {number} с другими словами. Новую пошлите под другим; "
    "дополнение к прежней — POST /v1/requests/{{id}}/follow-ups."
)


class Contact(Body):
    """Who called or wrote, as far as the integration knows."""

    phone: Phone | None = None
    email: Email | None = None
    name: Line | None = None


class NewRequest(Body):
    """What a client said. A `client_id` that nobody knows, or a caller nobody knows, is left to a person."""

    channel: Channel
    contact: Contact = Contact()
    client_id: Id | None = None
    subject: Line
    text: str = Field(default="", max_length=100_000)
    priority: Priority | None = None
    """Wins over the words."""
    nature: Nature | None = None
    """Of an important request only."""
    products: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    external_id: Id | None = None
    """The integration's own id: the same again finds the first."""
    call_id: Id | None = None
    discovered: bool = False
    trial: bool = False

    @model_validator(mode="after")
    def _somebody(self) -> "NewRequest":
        if not self.caller().waits_for() and self.contact.name is None:
            raise PydanticCustomError("contact", "нужен contact (phone, email или name) или client_id")
        return self

    def caller(self) -> Caller:
        """Who it is from."""
        phone = None if self.contact.phone is None else phone_in(self.contact.phone)
        return Caller(
            phone=None if phone is None else phone.number,
            extension=None if phone is None else phone.extension,
            email=self.contact.email,
            name=self.contact.name,
            claimed_client_id=self.client_id,
            inns=inns_in(f"{self.subject}\n{self.text}"),
            domain=institution_of(self.contact.email),
        )

    async def judged(self, reception: Reception, identity: Identity) -> Triage:
        """How pressing it is. Who names a nature calls it important: a debt nobody sees does not refuse that."""
        seen = identity if self.nature is None else replace(identity, band=None)
        return await reception.judged(f"{self.subject}\n{self.text}", self.priority, seen)

    def command(self, caller: Caller, identity: Identity, judged: Triage, by: str) -> Register:
        """As the domain takes it."""
        return Register(
            channel=self.channel,
            subject=self.subject,
            text=self.text,
            caller=caller,
            identity=identity,
            triage=judged,
            nature=self.nature,
            products=self.products or judged.products,
            external_id=self.external_id,
            call_id=self.call_id,
            discovered=self.discovered,
            trial=self.trial,
            by=by,
        )


@routes.post("", status_code=201, response_model=Registered, responses={200: {"model": Registered}})
async def register(reception: Deps, who: Registrar, key: IdempotencyKey, new: NewRequest) -> Response:
    """Register a request. The same `external_id`, or else the same Idempotency-Key, answers 200 and the same body; with
    other words it is refused, so that nobody's words are lost in silence."""
    caller = new.caller()
    identity = await reception.identity(caller)
    command = new.command(caller, identity, await new.judged(reception, identity), who.subject)
    named = ("external", new.external_id) if new.external_id is not None else ("key", key)
    request_id = reception.new_id() if named[1] is None else derived_id("request", who.subject, *map(str, named))
    stepped = await reception.register(command, request_id)
    if not stepped.written and not command.repeats(stepped.state):
        raise Problem(409, "another-request", ANOTHER.format(number=stepped.state.number), request_id=request_id)
    body = json.dumps(answer(stepped.state), ensure_ascii=False)
    return Response(body, 201 if stepped.written else 200, media_type=JSON)


def searched(text: str | None) -> str | None:
    """Words to look for: at least two characters that can be looked for."""
    plain = None if text is None else text.replace("\0", "").strip()
    if plain is not None and len(plain) < SHORTEST:
        raise PydanticCustomError("text", f"не короче {SHORTEST} симв.")
    return plain


def spoken(number: str) -> str:
    """A number as it is kept: «100 245»; what is none finds nothing."""
    digits = _NOT_SAID.sub("", number)
    return f"{int(digits):,}".replace(",", " ") if digits.isascii() and digits.isdecimal() else number


class Search(BaseModel):
    """By client, by the manager who holds the client at present, by number, state, priority, channel, words, whether
    its client is known. State, priority, channel and words are looked for among 20 000 at a time, the newest first: a
    page may hold fewer than `limit`, and `next` goes on."""

    client_id: Id | None = None
    manager_id: Id | None = None
    number: Annotated[str | None, Field(min_length=1, max_length=20)] = None
    """What people call it by: «100 245» or «100245»."""
    state: State | None = None
    priority: Priority | None = None
    identified: bool | None = None
    channel: Channel | None = None
    text: Annotated[str | None, Field(min_length=2, max_length=100), AfterValidator(searched)] = None
    """In the subject, the words, what was added later, or the number: whatever the case, «е» for «ё», and «100245» for
    «100 245»."""

    def wanted(self, base: frozenset[str] | None, *seen: dict[str, Any]) -> Wanted:
        """As filters of the database; `base` is the clients of the manager asked for, `seen` what one may see."""
        whose: dict[str, Any] = {"client.client_id": self.client_id, "number": self.number and spoken(self.number)}
        what: dict[str, Any] = {"state": self.state, "priority": self.priority, "channel": self.channel}
        holders = {} if base is None else {"client.client_id": {"$in": sorted(base)}}
        nobodys = {"client.client_id": None} if self.identified is False else {}
        known = {"client.client_id": {"$ne": None}} if self.identified else {}
        return Wanted((*_given(whose), holders, nobodys, *seen), (*_given(what), known, *self._said()))

    def _said(self) -> list[dict[str, Any]]:
        if self.text is None:
            return []
        said = {"$regex": _as_written(self.text), "$options": "i"}
        return [{"$or": [*({field: said} for field in SEARCHED), *_numbered(self.text)]}]


@routes.get("")
async def listed(
    reception: Deps, who: RequestReader, search: Annotated[Search, Query()], paging: Paged
) -> Page[RequestCard]:
    """Requests, the newest first; a manager sees their own base and what is nobody's yet, an integration what it
    registered."""
    held = None if search.manager_id is None else await reception.store.base_of(search.manager_id)
    wanted = search.wanted(held, seen_with(await base_of(reception, who)))
    if _is_integration(who):
        wanted = replace(wanted, what=(*wanted.what, {"registered_by": who.subject}))
    try:
        found = await reception.store.listed_requests.found(wanted, paging.after, paging.limit + 1)
    except ValueError:
        raise bad_cursor() from None
    cards = [RequestCard.model_validate(request) for request in found.items]
    return paging.page(cards, lambda card: place(card.registered_at, card.request_id), beyond=found.beyond)


@routes.get("/export.csv", response_class=Response)
async def exported(reception: Deps, office: Office, who: Reader, search: Annotated[Search, Query()]) -> Response:
    """The newest requests the search finds, at most 10 000 among the newest 200 000, as a table that opens in Excel;
    where there is more its last row says so. Times are the company's."""
    held = None if search.manager_id is None else await reception.store.base_of(search.manager_id)
    wanted = search.wanted(held, seen_with(await base_of(reception, who)))
    listing = replace(reception.store.listed_requests, among=EXPORTED_AMONG)
    found = await listing.found(wanted, None, EXPORTED + 1)
    managers, zone = await _managers(reception, office, found.items), ZoneInfo(office.settings.company_zone)
    more = tables.STOPPED.format(EXPORTED_AMONG) if found.beyond else None
    content = await asyncio.to_thread(tables.csv_of, found.items, EXPORTED, managers, zone, more)
    headers = {"Content-Disposition": 'attachment; filename="requests.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


@routes.get("/{request_id}")
async def one(reception: Deps, who: RequestReader, request_id: str) -> RequestView:
    """One request with everything said about it."""
    request = within(await reception.store.requests.get(request_id), await base_of(reception, who))
    if not _is_integration(who):
        return RequestView.of(request)
    if request.registered_by != who.subject:
        raise ForeignRequest
    return RequestView.of(request).model_copy(update={"priority_reasons": request.triage.shown})


async def _managers(reception: Reception, office: PostOffice, found: list[ServiceRequest]) -> dict[str, str]:
    """The name of who holds each client at present, by the client's id."""
    ids = {one.client.client_id for one in found if one.client is not None}
    clients = await reception.store.clients.find({"_id": {"$in": sorted(ids)}}, limit=0)
    holders = sorted({client.manager_id for client in clients})
    names = {one.manager_id: one.name for one in await office.managers.find({"_id": {"$in": holders}}, limit=0)}
    return {client.client_id: names.get(client.manager_id, client.manager_id) for client in clients}


def _given(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{field: value} for field, value in fields.items() if value is not None]


def _as_written(text: str) -> str:
    """As a pattern: «е» and «ё» are one letter to who looks for them."""
    return re.sub("[её]", "[её]", re.escape(text), flags=re.IGNORECASE)


def _numbered(text: str) -> list[dict[str, Any]]:
    """By number, with a space in it or without."""
    digits = _NOT_SAID.sub("", text)
    if not (digits.isascii() and digits.isdecimal()):
        return []
    spaced = r"\s?".join(digits)
    return [{"number": {"$regex": spaced}}]


def _is_integration(who: Principal) -> bool:
    return who.has("integration") and not who.has(*SEES_ALL, "manager")
