"""Finds phones that belong to two accountants, INNs of two clients and СНИЛС of two managers, and does what a person
decided about them."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import structlog

from services.accounts.domain import client as clients
from services.accounts.domain import conflict as conflicts
from services.accounts.domain.client import Client
from services.accounts.domain.conflict import Choice, Conflict, Holder, Kind
from services.accounts.domain.manager import Manager
from services.accounts.domain.refusals import UnknownClient, UnknownConflict
from services.accounts.office import Office, known
from shared.contracts.base import Decision
from shared.ids import derived_id

log = structlog.get_logger()

PROGRAM = "accounts"
"""Who finds them, in the history."""
TOGETHER = 100


def conflict_id(kind: Kind, value: str) -> str:
    """The id of the conflict about this phone, INN or СНИЛС."""
    return derived_id("conflict", kind, value)


async def keep_looking(office: Office, every_seconds: float) -> None:
    """For ever: look through everything, since a crash may have kept a change from being looked at."""
    while True:
        await look_everywhere(office)
        await asyncio.sleep(every_seconds)


async def look_everywhere(office: Office) -> None:
    """Look at every СНИЛС, phone and INN that more than one has, and at every conflict known."""
    await _keep_snils_apart(office)
    snils, phones = await office.store.snils_of_several(), await office.store.phones_of_several()
    inns, known_ones = await office.store.inns_of_several(), await office.store.standing_conflicts()
    for each in known_ones:
        await _given(office, each)
    about: set[tuple[Kind, str]] = {("phone", value) for value in phones} | {("inn", value) for value in inns}
    about |= {("snils", value) for value in snils} | {(each.kind, each.value) for each in known_ones}
    for kind, value in sorted(about):
        await look_at(office, kind, value)


async def _keep_snils_apart(office: Office) -> None:
    if not await office.store.keep_snils_apart():
        held = [conflict_id("snils", value) for value in await office.store.snils_of_several()]
        log.warning("managers share a SNILS, see /v1/conflicts", action="snils.shared", conflicts=held)


async def look_after(office: Office, *states: Client | None) -> None:
    """Look at the phones and INNs a client has now, and had before."""
    found = {("phone", phone) for client in states if client for each in client.contacts for phone in each.phones}
    inns = {client.inn for client in states if client}
    await asyncio.gather(
        *(look_at(office, "phone", value) for _, value in found), *(look_at(office, "inn", value) for value in inns)
    )


async def look_after_many(office: Office, phones: Iterable[str]) -> None:
    """Look at many phones, as few at a time as the machine bears."""
    wanted = list(dict.fromkeys(phones))
    for start in range(0, len(wanted), TOGETHER):
        await asyncio.gather(*(look_at(office, "phone", value) for value in wanted[start : start + TOGETHER]))


async def look_after_manager(office: Office, *states: Manager | None) -> None:
    """Look at the СНИЛС a manager has now, and had before."""
    for value in sorted({manager.snils for manager in states if manager and manager.snils}):
        await look_at(office, "snils", value)


async def look_at(office: Office, kind: Kind, value: str) -> None:
    """Find, renew or put away the conflict about this phone, INN or СНИЛС."""
    if kind == "snils":
        await _look_at_snils(office, value)
        return
    key, at = conflict_id(kind, value), office.now()
    now = conflicts.parties(kind, value, await office.store.clients_with(kind, value))
    if len(now) < 2 and await office.store.conflicts.get(key) is None:  # noqa: PLR2004 - a conflict is between two
        return

    def decide(state: Conflict | None) -> Decision[Conflict]:
        if state is None:
            return Decision(Conflict(conflict_id=key, kind=kind, value=value, parties=now, found_at=at))
        return conflicts.seen(state, now, at)

    await office.conflicts_step(key, decide, by=PROGRAM, why="найдено")


async def _look_at_snils(office: Office, value: str) -> None:
    key, at = conflict_id("snils", value), office.now()
    managers = await office.store.managers_with(value)
    now = tuple(Holder(manager_id=each.manager_id, name=each.name) for each in managers)
    if len(now) < 2 and await office.store.conflicts.get(key) is None:  # noqa: PLR2004 - a conflict is between two
        return

    def decide(state: Conflict | None) -> Decision[Conflict]:
        new = Conflict(conflict_id=key, kind="snils", value=value, parties=(), found_at=at)
        return conflicts.seen_with(state or new, now, at)

    stepped = await office.conflicts_step(key, decide, by=PROGRAM, why="найдено")
    if stepped.written and stepped.state.state == "gone":
        await _keep_snils_apart(office)


async def decide(
    office: Office, key: str, by: str, *, choice: Choice, contact_id: str | None, words: str | None
) -> Conflict:
    """A person's word, done: where the phone is one accountant's, it is taken from the others."""
    at = office.now()

    def said(state: Conflict | None) -> Decision[Conflict]:
        found = known(state, UnknownConflict)
        return conflicts.decide(found, by, at, choice=choice, contact_id=contact_id, words=words)

    await _given(office, (await office.conflicts_step(key, said, by=by, why="решено")).state)
    return known(await office.store.conflicts.get(key), UnknownConflict)


async def _given(office: Office, decided: Conflict) -> None:
    """A phone found to be one accountant's is taken from the others; after a crash it is whoever looks next."""
    if decided.state != "decided" or decided.contact_id is None or decided.decided_by is None:
        return
    for client_id in sorted({party.client_id for party in decided.parties}):
        take = partial(_without_phone, phone=decided.value, but=decided.contact_id, office=office)
        await office.clients_step(client_id, take, by=decided.decided_by, why="телефон не этого бухгалтера")
    await look_at(office, decided.kind, decided.value)


def _without_phone(state: Client | None, phone: str, but: str, office: Office) -> Decision[Client]:
    client = known(state, UnknownClient)
    contacts = tuple(
        each
        if each.contact_id == but or phone not in each.phones
        else replace(each, phones=tuple(other for other in each.phones if other != phone))
        for each in client.contacts
    )
    return clients.describe(client, replace(client, contacts=contacts), office.now())
