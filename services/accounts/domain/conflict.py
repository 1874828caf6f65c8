"""What may be one or two, and only a person can tell: a phone of two accountants, an INN of two clients. And what is
wrong whatever anybody says: a СНИЛС of two managers, from before it was refused. It is gone once a card is put right.

open ──(decided)──▶ decided ──(another party turns up)──▶ open
open, decided ──(only one party left)──▶ gone ──(two again)──▶ open
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.accounts.domain.client import Client
from services.accounts.domain.refusals import AlreadyDecided, WrongValue
from services.accounts.domain.trail import UNTOUCHED, Trail
from shared.contracts.base import Decision

Kind = Literal["phone", "inn", "snils"]
Condition = Literal["open", "decided", "gone"]
Choice = Literal["shared", "belongs_to"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who has the phone, or the INN: an accountant, or a client as a whole."""

    client_id: str
    client_name: str
    manager_id: str
    contact_id: str | None = None
    contact_name: str | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        """What tells one party from another."""
        return self.client_id, self.contact_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A manager who has the СНИЛС."""

    manager_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """`value` is the phone, the INN or the СНИЛС. `choice` is what a person said of it."""

    conflict_id: str
    kind: Kind
    value: str
    parties: tuple[Party, ...]
    found_at: datetime
    state: Condition = "open"
    choice: Choice | None = None
    contact_id: str | None = None
    """Whose phone it is, where it was found to be one's alone."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    words: str | None = None
    holders: tuple[Holder, ...] = ()
    """The managers, where it is a СНИЛС; it has no parties."""
    trail: Trail = UNTOUCHED


def parties(kind: Kind, value: str, clients: list[Client]) -> tuple[Party, ...]:
    """Who of `clients` has it, in a settled order."""
    found = [
        Party(
            client_id=client.client_id,
            client_name=client.name,
            manager_id=client.manager_id,
            contact_id=contact.contact_id if contact else None,
            contact_name=contact.name if contact else None,
        )
        for client in clients
        for contact in (client.contacts if kind == "phone" else (None,))
        if (value == client.inn if contact is None else value in contact.phones)
    ]
    return tuple(sorted(found, key=lambda party: (party.client_id, party.contact_id or "")))


def seen(known: Conflict, now: tuple[Party, ...], at: datetime) -> Decision[Conflict]:
    """The conflict as it is found now. What a person decided stands until somebody else turns up in it."""
    if len(now) < 2:  # noqa: PLR2004 - a conflict is between two
        return Decision(known if known.state == "gone" else replace(known, state="gone", parties=now))
    newcomers = {party.key for party in now} - {party.key for party in known.parties}
    if known.state == "gone" or newcomers:
        again = replace(known, state="open", choice=None, contact_id=None, decided_by=None, decided_at=None, words=None)
        return Decision(replace(again, parties=now, found_at=at))
    return Decision(known if known.parties == now else replace(known, parties=now))


def seen_with(known: Conflict, now: tuple[Holder, ...], at: datetime) -> Decision[Conflict]:
    """The conflict about a СНИЛС as it is found now."""
    state: Condition = "open" if len(now) > 1 else "gone"
    if (known.state, known.holders) == (state, now):
        return Decision(known)
    found_at = at if (known.state, state) == ("gone", "open") else known.found_at
    return Decision(replace(known, state=state, holders=now, found_at=found_at))


def decide(
    known: Conflict, by: str, at: datetime, *, choice: Choice, contact_id: str | None, words: str | None
) -> Decision[Conflict]:
    """A person's word: it is shared, or it is one accountant's. Raises `AlreadyDecided`, `WrongValue`."""
    if known.kind == "snils":
        raise WrongValue("choice", "СНИЛС не бывает общим: исправьте карточку менеджера (PATCH /v1/managers/{id})")
    if (known.choice, known.contact_id) == (choice, contact_id):
        return Decision(known)
    if known.state != "open":
        raise AlreadyDecided("Здесь уже решено, или решать больше нечего.")
    owners = {party.contact_id for party in known.parties}
    if choice == "belongs_to" and (known.kind == "inn" or contact_id is None or contact_id not in owners):
        raise WrongValue("contact_id", "назовите бухгалтера из списка: чей это телефон")
    if choice == "shared" and contact_id is not None:
        raise WrongValue("contact_id", "общий телефон не принадлежит одному бухгалтеру")
    decided = replace(known, state="decided", choice=choice, contact_id=contact_id, decided_by=by, decided_at=at)
    return Decision(replace(decided, words=words))
