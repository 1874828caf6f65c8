"""`/v1/clients`: who pays us, and their accountants."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.accounts import conflicts
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
    fingerprint,
)
from services.accounts.domain import client as clients
from services.accounts.domain.client import Client, begin
from services.accounts.domain.contacts import replaced
from services.accounts.domain.refusals import NotYourBase, UnknownClient, WrongValue
from services.accounts.domain.stay import handed_to
from services.accounts.office import Office, known
from services.accounts.store import client_place, named
from shared.contracts.base import Decide, Decision
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id
from shared.store import DuplicateKey, Stepped

routes = APIRouter(prefix="/v1/clients", tags=["clients"])


class Search(BaseModel):
    """By how words of its name, or of its accountants' names, begin; by INN, by an accountant's phone or e-mail …"""

    name: Text | None = None
    inn: Inn | None = None
    phone: Phone | None = None
    email: Email | None = None
    region: Region | None = None
    tariff: Code | None = None
    manager_id: Id | None = None
    active: bool | None = None

    def where(self) -> dict[str, Any]:
        """As a filter of the database."""
        filters = {
            "inn": self.inn,
            "contacts.phones": self.phone,
            "contacts.emails": self.email,
            "region": self.region,
            "tariff": self.tariff,
            "manager_id": self.manager_id,
            "active": self.active,
        }
        by_name = named(self.name) if self.name else {}
        return by_name | {field: wanted for field, wanted in filters.items() if wanted is not None}


@routes.post("", status_code=201, responses={200: {"description": "The same again."}})
async def register(office: Deps, who: Director, key: IdempotencyKey, new: NewClient, response: Response) -> ClientView:
    """A client of a base that is handed over: nobody is paid for it (R-PAY-4)."""
    client_id = office.new_id() if key is None else derived_id("client", who.subject, key)
    if await office.store.managers.get(new.manager_id) is None:
        raise WrongValue("manager_id", f"менеджера {new.manager_id} нет")
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


@routes.get("")
async def listed(office: Deps, who: Reader, search: Annotated[Search, Query()], paging: Paged) -> Page[ClientCard]:
    """Clients in order of name; a manager sees their own base."""
    where = search.where()
    if not who.has(*SEES_ALL):
        if search.manager_id not in {None, who.subject}:
            raise NotYourBase
        where["manager_id"] = who.subject
    found = await office.store.clients_where(where, paging.after, paging.limit + 1)
    cards = [ClientCard.model_validate(client) for client in found]
    return paging.page(cards, lambda card: client_place(card.client_id, card.name))


@routes.get("/{client_id}")
async def one(office: Deps, who: Reader, client_id: str) -> ClientView:
    """One client with its history."""
    client = await office.client(client_id)
    check_sees(who, client)
    return ClientView.model_validate(client)


@routes.patch("/{client_id}")
async def describe(office: Deps, who: Keeper, client_id: str, changes: ClientChanges) -> ClientView:
    """Another name, INN, KPP, region, zone, tariff or accountants. What moves money is proposed instead (R-BASE-3)."""
    at = office.now()
    client = await office.client(client_id)

    def decide(state: Client | None) -> Decision[Client]:
        client = known(state, UnknownClient)
        check_sees(who, client)
        return clients.describe(client, changes.applied(client, office.new_id), at)

    described = replace(client, inn=changes.inn or client.inn)
    return ClientView.model_validate((await _step(office, who, described, "описан заново", decide)).state)


def check_sees(who: Principal, client: Client) -> None:
    """Raises `NotYourBase` for a manager who does not hold the client at present."""
    if not who.has(*SEES_ALL) and client.manager_id != who.subject:
        raise NotYourBase


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
