"""What is sent and shown of clients."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.accounts.api.fields import Body, Day, Email, Fee, Id, Inn, Money, Phone, Text, View, Zone
from services.accounts.domain.client import CONTACTS_LIMIT
from services.accounts.domain.contacts import NUMBERS_LIMIT, Given
from shared.contracts.accounts import Source

MOVES_MONEY = frozenset({"fee", "manager_id", "source", "since", "active"})


class ContactBody(Body):
    """An accountant of a client. With `contact_id` a known one, whose name may be another now."""

    name: Text
    phones: tuple[Phone, ...] = Field(default=(), max_length=NUMBERS_LIMIT)
    emails: tuple[Email, ...] = Field(default=(), max_length=NUMBERS_LIMIT)
    contact_id: Id | None = None

    def given(self) -> Given:
        """As the domain takes it."""
        return Given(name=self.name, phones=self.phones, emails=self.emails, contact_id=self.contact_id)


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


class ClientChanges(Body):
    """Another description; what is left out stays. `contacts` replaces the whole list."""

    name: Text | None = None
    inn: Inn | None = None
    zone: Zone | None = None
    contacts: Contacts | None = None

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


class ClientCard(View):
    """A client as it stands at present."""

    client_id: str
    revision: int
    name: str
    inn: str
    zone: str
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


class HolderView(View):
    """The manager from a day on, and the confirmed proposal behind it."""

    effective: date
    manager_id: str
    fact_id: str | None


class StayView(View):
    """One stretch of time with us."""

    since: date
    source: Source
    fees: tuple[FeeView, ...]
    holders: tuple[HolderView, ...]
    until: date | None
    lost_by: str | None


class ClientView(ClientCard):
    """A client with its history."""

    stays: tuple[StayView, ...]
