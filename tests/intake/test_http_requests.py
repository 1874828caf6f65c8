"""`/v1/requests` on the real servers."""

import asyncio
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.callers import Caller
from services.intake.domain.requests import Register
from services.intake.domain.triage import Triage
from tests.intake.conftest import DIRECTOR, MANAGER, OTHER_MANAGER, SPECIALIST, Doors
from tests.intake.samples import MAIL, PHONE
from tests.kit import FOREIGN_KEY, eventually, token

JSON = {"Content-Type": "application/json"}
NEW = {
    "channel": "phone",
    "contact": {"phone": "8 (391) 222-33-44"},
    "subject": "Зарплата сегодня",
    "text": "не считает отпускные",
    "products": ["1С:ЗГУ"],
}


async def test_a_known_client_is_recognised_and_the_request_told_to_the_others(doors: Doors) -> None:
    await doors.client()
    answer = await doors.post("/v1/requests", NEW | {"external_id": "7", "call_id": "k1"})
    assert answer.status_code == 201
    body = answer.json()
    assert body | {"request_id": "", "number": ""} == {
        "request_id": "",
        "number": "",
        "client_id": "c1",
        "priority": "urgent",
        "priority_reasons": [
            {"rule": "pay_today", "evidence": "Зарплата сегодня"},
            {"rule": "wrong_figures", "evidence": "не считает"},
        ],
        "identified": True,
    }
    event = await doors.heard.one("request.registered")
    assert event.subject == body["request_id"]
    assert event.body["client"] == {
        "client_id": "c1",
        "name": "Школа № c1",
        "zone": "Asia/Krasnoyarsk",
        "manager_id": "m1",
        "tariff": "standard",
        "region": None,
    }
    assert (event.body["contact_id"], event.body["products"]) == ("c1-a", ["1С:ЗГУ"])
    kept = (await doors.get(f"/v1/requests/{body['request_id']}")).json()
    assert (kept["text"], kept["call_id"], kept["caller"]["phone"]) == ("не считает отпускные", "k1", PHONE)


async def test_numbers_are_what_people_can_say(doors: Doors) -> None:
    first, second = (await doors.registered())["number"], (await doors.registered())["number"]
    assert (first, second) == ("100 000", "100 001")


async def test_the_same_external_id_again_answers_the_same(doors: Doors) -> None:
    first = await doors.post("/v1/requests", NEW | {"external_id": "7"})
    again = await doors.post("/v1/requests", NEW | {"external_id": "7"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    other = await doors.post("/v1/requests", NEW | {"external_id": "8"})
    assert other.json()["request_id"] != first.json()["request_id"]


async def test_other_words_under_a_name_that_is_taken_are_refused_not_lost(doors: Doors) -> None:
    first = await doors.post("/v1/requests", NEW | {"external_id": "7"})
    other = await doors.post("/v1/requests", NEW | {"external_id": "7", "text": "срочно"})
    problem = other.json()
    assert (other.status_code, problem["type"].rpartition("/")[2]) == (409, "another-request")
    assert problem["request_id"] == first.json()["request_id"]
    assert first.json()["number"] in problem["detail"]


async def test_the_same_external_id_at_once_is_one_request(doors: Doors) -> None:
    answers = await asyncio.gather(*(doors.post("/v1/requests", NEW | {"external_id": "7"}) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.content for answer in answers}) == 1
    await doors.registered(external_id="last")
    await doors.heard.several(2, "request.registered")
    assert len(doors.heard.of("request.registered")) == 2


async def test_without_an_external_id_the_idempotency_key_tells_a_repeat(doors: Doors) -> None:
    first = await doors.post("/v1/requests", NEW, key="k1")
    again = await doors.post("/v1/requests", NEW, key="k1")
    without = await doors.post("/v1/requests", NEW)
    assert [first.status_code, again.status_code, without.status_code] == [201, 200, 201]
    assert first.content == again.content != without.content


async def test_the_first_answer_stays_whatever_becomes_of_the_request(doors: Doors) -> None:
    await doors.client()
    new = NEW | {"contact": {"phone": "+79137654321"}, "external_id": "7"}
    first = await doors.post("/v1/requests", new)
    path = f"/v1/requests/{first.json()['request_id']}"
    assert (await doors.post(f"{path}/client", {"client_id": "c1"})).status_code == 200
    assert (await doors.post(f"{path}/priority", {"priority": "routine", "reason": "нет"})).status_code == 200
    assert (await doors.post("/v1/requests", new)).content == first.content


async def test_the_integrations_own_priority_wins(doors: Doors) -> None:
    body = await doors.registered(subject="Срочно", priority="routine")
    assert body["priority"] == "routine"
    assert body["priority_reasons"][0] == {"rule": "given", "evidence": "routine"}


async def test_a_client_is_found_by_mail_address_and_by_id(doors: Doors) -> None:
    await doors.client()
    by_mail = await doors.registered(channel="portal", contact={"email": MAIL.upper()})
    by_id = await doors.registered(channel="api", contact={}, client_id="c1")
    assert (by_mail["client_id"], by_id["client_id"]) == ("c1", "c1")


async def test_an_unknown_caller_is_registered_for_a_person_to_identify(doors: Doors) -> None:
    await doors.client()
    body = await doors.registered()
    assert (body["client_id"], body["identified"]) == (None, False)
    path = f"/v1/requests/{body['request_id']}"
    assert (await doors.post(f"{path}/client", {"client_id": "nobody"})).status_code == 404
    assert (await doors.post(f"{path}/client", {"client_id": "c1", "contact_id": "x"})).status_code == 404
    answer = await doors.post(f"{path}/client", {"client_id": "c1", "contact_id": "c1-a"})
    assert (answer.status_code, answer.json()["client"]["client_id"]) == (200, "c1")
    event = await doors.heard.one("request.identified")
    assert (event.body["by"], event.body["contact_id"]) == ("m1", "c1-a")


async def test_a_caller_two_clients_share_is_offered_as_candidates(doors: Doors) -> None:
    await doors.client("c1")
    await doors.client("c2")
    body = await doors.registered(contact={"phone": PHONE})
    assert not body["identified"]
    assert (await doors.get(f"/v1/requests/{body['request_id']}")).json()["candidates"] == ["c1", "c2"]


async def test_a_request_that_came_before_its_client_was_heard_of_becomes_theirs(doors: Doors) -> None:
    by_phone = await doors.registered(contact={"phone": PHONE})
    by_id = await doors.registered(contact={}, client_id="c1")
    await doors.client()
    told = await doors.heard.several(2, "request.identified")
    assert {event.subject for event in told} == {by_phone["request_id"], by_id["request_id"]}
    assert {event.body["client"]["client_id"] for event in told} == {"c1"}


async def test_a_client_heard_of_while_its_request_was_being_written_is_found_all_the_same(doors: Doors) -> None:
    await doors.client()
    looked_up_before = Register(
        channel="phone", subject="x", text="", caller=Caller(phone=PHONE), triage=Triage("routine"), by="m1"
    )
    await doors.reception.register(looked_up_before, "r1")
    event = await doors.heard.one("request.identified")
    assert (event.subject, event.body["client"]["client_id"]) == ("r1", "c1")


async def test_requests_of_one_moment_come_page_by_page_each_once(doors: Doors) -> None:
    made = [(await doors.registered(external_id=str(n)))["request_id"] for n in range(5)]
    moment = {"registered_at": datetime(2026, 11, 2, 3, tzinfo=UTC)}
    await doors.reception.store.requests.collection.update_many({}, {"$set": moment})
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while query.get("cursor", "") is not None:
        page = (await doors.get("/v1/requests", **query)).json()
        seen += [card["request_id"] for card in page["items"]]
        query["cursor"] = page["next"]
    assert seen == sorted(made, reverse=True)


async def test_a_client_that_changed_is_known_as_it_is_now(doors: Doors) -> None:
    await doors.client()
    assert (await doors.registered(contact={"phone": PHONE}))["identified"]
    await doors.client(revision=2, contacts=())

    async def gone() -> bool:
        return not (await doors.registered(contact={"phone": PHONE}))["identified"]

    await eventually(gone)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"channel": "fax"}, "channel"),
    ({"priority": "very"}, "priority"),
    ({"nature": "hard"}, "nature"),
    ({"contact": {"phone": "102"}}, "contact.phone"),
    ({"contact": {"phone": "sip:102@pbx"}}, "contact.phone"),
    ({"contact": {"phone": 79131234567}}, "contact.phone"),
    ({"contact": {"email": "nobody"}}, "contact.email"),
    ({"contact": {"fax": "1"}}, "contact.fax"),
    ({"contact": {}}, "contact"),
    ({"subject": "  "}, "subject"),
    ({"subject": "x" * 501}, "subject"),
    ({"subject": "\ud800"}, "subject"),
    ({"text": "x" * 100_001}, "text"),
    ({"products": ["x"] * 21}, "products"),
    ({"external_id": ""}, "external_id"),
    ({"urgent": True}, "urgent"),
    ({"discovered": "maybe"}, "discovered"),
]


@pytest.mark.parametrize(("over", "field"), WRONG, ids=[f"{field}" for _, field in WRONG])
async def test_a_wrong_field_is_named(doors: Doors, over: dict[str, Any], field: str) -> None:
    content = json.dumps(NEW | over)
    answer = await doors.http.post("/v1/requests", content=content, headers=MANAGER | JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]] or field in answer.json()["detail"]
    assert await doors.reception.store.requests.count({}) == 0


async def test_only_an_important_request_is_complex_or_long(doors: Doors) -> None:
    answer = await doors.post("/v1/requests", NEW | {"priority": "urgent", "nature": "long"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "nature-without-importance")


@pytest.mark.parametrize("content", [b"", b"{", b"no json", b'{"subject": "\xff"}', b"[]"])
async def test_what_is_not_json_is_refused(doors: Doors, content: bytes) -> None:
    answer = await doors.http.post("/v1/requests", content=content, headers=MANAGER | JSON)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_over_10_mb_is_refused(doors: Doors) -> None:
    answer = await doors.post("/v1/requests", NEW | {"text": "x" * 10_000_001})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (413, "too-large")


async def test_a_body_that_turns_out_longer_than_10_mb_is_refused(doors: Doors) -> None:
    async def endless() -> Any:
        for _ in range(11):
            yield b" " * 1_000_000

    answer = await doors.http.post("/v1/requests", content=endless(), headers=MANAGER | JSON)
    assert answer.status_code == 413


async def test_nobody_comes_in_without_a_good_pass(doors: Doors) -> None:
    for who, status in [
        ({}, 401),
        (token("manager", hours=-1), 401),
        (token("manager", key=FOREIGN_KEY), 401),
        ({"Authorization": "Bearer nonsense"}, 401),
        ({"X-API-Key": "svk_000000000000.nonsense"}, 401),
        (SPECIALIST, 403),
        (token("payroll"), 403),
        (await doors.key("emails:write"), 403),
    ]:
        answer = await doors.post("/v1/requests", NEW, who)
        assert answer.status_code == status, who
        assert answer.headers["content-type"] == "application/problem+json"
    assert await doors.reception.store.requests.count({}) == 0


async def test_an_integration_registers_with_its_key_and_reads_what_it_registered(doors: Doors) -> None:
    key = await doors.key("requests:write", "requests:read")
    own = await doors.registered(key, external_id="1")
    other = await doors.registered()
    assert (await doors.get(f"/v1/requests/{own['request_id']}", key)).status_code == 200
    assert (await doors.get(f"/v1/requests/{other['request_id']}", key)).status_code == 403
    listed = (await doors.get("/v1/requests", key)).json()["items"]
    assert [card["request_id"] for card in listed] == [own["request_id"]]
    assert (await doors.get("/v1/requests", await doors.key("requests:write"))).status_code == 403


async def test_a_manager_sees_their_own_base_and_what_is_nobodys(doors: Doors) -> None:
    await doors.client("c1")
    await doors.client("c2", manager_id="m2", contacts=())
    own = await doors.registered(contact={"phone": PHONE})
    foreign = await doors.registered(contact={}, client_id="c2")
    nobodys = await doors.registered()
    seen = (await doors.get("/v1/requests", MANAGER)).json()["items"]
    assert [card["request_id"] for card in seen] == [nobodys["request_id"], own["request_id"]]
    assert (await doors.get(f"/v1/requests/{foreign['request_id']}", MANAGER)).status_code == 403
    assert (await doors.get(f"/v1/requests/{own['request_id']}", OTHER_MANAGER)).status_code == 403
    for path, body in [
        ("verdict", {"satisfied": True, "words": "да"}),
        ("withdrawal", {"reason": "сами"}),
        ("priority", {"priority": "urgent", "reason": "да"}),
        ("client", {"client_id": "c1"}),
    ]:
        assert (await doors.post(f"/v1/requests/{foreign['request_id']}/{path}", body)).status_code == 403
    assert (await doors.get(f"/v1/requests/{foreign['request_id']}", OTHER_MANAGER)).json()["state"] == "open"


async def test_who_is_a_specialist_besides_a_manager_has_no_more_than_the_managers_base(doors: Doors) -> None:
    await doors.client("c2", manager_id="m2", contacts=())
    foreign = await doors.registered(contact={}, client_id="c2")
    both = token("manager", "specialist", subject="m1")
    for path, body in [("priority", {"priority": "urgent", "reason": "да"}), ("client", {"client_id": "c2"})]:
        answer = await doors.post(f"/v1/requests/{foreign['request_id']}/{path}", body, both)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "not-your-base")


async def test_requests_are_found_by_client_manager_state_priority_and_identity(doors: Doors) -> None:
    await doors.client("c1")
    await doors.client("c2", manager_id="m2", contacts=())
    first = (await doors.registered(contact={"phone": PHONE}, subject="Срочно"))["request_id"]
    second = (await doors.registered(contact={}, client_id="c2"))["request_id"]
    third = (await doors.registered())["request_id"]
    await doors.post(f"/v1/requests/{third}/withdrawal", {"reason": "ошиблись номером"})
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [third, second, first]),
        ({"client_id": "c1"}, [first]),
        ({"manager_id": "m2"}, [second]),
        ({"manager_id": "nobody"}, []),
        ({"state": "withdrawn"}, [third]),
        ({"priority": "urgent"}, [first]),
        ({"identified": True}, [second, first]),
        ({"identified": False}, [third]),
        ({"identified": True, "manager_id": "m1"}, [first]),
    ]
    for query, found in cases:
        answer = (await doors.get("/v1/requests", **query)).json()
        assert [card["request_id"] for card in answer["items"]] == found, query
    assert (await doors.get("/v1/requests", state="lost")).status_code == 422


async def test_a_long_list_comes_page_by_page(doors: Doors) -> None:
    made = [(await doors.registered(external_id=str(n)))["request_id"] for n in range(7)]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await doors.get("/v1/requests", MANAGER, **query)).json()
        seen += [card["request_id"] for card in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == made[::-1]
    before_time = urlsafe_b64encode(b"x 0001-01-01T00:00:00+10:00").decode()
    for cursor in ("nonsense!", "bm9uc2Vuc2U=", "eCB5", before_time):
        assert (await doors.get("/v1/requests", cursor=cursor)).status_code == 422


async def test_an_unknown_request_is_not_found(doors: Doors) -> None:
    assert (await doors.get("/v1/requests/nobody")).status_code == 404
    answer = await doors.post("/v1/requests/nobody/verdict", {"satisfied": True, "words": "да"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "unknown-request")
    assert (await doors.get("/v1/requests", DIRECTOR)).json()["items"] == []
