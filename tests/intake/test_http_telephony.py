"""The doors of MegaFon, Zadarma and UIS, who may knock, and what managers and weekly calls bring, on real servers."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

import deploy
from deploy.local.ports import some_free_ports
from services.intake.channels.zadarma import SIGNED, sign
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from shared.clock import machine_now
from shared.contracts.accounts import ContactCallHeld, DiscoveredOnCall, ManagerRegistered, ProspectTrialOpened
from shared.contracts.base import ClientRef
from tests.conftest import SettingsFor
from tests.intake.conftest import SECRET, Doors
from tests.intake.samples import PHONE
from tests.kit import eventually, listening, on_port, publish, serving

AT = datetime(2026, 11, 2, 3, tzinfo=UTC)
MOBILE = "+79130000001"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKENS = "new-token-of-the-tests,old-token-of-the-tests"
SCHOOL = ClientRef(client_id="c1", name="Школа № c1", zone="Asia/Krasnoyarsk", manager_id="m1")


@pytest.fixture
async def doors(settings_for: SettingsFor) -> AsyncIterator[Doors]:
    """Intake with the doors of these providers set up, two secrets each."""
    settings = settings_for(
        IntakeSettings,
        webhook_secret=SECRET,
        megafon_tokens=TOKENS,
        megafon_users={"m1": "vera"},
        zadarma_secrets=TOKENS,
        uis_tokens=TOKENS,
    )
    app, url = build_app(settings), settings.amqp_url.get_secret_value()
    async with listening(url, "request.#", "call.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


async def megafon(doors: Doors, token: str = "old-token-of-the-tests", **fields: str) -> Any:  # noqa: S107
    form = {"crm_token": token, "callid": "1", "phone": "73912223344", "telnum": "73912000000"} | fields
    answer = await doors.http.post("/v1/calls/megafon", content=urlencode(form), headers=FORM)
    await doors.worked_off()
    return answer


async def zadarma(doors: Doors, event: str, secret: str = "new-token-of-the-tests", **over: str) -> Any:  # noqa: S107
    form = {"event": event, "pbx_call_id": "in_1", "caller_id": "+73912223344", "called_did": "73912000000"}
    form |= {"call_start": "2026-11-02 10:00:00"} | over
    headers = FORM | {"Signature": sign(secret, "".join(form.get(name, "") for name in SIGNED[event]))}
    answer = await doors.http.post("/v1/calls/zadarma", content=urlencode(form), headers=headers)
    await doors.worked_off()
    return answer


async def manager(doors: Doors) -> None:
    await publish(
        doors.amqp_url,
        ManagerRegistered(at=AT, manager_id="m1", revision=1, name="Вера", hired=date(2026, 1, 12), phones=(MOBILE,)),
    )
    await eventually(lambda: doors.app.state.telephony.managers.get("m1"))


async def test_megafon_is_told_who_is_calling_while_it_rings(doors: Doors) -> None:
    await doors.client()
    await manager(doors)
    known = await megafon(doors, cmd="contact")
    assert known.json() == {"contact_name": "Иванова, Школа № c1 (ведёт Вера)", "responsible": "vera"}
    assert (await megafon(doors, cmd="contact", phone="79990000000")).json() == {}
    assert (await megafon(doors, cmd="contact", phone="anonymous")).json() == {}


async def test_megafons_call_is_told_from_ring_to_end(doors: Doors) -> None:
    await megafon(doors, cmd="event", type="INCOMING")
    history = {"start": "20261102T030000Z", "status": "Success", "wait": "8", "duration": "32", "direction": "in"}
    answers = [await megafon(doors, cmd="history", link="https://vats.example/1", **history) for _ in range(2)]
    assert [answer.json()["repeated"] for answer in answers] == [False, True]
    ended = await doors.heard.one("call.ended")
    assert (ended.body["talk_seconds"], ended.body["recording"]) == (32, "https://vats.example/1")
    (call,) = (await doors.get("/v1/calls", phone=PHONE)).json()["items"]
    assert (call["status"], call["talk_seconds"], call["provider"]) == ("answered", 32, "megafon")
    rating = (await megafon(doors, cmd="rating")).json()
    assert (rating["call_id"], rating["not_understood"]) == (None, None)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"cmd": "event", "type": "EXPLODED"}, "Поле type"),
        ({"cmd": "explode"}, "Поле cmd"),
        ({"cmd": "event", "type": "INCOMING", "callid": ""}, "Поле callid"),
        ({"cmd": "history", "start": "yesterday", "status": "Success"}, "Поле start"),
        ({"cmd": "history", "start": "20261102T030000Z", "duration": "-1"}, "Поле duration"),
        ({"cmd": "history", "start": "99991231T235959Z", "duration": "1"}, "Поле start"),
        ({"cmd": "history", "start": "20991230T235959Z", "duration": "1"}, "Событие из будущего"),
    ],
)
async def test_what_is_wrong_with_a_form_of_megafon_is_said(doors: Doors, fields: Any, why: str) -> None:
    answer = await megafon(doors, **fields)
    assert answer.status_code == 200
    assert answer.json()["not_understood"].startswith(why)
    (shown,) = (await doors.get("/v1/webhooks", provider="megafon")).json()["items"]
    assert "of-the-tests" not in shown["payload"]
    assert await doors.reception.store.calls.count({}) == 0


@pytest.mark.parametrize("foreign", ["another", "токен", ""])
async def test_a_foreign_token_of_megafon_is_refused_and_leaves_nothing(doors: Doors, foreign: str) -> None:
    answer = await megafon(doors, foreign, cmd="event", type="INCOMING")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert await doors.reception.store.webhooks.documents.count({}) == 0


async def test_zadarma_is_echoed_and_its_signature_checked(doors: Doors) -> None:
    assert (await doors.http.get("/v1/calls/zadarma?zd_echo=a1b2")).text == "a1b2"
    assert (await zadarma(doors, "NOTIFY_START")).status_code == 200
    assert (await zadarma(doors, "NOTIFY_START", "old-token-of-the-tests")).json()["repeated"]
    assert (await zadarma(doors, "NOTIFY_START", "foreign")).status_code == 401
    await zadarma(doors, "NOTIFY_END", disposition="no answer", duration="0")
    assert (await doors.heard.one("call.missed")).body["phone"] == PHONE
    unknown = await doors.http.post("/v1/calls/zadarma", content="event=NOTHING", headers=FORM)
    assert unknown.status_code == 400


async def test_the_templates_filled_in_by_uis_are_understood(doors: Doors) -> None:
    folder = Path(deploy.__file__).parent / "uis"
    values: dict[str, Any] = {
        "call_session_id": 77,
        "direction": "in",
        "contact_phone_number": "73912223344",
        "virtual_phone_number": 73912000000,
        "notification_time": "2026-11-02 10:00:40.5",
        "employee_full_name": None,
        "talk_time_duration": 32,
        "file_link": "https://uis.example/77",
    }
    for name in ("rang", "answered", "ended", "recorded", "missed", "rang-out"):
        filled = (folder / f"{name}.template").read_text(encoding="utf-8")
        for variable, value in values.items():
            filled = filled.replace("{{" + variable + "}}", json.dumps(value))
        assert "{{" not in filled
        answer = await doors.http.post("/v1/calls/uis/new-token-of-the-tests", content=filled.encode())
        assert (answer.status_code, answer.json()["not_understood"]) == (200, None), answer.text
        await doors.worked_off()
    assert (await doors.heard.one("call.ended")).body["talk_seconds"] == 32
    (call,) = (await doors.get("/v1/calls", phone=PHONE)).json()["items"]
    assert (call["status"], call["recording"]) == ("answered", "https://uis.example/77")
    assert {path.stem for path in folder.glob("*.template")} == {
        "rang", "answered", "ended", "recorded", "missed", "rang-out",
    }  # fmt: skip
    foreign = await doors.http.post("/v1/calls/uis/nonsense", content="{}")
    assert foreign.status_code == 401
    wrong = await doors.http.post("/v1/calls/uis/new-token-of-the-tests", content="{}")
    assert "event" in wrong.json()["not_understood"]


async def test_a_managers_mobile_returns_a_missed_call_from_another_line(doors: Doors) -> None:
    await manager(doors)
    missed = {"event": "missed", "call_id": "k1", "phone": PHONE, "at": AT.isoformat()}
    back = {"event": "answered", "call_id": "k2", "phone": MOBILE, "our_phone": PHONE}
    await doors.webhook(missed)
    await doors.webhook(back | {"at": (AT + timedelta(minutes=3)).isoformat()})
    returned = await doors.heard.one("call.returned")
    assert (returned.subject, returned.body["by_call_id"]) == ("k1", "k2")
    answered = await doors.heard.one("call.answered")
    assert (answered.body["manager_id"], answered.body["direction"], answered.body["phone"]) == ("m1", "out", PHONE)


async def test_a_call_that_never_ended_is_swept(doors: Doors) -> None:
    began = machine_now() - timedelta(minutes=11)
    await doors.webhook({"event": "rang", "call_id": "k1", "phone": PHONE, "at": began.isoformat()})
    await doors.app.state.telephony.sweep()
    assert (await doors.heard.one("call.missed")).subject == "k1"


async def test_what_was_found_on_a_weekly_call_is_registered_under_its_own_id_once(doors: Doors) -> None:
    found = DiscoveredOnCall(request_id="found1", subject_text="Отпускные считаем вручную", nature="long")
    event = ContactCallHeld(
        at=AT,
        contact_call_id="w1",
        contact_id="c1-a",
        client=SCHOOL,
        manager_id="m1",
        week="2026-W45",
        by="m1",
        discovered=(found,),
    )
    await publish(doors.amqp_url, event, event)
    told = (await doors.heard.one("request.registered")).body
    assert (told["request_id"], told["channel"], told["discovered"]) == ("found1", "weekly_call", True)
    assert (told["origin_id"], told["client"]["client_id"], told["contact_id"]) == ("w1", "c1", "c1-a")
    assert (told["priority"], told["nature"], told["at"]) == ("important", "long", "2026-11-02T03:00:00Z")
    await eventually(lambda: _settled(doors))
    assert len(doors.heard.of("request.registered")) == 1


async def test_the_trial_of_a_prospect_is_registered_for_the_prospect(doors: Doors) -> None:
    event = ProspectTrialOpened(
        at=AT,
        prospect_id="p1",
        revision=2,
        name="Лицей",
        zone="Asia/Krasnoyarsk",
        manager_id="m1",
        vouched_by_client_id="c1",
        next_contact=AT,
        request_id="trial1",
        subject_text="Не сдаётся отчёт",
    )
    await publish(doors.amqp_url, event)
    told = (await doors.heard.one("request.registered")).body
    assert (told["request_id"], told["trial"], told["origin_id"]) == ("trial1", True, "p1")
    assert (told["client"]["client_id"], told["client"]["manager_id"], told["priority"]) == ("p1", "m1", "urgent")


async def test_only_the_providers_addresses_and_no_more_than_the_limit(settings_for: SettingsFor) -> None:
    form = urlencode({"crm_token": "new-token-of-the-tests", "cmd": "rating"})
    far = settings_for(IntakeSettings, megafon_tokens=TOKENS, megafon_addresses="10.0.0.0/8")
    near = settings_for(
        IntakeSettings,
        megafon_tokens=TOKENS,
        megafon_addresses="10.0.0.0/8,127.0.0.1",
        webhooks_burst=3,
        webhooks_per_second=0.001,
    )
    async with serving(build_app(far)) as http:
        refused = await http.post("/v1/calls/megafon", content=form, headers=FORM)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-from-there")
    async with serving(build_app(near)) as http:
        answers = [await http.post("/v1/calls/megafon", content=form, headers=FORM) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "1000"
        # What is not really from the provider does not use up what the provider may send.
        foreign = form.replace("new-token", "foreign")
        assert (await http.post("/v1/calls/megafon", content=foreign, headers=FORM)).status_code == 401
        # Another provider's limit is its own.
        assert (await http.post("/v1/calls/uis/x", content=b"{}")).status_code == 503


async def test_behind_a_proxy_the_address_is_that_of_who_knocked(settings_for: SettingsFor) -> None:
    form = urlencode({"crm_token": "new-token-of-the-tests", "cmd": "rating"})
    settings = settings_for(IntakeSettings, megafon_tokens=TOKENS, megafon_addresses="203.0.113.0/24")
    (port,) = some_free_ports(1)
    url = f"http://127.0.0.1:{port}/v1/calls/megafon"
    async with on_port(build_app(settings), port), httpx.AsyncClient(trust_env=False) as http:
        for told, status in (({"X-Forwarded-For": "203.0.113.7"}, 200), ({"X-Forwarded-For": "198.51.100.7"}, 403)):
            assert (await http.post(url, content=form, headers=FORM | told)).status_code == status
        assert (await http.post(url, content=form, headers=FORM)).status_code == 403


async def _settled(doors: Doors) -> bool:
    return await doors.reception.store.requests.count({"_id": "found1"}) == 1
