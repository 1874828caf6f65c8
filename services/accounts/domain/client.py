"""A client: who it is, and whom it pays and how much, day by day.

A client stays with us from a day (`since`) until it is lost (`until`), and may come again: each stay keeps its own
fees and holders by effective date. What stands at present (`active`, `fee`, `manager_id` …) is kept beside the
history, because lists are searched by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from services.accounts.domain.refusals import KeyReused, WrongValue
from shared.contracts.accounts import ClientChanged, ClientEvent, ClientRegistered, ContactCard, Source
from shared.contracts.base import Decision

CONTACTS_LIMIT = 200


class Dated(Protocol):
    """Something in force from a day on."""

    @property
    def effective(self) -> date: ...


Entry = TypeVar("Entry", bound=Dated)
Told = TypeVar("Told", bound=ClientEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An accountant of the client. Phones are E.164, e-mails lower case."""

    contact_id: str
    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeeFrom:
    """Roubles a month from `effective` on. `fact_id` is the confirmed proposal behind it, where there was one."""

    effective: date
    fee: Decimal
    fact_id: str | None = None


@dataclass(frozen=True, slots=True)
class HeldFrom:
    """Who holds the client from `effective` on."""

    effective: date
    manager_id: str
    fact_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stretch of time with us. Fees and holders stand in order of effective date, the first of each at `since`;
    of two with the same date the later confirmed stands last, and is in force."""

    since: date
    source: Source
    fees: tuple[FeeFrom, ...]
    holders: tuple[HeldFrom, ...]
    until: date | None = None
    lost_by: str | None = None
    """The fact that ended it."""

    def fee_on(self, day: date) -> Decimal:
        """The fee in force on `day`, which is not before `since` (R-PAY-4)."""
        return _in_force(self.fees, day).fee

    def holder_on(self, day: date) -> str:
        """The manager who holds the client on `day`, which is not before `since` (R-PAY-5)."""
        return _in_force(self.holders, day).manager_id

    def holders_from(self, day: date) -> frozenset[str]:
        """The managers who hold the client on `day`, which is not before `since`, or after it."""
        return frozenset({self.holder_on(day)} | {each.manager_id for each in self.holders if each.effective > day})

    def has(self, fact_id: str) -> bool:
        """Whether this confirmed fact is part of it."""
        of_fees = {entry.fact_id for entry in self.fees}
        of_holders = {entry.fact_id for entry in self.holders}
        return fact_id in of_fees | of_holders | {self.lost_by}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A government institution's accounting office that pays us monthly. The last stay is the present one."""

    client_id: str
    revision: int = 1
    name: str
    inn: str
    zone: str
    contacts: tuple[Contact, ...] = ()
    stays: tuple[Stay, ...]
    active: bool
    manager_id: str
    fee: Decimal
    source: Source
    since: date
    asked_as: str = ""
    """Fingerprint of the request that registered the client: tells a repeat from a clash."""

    def knows(self, fact_id: str) -> bool:
        """Whether this confirmed fact is part of the history already."""
        return any(stay.has(fact_id) for stay in self.stays)


def begin(
    *,
    client_id: str,
    name: str,
    inn: str,
    zone: str,
    contacts: tuple[Contact, ...],
    stay: Stay,
    asked_as: str = "",
) -> Client:
    """A client at the beginning of its first stay."""
    return Client(
        client_id=client_id,
        name=name,
        inn=inn,
        zone=zone,
        contacts=contacts,
        stays=(stay,),
        asked_as=asked_as,
        active=True,
        manager_id=stay.holders[-1].manager_id,
        fee=stay.fees[-1].fee,
        source=stay.source,
        since=stay.since,
    )


def handed_to(manager_id: str, *, since: date, fee: Decimal, source: Source, fact_id: str | None = None) -> Stay:
    """A stay that begins: `manager_id` holds the client from `since` on, for `fee` roubles a month."""
    return Stay(
        since=since,
        source=source,
        fees=(FeeFrom(since, fee, fact_id),),
        holders=(HeldFrom(since, manager_id, fact_id),),
    )


def register(existing: Client | None, new: Client, at: datetime, today: date) -> Decision[Client]:
    """A client of the base handed over to a manager: it moves no money (R-PAY-4). `today` is the company's.

    The same request again finds the client the first one registered. Raises `KeyReused` for another request with
    the same idempotency key, `WrongValue` for a day still to come, for a source that belongs into a proposal, and
    where two accountants have one name.
    """
    if existing is None:
        check_contacts(new.contacts)
        check_opening(new.source, new.since, today)
        return Decision(new, (told(ClientRegistered, new, at),))
    if existing.asked_as != new.asked_as:
        raise KeyReused
    return Decision(existing)


def describe(
    client: Client, at: datetime, *, name: str, inn: str, zone: str, contacts: tuple[Contact, ...]
) -> Decision[Client]:
    """The client with another description; nothing happens where nothing differs. What moves money is not
    described but proposed (R-BASE-3)."""
    changed = replace(client, name=name, inn=inn, zone=zone, contacts=contacts)
    if changed == client:
        return Decision(client)
    check_contacts(contacts)
    changed = replace(changed, revision=client.revision + 1)
    return Decision(changed, (told(ClientChanged, changed, at),))


def with_stay(client: Client, stay: Stay, *, another: bool = False) -> Client:
    """The client with its last stay replaced by `stay`, or with `another` one begun."""
    before = client.stays if another else client.stays[:-1]
    return replace(
        client,
        revision=client.revision + 1,
        stays=(*before, stay),
        active=stay.until is None,
        manager_id=stay.holders[-1].manager_id,
        fee=stay.fees[-1].fee,
        source=stay.source,
        since=stay.since,
    )


def inserted(entries: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """`entries` with `entry` at its place by effective date, after those of the same date."""
    return tuple(sorted((*entries, entry), key=lambda each: each.effective))


def check_opening(source: Source, since: date, today: date) -> None:
    """Raises `WrongValue` for what cannot be part of a base handed over on `today`."""
    if since > today:
        raise WrongValue("since", f"день ещё не наступил (сегодня {today:%d.%m.%Y})")
    if source == "referral":
        raise WrongValue("source", "приход по рекомендации предлагают (won): иначе его не оплатят")


def check_contacts(contacts: Sequence[Contact]) -> None:
    """Raises `WrongValue` where two accountants of one client could not be told apart by name, or are too many."""
    if len(contacts) > CONTACTS_LIMIT:
        raise WrongValue("contacts", f"больше {CONTACTS_LIMIT} бухгалтеров у одного клиента не бывает")
    names = [same_name(contact.name) for contact in contacts]
    for contact, name in zip(contacts, names, strict=True):
        if names.count(name) > 1:
            raise WrongValue("contacts", f"двое с именем «{contact.name}»: добавьте отчество или должность")


def same_name(name: str) -> str:
    """What two spellings of one person's or institution's name have in common."""
    return " ".join(name.casefold().replace("ё", "е").split())


def told(kind: type[Told], client: Client, at: datetime) -> Told:
    """The client as an event carries it, whole."""
    return kind(
        at=at,
        client_id=client.client_id,
        revision=client.revision,
        name=client.name,
        inn=client.inn,
        zone=client.zone,
        manager_id=client.manager_id,
        fee=client.fee,
        source=client.source,
        since=client.since,
        active=client.active,
        contacts=tuple(
            ContactCard(contact_id=c.contact_id, name=c.name, phones=c.phones, emails=c.emails) for c in client.contacts
        ),
    )


def _in_force(entries: Sequence[Entry], day: date) -> Entry:
    return [entry for entry in entries if entry.effective <= day][-1]
