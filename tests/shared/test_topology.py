"""The one table of exchanges and queues agrees with the contracts."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

from shared.contracts import accounts, intake, payroll, routing, sla_monitor
from shared.contracts.base import Event
from shared.messaging import topology

MODULES = {"intake": intake, "routing": routing, "sla_monitor": sla_monitor, "accounts": accounts, "payroll": payroll}


def events() -> Iterator[tuple[str, type[Event]]]:
    """(publishing service, event) for every event of the contracts."""
    for service, module in MODULES.items():
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Event) and "TYPE" in vars(kind):
                yield service, kind


@pytest.mark.parametrize(("service", "kind"), list(events()), ids=lambda value: getattr(value, "TYPE", value))
def test_a_service_may_publish_its_events_and_no_other_service_may(service: str, kind: type[Event]) -> None:
    allowed = [name for name in topology.SERVICES if re.match(topology.publish_rights(name), kind.TYPE)]
    assert allowed == [service]


def test_what_a_service_listens_to_exists() -> None:
    types = [kind.TYPE for _, kind in events()]
    for patterns in topology.LISTENS.values():
        for pattern in patterns:
            assert any(fnmatchcase(name, pattern) for name in types), pattern


@pytest.mark.parametrize("service", topology.SERVICES)
def test_a_service_may_read_its_own_queue_alone(service: str) -> None:
    allowed = [queue.name for queue in topology.queues() if re.match(topology.rights(service)["read"], queue.name)]
    assert allowed == [topology.queue_of(service)]


@pytest.mark.parametrize("service", topology.SERVICES)
def test_nothing_dead_letters_into_nowhere(service: str) -> None:
    bound = {(exchange, key) for queue in topology.queues_of(service) for exchange, key in queue.bindings}
    for queue in topology.queues_of(service):
        if "x-dead-letter-exchange" in queue.arguments:
            target = queue.arguments["x-dead-letter-exchange"], queue.arguments["x-dead-letter-routing-key"]
            assert target in bound
