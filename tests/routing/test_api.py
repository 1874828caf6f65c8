"""Routing's doors: who may do what, and bad input."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.clock import ServiceClock
from tests.kit import FOREIGN_KEY, token
from tests.routing.given import request
from tests.routing.house import ALWAYS, LEAD, House

BODY: dict[str, Any] = {
    "name": "Иван Петров",
    "products": {"1С:ЗГУ": 4, "1С:Бухгалтерия 8.3": 2},
    "hours": ALWAYS,
    "zone": "Asia/Krasnoyarsk",
    "capacity": 3,
}


async def test_a_repeated_registration_finds_the_first(house: House) -> None:
    headers = LEAD | {"Idempotency-Key": "k1"}
    first = await house.client.post("/v1/specialists", json=BODY, headers=headers)
    again = await house.client.post("/v1/specialists", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["hours"]["mon"] == ["00:00-24:00"]
    assert first.json()["products"] == BODY["products"]
    await house.heard.one("specialist.registered")
    listed = (await house.client.get("/v1/specialists", headers=LEAD)).json()
    assert len(listed["items"]) == 1


async def test_a_change_is_told_and_seen(house: House) -> None:
    ivan = await house.hire()
    answer = await house.client.put(f"/v1/specialists/{ivan}", json=BODY | {"capacity": 9}, headers=LEAD)
    assert (answer.status_code, answer.json()["capacity"]) == (200, 9)
    assert (await house.heard.one("specialist.changed")).subject == ivan
    assert (await house.client.put("/v1/specialists/nobody", json=BODY, headers=LEAD)).status_code == 404


async def test_the_capacity_is_not_set_below_the_load(house: House) -> None:
    ivan = await house.hire(capacity=2)
    await house.tell(request("r1"), request("r2"))
    for request_id in ("r1", "r2"):
        await house.stands(request_id, "assigned", ivan)
    answer = await house.client.put(f"/v1/specialists/{ivan}", json=BODY | {"capacity": 1}, headers=LEAD)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "capacity-below-load")


NONSENSE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"products": {"1С:ЗГУ": 6}}, "products"),
    ({"products": {}}, "products"),
    ({"products": {"1С:ЗГУ": 3, "1c: згу": 4}}, "дважды"),
    ({"capacity": 0}, "capacity"),
    ({"capacity": "много"}, "capacity"),
    ({"zone": "Asia/Nowhere"}, "часовой пояс"),
    ({"hours": {"mon": ["9-18"]}}, "hours.mon"),
    ({"hours": {"mon": ["18:00-09:00"]}}, "не позже начала"),
    ({"hours": {"mon": ["09:00-12:00", "11:00-15:00"]}}, "пересекаются"),
    ({"hours": {}}, "ни в один день"),
    ({"hours": {"funday": ["09:00-18:00"]}}, "funday"),
    ({"name": "  "}, "name"),
    ({"name": "\u200b\u0000"}, "видимых"),
    ({"products": {"\u200b": 3}}, "видимых"),
    ({"colour": "red"}, "colour"),
)


async def test_a_specialist_that_makes_no_sense_is_refused(house: House) -> None:
    for over, says in NONSENSE:
        answer = await house.client.post("/v1/specialists", json=BODY | over, headers=LEAD)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), over
        assert says in answer.text
    assert (await house.client.get("/v1/specialists", headers=LEAD)).json()["items"] == []


async def test_the_doors_describe_themselves(house: House) -> None:
    described = (await house.client.get("/openapi.json")).json()
    assert {"/v1/specialists", "/v1/requests/{request_id}/finish", "/v1/work"} <= described["paths"].keys()


async def test_what_is_not_json_or_too_large_is_refused(house: House) -> None:
    headers = LEAD | {"content-type": "application/json"}
    assert (await house.client.post("/v1/specialists", content=b"{", headers=headers)).status_code == 400
    large = b'"' + b"x" * 10_000_001 + b'"'
    assert (await house.client.post("/v1/specialists", content=large, headers=headers)).status_code == 413


async def test_only_a_lead_registers_specialists(house: House) -> None:
    for headers, status in (
        ({}, 401),
        (token("lead", hours=-1), 401),
        (token("lead", key=FOREIGN_KEY), 401),
        (token("manager", subject="m1"), 403),
        (token("specialist", subject="s1"), 403),
    ):
        assert (await house.client.post("/v1/specialists", json=BODY, headers=headers)).status_code == status


async def test_the_life_of_the_work_over_http(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1", priority="important"))
    await house.stands("r1", "assigned", ivan)
    early = await house.says(ivan, "r1", "finish", note="готово")
    assert (early.status_code, early.json()["stage"]) == (409, "assigned")
    assert early.json()["allowed"] == ["start", "postpone", "ask_cancel"]
    until = (ServiceClock().now() + timedelta(days=30)).replace(microsecond=0)
    local = until.astimezone(ZoneInfo("Asia/Krasnoyarsk")).isoformat()
    for step, body, stage in [
        ("postpone", {"until": local, "reason": "занят"}, "postponed"),
        ("start", {}, "started"),
        ("progress", {"note": "нашёл"}, "started"),
        ("ask-cancel", {"reason": "типовое"}, "cancel_asked"),
        ("start", {}, "started"),
        ("finish", {"note": "пересчитал"}, "finished"),
    ]:
        answer = await house.says(ivan, "r1", step, **body)
        assert (answer.status_code, answer.json()["stage"]) == (200, stage)
        put_off = (answer.json()["postponed_until"], answer.json()["postponed_because"])
        assert put_off == ((f"{until:%Y-%m-%dT%H:%M:%SZ}", "занят") if stage == "postponed" else (None, None))
    told = await house.heard.several(7, "work.assigned", *_TOLD)
    assert [event.kind for event in told] == ["work.assigned", *_TOLD[:4], "work.started", "work.finished"]
    work = await house.work("r1")
    assert [fact["what"] for fact in work["history"]][1:3] == ["postpone", "start"]
    record = (await house.client.get(f"/v1/specialists/{ivan}/record", headers=LEAD)).json()
    assert {kind: count for kind, count in record["counts"].items() if count} == {"postponed": 1, "cancel_asked": 1}
    assert record["requests"]["postponed"] == ["r1"]


_TOLD = ["work.postponed", "work.started", "work.progressed", "work.cancel_asked", "work.finished"]


async def test_a_step_repeated_under_its_key_is_taken_once(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    headers = token("specialist", subject=ivan) | {"Idempotency-Key": "press-1"}
    answers = [await house.client.post("/v1/requests/r1/start", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await house.says(ivan, "r1", "start")).status_code == 409


async def test_nobody_speaks_for_somebody_elses_work(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    foreign = await house.says("somebody", "r1", "start")
    assert (foreign.status_code, foreign.json()["stage"], foreign.json()["allowed"]) == (409, "assigned", [])
    assert (await house.says(ivan, "unknown", "start")).status_code == 404
    manager = token("manager", subject="m1")
    assert (await house.client.post("/v1/requests/r1/start", headers=manager)).status_code == 403
    assert (await house.orders("unknown", "replace", reason="…")).status_code == 404


async def test_a_step_without_its_date_or_note_is_refused(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    for estimate in (0, "5", 1e9):
        assert (await house.says(ivan, "r1", "start", estimate_minutes=estimate)).status_code == 422
    assert (await house.says(ivan, "r1", "start")).status_code == 200
    for step, body in (
        ("progress", {"none": ""}),
        ("progress", {"note": "   "}),
        ("progress", {"note": "\u200b"}),
        ("postpone", {"reason": "занят"}),
        ("postpone", {"reason": "занят", "until": "завтра"}),
        ("postpone", {"reason": "занят", "until": "2099-01-01T00:00:00"}),
        ("postpone", {"reason": "занят", "until": "2001-01-01T00:00:00Z"}),
        ("postpone", {"reason": "занят", "until": "2099-01-01T00:00:00Z"}),
        ("postpone", {"reason": "занят", "until": "9999-12-31T23:59:59-10:00"}),
        ("finish", {"note": ""}),
        ("ask-cancel", {"reason": "x" * 2001}),
    ):
        assert (await house.says(ivan, "r1", step, **body)).status_code == 422, (step, body)
    assert (await house.work("r1"))["stage"] == "started"


async def test_a_specialist_sees_only_their_own(house: House) -> None:
    ivan = await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    olga = await house.hire("Ольга")
    mine, hers = token("specialist", subject=ivan), token("specialist", subject=olga)
    assert [item["request_id"] for item in (await house.client.get("/v1/work", headers=mine)).json()["items"]] == ["r1"]
    assert (await house.client.get("/v1/work", headers=hers)).json()["items"] == []
    assert (await house.client.get(f"/v1/work?specialist_id={ivan}", headers=hers)).json()["items"] == []
    assert (await house.client.get("/v1/requests/r1/work", headers=mine)).status_code == 200
    assert (await house.client.get("/v1/requests/r1/work", headers=hers)).status_code == 403
    assert (await house.client.get("/v1/requests/r1/assignment", headers=mine)).status_code == 403
    assert (await house.client.get(f"/v1/specialists/{ivan}/record", headers=hers)).status_code == 403
    listed = (await house.client.get("/v1/specialists", headers=hers)).json()["items"]
    assert [one["specialist_id"] for one in listed] == [olga]


async def test_work_is_listed_by_state_and_page_by_page(house: House) -> None:
    ivan = await house.hire(capacity=3)
    await house.tell(*(request(f"r{number}") for number in range(5)))
    await house.heard.several(5, "work.assigned", "work.waiting")
    path, seen = "/v1/work?limit=2&state=assigned&state=waiting", []
    while path:
        page = (await house.client.get(path, headers=LEAD)).json()
        seen += [item["request_id"] for item in page["items"]]
        path = f"/v1/work?limit=2&state=assigned&state=waiting&cursor={page['next']}" if page["next"] else ""
    assert seen == [f"r{number}" for number in range(5)]
    mine = (await house.client.get(f"/v1/work?state=assigned&specialist_id={ivan}", headers=LEAD)).json()["items"]
    assert len(mine) == 3
    for bad in ("state=lost", "limit=0", "cursor=ж"):
        assert (await house.client.get(f"/v1/work?{bad}", headers=LEAD)).status_code == 422
