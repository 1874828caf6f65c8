"""One of each event intake has published: `test_golden.py` holds them against the golden files."""

from datetime import UTC, datetime

from shared.contracts.base import ClientRef, Event
from shared.contracts.intake import (
    CallAnswered,
    CallEnded,
    CallIdentified,
    CallMissed,
    CallRang,
    CallReturned,
    MessageIdentified,
    MessageReceived,
    PriorityReason,
    RequestFollowedUp,
    RequestIdentified,
    RequestMerged,
    RequestRegistered,
    RequestReprioritised,
    RequestUnmerged,
    RequestWithdrawn,
    VerdictDoubted,
    VerdictGiven,
    WaitPromised,
)

AT = datetime(2026, 11, 23, 5, 0, 0, 123000, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 5, 15, tzinfo=UTC)
SCHOOL = ClientRef(client_id="c1", name="Школа № 1", zone="Asia/Krasnoyarsk", manager_id="m1")
PHONE = "+73912000001"

EVENTS: tuple[Event, ...] = (
    CallRang(at=AT, call_id="k1", phone=PHONE, direction="in", client=SCHOOL, contact_id="a1"),
    CallAnswered(at=AT, call_id="k1", phone=PHONE, direction="out", client=SCHOOL, contact_id="a1"),
    CallMissed(at=AT, call_id="k1", phone=None, direction="in"),
    CallReturned(at=LATER, call_id="k1", phone=PHONE, direction="in", client=SCHOOL, by_call_id="k2"),
    CallEnded(
        at=LATER,
        call_id="k1",
        phone=PHONE,
        direction="in",
        client=SCHOOL,
        manager_id="m1",
        talk_seconds=125,
        recording="https://records.example/k1",
    ),
    RequestRegistered(
        at=AT,
        request_id="r1",
        number="100 245",
        channel="phone",
        priority="important",
        priority_reasons=(PriorityReason(rule="important_word", evidence="важно"),),
        nature="complex",
        subject_text="Важно: баланс",
        products=("1С:БГУ",),
        client=SCHOOL,
        contact_id="a1",
        discovered=True,
        trial=False,
    ),
    RequestIdentified(at=AT, request_id="r1", client=SCHOOL, contact_id="a1", by="m1"),
    RequestReprioritised(
        at=AT, request_id="r1", priority="important", nature="long", reason="нужна настойчивость", by="m1"
    ),
    WaitPromised(at=AT, request_id="r1", until=LATER, words="Подожду четверть часа", recorded_by="m1"),
    VerdictGiven(at=AT, request_id="r1", satisfied=False, words="Всё равно не считает", taken_by="m1"),
    RequestWithdrawn(at=AT, request_id="r1", reason="Сделали сами", taken_by="m1"),
    MessageReceived(at=AT, message_id="l1", request_id="r1", client=SCHOOL, subject_text="Баланс"),
    RequestFollowedUp(at=LATER, request_id="r1", channel="email", message_id="l2", words="Ещё не проходит отчёт"),
    RequestMerged(at=AT, request_id="r2", into_request_id="r1", by="m1"),
    RequestUnmerged(at=LATER, request_id="r2", from_request_id="r1", by="m1"),
    VerdictDoubted(at=LATER, request_id="r1", pressed=True, words="Всё равно не считает"),
    CallIdentified(
        at=LATER,
        call_id="k1",
        phone=PHONE,
        direction="in",
        client=SCHOOL,
        contact_id="a1",
        by="m1",
        missed_at=AT,
        returned_at=LATER,
    ),
    MessageIdentified(at=LATER, message_id="l1", request_id=None, client=SCHOOL, contact_id="a1", by="m1"),
)
