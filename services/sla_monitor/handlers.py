"""What sla_monitor hears: every fact about calls, requests and work. To a timeline all of them are the same thing."""

from collections.abc import Mapping
from functools import partial

from services.sla_monitor.domain.facts import FACTS
from services.sla_monitor.monitor import Monitor
from shared.contracts.base import Event
from shared.messaging.envelope import Message
from shared.messaging.inbound import Handler


async def on_fact(event: Event, _: Message, monitor: Monitor) -> None:
    """A fact goes into the timeline of its request or call."""
    await monitor.hear(event)


def handlers(monitor: Monitor) -> Mapping[type[Event], Handler]:
    """Every event a timeline knows."""
    return dict.fromkeys(FACTS, partial(on_fact, monitor=monitor))
