"""`/v1/clients`: who pays us, and their accountants."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.accounts import conflicts, searching
from services.accounts.api.client_forms import ClientCard, ClientChanges, ClientView, NewClient
from services.accounts.api.fields import (
    SEES_ALL,
    Code,
    Deps,
    Director,
    Email,
    Id,
    Inn,
    Keeper,
    Phone,
    Reader,
    Region,
    Text,
    check_base,
    fingerprint,
)
from services.accounts.domain import client as clients
from services.accounts.domain.client import Client, begin
from services.accounts.domain.contacts import replaced
from services.accounts.domain.opening import too_early
from services.accounts.domain.refusals import UnknownClient, WrongValue
from services.accounts.domain.stay import handed_to
from services.accounts.office import Office, known
from services.accounts.store import Store, client_place
from shared.contracts.base import Decide, Decision
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id
from shared.store import DuplicateKey, Stepped

routes = APIRouter(prefix="/v1/clients", tags=["clients"])


class Search(BaseModel):
    """By how words of its name, or of its accountants' names, begin; by INN, by an accountant's phone or e-mail …; `q`
    is any of these, or its beginning."""

    q: Text | None = None
    name: Text | None = None
    inn: Inn | None = None
    phone: Phone | None = None
    email: Email | None = None
    region: Region | None = None
    tariff: Code | None = None
    manager_id: Id | None = None
    active: bool | None = None

    def where(self) -> dict[str, Any]:
        """What must be exactly so, as a filter of the database."""
        filters = {
            "inn": self.inn,
            "contacts.phones": self.phone,
            "contacts.emails": self.email,
            "region": self.region,
            "tariff": self.tariff,
            "manager_id": self.manager_id,
            "active": self.active,
        }
        return {field: wanted for field, wanted in filters.items() if wanted is not None}

    async def whole(self, store: Store, where: dict[str, Any]) -> dict[str, Any]:
        """`where`, and what was typed."""
        typed = [await searching.by_words(store, self.name, where)] if self.name else []
        typed += [await searching.by_anything(store, self.q, where)] if self.q else []
        return {"$and": [where, *typed]} if typed else where


@routes.post("", status_code=201, responses={200: {"description": "The same again."}})
async def register(office: Deps, who: Director, key: IdempotencyKey, new: NewClient, response: Response) -> ClientView:
    """A client of a base that is handed over: nobody is paid for it (R-PAY-4)."""
    client_id = office.new_id() if key is None else derived_id("client", who.subject, key)
    if await office.store.clients.get(client_id) is None:
        await office.check_works("manager_id", new.manager_id, office.today())
        await _check_since(office, new)
    client = begin(
        client_id=client_id,
        name=new.name,
        inn=new.inn,
        zone=new.zone or office.zone,
        contacts=replaced((), [contact.given() for contact in new.contacts], office.new_id),
        stay=handed_to(new.manager_id, since=new.since, fee=new.fee, source=new.source),
        asked_as=fingerprint(new),
        kpp=new.kpp,
        region=new.region,
        tariff=new.tariff,
        apart=new.apart,
    )
    decide = partial(clients.register, new=client, at=office.now(), today=office.today(), unusual_fee=new.unusual_fee)
    stepped = await _step(office, who, client, "заведён", decide)
    if stepped.written and client.apart:
        key, words = conflicts.conflict_id("inn", client.inn), f"филиал, КПП {client.apart}"
        await conflicts.decide(office, key, who.subject, choice="shared", contact_id=None, words=words)
    response.status_code = 201 if stepped.written else 200
    return ClientView.model_validate(stepped.state)


async def _check_since(office: Office, new: NewClient) -> None:
    wrong = too_early((await office.manager(new.manager_id)).hired, new.since, new.source)
    if wrong is not None:
        raise WrongValue("since", f"{wrong}: исправьте дату, а переданному из базы поставьте source opening")


@routes.get("")
async def listed(office: Deps, who: Reader, search: Annotated[Search, Query()], paging: Paged) -> Page[ClientCard]:
    """Clients in order of name; a manager sees their own base."""
    where = search.where()
    if not who.has(*SEES_ALL):
        check_base(who, search.manager_id or who.subject)
        where["manager_id"] = who.subject
    wanted = await search.whole(office.store, where)
    found = await office.store.clients_where(wanted, paging.after, paging.limit + 1)
    cards = [ClientCard.model_validate(client) for client in found]
    return paging.page(cards, lambda card: client_place(card.client_id, card.name))


@routes.get("/{client_id}")
async def one(office: Deps, who: Reader, client_id: str) -> ClientView:
    """One client with its history."""
    client = await office.client(client_id)
    check_base(who, client.manager_id)
    return ClientView.model_validate(client)


@routes.patch("/{client_id}")
async def describe(office: Deps, who: Keeper, client_id: str, changes: ClientChanges) -> ClientView:
    """Another name, INN, KPP, region, zone, tariff or accountants. What moves money is proposed instead (R-BASE-3)."""
    at = office.now()
    client = await office.client(client_id)

    def decide(state: Client | None) -> Decision[Client]:
        client = known(state, UnknownClient)
        check_base(who, client.manager_id)
        return clients.describe(client, changes.applied(client, office.new_id), at)

    described = replace(client, inn=changes.inn or client.inn)
    return ClientView.model_validate((await _step(office, who, described, "описан заново", decide)).state)


async def _step(office: Office, who: Principal, client: Client, why: str, decide: Decide[Client]) -> Stepped[Client]:
    """The step; where the INN of `client` belongs to another client, `InnTaken` names that one."""
    try:
        stepped = await office.clients_step(client.client_id, decide, by=who.subject, why=why)
    except DuplicateKey:
        await office.check_inn_free(client.inn, client.client_id, client.apart)
        raise
    if stepped.written:
        await conflicts.look_after(office, client, stepped.state)
    return stepped
