"""Who an unknown sender could be, and why: for the person who is to say."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from services.intake.domain.callers import Caller, KnownClient, client_key, name_key
from services.intake.domain.identity import RUSSIAN, Said, candidates
from services.intake.domain.requests import ServiceRequest
from services.intake.mail_domains import institution_of
from services.intake.reception import Reception
from services.intake.sender_store import Unknown

READ = 300
"""Characters of each text in which names of clients are looked for."""
LONGEST_NAME = 6
"""Words."""
NAMES_MOST = 120
OFFERED = 10
NEIGHBOURS = 2
"""Last digits in which numbers of one institution differ."""
_WORD = re.compile(r"\w+")
_CITY = re.compile(r"tel:\+7[348]\d{9}")
"""A number of a Russian city; mobile ones have no neighbours."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A client it could be."""

    client_id: str
    name: str
    manager_id: str
    active: bool
    contact_id: str | None
    contact_name: str | None
    reasons: tuple[str, ...]
    """In words, the surest first."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of somebody unknown."""

    caller: Caller
    texts: tuple[str, ...] = ()

    @property
    def hints(self) -> tuple[str, ...]:
        """Names to be looked for: the caller's own, and everything in the texts that could be one."""
        own = [self.caller.name] if self.caller.name and len(self.caller.name.split()) > 1 else []
        found = (name for text in self.texts for name in _names(text[:READ]))
        return tuple(dict.fromkeys(map(name_key, islice((*own, *found), NAMES_MOST))))

    @property
    def neighbours(self) -> re.Pattern[str] | None:
        """Numbers that differ from the caller's in the last digits alone."""
        key = f"tel:{self.caller.phone}"
        return re.compile(f"^{re.escape(key[:-NEIGHBOURS])}") if _CITY.fullmatch(key) else None


def trace_of_request(request: ServiceRequest) -> Trace:
    """What a request tells of who it is from."""
    return Trace(request.caller, (request.subject, request.text))


async def trace_of(reception: Reception, sender: Unknown) -> Trace:
    """What everything from a sender tells together."""
    ids = [piece.id for piece in sender.pieces if piece.what == "request"]
    requests = list(filter(None, await asyncio.gather(*map(reception.store.requests.get, ids))))
    callers = [request.caller for request in requests]
    whole = replace(
        of_key(sender.key),
        name=sender.name,
        inns=tuple(dict.fromkeys(inn for caller in callers for inn in caller.inns)),
        claimed_client_id=next((one.claimed_client_id for one in callers if one.claimed_client_id), None),
    )
    about = [piece.about for piece in sender.pieces if piece.about]
    return Trace(whole, (*about, *(request.text for request in requests)))


def of_key(key: str) -> Caller:
    """The caller a sender's key names."""
    kind, _, rest = key.partition(":")
    if kind == "mail":
        return Caller(email=rest, domain=institution_of(rest))
    phone, _, extension = rest.partition(";ext=")
    return Caller(phone=phone, extension=extension or None) if kind == "tel" else Caller()


async def suggestions(reception: Reception, traces: Iterable[Trace]) -> list[list[Suggestion]]:
    """For each trace who it could be, the likeliest first: one query of each kind for all of them."""
    wanted = list(traces)
    keys: set[str | re.Pattern[str]] = set()
    for trace in wanted:
        keys |= {*trace.caller.looked_up_by(), *trace.hints, *filter(None, [trace.neighbours])}
    found = await reception.store.clients.find({"keys": {"$in": list(keys)}}, limit=1_000) if keys else []
    return await asyncio.gather(*(_for(reception, trace, found) for trace in wanted))


async def _for(reception: Reception, trace: Trace, found: list[KnownClient]) -> list[Suggestion]:
    said = await reception.store.directory.said(trace.caller.senders())
    known = {client.client_id: client for client in [*found, *await _meant(reception, said)]}
    reasons: dict[str, list[str]] = {}
    for candidate in candidates(trace.caller, known.values(), said):
        reasons[candidate.client_id] = [RUSSIAN[tier] for tier in candidate.tiers]
    for client in known.values():
        if hinted := [*_hinted(trace, client)]:
            reasons.setdefault(client.client_id, []).extend(hinted)
    return [_suggestion(known, client_id, trace.caller, why) for client_id, why in islice(reasons.items(), OFFERED)]


async def _meant(reception: Reception, said: Iterable[Said]) -> list[KnownClient]:
    keys = tuple(client_key(one.client_id) for one in said if one.client_id is not None)
    return await reception.store.directory.having(keys)


def _hinted(trace: Trace, client: KnownClient) -> Iterator[str]:
    """What makes one think of this client."""
    hints = frozenset(trace.hints)
    if name_key(client.name) in hints:
        yield "клиент назван в тексте"
    for contact in client.contacts:
        if len(contact.name.split()) > 1 and name_key(contact.name) in hints:
            yield f"так зовут бухгалтера: {contact.name}"
    if (near := trace.neighbours) is not None and trace.caller.phone is not None:
        numbers = [key[4:] for key in client.keys if near.match(key) and key[4:] != trace.caller.phone]
        if numbers:
            yield f"соседний номер: {numbers[0]}"


def _suggestion(known: Mapping[str, KnownClient], client_id: str, caller: Caller, why: list[str]) -> Suggestion:
    client = known[client_id]
    contact = next((one for key in caller.looked_up_by() if (one := client.contact_with(key)) is not None), None)
    named = name_key(caller.name) if caller.name else None
    contact = contact or next((one.contact_id for one in client.contacts if name_key(one.name) == named), None)
    names = {one.contact_id: one.name for one in client.contacts}
    reasons = why if client.active else [*why, "клиент ушёл"]
    return Suggestion(
        client_id, client.name, client.manager_id, client.active, contact, names.get(contact or ""), tuple(reasons)
    )


def _names(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    for start in range(len(words)):
        for length in range(2, LONGEST_NAME + 1):
            if start + length <= len(words):
                yield " ".join(words[start : start + length])
