"""One of each event payroll has published: `test_golden.py` holds them against the golden files."""

from datetime import UTC, datetime
from decimal import Decimal

from shared.contracts.base import Event
from shared.contracts.payroll import (
    DismissalDecided,
    DismissalObjected,
    DismissalProposed,
    StatementClosed,
    StatementDisputeAnswered,
    StatementDisputed,
)

AT = datetime(2026, 12, 1, 3, 0, 0, 123000, tzinfo=UTC)

EVENTS: tuple[Event, ...] = (
    StatementClosed(
        at=AT,
        statement_id="m1:2026-11",
        manager_id="m1",
        month="2026-11",
        total=Decimal("150000.00"),
        growth=Decimal("80000.00"),
    ),
    DismissalProposed(at=AT, manager_id="m2", month="2026-11", growth=Decimal("-0.01"), fact_ids=("f1", "f2")),
    DismissalObjected(at=AT, manager_id="m2", month="2026-11", words="Клиента забрали при передаче базы"),
    DismissalDecided(
        at=AT, manager_id="m2", month="2026-11", dismissed=False, reason="Потеря не по вине менеджера", by="d1"
    ),
    StatementDisputed(
        at=AT,
        statement_id="m1:2026-11",
        manager_id="m1",
        month="2026-11",
        objection_id="o1",
        fact_id="f1",
        words="Этот клиент не мой",
    ),
    StatementDisputeAnswered(
        at=AT,
        statement_id="m1:2026-11",
        manager_id="m1",
        month="2026-11",
        objection_id="o1",
        accepted=True,
        reason="Клиент был передан 3 ноября",
        by="p1",
    ),
)
