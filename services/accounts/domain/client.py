"""A client: who it is, and whom it pays and how much, day by day.

A client stays with us from a day (`since`) until it is lost (`until`), and may come again: each stay keeps its own
fees and holders by effective date. What stands at present (`active`, `fee`, `manager_id` …) is kept beside the
history, because lists are searched by it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from services.accounts.domain.refusals import KeyReused, WrongValue
from services.accounts.domain.stay import Stay, check_fee
from services.accounts.domain.trail import BOOKKEEPING, UNTOUCHED, Trail
from shared.contracts.accounts import ClientChanged, ClientEvent, ClientRegistered, ContactCard, Source
from shared.contracts.base import STANDARD_TARIFF, Decision

CONTACTS_LIMIT = 200

Told = TypeVar("Told", bound=ClientEvent)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An accountant of the client. Phones are E.164, e-mails lower case."""

    contact_id: str
    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    role: str | None = None
    away_until: date | None = None
    """The last day of their absence."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """A confirmed fact that turned out wrong, and the fact that says so."""

    fact_id: str
    by_fact_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A government institution's accounting office that pays us monthly."""

    client_id: str
    revision: int = 1
    name: str
    inn: str
    zone: str
    kpp: str | None = None
    region: str | None = None
    """Two digits of the subject of the Federation, e.g. `24`."""
    tariff: str = STANDARD_TARIFF
    contacts: tuple[Contact, ...] = ()
    stays: tuple[Stay, ...]
    active: bool
    manager_id: str
    fee: Decimal
    source: Source
    since: date
    asked_as: str = ""
    """Fingerprint of the request that registered the client: tells a repeat from a clash."""
    apart: str | None = None
    """The KPP of a branch that a person decided to keep apart from others with the same INN."""
    reversals: tuple[Reversal, ...] = ()
    words: tuple[str, ...] = field(default=(), metadata=BOOKKEEPING)
    """What it is searched by: every word of its name and its accountants' names."""
    moved_on: date | None = field(default=None, metadata=BOOKKEEPING)
    """The last day on which its history changes anything; None of a client not yet indexed."""
    trail: Trail = UNTOUCHED

    @property
    def stay(self) -> Stay:
        """The last stay that was not reversed; the first where all were."""
        return ([stay for stay in self.stays if stay.reversed_by is None] or list(self.stays))[-1]

    def knows(self, fact_id: str) -> bool:
        """Whether this confirmed fact is part of the history already, or was."""
        reversed_facts = {fact for each in self.reversals for fact in (each.fact_id, each.by_fact_id)}
        return fact_id in reversed_facts or any(stay.has(fact_id) for stay in self.stays)

    def reversed_by(self, fact_id: str) -> str | None:
        """The fact that took this one back, where one did."""
        return next((each.by_fact_id for each in self.reversals if each.fact_id == fact_id), None)


def begin(
    *,
    client_id: str,
    name: str,
    inn: str,
    zone: str,
    contacts: tuple[Contact, ...],
    stay: Stay,
    asked_as: str = "",
    kpp: str | None = None,
    region: str | None = None,
    tariff: str = STANDARD_TARIFF,
    apart: bool = False,
) -> Client:
    """A client at the beginning of its first stay; `apart` where it is a branch with an INN another client has."""
    client = Client(
        client_id=client_id,
        name=name,
        inn=inn,
        zone=zone,
        kpp=kpp,
        region=region,
        tariff=tariff,
        contacts=contacts,
        stays=(stay,),
        asked_as=asked_as,
        apart=_branch(kpp) if apart else None,
        active=True,
        manager_id=stay.manager_id,
        fee=stay.fee,
        source=stay.source,
        since=stay.since,
    )
    return indexed(client)


def indexed(client: Client) -> Client:
    """The client with what it is found by put right."""
    names = [client.name, *(contact.name for contact in client.contacts)]
    return replace(
        client,
        words=tuple(sorted({word for name in names for word in search_words(name)})),
        moved_on=max(day for stay in client.stays for day in stay.days()),
    )


def search_words(text: str) -> list[str]:
    """The words of a name, as they are searched by."""
    return _WORD.findall(same_name(text))


def register(
    existing: Client | None, new: Client, at: datetime, today: date, *, unusual_fee: bool = False
) -> Decision[Client]:
    """A client of the base handed over to a manager: it moves no money (R-PAY-4). `today` is the company's.

    The same request again finds the client the first one registered. Raises `KeyReused` for another request with
    the same idempotency key, `WrongValue` for a day still to come, for a source that belongs into a proposal, for a
    fee out of the usual that is not confirmed to be meant (`unusual_fee`), and where two accountants have one name.
    """
    if existing is None:
        check_contacts(new.contacts)
        check_opening(new.source, new.since, today)
        check_fee(new.fee, confirmed=unusual_fee)
        return Decision(new, (told(ClientRegistered, new, at),))
    if existing.asked_as != new.asked_as:
        raise KeyReused
    return Decision(existing)


def describe(client: Client, described: Client, at: datetime) -> Decision[Client]:
    """The client as `described`; nothing happens where nothing differs. What moves money is not described but
    proposed (R-BASE-3)."""
    if described == client:
        return Decision(client)
    check_contacts(described.contacts)
    changed = indexed(replace(described, revision=client.revision + 1))
    return Decision(changed, (told(ClientChanged, changed, at),))


def with_stay(client: Client, stay: Stay, *, another: bool = False) -> Client:
    """The client with its present stay replaced by `stay`, or with `another` one begun."""
    present = client.stay
    stays = (*client.stays, stay) if another else tuple(stay if each is present else each for each in client.stays)
    changed = replace(client, revision=client.revision + 1, stays=stays)
    now = changed.stay
    return indexed(
        replace(
            changed,
            active=now.until is None and now.reversed_by is None,
            manager_id=now.manager_id,
            fee=now.fee,
            source=now.source,
            since=now.since,
        )
    )


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
            ContactCard(
                contact_id=each.contact_id,
                name=each.name,
                phones=each.phones,
                emails=each.emails,
                role=each.role,
                away_until=each.away_until,
            )
            for each in client.contacts
        ),
        kpp=client.kpp,
        region=client.region,
        tariff=client.tariff,
    )


def _branch(kpp: str | None) -> str:
    if kpp is None:
        raise WrongValue("kpp", "филиал с тем же ИНН отличает КПП: напишите его")
    return kpp
