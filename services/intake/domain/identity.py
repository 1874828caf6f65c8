"""Whose call or letter it is, tier by tier, the surest first: the number, the address, what a person said of the
sender, an INN in the text, the institution's mail domain.

Each tier narrows what the ones before it left. One that says otherwise never wins: what it said is kept and shown, and
where it was nearly as sure as they were, nobody is taken for known and a person decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from services.intake.domain.callers import (
    Caller,
    Client,
    KnownClient,
    client_key,
    domain_key,
    email_key,
    inn_key,
    phone_key,
)
from shared.contracts.accounts import Band

Tier = Literal["claimed", "phone", "email", "link", "inn", "domain"]
"""The ways to know somebody, the surest first."""
_ORDER: tuple[Tier, ...] = get_args(Tier)
SURE: frozenset[Tier] = frozenset({"phone", "email", "link"})
"""Two of these that say different things leave it to a person."""
RUSSIAN: Mapping[Tier, str] = {
    "claimed": "так назвала система, из которой пришло",
    "phone": "номер записан у клиента",
    "email": "адрес записан у клиента",
    "link": "так сказал человек об этом отправителе",
    "inn": "ИНН назван в тексте",
    "domain": "почтовый домен учреждения",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A person's word on a sender, by which something was given to a client: the newer one moves it on."""

    sender: str
    said: int = 1
    """Which of the words on the sender, from 1."""

    def moves(self, held: "Word | None") -> bool:
        """Whether what was given by the word `held` goes along with this one."""
        return held is not None and held.sender == self.sender and held.said <= self.said


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a sender: whose it is, or, without a client, that it is none of ours."""

    word: Word
    client_id: str | None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A client it could be, and why."""

    client_id: str
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose it is; with no client, a person says, perhaps choosing among `candidates`."""

    client: Client | None = None
    contact_id: str | None = None
    candidates: tuple[str, ...] = ()
    """Ids of the clients it could be, where there is more than one or they have left."""
    band: Band | None = None
    """Of the client's debt."""
    tiers: tuple[Tier, ...] = ()
    """What it is known by."""
    link: Word | None = None
    """The word on the sender it is known by, where no card tells: it moves where that is put right."""
    against: tuple[Candidate, ...] = ()
    """What said otherwise, and was not followed."""


NOBODY = Identity()


def identity(caller: Caller, found: Iterable[KnownClient], said: Iterable[Said] = ()) -> Identity:
    """Whose call or letter it is, among the clients `found` by the caller's keys, by its claimed id, or by what was
    `said` of its senders.

    A claimed client that is known holds; one nobody knows leaves it to a person.
    """
    known = {client.client_id: client for client in found}
    spoken = _most_exact(caller, said)
    votes = list(_votes(caller, known, spoken))
    present = [(tier, _present(tier, ids, known)) for tier, ids in votes]
    held, by, against = _narrowed(present)
    decided = len(held) == 1 and not (caller.claimed_client_id and by[0] != "claimed")
    if not decided or any(_doubts(by, one) for one in against):
        return Identity(candidates=tuple(sorted({one for _, ids in votes for one in ids})), against=tuple(against))
    (client_id,) = held
    without = _narrowed(present[: _ORDER.index("link")])[0]
    link = spoken.word if spoken is not None and "link" in by and len(without) != 1 else None
    return replace(_as(known[client_id], caller, spoken), tiers=by, link=link, against=tuple(against))


def candidates(caller: Caller, found: Iterable[KnownClient], said: Iterable[Said] = ()) -> list[Candidate]:
    """Everybody it could be, by what, the surest first."""
    known = {client.client_id: client for client in found}
    tiers: dict[str, list[Tier]] = {}
    for tier, ids in _votes(caller, known, _most_exact(caller, said)):
        for client_id in sorted(ids):
            tiers.setdefault(client_id, []).append(tier)
    ranked = sorted(tiers.items(), key=lambda one: (_ORDER.index(one[1][0]), -len(one[1]), one[0]))
    return [Candidate(client_id, tuple(by)) for client_id, by in ranked]


def _votes(
    caller: Caller, known: Mapping[str, KnownClient], spoken: Said | None
) -> Iterator[tuple[Tier, frozenset[str]]]:
    """Which clients each tier speaks for; a text or a domain says nothing against a person's «none of ours»."""
    stranger = spoken is not None and spoken.client_id is None
    keys: dict[Tier, list[str]] = {
        "claimed": [client_key(caller.claimed_client_id)] if caller.claimed_client_id else [],
        "phone": [phone_key(caller.phone)] if caller.phone else [],
        "email": [email_key(caller.email)] if caller.email else [],
        "link": [client_key(spoken.client_id)] if spoken is not None and spoken.client_id else [],
        "inn": [] if stranger else [inn_key(inn) for inn in caller.inns],
        "domain": [domain_key(caller.domain)] if caller.domain and not stranger else [],
    }
    for tier in _ORDER:
        wanted = set(keys[tier])
        yield tier, frozenset(one for one, client in known.items() if not wanted.isdisjoint(client.keys))


def _present(tier: Tier, ids: frozenset[str], known: Mapping[str, KnownClient]) -> frozenset[str]:
    """Those that have not left; who is named by an integration is meant all the same."""
    return ids if tier == "claimed" else frozenset(one for one in ids if known[one].active)


def _narrowed(
    votes: Iterable[tuple[Tier, frozenset[str]]],
) -> tuple[frozenset[str], tuple[Tier, ...], list[Candidate]]:
    """What the tiers leave, by which of them, and what the others said instead."""
    held: frozenset[str] = frozenset()
    by: tuple[Tier, ...] = ()
    against: list[Candidate] = []
    for tier, ids in votes:
        if not ids:
            continue
        if not by or held & ids:
            held, by = (held & ids) if by else ids, (*by, tier)
        else:
            against += [Candidate(client_id, (tier,)) for client_id in sorted(ids)]
    return held, by, against


def _doubts(by: tuple[Tier, ...], other: Candidate) -> bool:
    """Whether what says otherwise is nearly as sure as what was followed."""
    (tier,) = other.tiers
    if by[0] == "claimed":
        return False
    return tier in SURE or not SURE.intersection(by)


def _as(client: KnownClient, caller: Caller, spoken: Said | None) -> Identity:
    by_card = _contact(client, caller)
    meant = spoken if spoken is not None and spoken.client_id == client.client_id else None
    there = {contact.contact_id for contact in client.contacts}
    by_word = meant.contact_id if meant is not None and meant.contact_id in there else None
    # Whoever is behind an extension is known by the person's word alone: the card has the number of all of them.
    exact = by_word is not None and meant is not None and ";ext=" in meant.word.sender
    return Identity(client.client(), by_word if exact else by_card or by_word, band=client.band)


def _contact(client: KnownClient, caller: Caller) -> str | None:
    contacts = (client.contact_with(key) for key in caller.looked_up_by())
    return next((contact for contact in contacts if contact is not None), None)


def _most_exact(caller: Caller, said: Iterable[Said]) -> Said | None:
    by_sender = {one.word.sender: one for one in said}
    return next((by_sender[sender] for sender in caller.senders() if sender in by_sender), None)
