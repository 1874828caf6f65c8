"""Who is calling or writing: the projection of clients and their accountants, and the search in it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared.contracts.accounts import Band, ClientEvent, DebtChanged
from shared.contracts.base import STANDARD_TARIFF, ClientRef


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
    """Its id and every phone and address of its accountants: see `client_key`, `phone_key`, `email_key`."""
    tariff: str = STANDARD_TARIFF
    band: Band | None = None
    """Of its manual-work debt, never shown to the client (R-IMP-6)."""
    debt_revision: int = 0

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

    def looked_up_by(self) -> tuple[str, ...]:
        """What to look for in the projection, the surest first."""
        keys = (
            self.claimed_client_id and client_key(self.claimed_client_id),
            self.phone and phone_key(self.phone),
            self.email and email_key(self.email),
        )
        return tuple(key for key in keys if key)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose it is; with no client, a person says, perhaps choosing among `candidates`."""

    client: Client | None = None
    contact_id: str | None = None
    candidates: tuple[str, ...] = ()
    """Ids of the clients it could be, where there is more than one or they have left."""
    band: Band | None = None
    """Of the client's debt."""


NOBODY = Identity()


def client_key(client_id: str) -> str:
    """What a client is found by when somebody names it."""
    return f"id:{client_id}"


def phone_key(phone: str) -> str:
    """What an E.164 number is found by."""
    return f"tel:{phone}"


def email_key(address: str) -> str:
    """What a mail address is found by, whatever the case of its letters."""
    return f"mail:{address.lower()}"


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
        keys=tuple(sorted({client_key(event.client_id), *(k for contact in contacts for k in contact.found_by())})),
    )


def indebted(known: KnownClient | None, event: DebtChanged) -> KnownClient:
    """What is known of a client after its debt changed; where it was heard of first, nobody is found by it yet."""
    if known is None:
        ref = event.client
        known = KnownClient(event.client_id, 0, ref.name, ref.zone, ref.manager_id or "", active=True)
    if known.debt_revision >= event.revision:
        return known
    return replace(known, band=event.band, debt_revision=event.revision)


def identity(caller: Caller, found: Iterable[KnownClient]) -> Identity:
    """Whose call or letter it is, among the clients `found` by the caller's keys or claimed id.

    A claimed client that is known holds. Otherwise exactly one active client must have the number or the address.
    """
    known = {client.client_id: client for client in found}
    claimed = known.get(caller.claimed_client_id or "")
    if claimed is not None:
        return Identity(claimed.client(), _contact(claimed, caller), band=claimed.band)
    having = [client for client in known.values() if not set(caller.looked_up_by()).isdisjoint(client.keys)]
    active = [client for client in having if client.active]
    if len(active) == 1 and caller.claimed_client_id is None:
        return Identity(active[0].client(), _contact(active[0], caller), band=active[0].band)
    return Identity(candidates=tuple(sorted(client.client_id for client in having)))


def _contact(client: KnownClient, caller: Caller) -> str | None:
    contacts = (client.contact_with(key) for key in caller.looked_up_by())
    return next((contact for contact in contacts if contact is not None), None)
