"""One of each event sla_monitor has published: `test_golden.py` holds them against the golden files."""

from datetime import UTC, datetime

from shared.contracts.base import ClientRef, Event
from shared.contracts.sla_monitor import (
    EscalationAcknowledged,
    EscalationRaised,
    SlaBreached,
    SlaBreachWithdrawn,
    SlaMet,
    SlaMetWithdrawn,
    SlaWarned,
)

AT = datetime(2026, 11, 23, 5, 0, 0, 123000, tzinfo=UTC)
DUE = datetime(2026, 11, 23, 5, 15, tzinfo=UTC)
CLIENT = ClientRef(client_id="c1", name="Гимназия № 3", zone="Asia/Krasnoyarsk", manager_id="m1")

EVENTS: tuple[Event, ...] = (
    SlaWarned(at=AT, obligation_id="k1:callback:1", about="call", about_id="k1", clock="callback", due=DUE),
    SlaBreached(
        at=DUE,
        obligation_id="r1:start:1",
        about="request",
        about_id="r1",
        clock="start",
        priority="urgent",
        client=CLIENT,
        specialist_id="s1",
        due=DUE,
        promise_broken=True,
    ),
    SlaBreachWithdrawn(
        at=AT,
        obligation_id="r1:start:1",
        about="request",
        about_id="r1",
        clock="start",
        priority="urgent",
        client=CLIENT,
        specialist_id="s1",
        due=DUE,
        reason="Позже стало известно: work.started, 23.11.2026 05:10:00 UTC.",
    ),
    SlaMet(
        at=AT,
        obligation_id="r1:finish:2",
        about="request",
        about_id="r1",
        clock="finish",
        priority="important",
        client=CLIENT,
        specialist_id="s2",
        due=DUE,
        late=True,
    ),
    SlaMetWithdrawn(
        at=AT,
        obligation_id="r1:finish:2",
        about="request",
        about_id="r1",
        clock="finish",
        priority="important",
        client=CLIENT,
        specialist_id="s2",
        due=DUE,
        late=False,
        reason="Позже стало известно: work.replaced, 23.11.2026 05:10:00 UTC.",
    ),
    EscalationRaised(
        at=AT,
        escalation_id="r1:start:1",
        obligation_id="r1:start:1",
        about="request",
        about_id="r1",
        clock="start",
        client=CLIENT,
        step=2,
        role="lead",
        promise_broken=True,
        person_ids=("l1", "l2"),
    ),
    EscalationAcknowledged(
        at=AT,
        escalation_id="k1:callback:1",
        obligation_id="k1:callback:1",
        about="call",
        about_id="k1",
        clock="callback",
        client=CLIENT,
        step=1,
        role="manager",
        by="m1",
        until=DUE,
    ),
)
