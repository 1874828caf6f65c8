"""What payroll does with each message. Facts are kept by their id, so a repeat does nothing."""

from collections.abc import Mapping
from functools import partial

from services.payroll.domain import facts
from services.payroll.domain.facts import Fact
from services.payroll.domain.recording import introduce, record
from services.payroll.domain.refusals import BadFact
from services.payroll.metrics import FACTS
from services.payroll.office import Office
from shared.clock import local_date
from shared.contracts.accounts import (
    ClientHandedOver,
    ClientLost,
    ClientWon,
    ManagerChanged,
    ManagerEvent,
    ManagerRegistered,
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


async def on_manager(event: ManagerEvent, _: Message, office: Office) -> None:
    """A manager works for us, or changed."""
    introduced = partial(introduce, news=event, day=local_date(event.at, office.zone))
    await office.store.ledgers.step(event.manager_id, introduced)


async def _record(office: Office, fact: Fact, *managers: str) -> None:
    now = office.now()
    written = False
    for manager_id in managers:
        decide = partial(record, manager_id=manager_id, fact=fact, now=now)
        written |= (await office.store.ledgers.step(manager_id, decide)).written
    if written:
        FACTS.labels(kind=fact.kind).inc()


def _readable(handler: Handler) -> Handler:
    """`handler`, whose bad facts are parked for a person at once: no repeat would make them better."""

    async def handle(event: Event, message: Message) -> None:
        try:
            await handler(event, message)
        except BadFact as error:
            raise Unreadable(str(error)) from None

    return handle


def handlers(office: Office) -> Mapping[type[Event], Handler]:
    """Which message goes where."""
    return {
        ClientWon: _readable(partial(on_client_won, office=office)),
        ClientLost: _readable(partial(on_client_lost, office=office)),
        ClientHandedOver: _readable(partial(on_client_handed_over, office=office)),
        ManagerRegistered: partial(on_manager, office=office),
        ManagerChanged: partial(on_manager, office=office),
    }
