"""One of each event accounts has published: `test_golden.py` holds them against the golden files."""

from datetime import UTC, date, datetime
from decimal import Decimal

from shared.contracts.accounts import (
    ClientChanged,
    ClientHandedOver,
    ClientLost,
    ClientRegistered,
    ClientWon,
    ContactCard,
    FactReversed,
    FactsComplete,
    ManagerChanged,
    ManagerRegistered,
)
from shared.contracts.base import Event
from tests.contracts import accounts_care_events

AT = datetime(2026, 11, 23, 5, 0, 0, 123000, tzinfo=UTC)
ANNA = ContactCard(contact_id="a1", name="Анна Петровна", phones=("+73912000001",), emails=("anna@school1.ru",))

EVENTS: tuple[Event, ...] = (
    ManagerRegistered(at=AT, manager_id="m1", revision=1, name="Мария Свойская", hired=date(2026, 1, 12)),
    ManagerChanged(
        at=AT,
        manager_id="m1",
        revision=2,
        name="Мария Свойская",
        hired=date(2026, 1, 12),
        left=date(2026, 12, 31),
    ),
    ClientRegistered(
        at=AT,
        client_id="c1",
        revision=1,
        name="Школа № 1",
        inn="2400000016",
        zone="Asia/Krasnoyarsk",
        manager_id="m1",
        fee=Decimal("20000.00"),
        source="opening",
        since=date(2026, 9, 1),
        contacts=(ANNA,),
    ),
    ClientChanged(
        at=AT,
        client_id="c1",
        revision=2,
        name="Школа № 1",
        inn="2400000016",
        zone="Asia/Krasnoyarsk",
        manager_id="m1",
        fee=Decimal("20000.00"),
        source="opening",
        since=date(2026, 9, 1),
        active=False,
    ),
    ClientWon(
        at=AT,
        fact_id="p1",
        client_id="c2",
        client_name="Детский сад № 7",
        manager_id="m1",
        fee=Decimal("30000.00"),
        effective=date(2026, 11, 20),
        proposed_by="m1",
        confirmed_by="d1",
        source="referral",
        vouched_by_client_id="c1",
        request_id="r7",
    ),
    ClientLost(
        at=AT,
        fact_id="p2",
        client_id="c1",
        client_name="Школа № 1",
        manager_id="m1",
        fee=Decimal("20000.00"),
        effective=date(2026, 11, 20),
        proposed_by="m1",
        confirmed_by="d1",
        reason="заявку решил конкурент",
        request_id="r1",
    ),
    ClientHandedOver(
        at=AT,
        fact_id="p3",
        client_id="c1",
        from_manager_id="m1",
        to_manager_id="m2",
        effective=date(2026, 11, 20),
        proposed_by="m1",
        confirmed_by="d1",
    ),
    FactReversed(
        at=AT,
        fact_id="p4",
        reverses_fact_id="p2",
        manager_id="m1",
        reason="заявку решили мы",
        proposed_by="m1",
        confirmed_by="d1",
    ),
    FactsComplete(at=AT, until=AT),
    *accounts_care_events.EVENTS,
)
