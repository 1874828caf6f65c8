"""Disputed lines, proposals to dismiss, policies, who read whose pay, and the programs that fetch it."""

import re
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.payroll.main import build_app
from services.payroll.settings import PayrollSettings
from shared.contracts.payroll import DismissalDecided, DismissalObjected, StatementDisputeAnswered, StatementDisputed
from tests.kit import eventually, serving, token
from tests.payroll.conftest import ASKER, DECEMBER, DIRECTOR, OFFICER, Doors, clock_at, slug
from tests.payroll.given import client_lost, client_won, manager, reversed_fact

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"
MARIA = token("manager", subject="m1")
CASE = f"/v1/dismissals/m1/{NOV}"


async def test_a_line_is_disputed_answered_and_corrected_by_a_fact_that_becomes_an_adjustment(doors: Doors) -> None:
    await doors.told(manager(), client_won(30000, NOV, fact_id="w"), client_lost(20000, NOV, fact_id="l"))
    await doors.closed(NOV)
    door, words = f"/v1/statements/m1/{NOV}/objections", {"fact_id": "l", "words": "Клиент не мой"}
    key = MARIA | {"Idempotency-Key": "once"}
    said = await doors.made(door, key, words)
    assert (await doors.made(door, key, words)) == said
    for other in ({"words": "И сумма не та"}, {"fact_id": "w"}):
        refused = await doors.post(door, key, words | other)
        assert (refused.status_code, slug(refused)) == (409, "idempotency-key-reused")
    assert slug(await doors.post(door, MARIA, words | {"fact_id": "none"})) == "no-such-line"
    for hostile in (" ", "", "x" * 2001, 7, None, ["x"]):
        assert (await doors.post(door, MARIA, {"words": hostile})).status_code == 422
    lone = await doors.http.post(door, headers=MARIA, content=b'{"words": "\\ud800"}')
    assert lone.status_code == 422
    assert slug(await doors.post(door, OFFICER, words)) == "not-your-pay"
    answer = f"/v1/objections/{said['objection_id']}/answer"
    assert (await doors.post(answer, MARIA, {"accepted": True, "reason": "да"})).status_code == 403
    yes = {"accepted": True, "reason": "передан 1 ноября"}
    answered = await doors.made(answer, OFFICER, yes)
    read = (await doors.shown("/v1/readings?manager_id=m1", DIRECTOR))["items"][-1]
    assert (read["what"], read["by"], read["month"]) == ("objection.answer", "p1", NOV)
    assert (answered["answer"]["by"], answered["answer"]["accepted"]) == ("p1", True)
    assert (await doors.made(answer, OFFICER, yes))["answer"] == answered["answer"]
    assert slug(await doors.post(answer, OFFICER, yes | {"accepted": False})) == "answered-otherwise"
    assert slug(await doors.post("/v1/objections/none/answer", OFFICER, yes)) == "unknown-objection"
    assert len((await doors.shown("/v1/objections?answered=true", MARIA))["items"]) == 1
    assert (await doors.shown("/v1/objections?answered=false"))["items"] == []
    assert (await doors.heard.one("statement.disputed")).as_(StatementDisputed).fact_id == "l"
    assert (await doors.heard.one("statement.dispute_answered")).as_(StatementDisputeAnswered).accepted
    await doors.told(reversed_fact("l"))
    (line,) = (await doors.shown(f"/v1/statements/m1/{DEC}", MARIA))["adjustments"]
    assert (line["month"], line["amount"], line["fact"]["reverses_fact_id"]) == (NOV, "20000.00", "l")


async def test_a_dismissal_is_proposed_objected_to_and_decided_on_the_evidence_seen(doors: Doors) -> None:
    await doors.told(manager(), client_lost(6900, NOV, fact_id="l"))
    await doors.closed(NOV)
    case = await doors.shown(CASE, MARIA)
    assert (case["state"], case["growth"], [fact["fact_id"] for fact in case["evidence"]]) == (
        "proposed",
        "-6900.00",
        ["l"],
    )
    decide = {"dismissed": False, "reason": "не по вине менеджера", "evidence_seal": case["evidence_seal"]}
    early = await doors.post(f"{CASE}/decision", DIRECTOR, decide)
    until = f"{_local(early.json()['until']):%d.%m.%Y %H:%M}"
    assert (slug(early), early.json()["detail"]) == (
        "term-not-over",
        f"Менеджер может возразить до {until}: решайте после этого срока.",
    )
    assert (await doors.post(f"{CASE}/decision", OFFICER, decide)).status_code == 403
    assert slug(await doors.post(f"{CASE}/objection", DIRECTOR, {"words": "за неё"})) == "not-your-pay"
    objected = await doors.made(f"{CASE}/objection", MARIA, {"words": "Клиент закрылся"})
    assert (objected["state"], objected["objection"]["words"]) == ("objected", "Клиент закрылся")
    assert await doors.made(f"{CASE}/objection", MARIA, {"words": "Клиент закрылся"}) == objected
    refused = await doors.post(f"{CASE}/objection", MARIA, {"words": "и ещё"})
    assert (slug(refused), "«менеджер возразил»" in refused.json()["detail"]) == ("not-possible-now", True)
    assert slug(await doors.post(f"{CASE}/decision", DIRECTOR, decide)) == "evidence-changed"
    await doors.told(client_lost(100, NOV, fact_id="l2"))
    seal = (await doors.shown(CASE, DIRECTOR))["evidence_seal"]
    decided = await doors.made(f"{CASE}/decision", DIRECTOR, decide | {"evidence_seal": seal})
    assert await doors.made(f"{CASE}/decision", DIRECTOR, decide | {"evidence_seal": seal}) == decided
    read = (await doors.shown("/v1/readings?manager_id=m1", DIRECTOR))["items"][-1]
    assert (read["what"], read["by"], read["month"]) == ("dismissal.decision", "d1", NOV)
    assert (decided["state"], decided["decision"]["by"], decided["decision"]["evidence"]) == ("decided", "d1", seal)
    assert slug(await doors.post(f"{CASE}/decision", DIRECTOR, decide)) == "not-possible-now"
    assert (await doors.heard.one("dismissal.objected")).as_(DismissalObjected).words == "Клиент закрылся"
    assert not (await doors.heard.one("dismissal.decided")).as_(DismissalDecided).dismissed
    assert (await doors.shown(f"/v1/statements/m1/{DEC}"))["base"] == "70000.00"
    assert [each["month"] for each in (await doors.shown("/v1/dismissals"))["items"]] == [NOV]
    assert (await doors.get(f"/v1/dismissals/m1/{OCT}")).status_code == 404
    assert (await doors.get(CASE, token("manager", subject="m2"))).status_code == 403


async def test_nobody_decides_on_their_own_dismissal(doors: Doors) -> None:
    await doors.told(manager("d1"), client_lost(6900, NOV, by="d1").model_copy(update={"confirmed_by": "d2"}))
    await doors.closed(NOV)
    both = token("manager", "director", subject="d1")
    case = f"/v1/dismissals/d1/{NOV}"
    await doors.made(f"{case}/objection", both, {"words": "Не согласен"})
    seal = (await doors.shown(case, both))["evidence_seal"]
    decide = {"dismissed": False, "reason": "оставить", "evidence_seal": seal}
    own = await doors.post(f"{case}/decision", both, decide)
    assert (own.status_code, slug(own)) == (403, "own-dismissal")
    assert (await doors.made(f"{case}/decision", token("director", subject="d2"), decide))["decision"]["by"] == "d2"


async def test_proposals_are_paged(doors: Doors) -> None:
    managers = [f"m{number}" for number in range(1, 6)]
    lost = [client_lost(1, month, by=by) for by in managers for month in (OCT, NOV)]
    await doors.told(*map(manager, managers), *lost)
    for month in (OCT, NOV):
        await doors.closed(month)
    places, cursor = [], ""
    while True:
        page = await doors.shown(f"/v1/dismissals?limit=3{cursor}", DIRECTOR)
        places += [(each["manager_id"], each["month"]) for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert places == [(by, month) for by in managers for month in (OCT, NOV)]
    assert len((await doors.shown("/v1/dismissals", MARIA))["items"]) == 2


async def test_when_the_term_is_over_the_director_decides_and_the_manager_is_late(doors: Doors) -> None:
    await doors.told(manager(), client_lost(6900, NOV, fact_id="l"))
    await doors.closed(NOV)
    seal = (await doors.shown(CASE, DIRECTOR))["evidence_seal"]
    seconds = (doors.office.clock.offset + timedelta(days=6)).total_seconds()  # type: ignore[attr-defined]
    await doors.http.put("/v1/clock", json={"offset_seconds": seconds}, headers=DIRECTOR)
    late = await doors.post(f"{CASE}/objection", MARIA, {"words": "поздно"})
    until = f"{_local(late.json()['until']):%d.%m.%Y %H:%M}"
    assert (slug(late), late.json()["detail"]) == (
        "term-over",
        f"Срок для возражения прошёл {until}; скажите о нём директору лично.",
    )
    decide = {"dismissed": True, "reason": "третий месяц подряд", "evidence_seal": seal}
    assert (await doors.made(f"{CASE}/decision", DIRECTOR, decide))["decision"]["dismissed"]


async def test_a_policy_is_set_by_a_director_for_months_to_come(doors: Doors) -> None:
    await doors.told(manager(), client_won(10000, NOV), client_won(10000, DEC, day=2))
    await doors.closed(NOV)
    new = {"effective": DEC, "base": "80000.00", "bonus_percent": "50", "reason": "приказ 17"}
    assert (await doors.post("/v1/policies", OFFICER, new)).status_code == 403
    assert slug(await doors.post("/v1/policies", DIRECTOR, new | {"effective": NOV})) == "policy-too-late"
    made = await doors.made("/v1/policies", DIRECTOR, new)
    assert (made["version"], made["by"], made["paying"]) == (1, "d1", ["referral"])
    assert (await doors.shown(f"/v1/statements/m1/{DEC}"))["total"] == "85000.00"
    november = await doors.shown(f"/v1/statements/m1/{NOV}")
    assert (november["total"], november["policy_version"]) == ("80000.00", 0)
    assert [each["version"] for each in await doors.shown("/v1/policies")] == [0, 1]
    assert (await doors.shown(f"/v1/policies/{NOV}"))["version"] == 0


async def test_a_policy_asked_for_once_more_under_its_key_is_not_made_twice(doors: Doors) -> None:
    once = DIRECTOR | {"Idempotency-Key": "приказ-17".encode().hex()}
    new = {"effective": DEC, "base": "80000.00", "reason": "приказ 17"}
    first = await doors.post("/v1/policies", once, new)
    await doors.made("/v1/policies", DIRECTOR, new | {"base": "90000.00"})
    again = await doors.post("/v1/policies", once, new)
    assert ((first.status_code, again.status_code), again.json()) == ((201, 200), first.json())
    assert slug(await doors.post("/v1/policies", once, new | {"base": "80000.01"})) == "idempotency-key-reused"
    assert [each["version"] for each in await doors.shown("/v1/policies")] == [0, 1, 2]


BAD_POLICIES: list[dict[str, Any]] = [
    {"base": "0.00"},
    {"base": "-1.00"},
    {"base": 70000.5},
    {"base": "NaN"},
    {"bonus_percent": "-1"},
    {"bonus_percent": "1001"},
    {"bonus_percent": "NaN"},
    {"bonus_percent": "33.333"},
    {"paying": []},
    {"paying": ["magic"]},
    {"paying": ["referral", "opening"]},
    {"effective": "2026-13"},
    {"reason": ""},
    {"bonus_prcent": "50"},
]


async def test_a_policy_that_is_none_is_refused(doors: Doors) -> None:
    for bad in BAD_POLICIES:
        new = {"effective": DEC, "base": "80000.00", "reason": "приказ"} | bad
        refused = await doors.post("/v1/policies", DIRECTOR, new)
        assert refused.status_code == 422, bad
        assert re.search("[а-я]", refused.json()["errors"][0]["message"]), bad
    assert len(await doors.shown("/v1/policies")) == 1


async def test_whoever_reads_anothers_pay_is_written_down(doors: Doors) -> None:
    await doors.told(manager("m1"), manager("m2"))
    await doors.get(f"/v1/statements/m1/{NOV}", MARIA)
    await doors.get(f"/v1/statements/m1/{NOV}", OFFICER)
    await doors.get(f"/v1/statements/m2/{NOV}.pdf", DIRECTOR)
    await doors.get(f"/v1/statements?month={NOV}", OFFICER)
    await doors.get("/v1/facts?manager_id=m1", OFFICER)
    await doors.get("/v1/forecast/m2", DIRECTOR)
    await doors.post(f"/v1/months/{NOV}/review", ASKER)
    readings = (await doors.shown("/v1/readings", DIRECTOR))["items"]
    assert [(each["by"], each["what"], each["manager_id"]) for each in readings] == [
        ("p1", "statement", "m1"),
        ("d1", "statement.pdf", "m2"),
        ("p1", "statements", None),
        ("p1", "facts", "m1"),
        ("d1", "forecast", "m2"),
        ("p2", "preview", None),
    ]
    of_second = (await doors.shown("/v1/readings?manager_id=m2&by=d1", DIRECTOR))["items"]
    assert [each["what"] for each in of_second] == ["statement.pdf", "forecast"]
    page = await doors.shown("/v1/readings?limit=2", DIRECTOR)
    assert len((await doors.shown(f"/v1/readings?limit=9&cursor={page['next']}", DIRECTOR))["items"]) == 4
    for who in (OFFICER, MARIA):
        assert (await doors.get("/v1/readings", who)).status_code == 403


async def test_a_program_with_a_key_of_its_own_fetches_closed_months_and_only_them(doors: Doors) -> None:
    await doors.told(*[manager(f"m{number}") for number in range(1, 4)], client_won(20000, NOV, by="m2"))
    assert (await doors.post("/v1/api-keys", OFFICER, {"name": "учёт", "scopes": ["pay:read"]})).status_code == 403
    made = await doors.made("/v1/api-keys", DIRECTOR, {"name": "учёт", "scopes": ["pay:read"]})
    key = {"X-API-Key": made["key"]}
    assert slug(await doors.get(f"/v1/pay/{NOV}", key)) == "month-not-closed"
    await doors.closed(NOV)
    first = await doors.get(f"/v1/pay/{NOV}?limit=2", key)
    assert [each["total"] for each in first.json()["items"]] == ["70000.00", "90000.00"]
    second = await doors.shown(f"/v1/pay/{NOV}?limit=2&cursor={first.json()['next']}", key)
    assert ([each["manager_id"] for each in second["items"]], second["next"]) == (["m3"], None)
    odd = urlsafe_b64encode(b'm1"\r\nX-Evil: 1').decode()
    evil = await doors.get(f"/v1/pay/{NOV}?cursor={odd}", key)
    assert (evil.status_code, "x-evil" in evil.headers, evil.headers["etag"].isprintable()) == (200, False, True)
    again = await doors.get(f"/v1/pay/{NOV}?limit=2", key | {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await doors.get(f"/v1/pay/{NOV}?limit=2", key | {"If-None-Match": "*"})).status_code == 304
    other = await doors.get(f"/v1/pay/{NOV}?limit=3", key | {"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    for path in (f"/v1/statements/m1/{NOV}", "/v1/months", "/v1/readings"):
        assert (await doors.get(path, key)).status_code == 403
    assert (await doors.get(f"/v1/pay/{NOV}", {"X-API-Key": made["key"] + "x"})).status_code == 401
    assert (await doors.get(f"/v1/pay/{NOV}", MARIA)).status_code == 403
    assert ("учёт", "pay") in [
        (each["by"], each["what"]) for each in (await doors.shown("/v1/readings", DIRECTOR))["items"]
    ]


async def test_who_wants_to_hear_that_a_month_is_closed_is_told_once(settings: PayrollSettings) -> None:
    app = build_app(settings.model_copy(update={"pay_hook": "https://pay.example/hook"}), clock_at(DECEMBER))
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        await doors.told(manager())
        closed = await doors.closed(NOV)

        async def kept() -> Any:
            return (await doors.shown("/v1/deliveries", DIRECTOR))["items"]

        (delivery,) = await eventually(kept)
        assert (delivery["delivery_id"], delivery["to"]) == (f"month-closed-{NOV}", ["https://pay.example/hook"])
        found = await doors.office.deliveries.documents.get(f"month-closed-{NOV}")
        assert found is not None
        assert found.hook is not None
        assert dict(found.hook.payload) == {"month": NOV, "statements": 1, "seal": closed["seal"]}


def _local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Asia/Krasnoyarsk"))
