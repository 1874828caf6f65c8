"""One of each event accounts has published about calls, control, debt, referrals and prospects."""

from datetime import UTC, date, datetime
from decimal import Decimal

from shared.contracts.accounts import (
    ContactCallAttempted,
    ContactCallCancelled,
    ContactCallHeld,
    ContactCallPlanned,
    ControlClosed,
    ControlOpened,
    ControlOrdered,
    DebtChanged,
    DebtPart,
    DiscoveredOnCall,
    FoundOnCall,
    ProspectChanged,
    ProspectContacted,
    ProspectDropped,
    ProspectRegistered,
    ProspectTrialEnded,
    ProspectTrialOpened,
    ProspectWon,
    ReferralAsked,
)
from shared.contracts.base import ClientRef, Event

AT = datetime(2026, 11, 23, 5, 0, 0, 123000, tzinfo=UTC)
LATER = datetime(2026, 11, 27, 5, 0, tzinfo=UTC)
SCHOOL = ClientRef(client_id="c1", name="Школа № 1", zone="Asia/Krasnoyarsk", manager_id="m1")
CALL = {
    "at": AT, "contact_call_id": "k1", "contact_id": "a1", "client": SCHOOL, "manager_id": "m1", "week": "2026-W48",
}  # fmt: skip
CONTROL = {"at": AT, "request_id": "r1", "client": SCHOOL, "manager_id": "m1"}
MUSEUM = {
    "at": AT,
    "prospect_id": "p1",
    "revision": 2,
    "name": "Краеведческий музей",
    "zone": "Asia/Krasnoyarsk",
    "manager_id": "m1",
    "vouched_by_client_id": "c1",
    "competitor": "ООО Шаг",
    "expected_fee": Decimal("30000.00"),
    "next_contact": LATER,
}
EVENTS: tuple[Event, ...] = (
    ContactCallPlanned(**CALL, revision=1764000000123, day=date(2026, 11, 24), warn_at=LATER, due=LATER),
    ContactCallAttempted(**CALL, by="m1"),
    ContactCallHeld(
        **CALL,
        by="m1",
        findings=(FoundOnCall(request_id="r1", finding="cancelled", cancelled_by="s1", words="обещал и отменил"),),
        discovered=(DiscoveredOnCall(request_id="r9", subject_text="Не печатается табель", nature="long"),),
    ),
    ContactCallCancelled(**CALL, reason="бухгалтер отсутствует до конца недели"),
    ControlOpened(**CONTROL, finding="cancelled", cancelled_by="s1"),
    ControlOrdered(**CONTROL, order_id="o1", action="force", finish_by=LATER, reason="обещал к пятнице", by="m1"),
    ControlClosed(**CONTROL),
    ReferralAsked(at=AT, ask_id="q1", client=SCHOOL, contact_id="a1", by="m1"),
    ProspectRegistered(**MUSEUM),
    ProspectContacted(**MUSEUM),
    ProspectChanged(**MUSEUM),
    ProspectTrialOpened(**MUSEUM, request_id="t1", subject_text="Не отправляется отчёт", text="Ждут неделю"),
    ProspectTrialEnded(**MUSEUM, request_id="t1", flawless=True),
    ProspectWon(**(MUSEUM | {"next_contact": None}), client_id="c2", fact_id="f1"),
    ProspectDropped(**(MUSEUM | {"next_contact": None}), reason="остались у прежних"),
    DebtChanged(
        at=AT,
        client_id="c1",
        revision=3,
        client=SCHOOL,
        fee=Decimal("20000.00"),
        score=24.0,
        band="watch",
        loss_probability=0.0392,
        parts=(DebtPart(part="open", score=24.0, reason="Заявка 7 (важная) открыта, рабочих дней: 6"),),
    ),
)
