"""«Кто это?»: `/v1/senders`, and who a request or a call could be from. A person says whose a sender is, and everything
from it, future things too, is that client's."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, model_validator
from pydantic_core import PydanticCustomError

from services.intake import joining
from services.intake.api.fields import (
    SEES_ALL,
    Body,
    Deps,
    Email,
    Id,
    Owner,
    Phone,
    Reader,
    View,
    base_of,
    client_named,
)
from services.intake.api.views import CallView
from services.intake.domain import calls
from services.intake.domain.callers import Caller
from services.intake.domain.refusals import ForeignCall, ForeignRequest, UnknownCall
from services.intake.domain.requests import within
from services.intake.domain.senders import Link, Sender
from services.intake.phones import phone_in
from services.intake.reception import Reception
from services.intake.sender_store import SenderStore, What
from services.intake.suggesting import Trace, of_key, suggestions, trace_of, trace_of_request
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged, bad_cursor
from shared.http.problems import Problem

routes = APIRouter(tags=["senders"])
PRESSING: dict[int, Literal["urgent", "important", "routine"] | None] = {0: "urgent", 1: "important", 2: "routine"}


class SuggestionView(View):
    """A client it could be, and why."""

    client_id: str
    name: str
    manager_id: str
    active: bool
    contact_id: str | None
    contact_name: str | None
    reasons: tuple[str, ...]


class PieceView(View):
    """A request, a call or a letter."""

    what: What
    id: str
    at: datetime
    about: str | None


class UnknownView(View):
    """A sender nobody knows."""

    phone: str | None
    extension: str | None
    email: str | None
    request_id: str | None
    """Where the caller left neither a number nor an address: to be said of the request alone."""
    name: str | None
    pressing: Literal["urgent", "important", "routine"] | None
    """The most pressing that waits; an unreturned call is important."""
    first_at: datetime
    last_at: datetime
    count: int
    pieces: tuple[PieceView, ...]
    """The newest."""
    suggestions: tuple[SuggestionView, ...]


class LinkView(View):
    """What a person said of a sender; without a client it is none of ours."""

    client_id: str | None
    contact_id: str | None
    by: str
    at: datetime
    taken_back: bool
    """What had been said before was taken back."""


class SenderView(View):
    """A sender somebody has spoken of."""

    phone: str | None
    extension: str | None
    email: str | None
    links: tuple[LinkView, ...]
    """In the order in which they were said; the last holds."""
    joining: bool
    """Whether what came from it before is still being given to the client."""


class Told(SenderView):
    """What became of what was said: how much went to the client just now."""

    requests: int
    calls: int
    mails: int
    disowned: int
    """Open requests that stay with the client an earlier word gave them to, and say so in `attention`: of each a person
    says whose it is."""


class Named(BaseModel):
    """A sender: a phone, perhaps with an extension («доб. 102»), or a mail address."""

    phone: Phone | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _one(self) -> "Named":
        if (self.phone is None) == (self.email is None):
            raise PydanticCustomError("sender", "нужно одно из двух: phone или email")
        return self

    @property
    def key(self) -> str:
        """What it is remembered by."""
        phone = None if self.phone is None else phone_in(self.phone)
        if phone is None:
            return Caller(email=self.email).senders()[0]
        return Caller(phone=phone.number, extension=phone.extension).senders()[0]


class Identification(Named, Body):
    """Whose a sender is. Without a client it is none of ours: it leaves the queue."""

    client_id: Id | None
    contact_id: Id | None = None


@routes.get("/v1/senders/unknown")
async def unknown(reception: Deps, _: Reader, paging: Paged) -> Page[UnknownView]:
    """«Кто это?»: senders nobody knows, the most pressing first, then who has waited longest; by their open requests,
    and by what they called, wrote and asked within the last 30 days."""
    try:
        found = await SenderStore(reception.store).queue(reception.clock.now(), paging.after, paging.limit + 1)
    except ValueError:
        raise bad_cursor() from None
    page = paging.page(found, lambda one: one.place)
    traces = await asyncio.gather(*(trace_of(reception, one) for one in page.items))
    offered = await suggestions(reception, traces)
    views = [
        UnknownView.model_validate(
            _address(one.key)
            | {name: getattr(one, name) for name in ("name", "first_at", "last_at", "count", "pieces")}
            | {"pressing": PRESSING.get(one.pressing), "suggestions": who}
        )
        for one, who in zip(page.items, offered, strict=True)
    ]
    return Page(items=views, next=page.next)


@routes.get("/v1/senders")
async def spoken_of(reception: Deps, who: Reader, sender: Annotated[Named, Query()]) -> SenderView:
    """What people said of a sender."""
    found = await SenderStore(reception.store).get(sender.key)
    if found is None:
        raise Problem(404, "unknown-sender", "Об этом отправителе никто ещё ничего не сказал.")
    await _may_speak(reception, who, found)
    return _view(found)


@routes.post("/v1/senders/identify")
async def identify(reception: Deps, who: Reader, said: Identification) -> Told:
    """A person says whose a sender is, or puts it right. Everything from it joins the client, now and in future, each
    thing counted from its own time. Said again it changes nothing; what was not joined yet is joined."""
    if said.client_id is not None:
        await client_named(reception, said.client_id, said.contact_id)
    await _may_speak(reception, who, await SenderStore(reception.store).get(said.key))
    contact_id = None if said.client_id is None else said.contact_id
    link = Link(said.client_id, contact_id, who.subject, reception.clock.now())
    done = await joining.say(reception, said.key, link)
    return _told(await SenderStore(reception.store).get(said.key), done)


@routes.delete("/v1/senders")
async def take_back(reception: Deps, who: Reader, sender: Annotated[Named, Query()]) -> Told:
    """A person takes back what was said of a sender, «не наш» as well: nobody knows whose it is, and what is nobody's
    stands in the queue again."""
    await _may_speak(reception, who, await SenderStore(reception.store).get(sender.key))
    done = await joining.take_back(reception, sender.key, who.subject)
    return _told(await SenderStore(reception.store).get(sender.key), done)


@routes.get("/v1/requests/{request_id}/suggestions")
async def of_request(reception: Deps, who: Reader, request_id: str) -> list[SuggestionView]:
    """Whose a request could be, the likeliest first; with what spoke against whom it was given to."""
    request = within(await reception.store.requests.get(request_id), await base_of(reception, who))
    return await _offered(reception, trace_of_request(request))


@routes.get("/v1/calls/{call_id}/suggestions")
async def of_call(reception: Deps, who: Reader, call_id: str) -> list[SuggestionView]:
    """Whose a call could be."""
    call = await _visible(reception, who, call_id)
    return await _offered(reception, Trace(Caller(phone=call.course.phone)))


@routes.post("/v1/calls/{call_id}/client")
async def call_client(reception: Deps, who: Reader, key: IdempotencyKey, call_id: str, owner: Owner) -> CallView:
    """A person says whose this one call is: of a number that several clients share."""
    await _visible(reception, who, call_id)
    known = await client_named(reception, owner.client_id, owner.contact_id)
    stepped = await reception.store.calls.step(
        call_id,
        lambda state: calls.identify(
            state,
            client=known.client(),
            contact_id=owner.contact_id,
            by=who.subject,
            now=reception.clock.now(),
        ),
        once=None if key is None else f"client:{who.subject}:{key}",
    )
    return CallView.of(stepped.state)


async def _offered(reception: Reception, trace: Trace) -> list[SuggestionView]:
    (found,) = await suggestions(reception, [trace])
    return [SuggestionView.model_validate(one) for one in found]


async def _visible(reception: Reception, who: Principal, call_id: str) -> calls.Call:
    call, base = await reception.store.calls.get(call_id), await base_of(reception, who)
    if call is None:
        raise UnknownCall
    if base is not None and call.client is not None and call.client.client_id not in base:
        raise ForeignCall
    return call


async def _may_speak(reception: Reception, who: Principal, sender: Sender | None) -> None:
    """A sender that is another base's client is put right by those who see all. Raises `ForeignRequest`."""
    base = None if who.has(*SEES_ALL) else await reception.store.base_of(who.subject)
    held = None if sender is None else sender.link.client_id
    if base is not None and held is not None and held not in base:
        raise ForeignRequest("Этот отправитель уже записан за клиентом не из вашей базы. Поправить может руководитель.")


def _told(sender: Sender | None, done: joining.Joined) -> Told:
    return Told.model_validate({} if sender is None else _view(sender).model_dump() | asdict(done))


def _address(key: str) -> dict[str, str | None]:
    caller = of_key(key)
    kind, _, rest = key.partition(":")
    return {
        "phone": caller.phone,
        "extension": caller.extension,
        "email": caller.email,
        "request_id": rest if kind == "request" else None,
    }


def _view(sender: Sender) -> SenderView:
    return SenderView.model_validate(_address(sender.key) | {"links": sender.links, "joining": sender.joining})
