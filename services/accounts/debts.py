"""Manual-work debt kept up to date, and proved: what is stored is what the facts come to (R-IMP-6)."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from services.accounts.care import Care, party_of
from services.accounts.care_store import Debt
from services.accounts.domain import debt
from services.accounts.domain.care_policy import CarePolicy
from services.accounts.domain.client import Client
from services.accounts.domain.debt import Known, MissedCall
from services.accounts.domain.matters import Matter
from shared.calendar import NoCalendarYear
from shared.contracts.accounts import DebtChanged, DebtPart
from shared.contracts.base import Decision

log = structlog.get_logger()

Heard = TypeVar("Heard", Matter, MissedCall)

AT_ONCE = 200
"""Clients whose facts are read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A client whose stored debt is not what the facts come to."""

    client_id: str
    stored: float | None
    recomputed: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What comparing every stored debt with its facts found."""

    checked: int
    differences: tuple[Difference, ...]


async def keep(care: Care, every_seconds: float) -> None:
    """For ever: compute the debts of clients something happened to; all of them when an hour begins, since open
    requests grow older."""
    hour = None
    while True:
        present = care.now().replace(minute=0, second=0, microsecond=0)
        if present != hour:
            await refresh(care, await care.store.indebted(care.horizon()))
            hour = present
        await refresh_dirty(care)
        await asyncio.sleep(every_seconds)


async def refresh_dirty(care: Care) -> None:
    """Compute the debts of the clients something happened to."""
    taken = set(care.dirty)
    care.dirty.difference_update(taken)
    try:
        await refresh(care, taken)
    except BaseException:
        care.dirty.update(taken)
        raise


async def refresh(care: Care, client_ids: Collection[str]) -> None:
    """Compute these clients' debts as of now, and tell what changed."""
    for some in _batches(sorted(client_ids)):
        now = care.now()
        clients = await _clients(care, some)
        facts = await known(care, clients)
        for client_id, client in clients.items():
            try:
                new = computed(care.policy, client, facts[client_id], now)
            except NoCalendarYear as error:
                log.warning("debt not computed", action="debt.failed", client_id=client_id, error=str(error))
                continue
            await care.store.debts.step(client_id, partial(told, new=new, client=client))


async def known(care: Care, clients: dict[str, Client]) -> dict[str, Known]:
    """The facts the debts of these clients are made of."""
    since = care.horizon()
    matters = _by_client(await care.store.weighing(clients, since))
    calls = _by_client(await care.store.unanswered(clients, since))
    return {
        client_id: Known(
            zone=client.zone, matters=tuple(matters.get(client_id, ())), calls=tuple(calls.get(client_id, ()))
        )
        for client_id, client in clients.items()
    }


def computed(policy: CarePolicy, client: Client, facts: Known, at: datetime) -> Debt:
    """The debt at `at`. Who is lost owes nothing any more. Raises `NoCalendarYear`."""
    parts = debt.parts(policy, facts, at) if client.active else ()
    score = debt.total(parts)
    return Debt(
        client_id=client.client_id,
        zone=facts.zone,
        as_of=at,
        policy_version=policy.version,
        manager_id=client.manager_id,
        fee=client.fee,
        name=client.name,
        active=client.active,
        score=score,
        band=debt.band(policy, facts, at) if client.active else "calm",
        loss_probability=debt.loss_probability(policy, score) if client.active else 0.0,
        parts=parts,
        contacts=tuple(debt.by_contact(parts).items()),
    )


def told(state: Debt | None, new: Debt, client: Client) -> Decision[Debt]:
    """The new debt, told where anything but the moment differs. Nobody hears of one that never was."""
    if state is None and not new.parts:
        return Decision(new)
    if state is not None:
        if new.as_of < state.as_of or replace(new, as_of=state.as_of, revision=state.revision) == state:
            return Decision(state)
        new = replace(new, revision=state.revision + 1)
    event = DebtChanged(
        at=new.as_of,
        client_id=new.client_id,
        revision=new.revision,
        client=party_of(client).ref(),
        fee=new.fee,
        score=new.score,
        band=new.band,
        loss_probability=new.loss_probability,
        parts=tuple(DebtPart(part=part.part, score=part.score, reason=part.reason) for part in new.parts),
    )
    return Decision(new, (event,))


async def verify(care: Care) -> Proof:
    """Compare every stored debt with what its facts come to at its own moment."""
    await refresh_dirty(care)
    stored = {each["_id"] async for each in care.store.debts.collection.find({}, {"_id": 1})}
    everybody = stored | await care.store.indebted(care.horizon())
    differences: list[Difference] = []
    checked = 0
    for some in _batches(sorted(everybody)):
        clients = await _clients(care, some)
        checked += len(clients)
        differences += await _differences(care, clients)
    return Proof(checked=checked, differences=tuple(differences))


async def _differences(care: Care, clients: dict[str, Client]) -> list[Difference]:
    kept = await care.store.debts_of(clients)
    facts = await known(care, clients)
    found = []
    for client_id, client in clients.items():
        stored = kept.get(client_id)
        again = computed(care.policy, client, facts[client_id], stored.as_of if stored else care.now())
        what = _differs(stored, again)
        if what:
            score = stored.score if stored else None
            found.append(Difference(client_id=client_id, stored=score, recomputed=again.score, what=what))
    return found


def _differs(stored: Debt | None, again: Debt) -> str:
    if stored is None:
        return "не записан" if again.score else ""
    pairs = {
        "баллы": (stored.score, again.score),
        "полоса": (stored.band, again.band),
        "части": (stored.parts, again.parts),
        "по бухгалтерам": (stored.contacts, again.contacts),
        "вероятность потери": (stored.loss_probability, again.loss_probability),
        "политика": (stored.policy_version, again.policy_version),
    }
    return ", ".join(name for name, (one, other) in pairs.items() if one != other)


async def _clients(care: Care, client_ids: Sequence[str]) -> dict[str, Client]:
    found = await care.office.store.clients.find({"_id": {"$in": list(client_ids)}}, limit=len(client_ids) + 1)
    return {client.client_id: client for client in found}


def _by_client(found: Iterable[Heard]) -> dict[str | None, list[Heard]]:
    groups: dict[str | None, list[Heard]] = {}
    for each in found:
        groups.setdefault(each.client_id, []).append(each)
    return groups


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
