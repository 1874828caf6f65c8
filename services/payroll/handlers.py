"""What payroll does with each message. Facts are kept by their id, so a repeat does nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from services.payroll.domain import clients, facts, prospects, watermark
from services.payroll.domain.facts import Fact
from services.payroll.domain.recording import introduce, record, reverse
from services.payroll.domain.refusals import BadFact
from services.payroll.metrics import FACTS
from services.payroll.office import Office
from services.payroll.store import WATERMARK
from shared.clock import local_date
from shared.contracts.accounts import (
    ClientChanged,
    ClientEvent,
    ClientHandedOver,
    ClientLost,
    ClientRegistered,
    ClientWon,
    DebtChanged,
    FactReversed,
    FactsComplete,
    ManagerChanged,
    ManagerEvent,
    ManagerRegistered,
    ProspectChanged,
    ProspectContacted,
    ProspectDropped,
    ProspectEvent,
    ProspectRegistered,
    ProspectTrialEnded,
    ProspectTrialOpened,
    ProspectWon,
)
from shared.contracts.base import Event
from shared.messaging.envelope import Message, Unreadable
from shared.messaging.inbound import Handler


async def on_client_won(event: ClientWon, _: Message, office: Office) -> None:
    """A client came."""
    await _record(office, facts.won(event), event.manager_id)


async def on_client_lost(event: ClientLost, _: Message, office: Office) -> None:
    """A client is gone."""
    await _record(office, facts.lost(event), event.manager_id)


async def on_client_handed_over(event: ClientHandedOver, _: Message, office: Office) -> None:
    """Another manager holds the client; both keep it."""
    await _record(office, facts.handed_over(event), event.from_manager_id, event.to_manager_id)


async def on_fact_reversed(event: FactReversed, _: Message, office: Office) -> None:
    """A fact was wrong: its ledger is the one that bore it."""
    books = await office.store.company_books()
    policies, word = books.in_force(office.usual), replace(facts.reversal(event), missed=books.missed_now)
    decide = partial(
        reverse, manager_id=event.manager_id, word=word, policies=policies, now=office.now(), term=office.term
    )
    if (await office.store.ledgers.step(event.manager_id, decide)).written:
        FACTS.labels(kind="reversed").inc()


async def on_facts_complete(event: FactsComplete, _: Message, office: Office) -> None:
    """Accounts has published every fact up to a moment."""
    await office.store.watermarks.step(WATERMARK, partial(watermark.raised, event=event))


async def on_client(event: ClientEvent, _: Message, office: Office) -> None:
    """Whose a client is, and what it pays."""
    await office.store.clients.step(event.client_id, partial(clients.told, event=event))


async def on_debt(event: DebtChanged, _: Message, office: Office) -> None:
    """How likely a client is to be lost."""
    await office.store.clients.step(event.client_id, partial(clients.indebted, event=event))


async def on_prospect(event: ProspectEvent, _: Message, office: Office) -> None:
    """How far a prospect is."""
    await office.store.prospects.step(event.prospect_id, partial(prospects.told, event=event))


async def on_manager(event: ManagerEvent, _: Message, office: Office) -> None:
    """A manager works for us, or changed."""
    books = await office.store.company_books()
    introduced = partial(introduce, news=event, day=local_date(event.at, office.zone), closing=books.missed_now)
    await office.store.ledgers.step(event.manager_id, introduced)


async def _record(office: Office, fact: Fact, *managers: str) -> None:
    now = office.now()
    books = await office.store.company_books()
    policies, fact = books.in_force(office.usual), replace(fact, missed=books.missed_now)
    written = False
    for manager_id in managers:
        decide = partial(record, manager_id=manager_id, fact=fact, policies=policies, now=now, term=office.term)
        written |= (await office.store.ledgers.step(manager_id, decide)).written
    if written:
        FACTS.labels(kind=fact.kind).inc()


def _of_facts(handle_fact: Callable[..., Awaitable[None]], office: Office) -> Handler:
    """A handler of facts: a close waits for those under way, and bad ones are parked for a person at once, as no repeat
    would make them better."""

    async def handle(event: Event, message: Message) -> None:
        with office.recording():
            try:
                await handle_fact(event, message, office)
            except BadFact as error:
                raise Unreadable(f"{event.TYPE} {event.subject} cannot be what it says", str(error)) from None

    return handle


PROSPECT_EVENTS: tuple[type[ProspectEvent], ...] = (
    ProspectRegistered,
    ProspectContacted,
    ProspectChanged,
    ProspectTrialOpened,
    ProspectTrialEnded,
    ProspectWon,
    ProspectDropped,
)


def handlers(office: Office) -> Mapping[type[Event], Handler]:
    """Which message goes where."""
    client, manager = partial(on_client, office=office), partial(on_manager, office=office)
    return {
        ClientWon: _of_facts(on_client_won, office),
        ClientLost: _of_facts(on_client_lost, office),
        ClientHandedOver: _of_facts(on_client_handed_over, office),
        FactReversed: _of_facts(on_fact_reversed, office),
        FactsComplete: partial(on_facts_complete, office=office),
        ClientRegistered: client,
        ClientChanged: client,
        ManagerRegistered: manager,
        ManagerChanged: manager,
        DebtChanged: partial(on_debt, office=office),
        **dict.fromkeys(PROSPECT_EVENTS, partial(on_prospect, office=office)),
    }
