"""Webhooks are kept first and worked off in order of urgency; what a crash left is found; on real servers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from pymongo.errors import AutoReconnect, ExecutionTimeout

from services.intake.channels.generic import CallNews
from services.intake.domain import webhooks
from services.intake.domain.calls import Fact, Kind
from services.intake.domain.refusals import NotPossibleNow, UnknownWebhook
from services.intake.domain.webhooks import LEAST, LIVE, MOST, REST, Webhook
from services.intake.inbox import AT_ONCE, BROKEN, Inbox, reason
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from services.intake.telephony import Telephony
from shared.messaging.outbound import Unconfirmed
from shared.store import Busy
from tests.conftest import SettingsFor
from tests.intake.conftest import DIRECTOR, MANAGER, SECRET, Doors
from tests.intake.test_http_calls import news
from tests.kit import eventually, serving, token

AT = datetime(2026, 11, 2, 3, tzinfo=UTC)
LEAD = token("lead", subject="l1")
LISTED = {"received_at": -1, "_id": -1}
A = Webhook(webhook_id="w", provider="generic", payload=b"{}", urgency=LEAST, received_at=AT)


def fact(kind: Kind, *, final: bool = False) -> Fact:
    return Fact(kind=kind, at=AT, final=final)


@pytest.mark.parametrize(
    ("facts", "urgency"),
    [
        ([fact("rang")], MOST),
        ([fact("missed")], MOST),
        ([fact("rang", final=True), fact("missed", final=True), fact("ended", final=True)], MOST),
        ([fact("answered")], LIVE),
        ([fact("returned")], LIVE),
        ([fact("rang", final=True), fact("answered", final=True), fact("ended", final=True)], REST),
        ([fact("leg")], REST),
        ([], LEAST),
    ],
)
def test_a_call_that_rings_or_was_missed_goes_first(facts: list[Fact], urgency: int) -> None:
    assert webhooks.urgency(facts) == urgency


def test_what_is_done_stays_done_and_only_what_waits_or_puzzles_is_taken_up_again() -> None:
    done = webhooks.worked_off(A, "k1", AT).state
    assert (done.state, done.call_id, done.done_at) == ("done", "k1", AT)
    assert webhooks.worked_off(done, None, AT).state is done
    assert webhooks.not_understood(done, "why").state is done
    with pytest.raises(NotPossibleNow):
        webhooks.again(done)
    puzzling = webhooks.not_understood(A, "why" * 1_000).state
    assert (puzzling.state, len(puzzling.why or "")) == ("not_understood", webhooks.WHY)
    assert webhooks.again(puzzling).state.state == "waiting"
    assert webhooks.again(A).state is A
    with pytest.raises(UnknownWebhook):
        webhooks.again(None)


def generic(event: str, number: int) -> bytes:
    return json.dumps(news(event, number, call_id=f"k{number}")).encode()


@asynccontextmanager
async def nobody_works(settings: IntakeSettings) -> AsyncIterator[Telephony]:
    """Intake that only keeps: as one that is killed before it could do more."""
    app = build_app(settings)
    telephony: Telephony = app.state.telephony
    telephony.inbox.work = _nothing  # type: ignore[method-assign]
    async with serving(app):
        yield telephony


async def _nothing(webhook_id: str) -> None:
    del webhook_id


async def test_what_was_kept_and_not_worked_off_before_a_crash_is_worked_off_after_it(settings: IntakeSettings) -> None:
    async with nobody_works(settings) as telephony:
        for number in range(40):
            await telephony.take("generic", generic("missed", number), named=f"w{number}")
    again = build_app(settings)
    async with serving(again):
        store = again.state.deps.store

        async def all_done() -> bool:
            return bool(await store.webhooks.count("done") == 40)

        await eventually(all_done)
        assert await store.calls.count({"course.status": "missed"}) == 40


async def test_what_a_replica_left_is_found_by_another_that_runs(settings: IntakeSettings, doors: Doors) -> None:
    async with nobody_works(settings) as telephony:
        await telephony.take("generic", generic("missed", 1), named="w1")
    inbox: Inbox = doors.app.state.telephony.inbox
    await inbox.left(timedelta(hours=1))
    assert await doors.reception.store.webhooks.count("waiting") == 1  # not left for so long yet
    await inbox.left(timedelta())
    await doors.worked_off()
    assert await doors.reception.store.calls.get("k1") is not None


async def test_the_most_urgent_is_worked_off_first_whenever_it_came(settings: IntakeSettings) -> None:
    worked: list[str] = []
    async with nobody_works(settings) as telephony:
        inbox = Inbox(telephony.inbox.store, telephony.doors.read, _nobody_hears, telephony.reception.clock)

        async def note(webhook_id: str) -> None:
            found = await inbox.store.documents.get(webhook_id)
            assert found is not None
            worked.append(json.loads(found.payload)["event"])

        inbox.work = note  # type: ignore[method-assign]
        for number, event in enumerate(["ended", "answered", "missed", "ended", "rang", "answered", "rang"] * 5):
            await inbox.take(
                Webhook(
                    webhook_id=f"w{number}",
                    provider="generic",
                    payload=generic(event, number),
                    urgency=LEAST,
                    received_at=AT + timedelta(seconds=number),
                )
            )
        working = asyncio.create_task(inbox._work())
        await eventually(lambda: len(worked) == 35)
        working.cancel()
        left = [urgency for urgency, _, _ in await inbox.store.waiting_since(AT + timedelta(days=1))]
    ranks = {"rang": MOST, "missed": MOST, "answered": LIVE, "ended": REST}
    assert [ranks[event] for event in worked] == sorted(ranks[event] for event in worked) == left


async def _nobody_hears(report: Any, once: str) -> None:
    del report, once


async def test_a_burst_is_kept_and_each_has_effect_once(doors: Doors) -> None:
    answers = await asyncio.gather(
        *(doors.sent(news("missed", number % 50, call_id=f"b{number}"), f"w{number % 150}") for number in range(300))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(not answer.json()["repeated"] for answer in answers) == 150
    await doors.worked_off()
    store = doors.reception.store
    assert (await store.webhooks.count("done"), await store.calls.count({})) == (150, 150)
    await doors.heard.several(150, "call.missed")
    assert len(doors.heard.of("call.missed")) == 150


async def test_a_person_lets_what_was_not_understood_be_worked_off_again(doors: Doors) -> None:
    wrong_clock = news("rang", at="2099-01-01T00:00:00Z")
    kept = (await doors.webhook(wrong_clock)).json()
    path = f"/v1/webhooks/{kept['webhook_id']}/again"
    for who, status in ((MANAGER, 403), ({}, 401), (LEAD, 202)):
        assert (await doors.post(path, who=who)).status_code == status
    await doors.worked_off()
    assert len((await doors.get("/v1/webhooks", LEAD)).json()["items"]) == 1  # the clock is still wrong
    doors.reception.clock.offset = timedelta(days=30_000)  # type: ignore[attr-defined]
    assert (await doors.post(path, who=LEAD)).json()["state"] == "waiting"
    await doors.worked_off()
    assert (await doors.heard.one("call.rang")).subject == "k1"
    assert (await doors.get("/v1/webhooks", LEAD)).json()["items"] == []
    (done,) = (await doors.get("/v1/webhooks", LEAD, state="done", provider="generic")).json()["items"]
    assert json.loads(done["payload"]) == wrong_clock
    assert (await doors.post(path, who=LEAD)).status_code == 409
    assert (await doors.post("/v1/webhooks/unknown/again", who=LEAD)).status_code == 404
    assert (await doors.get("/v1/webhooks", MANAGER)).status_code == 403
    assert (await doors.get("/v1/webhooks", LEAD, cursor="nonsense")).status_code == 422


async def test_a_list_of_what_was_not_understood_has_pages(doors: Doors) -> None:
    for number in range(5):
        await doors.webhook({"event": "exploded", "call_id": f"k{number}"})
    first = (await doors.get("/v1/webhooks", DIRECTOR, limit=3)).json()
    rest = (await doors.get("/v1/webhooks", DIRECTOR, limit=3, cursor=first["next"])).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 2, None)
    assert len({one["webhook_id"] for one in first["items"] + rest["items"]}) == 5


@pytest.mark.parametrize("state", ["done", "not_understood"])
async def test_no_list_of_webhooks_sorts_or_looks_through_those_in_another_state(doors: Doors, state: str) -> None:
    for number in range(5):
        await doors.webhook(news("missed", call_id=f"k{number}"))
        await doors.webhook({"event": "exploded", "call_id": f"e{number}"})
    await doors.worked_off()
    database = doors.reception.store.webhooks.documents.collection.database
    await database.command("profile", 2)
    first = (await doors.get("/v1/webhooks", LEAD, state=state, limit=1)).json()
    second = (await doors.get("/v1/webhooks", LEAD, state=state, limit=1, cursor=first["next"])).json()
    await database.command("profile", 0)
    assert first["items"][0]["received_at"] > second["items"][0]["received_at"]
    looks = [one async for one in database["system.profile"].find({"command.find": "webhooks", "command.sort": LISTED})]
    assert [one["planSummary"] for one in looks] == ["IXSCAN { received_at: -1, _id: -1 }"] * 2
    assert [(one.get("hasSortStage"), one["docsExamined"] <= 3) for one in looks] == [(None, True)] * 2


@pytest.mark.parametrize("passing", [AutoReconnect("away"), ExecutionTimeout("slow"), Busy()])
async def test_what_fails_for_a_while_waits_and_what_fails_for_good_is_shown(
    settings: IntakeSettings, passing: Exception
) -> None:
    async with nobody_works(settings) as telephony:
        troubles: list[Exception] = [passing, ZeroDivisionError("a bug with a secret in it")]

        async def hear(report: Any, once: str) -> None:
            del report, once
            raise troubles.pop(0)

        inbox = Inbox(telephony.inbox.store, telephony.doors.read, hear, telephony.reception.clock)
        kept = (await inbox.take(Webhook(**_fields(A) | {"payload": generic("rang", 1)}))).state
        with pytest.raises(type(passing)):
            await inbox.work(kept.webhook_id)
        assert await inbox.store.count("waiting") == 1
        await inbox.work(kept.webhook_id)
        (shown,) = await inbox.store.newest("not_understood", None, None, 10)
        assert (shown.why, shown.payload) == (BROKEN, generic("rang", 1))


def test_what_is_wrong_is_said_in_russian() -> None:
    with pytest.raises(ValidationError) as broken:
        CallNews.model_validate_json("{")
    assert reason(broken.value) == "тело: это не JSON"


def _fields(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in Webhook.__dataclass_fields__}


def workers() -> set[asyncio.Task[Any]]:
    """What works webhooks off, once all of it does."""
    found = {task for task in asyncio.all_tasks() if "Inbox._work " in repr(task.get_coro())}
    return found if len(found) == AT_ONCE else set()


async def test_what_nobody_foresaw_stops_no_worker_and_the_webhook_waits(settings: IntakeSettings) -> None:
    app = build_app(settings)
    inbox: Inbox = app.state.telephony.inbox
    work, failed = inbox.work, 0

    async def once_broken(webhook_id: str) -> None:
        nonlocal failed
        if failed < AT_ONCE:
            failed += 1
            raise RuntimeError
        await work(webhook_id)

    inbox.work = once_broken  # type: ignore[method-assign]
    async with serving(app):
        running = await eventually(workers)
        for number in range(AT_ONCE):
            await app.state.telephony.take("generic", generic("missed", number), named=f"w{number}")
        await eventually(lambda: failed == AT_ONCE)
        assert await inbox.store.count("waiting") == AT_ONCE
        await inbox.left(timedelta())

        async def all_done() -> bool:
            return await inbox.store.count("done") == AT_ONCE

        await eventually(all_done)
        assert workers() == running


async def test_an_integration_may_come_so_often_and_another_is_not_held_back_by_it(settings_for: SettingsFor) -> None:
    settings = settings_for(IntakeSettings, key_burst=2, key_per_second=0.01)
    async with serving(build_app(settings)) as http:

        async def key(name: str) -> dict[str, str]:
            new = {"name": name, "scopes": ["requests:write", "emails:write"]}
            made = await http.post("/v1/api-keys", json=new, headers=DIRECTOR)
            return {"X-API-Key": made.json()["key"]}

        async def sent(who: dict[str, str], path: str = "/v1/requests") -> httpx.Response:
            if path == "/v1/emails":
                return await http.post(
                    path, content=b"Subject: 1\r\n\r\n1", headers=who | {"Content-Type": "message/rfc822"}
                )
            return await http.post(path, json={"channel": "api", "client_id": "c", "subject": "Вопрос"}, headers=who)

        portal, crm = await key("portal"), await key("crm")
        assert [(await sent(portal)).status_code, (await sent(portal, "/v1/emails")).status_code] == [201, 201]
        refused = await sent(portal)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (429, "too-often")
        assert 90 < int(refused.headers["Retry-After"]) <= 100
        assert (await sent(portal, "/v1/emails")).status_code == 429
        # A changed key is the same integration's.
        assert (await sent(await key("portal"))).status_code == 429
        assert (await sent(crm)).status_code == 201
        assert [(await sent(MANAGER)).status_code for _ in range(4)] == [201] * 4


async def test_a_request_that_is_too_long_is_refused_before_it_is_read(doors: Doors) -> None:
    answer = await doors.http.post("/v1/requests", content=b" " * 1_000_001, headers=MANAGER)
    assert (answer.status_code, answer.json()["detail"]) == (413, "Тело запроса больше 1 МБ.")


async def test_webhooks_are_kept_while_the_broker_is_away_and_requests_are_not(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Unconfirmed, "full", True)
    assert (await doors.post("/v1/requests", {"channel": "api", "client_id": "c", "subject": "1"})).status_code == 503
    assert (await doors.webhook(news("rang"))).status_code == 200


async def test_so_many_webhooks_may_be_under_way_and_no_more(settings_for: SettingsFor) -> None:
    settings = settings_for(IntakeSettings, webhook_secret=SECRET, webhooks_in_flight=1)
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await go_on.wait()

    async with serving(build_app(settings)) as http:
        first = asyncio.create_task(http.post("/v1/calls/generic", content=slow()))

        async def refused() -> bool:
            answer = await http.post("/v1/calls/generic", content=b"{}")
            return (answer.status_code, answer.headers.get("Retry-After")) == (503, "1")

        await eventually(refused)
        assert (await http.get("/v1/requests", headers=DIRECTOR)).status_code == 200
        go_on.set()
        assert (await first).status_code == 401
