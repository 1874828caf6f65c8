"""The doors of the rules: read, tried, put in force, compared with what people say."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy import triage as command
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from services.intake.triaging import shipped
from shared.clock import machine_now
from shared.contracts.accounts import DebtChanged
from tests.intake.conftest import DIRECTOR, MANAGER, SPECIALIST, Doors
from tests.intake.samples import PHONE, a_client
from tests.kit import PRIVATE_KEY, eventually, listening, publish, serving, token

LEAD = token("lead", subject="l1")
ZEBRA: dict[str, Any] = {"rules": [{"name": "zebra", "priority": "urgent", "phrases": ["зебра"]}]}


async def enacted(doors: Doors, rules: dict[str, Any], who: dict[str, str] = LEAD, after: int = 1) -> Any:
    return await doors.http.put(
        "/v1/triage-rules", json={"after": after, "reason": "учим", "rules": rules}, headers=who
    )


async def test_a_newer_version_is_in_force_at_once_and_the_old_one_stays(doors: Doors) -> None:
    assert (await doors.get("/v1/triage-rules")).json()["version"] == 1
    assert (await enacted(doors, ZEBRA)).json()["version"] == 2
    request = await doors.registered(subject="Зебры в отчёте, срочно")
    assert (request["priority"], request["priority_reasons"]) == ("urgent", [{"rule": "zebra", "evidence": "Зебры"}])
    stored = await doors.reception.store.requests.get(request["request_id"])
    assert stored is not None
    assert stored.triage.version == 2
    assert len((await doors.get("/v1/triage-rules/1")).json()["rules"]) == len(shipped().rules.rules)
    assert (await doors.get("/v1/triage-rules/3")).status_code == 404
    late = await enacted(doors, ZEBRA)
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "triage-rules-overtaken")


async def test_rules_are_still_in_force_after_a_restart_and_can_be_changed_again(settings: IntakeSettings) -> None:
    url = settings.amqp_url.get_secret_value()
    for after in (1, 2):
        app = build_app(settings)
        async with listening(url, "request.#") as heard, serving(app) as http:
            doors = Doors(http, heard, app, url)
            assert (await doors.get("/v1/triage-rules")).json()["version"] == after
            assert (await enacted(doors, ZEBRA, after=after)).json()["version"] == after + 1


@pytest.mark.parametrize("who", [MANAGER, SPECIALIST])
async def test_rules_are_changed_by_lead_and_director_alone(doors: Doors, who: dict[str, str]) -> None:
    assert (await enacted(doors, ZEBRA, who)).status_code == 403
    assert (await doors.post("/v1/triage-rules/try", {"rules": ZEBRA}, who)).status_code == 403


def one(**over: Any) -> dict[str, Any]:
    return {"rules": [{"name": "zebra", "priority": "urgent", "phrases": ["зебра"]} | over]}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (one(phrases=["(а+)+$"]), "не слово"),
        (one(phrases=["~ зебра"]), "начинается и кончается"),
        (one(phrases=[" "]), "начинается и кончается"),
        (one(phrases=["{никто} зебра"]), "группы"),
        (one(phrases=["а <> б <> в"]), "один"),
        (one(phrases=["а" * 50]), "длиннее"),
        (one(phrases=["а " * 50 + "б"]), "не больше 12"),
        (one(phrases=[]), "phrases"),
        (one(phrases=[""]), "phrases"),
        (one(name="given"), "занято"),
        (one(name="Зебра"), "name"),
        (one(priority="huge"), "priority"),
        (one(regex=".*"), "regex"),
        ({"rules": []}, "rules"),
        ({"rules": one()["rules"] * 2}, "дважды"),
        ({"rules": one()["rules"] * 201}, "rules"),
        (one() | {"groups": {"x": ["{y}"]}, "denials": ["{x}"]}, "только слова"),
        (one() | {"pay_days": [0]}, "pay_days"),
        (one() | {"near": {"urgent_hours": -1}}, "urgent_hours"),
        (one() | {"need": [f"слово{number}" for number in range(300)], "soft": [f"сл{n}" for n in range(301)]}, "soft"),
        (one() | {f"{name}": ["а"] * 300 for name in ("need", "soft", "trouble", "pay", "denials")}
         | {"groups": {f"g{n}": ["а"] * 300 for n in range(3)}}, "не больше 2000"),
    ],
)  # fmt: skip
async def test_hostile_rules_are_refused_with_clear_words(doors: Doors, rules: dict[str, Any], told: str) -> None:
    answer = await enacted(doors, rules)
    assert answer.status_code == 422, answer.text
    assert told in answer.text
    assert (await doors.post("/v1/triage-rules/try", {"rules": rules}, LEAD)).status_code == 422


async def test_rules_are_tried_on_past_requests_page_by_page_and_change_nothing(doors: Doors) -> None:
    zebra = await doors.registered(subject="Зебра")
    calm = await doors.registered(subject="Срочно")
    await doors.registered(subject="Зебра", priority="routine")
    await doors.post(f"/v1/requests/{zebra['request_id']}/priority", {"priority": "urgent", "reason": "зебра"})
    found = (await doors.post("/v1/triage-rules/try", {"rules": ZEBRA}, LEAD)).json()
    assert (found["checked"], found["given"], found["next"]) == (2, 1, None)
    assert {one["request_id"]: (one["was"], one["becomes"], one["people"]) for one in found["changes"]} == {
        zebra["request_id"]: ("routine", "urgent", "urgent"),
        calm["request_id"]: ("urgent", "routine", None),
    }
    assert (found["corrected"], found["right_then"], found["right_now"]) == (1, 0, 1)
    assert (await doors.get("/v1/triage-rules")).json()["version"] == 1
    seen, cursor = 0, None
    for _ in range(4):
        page = (await doors.post("/v1/triage-rules/try", {"rules": ZEBRA, "limit": 1, "cursor": cursor}, LEAD)).json()
        seen, cursor = seen + page["checked"] + page["given"], page["next"]
        if cursor is None:
            break
    assert seen == 3
    assert (await doors.post("/v1/triage-rules/try", {"rules": ZEBRA, "cursor": "?"}, LEAD)).status_code == 422


async def test_what_people_correct_is_kept_and_counted(doors: Doors) -> None:
    first = await doors.registered(subject="Срочно")
    await doors.registered(subject="Срочно")
    await doors.registered(subject="Вопрос", priority="urgent")
    answer = await doors.post(
        f"/v1/requests/{first['request_id']}/priority", {"priority": "routine", "reason": "спешки нет"}
    )
    assert answer.json()["corrections"][0]["was"] == "urgent"
    found = (await doors.get("/v1/triage/confusion")).json()
    assert (found["requests"], found["differ"]) == (2, 1)
    assert found["table"] == {"urgent": {"urgent": 1, "routine": 1}}
    assert found["rules"] == [{"rule": "urgent_word", "requests": 2, "corrected": 1}]
    empty = (await doors.get("/v1/triage/confusion", **_between("2020-01-01", "2020-02-01"))).json()
    assert (empty["requests"], empty["table"]) == (0, {})


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-02-01", "2026-01-01"), ("2020-01-01", "2026-01-01"), ("9999-12-31", "9999-12-31"), ("x", "y")],
)
async def test_a_period_that_is_none_is_refused(doors: Doors, since: str, until: str) -> None:
    assert (await doors.get("/v1/triage/confusion", **_between(since, until))).status_code == 422
    assert (await doors.get("/v1/triage/confusion", MANAGER)).status_code == 403


async def test_debt_at_risk_raises_the_priority_and_the_integration_is_not_told(doors: Doors) -> None:
    client = a_client(tariff="premium")
    debt = DebtChanged(
        at=machine_now() - timedelta(hours=1), client_id="c1", revision=2, client=client.ref(), fee=Decimal(6900),
        score=90, band="risk", loss_probability=0.5,
    )  # fmt: skip
    await publish(doors.amqp_url, debt, debt.model_copy(update={"revision": 1, "band": "calm"}), client)

    async def known() -> bool:
        found = await doors.reception.store.clients.get("c1")
        return found is not None and found.revision == 1 and found.debt_revision == 2

    await eventually(known)
    key = await doors.key("requests:write", "requests:read")
    request = await doors.registered(key, contact={"phone": PHONE})
    assert (request["priority"], request["priority_reasons"]) == ("important", [])
    seen = (await doors.get(f"/v1/requests/{request['request_id']}", key)).json()
    assert seen["priority_reasons"] == []
    told = (await doors.get(f"/v1/requests/{request['request_id']}")).json()
    assert [one["rule"] for one in told["priority_reasons"]] == ["debt_risk"]
    event = await doors.heard.one("request.registered")
    assert event.body["client"]["tariff"] == "premium"


async def test_products_named_in_the_text_become_required_skills_unless_they_are_given(doors: Doors) -> None:
    await doors.registered(subject="Бюджетная бухгалтерия: вопрос")
    await doors.registered(subject="Бюджетная бухгалтерия: вопрос", products=["1С:ЗГУ"])
    heard = await doors.heard.several(2, "request.registered")
    assert sorted(tuple(event.body["products"]) for event in heard) == [("1С:БГУ",), ("1С:ЗГУ",)]


async def test_the_command_prints_the_table(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await doors.registered(subject="Срочно")
    await doors.post(f"/v1/requests/{first['request_id']}/priority", {"priority": "routine", "reason": "спешки нет"})
    answer = await doors.get("/v1/triage/confusion", DIRECTOR)
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", PRIVATE_KEY)
    monkeypatch.setattr("httpx.Client.request", lambda *_, **__: answer)
    printed = await asyncio.to_thread(CliRunner().invoke, command.app, ["confusion", "--url", "http://intake.test"])
    assert printed.exit_code == 0, printed.output
    assert "заявок 1, поправлено 1" in printed.output
    assert "urgent_word: 1, поправлено 1" in printed.output


def _between(since: str, until: str) -> dict[str, Any]:
    return {"from": since, "until": until}
