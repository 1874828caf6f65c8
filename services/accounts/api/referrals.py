"""Fans, the ask gate, the chain of referrals, conversion (R-REF-1)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.accounts import referring
from services.accounts.api.care_fields import Caller, CareDep, CareReader, Words, own_client
from services.accounts.api.fields import SEES_ALL, Body, Id, View, check_base
from services.accounts.care import Care
from services.accounts.care_store import Held
from services.accounts.domain import fans
from services.accounts.domain.client import Client
from services.accounts.domain.fans import Ask, Asks, History
from services.accounts.domain.prospects import Prospect
from services.accounts.domain.refusals import WrongValue
from shared.http.idempotency import IdempotencyKey
from shared.ids import derived_id

routes = APIRouter(prefix="/v1", tags=["referrals"])
A_YEAR = 365


class ReasonView(View):
    """Why not, and which request it is about."""

    why: str
    request_id: str


class FanView(BaseModel):
    """How a client stands as a fan, and whether it may be asked now."""

    client_id: str
    name: str
    fan: bool
    near: bool
    """One step is missing."""
    streak: int
    why: list[str]
    missing: list[ReasonView]
    may_ask: bool
    against: list[ReasonView]
    """Everything that stands against asking now."""


class AskBody(Body):
    """Who was asked."""

    contact_id: Id
    note: Words = ""


class AskView(View):
    """A client was asked for a referral."""

    ask_id: str
    at: datetime
    contact_id: str
    by: str
    note: str


class LinkView(BaseModel):
    """One step of the chain: who vouched, whom we tried, whom we won."""

    fan_client_id: str
    prospect_id: str
    prospect_name: str
    state: str
    client_id: str | None


class ChainView(BaseModel):
    """Where a client came from, and who came through it."""

    client_id: str
    came_through: list[LinkView]
    """The nearest first."""
    brought: list[LinkView]


class ConversionView(View):
    """How many went how far."""

    asked: int
    named: int
    tried: int
    flawless: int
    won: int
    dropped: int


@routes.get("/clients/{client_id}/fan")
async def one(care: CareDep, who: CareReader, client_id: str) -> FanView:
    """Whether the client is a fan and why, or what is missing; whether it may be asked now."""
    return (await _fans(care, [await own_client(care, who, client_id)]))[0]


@routes.get("/managers/{manager_id}/fans")
async def listed(care: CareDep, who: CareReader, manager_id: str) -> list[FanView]:
    """Who is a fan, then who nearly is and what is missing."""
    check_base(who, manager_id)
    await care.office.manager(manager_id)
    found = await _fans(care, await care.store.base(manager_id))
    return sorted((fan for fan in found if fan.fan or fan.near), key=lambda fan: (not fan.fan, -fan.streak, fan.name))


@routes.post("/clients/{client_id}/referral-asks", status_code=201, responses={200: {"description": "The same again."}})
async def ask(
    care: CareDep, who: Caller, client_id: str, key: IdempotencyKey, body: AskBody, *, response: Response
) -> AskView:
    """The client was asked whom it would vouch for; 409 with every reason where that is not allowed (R-REF-1)."""
    client = await own_client(care, who, client_id)
    if body.contact_id not in {contact.contact_id for contact in client.contacts}:
        raise WrongValue("contact_id", "у этого клиента нет такого бухгалтера")
    if not client.active:
        raise WrongValue("client_id", "клиент потерян: просить его не о чем")
    ask_id = care.office.new_id() if key is None else derived_id("ask", who.subject, key, client_id)
    new = Ask(
        ask_id=ask_id, at=care.now(), contact_id=body.contact_id, by=who.subject, note=body.note,
        manager_id=client.manager_id,
    )  # fmt: skip
    stepped = await referring.ask(care, client, new)
    response.status_code = 201 if stepped.written else 200
    return AskView.model_validate(next(each for each in stepped.state.asks if each.ask_id == ask_id))


@routes.get("/clients/{client_id}/referral-chain")
async def chain(care: CareDep, who: CareReader, client_id: str) -> ChainView:
    """Client → fan → prospect → client, in both directions."""
    await own_client(care, who, client_id)
    through = await referring.came_through(care, client_id)
    brought = await care.store.prospects.find({"vouched_by_client_id": client_id})
    return ChainView(
        client_id=client_id, came_through=[_link(each) for each in through], brought=[_link(each) for each in brought]
    )


@routes.get("/referrals/conversion")
async def conversion(
    care: CareDep,
    who: CareReader,
    manager_id: Annotated[str | None, Query()] = None,
    since: Annotated[date | None, Query(description="A day in the company's zone; a year ago if left out.")] = None,
) -> ConversionView:
    """From asking to winning, step by step; a manager their own."""
    if not who.has(*SEES_ALL):
        manager_id = manager_id or who.subject
        check_base(who, manager_id)
    day = since or care.office.today() - timedelta(days=A_YEAR)
    if day.year < 1970:  # noqa: PLR2004
        raise WrongValue("since", "такой давней даты не бывает")
    begins = datetime.combine(day, time(), ZoneInfo(care.office.zone))
    return ConversionView.model_validate(await referring.conversion(care, manager_id, begins))


async def _fans(care: Care, clients: Sequence[Client | Held]) -> list[FanView]:
    ids = [client.client_id for client in clients]
    histories, asks = await referring.histories(care, ids), await care.store.asks_of(ids)
    return [_fan(care, client, histories[client.client_id], asks.get(client.client_id)) for client in clients]


def _fan(care: Care, client: Client | Held, history: History, asks: Asks | None) -> FanView:
    policy, now = care.policy.fans, care.now()
    stands = fans.fan(policy, history, now, care.office.zone)
    against = fans.may_ask(policy, history, asks, now, care.office.zone)
    return FanView(
        client_id=client.client_id,
        name=client.name,
        fan=stands.fan,
        near=stands.near,
        streak=stands.streak,
        why=list(stands.why),
        missing=[ReasonView(**asdict(reason)) for reason in stands.missing],
        may_ask=not against and client.active,
        against=[ReasonView(**asdict(reason)) for reason in against],
    )


def _link(prospect: Prospect) -> LinkView:
    return LinkView(
        fan_client_id=prospect.vouched_by_client_id,
        prospect_id=prospect.prospect_id,
        prospect_name=prospect.name,
        state=prospect.state,
        client_id=prospect.client_id,
    )
