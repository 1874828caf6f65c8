"""Which facts do not fit, in some ledgers and in whatever other ledgers say of the same clients."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from services.payroll.domain.books import Books
from services.payroll.domain.doubts import doubtful, out_of_work, unsure_of_work
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.office import Office
from services.payroll.store import Store
from shared.clock import local_date


@dataclass(frozen=True, slots=True)
class Doubted:
    """Facts in doubt and why, by id, closed months in doubt by `manager:month`, and the managers they concern."""

    found: dict[str, str]
    managers: tuple[str, ...]


async def doubts_in(office: Office, ledgers: Sequence[Ledger], month: Month, books: Books) -> Doubted:
    """What is in doubt up to `month` about the clients these ledgers have something new of, and what nobody answered
    for yet. New is what no statement has, or only the last one closed: it may have come in the moment of its close."""
    touched = {ledger.manager_id: _clients(_fresh(ledger, month)) for ledger in ledgers}
    clients = {client_id for of_one in touched.values() for client_id in of_one}
    elsewhere = await office.store.facts_elsewhere(clients, list(touched))
    facts = [fact for ledger in ledgers for fact in ledger.facts if fact.client_id in clients]
    known = {fact.fact_id: fact for fact in (*facts, *elsewhere) if fact.month <= month}
    found = await _unfitting(office.store, list(known.values())) | _borne_twice([*facts, *elsewhere])
    for ledger in ledgers:
        if ledger.manager is not None:
            found |= out_of_work(_fresh(ledger, month), ledger.manager, books.in_force(office.usual))
    found = {fact_id: found[fact_id] for fact_id in sorted(found.keys() - books.accepted)}
    unclear = {known[fact_id].client_id for fact_id in found if fact_id in known}
    concerned = [manager_id for manager_id, of_one in touched.items() if of_one & unclear]
    for ledger in ledgers:
        if months := unsure_of_work(ledger, month, books.begin, partial(_confirmed, office.zone, books)):
            found |= months
            concerned.append(ledger.manager_id)
    return Doubted(found, tuple(sorted(set(concerned))))


def _confirmed(zone: str, books: Books, month: Month) -> date | None:
    closed = books.of(month)
    return None if closed is None else local_date(closed.started_at, zone)


async def _unfitting(store: Store, facts: list[Fact]) -> dict[str, str]:
    """Facts that contradict each other. Whether who is lost was a client is asked only where the facts do not say."""
    at_first = doubtful(facts, {})
    suspects = {fact.client_id for fact in facts if fact.fact_id in at_first}
    if not suspects:
        return {}
    clients = await store.clients_named(sorted(suspects))
    since = {client.client_id: client.first_since for client in clients if client.first_since is not None}
    return doubtful([fact for fact in facts if fact.client_id in suspects], since)


def _borne_twice(facts: Iterable[Fact]) -> dict[str, str]:
    """Facts that move money in more than one ledger."""
    times = Counter(fact.fact_id for fact in facts if fact.of_money)
    return {fact_id: "факт стоит у нескольких менеджеров сразу" for fact_id, count in times.items() if count > 1}


def _fresh(ledger: Ledger, month: Month) -> list[Fact]:
    before = ledger.closed[-1].month if ledger.closed else ""
    return [fact for fact in ledger.unsettled(before) if fact.month <= month]


def _clients(facts: Iterable[Fact]) -> set[str]:
    return {fact.client_id for fact in facts if fact.kind != "handed_over"}
