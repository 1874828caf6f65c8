"""What is sent and shown of clients."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.accounts.api.fields import (
    Body,
    Code,
    Day,
    Email,
    Fee,
    Id,
    Inn,
    Kpp,
    Money,
    Phone,
    Region,
    Text,
    View,
    Zone,
)
from services.accounts.domain.client import CONTACTS_LIMIT, Client
from services.accounts.domain.contacts import NUMBERS_LIMIT, Given, replaced
from shared.contracts.accounts import Source
from shared.contracts.base import STANDARD_TARIFF

MOVES_MONEY = frozenset({"fee", "manager_id", "source", "since", "active"})


class ContactBody(Body):
    """An accountant of a client. With `contact_id` a known one, whose name may be another now."""

    name: Text
    phones: tuple[Phone, ...] = Field(default=(), max_length=NUMBERS_LIMIT)
    emails: tuple[Email, ...] = Field(default=(), max_length=NUMBERS_LIMIT)
    contact_id: Id | None = None
    role: Text | None = None
    away_until: Annotated[Day | None, Field(description="The last day of their absence.")] = None

    def given(self) -> Given:
        """As the domain takes it."""
        return Given(
            name=self.name,
            phones=self.phones,
            emails=self.emails,
            contact_id=self.contact_id,
            role=self.role,
            away_until=self.away_until,
        )


UnusualFee = Annotated[bool, Field(description="The fee is meant, though it is not between 6 900 and 250 000 ₽.")]
Apart = Annotated[bool, Field(description="A branch (it needs a KPP) with an INN that another client has.")]
Contacts = Annotated[tuple[ContactBody, ...], Field(max_length=CONTACTS_LIMIT)]


class NewClient(Body):
    """A client of a base that is handed over. Where `zone` is left out it is the company's."""

    name: Text
    inn: Inn
    zone: Zone | None = None
    manager_id: Id
    fee: Fee
    source: Source = "opening"
    since: Day
    contacts: Contacts = ()
    kpp: Kpp | None = None
    region: Region | None = None
    tariff: Code = STANDARD_TARIFF
    unusual_fee: UnusualFee = False
    apart: Apart = False


class ClientChanges(Body):
    """Another description; what is left out stays. `contacts` replaces the whole list."""

    name: Text | None = None
    inn: Inn | None = None
    zone: Zone | None = None
    contacts: Contacts | None = None
    kpp: Kpp | None = None
    region: Region | None = None
    tariff: Code | None = None

    def applied(self, client: Client, new_id: Callable[[], str]) -> Client:
        """`client` with what was sent; null empties a KPP and a region alone."""
        contacts = client.contacts
        if self.contacts is not None:
            contacts = replaced(contacts, [contact.given() for contact in self.contacts], new_id)
        return replace(
            client,
            name=self.name or client.name,
            inn=self.inn or client.inn,
            zone=self.zone or client.zone,
            tariff=self.tariff or client.tariff,
            kpp=self.kpp if "kpp" in self.model_fields_set else client.kpp,
            region=self.region if "region" in self.model_fields_set else client.region,
            contacts=contacts,
        )

    @model_validator(mode="before")
    @classmethod
    def _no_money(cls, sent: Any) -> Any:
        moving = MOVES_MONEY.intersection(sent) if isinstance(sent, dict) else ()
        if moving:
            raise PydanticCustomError(
                "proposed", "{fields}: это меняют предложением (/v1/proposals), его подтверждает директор",
                {"fields": ", ".join(sorted(moving))},
            )  # fmt: skip
        return sent


class ContactView(View):
    """An accountant as recorded."""

    contact_id: str
    name: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    role: str | None
    away_until: date | None


class ClientCard(View):
    """A client as it stands at present."""

    client_id: str
    revision: int
    name: str
    inn: str
    zone: str
    kpp: str | None
    region: str | None
    tariff: str
    manager_id: str
    fee: Money
    source: Source
    since: date
    active: bool
    contacts: tuple[ContactView, ...]


class FeeView(View):
    """The fee from a day on, and the confirmed proposal behind it."""

    effective: date
    fee: Money
    fact_id: str | None
    reversed_by: str | None


class HolderView(View):
    """The manager from a day on, and the confirmed proposal behind it."""

    effective: date
    manager_id: str
    fact_id: str | None
    reversed_by: str | None


class StayView(View):
    """One stretch of time with us."""

    since: date
    source: Source
    fees: tuple[FeeView, ...]
    holders: tuple[HolderView, ...]
    until: date | None
    lost_by: str | None
    reversed_by: str | None


class ReversalView(View):
    """A fact that turned out wrong, and the fact that says so."""

    fact_id: str
    by_fact_id: str


class ClientView(ClientCard):
    """A client with its history."""

    stays: tuple[StayView, ...]
    reversals: tuple[ReversalView, ...]
    apart: str | None
