"""Whatever a service has in its queue it knows how to handle: nothing is parked because nobody thought of it."""

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Any, cast

import pytest

from services.accounts import handlers as accounts
from services.intake import handlers as intake
from services.intake import hearing
from services.payroll import handlers as payroll
from services.routing import handlers as routing
from services.sla_monitor import handlers as sla_monitor
from shared.contracts.base import Event
from shared.messaging.topology import LISTENS, SERVICES
from tests.shared.test_topology import events

NOBODY = cast("Any", None)
"""Nothing is handled here."""
HANDLED: dict[str, Collection[type[Event]]] = {
    "intake": [*intake.handlers(NOBODY), *intake.mail_handlers(NOBODY), *hearing.handlers(NOBODY)],
    "routing": list(routing.handlers(NOBODY, NOBODY, NOBODY)),
    "sla_monitor": list(sla_monitor.handlers(NOBODY, NOBODY, NOBODY, NOBODY)),
    "accounts": list(accounts.handlers(NOBODY)),
    "payroll": list(payroll.handlers(NOBODY)),
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_in_its_queue_has_a_handler_and_the_other_way_round(service: str) -> None:
    sent = {kind.TYPE for _, kind in events() if any(fnmatchcase(kind.TYPE, one) for one in LISTENS[service])}
    assert {kind.TYPE for kind in HANDLED[service]} == sent
