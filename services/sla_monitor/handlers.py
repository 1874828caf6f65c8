"""What sla_monitor hears: every fact about calls, requests and work, which to a timeline are all the same thing; who
the clients and managers are; and its own warnings and breaches, with which the ladders begin."""

from collections.abc import Mapping
from functools import partial

from services.sla_monitor.bases import Bases
from services.sla_monitor.domain.facts import FACTS
from services.sla_monitor.domain.people import told_of
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.notify.escalations import Escalations
from services.sla_monitor.notify.postponing import Postponing
from shared.contracts.accounts import (
    ClientChanged,
    ClientEvent,
    ClientRegistered,
    ManagerChanged,
    ManagerEvent,
    ManagerRegistered,
)
from shared.contracts.base import Event
from shared.contracts.routing import WorkOrderLapsed, WorkPostponed
from shared.contracts.sla_monitor import SlaBreached, SlaBreachWithdrawn, SlaWarned
from shared.messaging.envelope import Message
from shared.messaging.inbound import Handler


async def on_fact(event: Event, _: Message, monitor: Monitor, escalations: Escalations) -> None:
    """A fact goes into the timeline of its request or call, and ends the ladders of what it ends."""
    timeline = await monitor.hear(event)
    if timeline is not None:
        await escalations.follow(timeline)


async def on_put_off(
    event: WorkPostponed | WorkOrderLapsed,
    message: Message,
    monitor: Monitor,
    escalations: Escalations,
    postponing: Postponing,
) -> None:
    """A fact like any other, of which the manager hears at once."""
    timeline = await monitor.hear(event)
    if timeline is not None:
        await escalations.follow(timeline)
        await postponing.tell(event, timeline, message.id)


async def on_client(event: ClientEvent, _: Message, bases: Bases, monitor: Monitor) -> None:
    """A client is new, changed, or handed over."""
    await monitor.follow(await bases.hear(event))


async def on_manager(event: ManagerEvent, _: Message, escalations: Escalations) -> None:
    """A manager can be called, or is reached elsewhere, or left."""
    await escalations.store.people.step(event.manager_id, partial(told_of, event=event))


async def on_warning(event: SlaWarned, message: Message, escalations: Escalations) -> None:
    """Somebody may want a letter."""
    await escalations.warn(event, message.id)


async def on_breach(event: SlaBreached, _: Message, escalations: Escalations) -> None:
    """Somebody has to see to it."""
    await escalations.begin(event)


async def on_breach_withdrawn(event: SlaBreachWithdrawn, _: Message, escalations: Escalations) -> None:
    """Nobody has to any more."""
    await escalations.withdraw(event)


def handlers(
    monitor: Monitor, bases: Bases, escalations: Escalations, postponing: Postponing
) -> Mapping[type[Event], Handler]:
    """Every event a timeline knows, and what escalation wants to know besides."""
    put_off = partial(on_put_off, monitor=monitor, escalations=escalations, postponing=postponing)
    return dict.fromkeys(FACTS, partial(on_fact, monitor=monitor, escalations=escalations)) | {
        WorkPostponed: put_off,
        WorkOrderLapsed: put_off,
        ClientRegistered: partial(on_client, bases=bases, monitor=monitor),
        ClientChanged: partial(on_client, bases=bases, monitor=monitor),
        ManagerRegistered: partial(on_manager, escalations=escalations),
        ManagerChanged: partial(on_manager, escalations=escalations),
        SlaWarned: partial(on_warning, escalations=escalations),
        SlaBreached: partial(on_breach, escalations=escalations),
        SlaBreachWithdrawn: partial(on_breach_withdrawn, escalations=escalations),
    }
