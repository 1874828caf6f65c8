"""Who is calling or writing: the projection of clients and their accountants, and what they are found by."""

import re
from dataclasses import dataclass, replace

from shared.contracts.accounts import Band, ClientEvent, DebtChanged
from shared.contracts.base import STANDARD_TARIFF, ClientRef

_NAME = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Client:
    """A client as a request or a call carries it."""

    client_id: str
    name: str
    zone: str
    manager_id: str | None = None
    tariff: str = STANDARD_TARIFF

    def ref(self) -> ClientRef:
        """The client as events carry it."""
        return ClientRef(
            client_id=self.client_id,
            name=self.name,
            zone=self.zone,
            manager_id=self.manager_id,
            tariff=self.tariff,
        )


@dataclass(frozen=True, slots=True)
class KnownContact:
    """An accountant of a client."""

    contact_id: str
    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    def found_by(self) -> list[str]:
        """What this accountant is found by."""
        return [*map(phone_key, self.phones), *map(email_key, self.emails)]

    def hinted_by(self) -> list[str]:
        """What makes one think of this accountant's client, and tells nothing of the accountant."""
        domains = [domain_key(address.rpartition("@")[2]) for address in self.emails]
        return [*domains, name_key(self.name)] if len(self.name.split()) > 1 else domains


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client as the newest event about it tells."""

    client_id: str
    revision: int
    name: str
    zone: str
    manager_id: str
    active: bool
    contacts: tuple[KnownContact, ...] = ()
    keys: tuple[str, ...] = ()
    """What it is found by: its id, its INN, every phone, address, mail domain and full name of its accountants, its own
    name. See `client_key` and its neighbours."""
    tariff: str = STANDARD_TARIFF
    band: Band | None = None
    """Of its manual-work debt, never shown to the client (R-IMP-6)."""
    debt_revision: int = 0
    inn: str = ""

    def client(self) -> Client:
        """The client as a request carries it."""
        return Client(self.client_id, self.name, self.zone, self.manager_id, self.tariff)

    def contact_with(self, key: str | None) -> str | None:
        """The accountant that `key` belongs to, where it belongs to exactly one."""
        found = [contact.contact_id for contact in self.contacts if key in contact.found_by()]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the person who called or wrote is known by."""

    phone: str | None = None
    """E.164."""
    extension: str | None = None
    email: str | None = None
    """Lower case."""
    name: str | None = None
    claimed_client_id: str | None = None
    """The client the integration says it is."""
    inns: tuple[str, ...] = ()
    """What the text names that could be INNs."""
    domain: str | None = None
    """Of the address, where it is an institution's: a public mail service says nothing."""

    def senders(self) -> tuple[str, ...]:
        """What a person may have said whose it is, the most exact first: see `sender_key`."""
        extended = self.phone and self.extension and sender_key(self.phone, self.extension)
        keys = (extended, self.phone and phone_key(self.phone), self.email and email_key(self.email))
        return tuple(key for key in keys if key)

    def looked_up_by(self) -> tuple[str, ...]:
        """What to look for in the projection, the surest first."""
        keys = (
            self.claimed_client_id and client_key(self.claimed_client_id),
            self.phone and phone_key(self.phone),
            self.email and email_key(self.email),
            *map(inn_key, self.inns),
            self.domain and domain_key(self.domain),
        )
        return tuple(key for key in keys if key)

    def waits_for(self) -> tuple[str, ...]:
        """What must become known for a request of this caller to be somebody's."""
        return tuple(dict.fromkeys((*self.looked_up_by(), *self.senders())))


def client_key(client_id: str) -> str:
    """What a client is found by when somebody names it."""
    return f"id:{client_id}"


def phone_key(phone: str) -> str:
    """What an E.164 number is found by."""
    return f"tel:{phone}"


def sender_key(phone: str, extension: str) -> str:
    """What somebody behind a number of many is remembered by."""
    return f"tel:{phone};ext={extension}"


def email_key(address: str) -> str:
    """What a mail address is found by, whatever the case of its letters."""
    return f"mail:{address.lower()}"


def inn_key(inn: str) -> str:
    """What an INN is found by."""
    return f"inn:{inn}"


def domain_key(domain: str) -> str:
    """What an institution's mail domain is found by."""
    return f"domain:{domain.lower()}"


def name_key(name: str) -> str:
    """What a name is found by, whatever its case, spaces and quotation marks."""
    return f"name:{' '.join(_NAME.findall(name.lower().replace('ё', 'е')))}"


def told(known: KnownClient | None, event: ClientEvent) -> KnownClient:
    """What is known of a client after `event`, whichever order events come in: the higher revision is the newer."""
    if known is not None and known.revision >= event.revision:
        return known
    contacts = tuple(
        KnownContact(card.contact_id, card.name, card.phones, tuple(address.lower() for address in card.emails))
        for card in event.contacts
    )
    return KnownClient(
        client_id=event.client_id,
        revision=event.revision,
        name=event.name,
        zone=event.zone,
        manager_id=event.manager_id,
        active=event.active,
        contacts=contacts,
        tariff=event.tariff,
        band=None if known is None else known.band,
        debt_revision=0 if known is None else known.debt_revision,
        inn=event.inn,
        keys=_keys(event, contacts),
    )


def indebted(known: KnownClient | None, event: DebtChanged) -> KnownClient:
    """What is known of a client after its debt changed; where it was heard of first, nobody is found by it yet."""
    if known is None:
        ref = event.client
        known = KnownClient(event.client_id, 0, ref.name, ref.zone, ref.manager_id or "", active=True)
    if known.debt_revision >= event.revision:
        return known
    return replace(known, band=event.band, debt_revision=event.revision)


def _keys(event: ClientEvent, contacts: tuple[KnownContact, ...]) -> tuple[str, ...]:
    own = {client_key(event.client_id), inn_key(event.inn), name_key(event.name)}
    return tuple(sorted(own.union(*(contact.found_by() + contact.hinted_by() for contact in contacts))))
