"""What accounts says: managers, clients, and the facts that move money."""

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import ClientRef, Contract, Event, Roubles

Source = Literal["opening", "referral", "advert", "tender", "other"]
"""How a client came to us. Only `referral` pays (R-PAY-1, R-PAY-4); `opening` is the base handed over at the start."""


class ManagerEvent(Event):
    """A manager as the others need to know them. `revision` grows with each change: the higher one is the newer."""

    SUBJECT: ClassVar[str] = "manager_id"

    manager_id: str
    revision: int
    name: str
    hired: date
    left: date | None = None


class ManagerRegistered(ManagerEvent):
    """A manager works for us."""

    TYPE: ClassVar[str] = "manager.registered"


class ManagerChanged(ManagerEvent):
    """A manager's name or dates changed."""

    TYPE: ClassVar[str] = "manager.changed"


class ContactCard(Contract):
    """An accountant of a client: the only judge of whether a request is solved."""

    contact_id: str
    name: str
    phones: tuple[str, ...] = ()
    """E.164."""
    emails: tuple[str, ...] = ()
    """Lower case."""


class ClientEvent(Event):
    """A client with its accountants, whole. `revision` grows with each change: the higher one is the newer."""

    SUBJECT: ClassVar[str] = "client_id"

    client_id: str
    revision: int
    name: str
    inn: str
    zone: str
    manager_id: str
    fee: Roubles
    """Roubles a month."""
    source: Source
    since: date
    active: bool = True
    contacts: tuple[ContactCard, ...] = ()

    def ref(self) -> ClientRef:
        """The client as other events carry it."""
        return ClientRef(client_id=self.client_id, name=self.name, zone=self.zone, manager_id=self.manager_id)


class ClientRegistered(ClientEvent):
    """A client is on our books."""

    TYPE: ClassVar[str] = "client.registered"


class ClientChanged(ClientEvent):
    """Something about a client changed."""

    TYPE: ClassVar[str] = "client.changed"


class MoneyFact(Event):
    """A confirmed fact that moves money (R-BASE-3). `fact_id` is its identity for ever."""

    SUBJECT: ClassVar[str] = "fact_id"

    fact_id: str
    client_id: str
    client_name: str
    manager_id: str
    """Who held the client on the effective date: bears it (R-PAY-5)."""
    fee: Roubles
    """Roubles a month, in force on the effective date."""
    effective: date
    """In the company's time zone; decides the month (R-PAY-5)."""
    proposed_by: str
    confirmed_by: str


class ClientWon(MoneyFact):
    """A client came (R-REF-4, R-PAY-1)."""

    TYPE: ClassVar[str] = "client.won"

    source: Source
    vouched_by_client_id: str | None = None
    """The fan whose word brought them (R-REF-2)."""
    request_id: str | None = None
    """The trial request that convinced them (R-REF-3)."""


class ClientLost(MoneyFact):
    """A client is gone (R-BASE-2)."""

    TYPE: ClassVar[str] = "client.lost"

    reason: str
    request_id: str | None = None
    """The request that cost us the client, where known."""


class ClientHandedOver(Event):
    """Another manager holds the client from `effective` on."""

    TYPE: ClassVar[str] = "client.handed_over"
    SUBJECT: ClassVar[str] = "fact_id"

    fact_id: str
    client_id: str
    from_manager_id: str
    to_manager_id: str
    effective: date
    proposed_by: str
    confirmed_by: str
