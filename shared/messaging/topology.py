"""Who publishes what, who listens to what, and every exchange and queue there is: one table.

Nothing else names an exchange or a queue. The topology is declared as a whole, before the first
service starts (`declare`, or RabbitMQ's own import of `definitions`), so that no event is ever
published before everybody who wants it has a queue; services themselves may declare nothing.

    svoy.events ──(event types)──▶ svoy.<service> ──▶ the service
    svoy.<service>.again ──now──▶ svoy.<service>
                         ──1s, 10s, 1m, 10m──▶ svoy.<service>.1s … ──(time passes)──▶ now
                         ──parked──▶ svoy.<service>.parked
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel

EVENTS = "svoy.events"
NOW = "now"
PARKED = "parked"
DELAYS: Mapping[str, int] = {"1s": 1, "10s": 10, "1m": 60, "10m": 600}
"""Seconds a failed message waits before its second, third, fourth and fifth try; then it is parked."""

PUBLISHES: Mapping[str, tuple[str, ...]] = {
    "intake": ("call", "request", "message"),
    "routing": ("specialist", "work"),
    "sla_monitor": ("sla", "escalation"),
    "accounts": ("manager", "client", "contact_call", "control", "referral", "prospect", "debt"),
    "payroll": ("statement", "dismissal"),
}
"""The families of event types (the part before the dot) each service owns."""

LISTENS: Mapping[str, tuple[str, ...]] = {
    "intake": (
        "client.registered",
        "client.changed",
        "work.finished",
        "work.reopened",
        "work.closed",
        "manager.registered",
        "manager.changed",
        "contact_call.held",
        "prospect.trial_opened",
        "debt.changed",
    ),
    "routing": (
        "request.*",
        "client.registered",
        "client.changed",
        "sla.breached",
        "sla.breach_withdrawn",
        "control.ordered",
    ),
    "sla_monitor": (
        "call.*",
        "request.*",
        "work.*",
        "client.registered",
        "client.changed",
        "manager.registered",
        "manager.changed",
        "contact_call.*",
        "prospect.*",
        "sla.warned",
        "sla.breached",
        "sla.breach_withdrawn",
    ),
    "accounts": (
        "request.registered",
        "request.identified",
        "request.reprioritised",
        "request.verdict_given",
        "request.withdrawn",
        "request.merged",
        "request.unmerged",
        "work.finished",
        "work.cancel_asked",
        "work.replaced",
        "sla.breached",
        "sla.breach_withdrawn",
        "call.missed",
        "call.returned",
        "call.identified",
    ),
    "payroll": (
        "client.registered",
        "client.changed",
        "client.won",
        "client.lost",
        "client.handed_over",
        "client.fact_reversed",
        "client.facts_complete",
        "manager.*",
        "debt.changed",
        "prospect.*",
    ),
}
"""The event types each service has in its queue."""

SERVICES = tuple(PUBLISHES)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A durable quorum queue, what is bound to it, and its arguments."""

    name: str
    bindings: tuple[tuple[str, str], ...]
    """(exchange, routing key) pairs."""
    arguments: Mapping[str, Any] = field(default_factory=dict)


def queue_of(service: str) -> str:
    """The one queue a service consumes."""
    return f"svoy.{service}"


def again_exchange(service: str) -> str:
    """The exchange through which a service's messages come back to it, are delayed, or are parked."""
    return f"svoy.{service}.again"


def parked_queue(service: str) -> str:
    """Where a service's messages wait for a person."""
    return f"svoy.{service}.parked"


@cache
def listeners(event_type: str) -> tuple[str, ...]:
    """The services whose queues take events of this type; where there are none, a publish need not be routed."""
    return tuple(service for service, patterns in LISTENS.items() if any(fnmatchcase(event_type, p) for p in patterns))


def exchanges() -> dict[str, str]:
    """Every exchange with its type."""
    return {EVENTS: "topic"} | {again_exchange(service): "direct" for service in SERVICES}


def queues() -> list[Queue]:
    """Every queue there is."""
    return [queue for service in SERVICES for queue in queues_of(service)]


def queues_of(service: str) -> list[Queue]:
    """The queues of one service: its own, its delays, its parking."""
    again = again_exchange(service)
    safe = {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-dead-letter-strategy": "at-least-once",
        "x-dead-letter-exchange": again,
    }
    own = Queue(
        name=queue_of(service),
        bindings=(*((EVENTS, pattern) for pattern in LISTENS[service]), (again, NOW)),
        arguments=safe | {"x-dead-letter-routing-key": PARKED, "x-delivery-limit": 50},
    )
    delays = [
        Queue(
            name=f"svoy.{service}.{name}",
            bindings=((again, name),),
            arguments=safe | {"x-dead-letter-routing-key": NOW, "x-message-ttl": seconds * 1000},
        )
        for name, seconds in DELAYS.items()
    ]
    # Looking at a parked message takes it and puts it back, which counts as a delivery.
    parked = Queue(
        name=parked_queue(service),
        bindings=((again, PARKED),),
        arguments={"x-queue-type": "quorum", "x-delivery-limit": 1_000_000},
    )
    return [own, *delays, parked]


async def declare(channel: AbstractChannel) -> None:
    """Declare the whole topology; what is there already is left as it is."""
    for name, kind in exchanges().items():
        await channel.declare_exchange(name, ExchangeType(kind), durable=True)
    for queue in queues():
        declared = await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
        for exchange, key in queue.bindings:
            await declared.bind(exchange, key)


def rights(service: str) -> dict[str, str]:
    """The regular expressions of what a service's RabbitMQ user may configure, write and read: only its own."""
    return {
        "configure": "^$",
        "write": rf"^svoy\.(events|{service}\.again)$",
        "read": rf"^svoy\.{service}$",
    }


def publish_rights(service: str) -> str:
    """The regular expression of the event types a service's RabbitMQ user may publish."""
    return rf"^({'|'.join(PUBLISHES[service])})\."


def definitions(vhost: str) -> dict[str, Any]:
    """The exchanges, queues and bindings in the form RabbitMQ imports at start (`load_definitions`)."""
    return {
        "exchanges": [
            {"name": name, "vhost": vhost, "type": kind, "durable": True, "auto_delete": False, "arguments": {}}
            for name, kind in exchanges().items()
        ],
        "queues": [
            {"name": q.name, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": dict(q.arguments)}
            for q in queues()
        ],
        "bindings": [
            {
                "source": exchange,
                "vhost": vhost,
                "destination": q.name,
                "destination_type": "queue",
                "routing_key": key,
                "arguments": {},
            }
            for q in queues()
            for exchange, key in q.bindings
        ],
    }
