"""`/v1/calls` on the real servers (R-URG-1, R-URG-2)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from services.intake.domain.calls import hear
from services.intake.domain.identity import NOBODY
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from shared.clock import machine_now
from tests.conftest import SettingsFor
from tests.intake.conftest import DIRECTOR, MANAGER, OTHER_MANAGER, SPECIALIST, Doors
from tests.intake.samples import PHONE
from tests.intake.test_mango import ANSWERED, MISSED, form
from tests.kit import eventually, serving

START = datetime(2026, 11, 2, 3, tzinfo=UTC)


def news(event: str, second: int = 0, call_id: str = "k1", **over: Any) -> dict[str, Any]:
    """Something happened to a call."""
    at = (START + timedelta(seconds=second)).isoformat()
    return {"event": event, "call_id": call_id, "phone": "8 391 222-33-44", "direction": "in", "at": at} | over


async def mango(doors: Doors, kind: str, payload: dict[str, Any], **over: str) -> Any:
    """The answer to a form of Mango Office."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    content = form(json.dumps(payload), **over)
    answer = await doors.http.post(f"/v1/calls/mango/events/{kind}", content=content, headers=headers)
    await doors.worked_off()
    return answer


async def test_a_call_of_a_known_client_is_told_with_the_client(doors: Doors) -> None:
    await doors.client()
    answer = await doors.webhook(news("rang"))
    assert answer.status_code == 200
    assert answer.json() | {"webhook_id": ""} == {
        "webhook_id": "", "call_id": "k1", "repeated": False, "not_understood": None,
    }  # fmt: skip
    await doors.webhook(news("answered", 8))
    rang, answered = await doors.heard.several(2, "call.rang", "call.answered")
    assert (rang.subject, rang.body["phone"], rang.body["client"]["client_id"]) == ("k1", PHONE, "c1")
    assert (answered.body["contact_id"], answered.body["at"]) == ("c1-a", "2026-11-02T03:00:08Z")
    call = (await doors.get("/v1/calls/k1")).json()
    assert (call["status"], call["client"]["client_id"]) == ("answered", "c1")


async def test_a_replayed_webhook_does_nothing(doors: Doors) -> None:
    first = await doors.webhook(news("rang"), "w1")
    again = await doors.webhook(news("rang"), "w1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)
    other_body = await doors.webhook(news("missed", 30), "w1")
    assert other_body.json() == again.json()
    await doors.webhook(news("missed", 30), "w2")
    await doors.heard.one("call.missed")
    assert doors.heard.types() == ["call.rang", "call.missed"]


async def test_the_same_fact_under_another_webhook_id_is_told_once(doors: Doors) -> None:
    for number in range(3):
        await doors.webhook(news("rang"), f"w{number}")
    await doors.webhook(news("answered", 8))
    await doors.heard.one("call.answered")
    assert doors.heard.types() == ["call.rang", "call.answered"]


@pytest.mark.parametrize(
    "over",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-timestamp": "1"},
        {"webhook-id": "x"},
    ],
    ids=["wrong", "no signature", "old", "another id"],
)
async def test_a_wrong_signature_is_refused_and_leaves_nothing(doors: Doors, over: dict[str, str]) -> None:
    answer = await doors.webhook(news("rang"), **over)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (401, "bad-signature")
    assert await doors.reception.store.calls.count({}) == 0


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (news("exploded"), "event: одно из"),
        (news("rang", direction="up"), "direction: одно из"),
        (news("rang", at="yesterday"), "at: нужно время"),
        ({"event": "rang"}, "call_id: обязательное поле"),
        ([], "тело: нужен объект"),
        (news("rang", at=(machine_now() + timedelta(hours=1)).isoformat()), "Событие из будущего"),
        (news("rang", at="0001-01-01T00:00:00+10:00"), "at: "),
    ],
)
async def test_what_cannot_be_understood_is_kept_and_shown_to_a_person(doors: Doors, body: Any, why: str) -> None:
    answer = await doors.webhook(body)
    assert answer.status_code == 200
    assert answer.json()["not_understood"].startswith(why)
    (shown,) = (await doors.get("/v1/webhooks")).json()["items"]
    assert (shown["provider"], shown["why"]) == ("generic", answer.json()["not_understood"])
    assert json.loads(shown["payload"]) == body
    assert await doors.reception.store.calls.count({}) == 0


async def test_a_webhook_that_is_too_long_is_refused_before_it_is_read(doors: Doors) -> None:
    for content in (b" " * 70_000, _in_pieces(70)):
        answer = await doors.http.post("/v1/calls/generic", content=content)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (413, "too-large")


async def _in_pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 1_000


async def test_a_missed_call_is_returned_by_a_call_out_to_the_number(doors: Doors) -> None:
    await doors.webhook(news("rang"))
    await doors.webhook(news("missed", 30))
    await doors.webhook(news("answered", 200, call_id="k2", direction="out"))
    event = await doors.heard.one("call.returned")
    assert (event.subject, event.body["by_call_id"], event.body["at"]) == ("k1", "k2", "2026-11-02T03:03:20Z")
    assert (await doors.get("/v1/calls/k1")).json()["status"] == "returned"
    assert await doors.reception.store.unpaired() == []


async def test_our_own_call_that_nobody_answered_is_not_looked_at_again(doors: Doors) -> None:
    for number in range(3):
        await doors.webhook(news("missed", 30, call_id=f"out{number}", direction="out"))
    await doors.webhook(news("missed", 40))
    found = await doors.reception.store.missed_until(PHONE, START + timedelta(minutes=5))
    assert [call.call_id for call in found] == ["k1"]


async def test_a_miss_heard_of_after_the_call_back_is_paired_all_the_same(doors: Doors) -> None:
    await doors.webhook(news("answered", 200, call_id="k2", direction="out"))
    await doors.webhook(news("missed", 30))
    assert (await doors.heard.one("call.returned")).body["by_call_id"] == "k2"


async def test_a_miss_and_the_call_back_at_once_are_paired_once(doors: Doors) -> None:
    for number in range(5):
        missed, back = f"m{number}", f"b{number}"
        phone = f"+7913000000{number}"
        await asyncio.gather(
            doors.webhook(news("missed", 30, call_id=missed, phone=phone)),
            doors.webhook(news("answered", 200, call_id=back, direction="out", phone=phone)),
        )
    told = await doors.heard.several(5, "call.returned")
    assert {event.subject for event in told} == {f"m{number}" for number in range(5)}
    await eventually(lambda: len(doors.heard.of("call.missed")) == 5)
    assert len(doors.heard.of("call.returned")) == 5


async def test_all_missed_calls_of_a_number_are_returned_by_one_conversation(doors: Doors) -> None:
    for number in range(3):
        await doors.webhook(news("missed", 30 + number, call_id=f"m{number}"))
    await doors.webhook(news("answered", 200, call_id="k2"))
    told = await doors.heard.several(3, "call.returned")
    assert {event.subject for event in told} == {"m0", "m1", "m2"}


async def test_what_a_crash_left_unpaired_is_paired_later(doors: Doors) -> None:
    reception = doors.reception
    for one in (news("missed", 30), news("answered", 200, call_id="k2", direction="out")):
        report = doors.app.state.telephony.doors.generic.report(json.dumps(one).encode(), machine_now())
        await reception.store.calls.step(report.call_id, partial(hear, report=report, identify=lambda _: NOBODY))
    assert doors.heard.of("call.returned") == []
    await reception.pair_left()
    assert (await doors.heard.one("call.returned")).subject == "k1"
    assert await reception.store.unpaired() == []


@pytest.mark.parametrize("news_in_order", [ANSWERED, MISSED], ids=["answered", "missed"])
async def test_mangos_events_arriving_in_parallel_make_one_call(doors: Doors, news_in_order: Any) -> None:
    answers = await asyncio.gather(*(mango(doors, kind, payload) for kind, payload in [*news_in_order, *news_in_order]))
    assert {answer.status_code for answer in answers} == {200}
    outcome = "call.missed" if news_in_order is MISSED else "call.answered"
    await doors.heard.several(2, "call.rang", outcome)
    (call,) = (await doors.get("/v1/calls")).json()["items"]
    assert (call["provider"], call["provider_call_id"], call["phone"]) == ("mango", "e1", "+79131234567")
    assert f"call.{call['status']}" == outcome


async def test_mangos_wrong_signature_is_refused(doors: Doors) -> None:
    kind, payload = ANSWERED[0]
    answer = await mango(doors, kind, payload, sign="0" * 64)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (401, "bad-signature")
    no_form = await doors.http.post("/v1/calls/mango/events/call", content=b"{}")
    assert (no_form.status_code, no_form.json()["type"].rpartition("/")[2]) == (400, "unreadable")
    assert await doors.reception.store.calls.count({}) == 0


async def test_mangos_other_news_are_taken_without_consequences(doors: Doors) -> None:
    answer = await mango(doors, "sms", {"sms_id": "1"})
    assert (answer.status_code, answer.json()["call_id"]) == (200, None)
    added = await mango(doors, "record/added", {"entry_id": "e1", "recording_id": "r1"})
    assert added.status_code == 200
    (call,) = (await doors.get("/v1/calls")).json()["items"]
    assert call["recording"] == "mango:r1"
    wrong = await mango(doors, "call", {"entry_id": "e1"})
    assert "timestamp" in wrong.json()["not_understood"]


@pytest.mark.parametrize(
    ("where", "sort"),
    [
        ({"client.client_id": "c1"}, [("course.began_at", -1), ("_id", -1)]),
        (
            {"course.phone": PHONE, "course.status": "answered", "course.answered_at": {"$gte": START}},
            [("course.answered_at", 1), ("_id", 1)],
        ),
    ],
    ids=["of a client", "conversations with a number"],
)
async def test_calls_are_found_in_their_order_by_an_index(
    doors: Doors, where: dict[str, Any], sort: list[tuple[str, int]]
) -> None:
    plan = (await doors.reception.store.calls.collection.find(where).sort(sort).explain())["queryPlanner"]
    winning = json.dumps(plan["winningPlan"], default=str)
    assert ("IXSCAN" in winning, '"SORT"' in winning, "COLLSCAN" in winning) == (True, False, False)


async def test_a_door_without_its_secret_says_so(settings_for: SettingsFor) -> None:
    async with serving(build_app(settings_for(IntakeSettings))) as http:
        for path in ("/v1/calls/generic", "/v1/calls/mango/events/call"):
            answer = await http.post(path, content=b"{}")
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "channel-not-set-up")


async def test_calls_are_found_and_a_manager_sees_their_own(doors: Doors) -> None:
    await doors.client()
    await doors.webhook(news("rang", 0, call_id="k1"))
    await doors.webhook(news("missed", 60, call_id="k2", phone="anonymous"))
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["k2", "k1"]),
        ({"client_id": "c1"}, ["k1"]),
        ({"phone": PHONE}, ["k1"]),
        ({"status": "missed"}, ["k2"]),
        ({"limit": 1}, ["k2"]),
    ]
    for query, found in cases:
        assert [call["call_id"] for call in (await doors.get("/v1/calls", **query)).json()["items"]] == found, query
    assert [call["call_id"] for call in (await doors.get("/v1/calls", OTHER_MANAGER)).json()["items"]] == ["k2"]
    assert (await doors.get("/v1/calls/k1", MANAGER)).status_code == 200
    assert (await doors.get("/v1/calls/k1", OTHER_MANAGER)).status_code == 403
    assert (await doors.get("/v1/calls/k1", SPECIALIST)).status_code == 403
    assert (await doors.get("/v1/calls/nobody", DIRECTOR)).status_code == 404
    assert (await doors.get("/v1/calls", phone="102")).status_code == 422
    assert (await doors.get("/v1/calls", cursor="nonsense")).status_code == 422
