"""`/v1/clients` on real servers."""

import asyncio
from typing import Any

import pytest

from services.accounts import searching
from tests.accounts.conftest import DIRECTOR, Doors
from tests.accounts.samples import inn
from tests.kit import token

SCHOOL: dict[str, Any] = {
    "name": "Школа № 1",
    "inn": "7707083893",
    "manager_id": "m1",
    "fee": "20000",
    "since": "2026-09-01",
    "contacts": [{"name": "Анна Петровна", "phones": ["8 391 200-00-01"], "emails": ["Anna@School1.ru"]}],
}
MARIA = token("manager", subject="m1")
PETER = token("manager", subject="m2")


async def test_a_client_is_registered_once_and_told_whole(doors: Doors) -> None:
    await doors.manager()
    first = await doors.post("/v1/clients", SCHOOL, key="k1")
    again = await doors.post("/v1/clients", SCHOOL, key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    told = (await doors.heard.one("client.registered")).body
    assert (told["inn"], told["fee"], told["zone"], told["manager_id"]) == (
        "7707083893", "20000.00", "Asia/Krasnoyarsk", "m1",
    )  # fmt: skip
    (anna,) = told["contacts"]
    assert (anna["phones"], anna["emails"]) == (["+73912000001"], ["anna@school1.ru"])


async def test_only_a_client_of_the_opening_base_is_older_than_its_manager_who_bears_no_loss_of_then(
    doors: Doors,
) -> None:
    await doors.manager()
    refused = await doors.post("/v1/clients", SCHOOL | {"since": "2025-01-01", "source": "advert"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "since")
    assert all(day in refused.json()["detail"] for day in ("01.01.2025", "12.01.2026"))
    opening = await doors.client(since="2025-01-01")
    loss = {"kind": "lost", "client_id": opening, "reason": "не платят", "effective": "2025-06-01"}
    early = await doors.post("/v1/proposals", loss)
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "effective")
    await doors.confirmed(**loss | {"effective": "2026-01-12"})


async def test_one_key_is_not_for_two_requests(doors: Doors) -> None:
    await doors.manager()
    await doors.post("/v1/clients", SCHOOL, key="k1")
    other = await doors.post("/v1/clients", SCHOOL | {"name": "Другая"}, key="k1")
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "idempotency-key-reused")


async def test_an_inn_is_one_clients_and_the_refusal_names_it(doors: Doors) -> None:
    await doors.manager()
    answers = await asyncio.gather(*(doors.post("/v1/clients", SCHOOL | {"name": f"Школа {n}"}) for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    first = next(answer.json() for answer in answers if answer.status_code == 201)
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["client_id"] == first["client_id"]
            assert first["name"] in answer.json()["detail"]
    assert len((await doors.get("/v1/clients")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("inn", "7707083894", "контрольная цифра"),
        ("inn", "0000000000", "нулей"),
        ("fee", "-20000", "больше нуля"),
        ("fee", "0", "больше нуля"),
        ("fee", "20000.123", "не больше двух знаков"),
        ("fee", 20000.5, "не сумма"),
        ("zone", "Mars/Phobos", "часового пояса нет"),
        ("since", "2999-01-01", "ещё не наступил"),
        ("source", "referral", "предлагают"),
        ("manager_id", "nobody", "менеджера nobody нет"),
        ("contacts", [{"name": "Анна"}, {"name": "анна"}], "двое с именем"),
    ],
)
async def test_a_wrong_value_is_refused_by_field_in_russian(
    doors: Doors, field: str, value: object, words: str
) -> None:
    await doors.manager()
    answer = await doors.post("/v1/clients", SCHOOL | {field: value})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert words in error["message"]
    assert (await doors.get("/v1/clients")).json()["items"] == []


async def test_a_phone_that_is_none_is_refused(doors: Doors) -> None:
    await doors.manager()
    answer = await doors.post("/v1/clients", SCHOOL | {"contacts": [{"name": "Анна", "phones": ["112"]}]})
    assert [error["field"] for error in answer.json()["errors"]] == ["contacts.0.phones.0"]


async def test_what_is_not_json_is_told_so(doors: Doors) -> None:
    answer = await doors.http.post("/v1/clients", content="{", headers=DIRECTOR | {"content-type": "application/json"})
    assert answer.status_code == 400


async def test_clients_are_found_by_whatever_is_known_of_them(doors: Doors) -> None:
    anna = {"name": "Анна Петровна", "phones": ["+73912000012"], "emails": ["Anna@School12.ru"]}
    school = await doors.client(name="Средняя школа № 12", contacts=[anna], region="24", tariff="gold")
    sad = await doors.client(name="Детский сад (ясли) № 7", inn=inn(77), region="54")
    for query, wanted in {
        "name=ШКОЛА 12": [school],
        "name=(ясли)": [sad],
        "name=больница": [],
        "name=школа ясли": [],
        f"inn={inn(77)}": [sad],
        "phone=8 391 200-00-12": [school],
        "email=ANNA@school12.ru": [school],
        "region=54": [sad],
        "tariff=gold": [school],
        "tariff=gold&region=54": [],
        "active=false": [],
        "manager_id=m1": [sad, school],
        "manager_id=m1&name=школа": [school],
        "q=анна шк": [school],
        "q=ясли": [sad],
        f"q={inn(77)[:9]}": [sad],
        "q=8 (391) 200-00-12": [school],
        "q=8391200": [school, sad],
        "q=anna@": [school],
        "q=12": [school],
        "q=№ ( ) .": [],
        "q=[.*": [],
        "q=ясли&tariff=gold": [],
    }.items():
        found = (await doors.get(f"/v1/clients?{query.replace('+', '%2B')}")).json()["items"]
        assert {client["client_id"] for client in found} == set(wanted), query
    assert (await doors.get("/v1/clients?q=")).status_code == 422
    assert (await doors.get("/v1/clients?region=x")).status_code == 422


async def test_words_that_many_have_are_looked_for_in_order_of_name(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "FEW", 2)
    for name in ("Школа 3", "Школа 1", "Школа 2 сад"):
        await doors.client(name=name)
    for query, wanted in {"школа": ["Школа 1", "Школа 2 сад", "Школа 3"], "школа сад": ["Школа 2 сад"]}.items():
        page = (await doors.get(f"/v1/clients?name={query}")).json()
        assert [client["name"] for client in page["items"]] == wanted


async def test_clients_are_listed_by_name_page_by_page(doors: Doors) -> None:
    for name in ("В", "А", "Б", "Б", "Г"):
        await doors.client(name=name)
    names, cursor = [], ""
    while cursor is not None:
        page = (await doors.get(f"/v1/clients?limit=2{cursor and '&cursor=' + cursor}")).json()
        names += [client["name"] for client in page["items"]]
        cursor = page["next"]
    assert names == ["А", "Б", "Б", "В", "Г"]


async def test_a_manager_sees_only_their_own_base(doors: Doors) -> None:
    own, foreign = await doors.client(), await doors.client(manager_id="m2")
    assert [each["client_id"] for each in (await doors.get("/v1/clients", MARIA)).json()["items"]] == [own]
    assert (await doors.get(f"/v1/clients/{own}", MARIA)).status_code == 200
    for answer in (
        await doors.get(f"/v1/clients/{foreign}", MARIA),
        await doors.get("/v1/clients?manager_id=m2", MARIA),
        await doors.http.patch(f"/v1/clients/{foreign}", json={"name": "Моя"}, headers=MARIA),
    ):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "not-your-base")
    assert (await doors.get(f"/v1/clients/{foreign}", PETER)).json()["revision"] == 1
    assert (await doors.get(f"/v1/clients/{own}", token("specialist"))).status_code == 403


async def test_a_manager_describes_their_client_anew(doors: Doors) -> None:
    own = await doors.client()
    anna = (await doors.get(f"/v1/clients/{own}")).json()["contacts"][0]["contact_id"]
    changes = {
        "name": "Гимназия № 1",
        "zone": "МСК+5",
        "contacts": [{"contact_id": anna, "name": "Анна Иванова", "emails": ["a@b.ru"]}, {"name": "Ольга"}],
    }
    answer = await doors.http.patch(f"/v1/clients/{own}", json=changes, headers=MARIA)
    assert answer.status_code == 200
    told = (await doors.heard.one("client.changed")).body
    assert (told["revision"], told["name"], told["zone"]) == (2, "Гимназия № 1", "Asia/Irkutsk")
    assert [(each["contact_id"] == anna, each["name"]) for each in told["contacts"]] == [
        (True, "Анна Иванова"),
        (False, "Ольга"),
    ]
    again = await doors.http.patch(f"/v1/clients/{own}", json={"name": "Гимназия № 1"}, headers=MARIA)
    assert again.json()["revision"] == 2


async def test_what_moves_money_is_not_described_but_proposed(doors: Doors) -> None:
    own = await doors.client()
    answer = await doors.http.patch(f"/v1/clients/{own}", json={"fee": "1"}, headers=DIRECTOR)
    assert answer.status_code == 422
    assert "/v1/proposals" in answer.json()["detail"]


async def test_an_inn_put_right_must_be_free(doors: Doors) -> None:
    one, two = await doors.client(inn=inn(1)), await doors.client(inn=inn(2))
    answer = await doors.http.patch(f"/v1/clients/{two}", json={"inn": inn(1)}, headers=DIRECTOR)
    assert (answer.status_code, answer.json()["client_id"]) == (409, one)
    right = await doors.http.patch(f"/v1/clients/{two}", json={"inn": inn(3)}, headers=DIRECTOR)
    assert right.json()["inn"] == inn(3)


async def test_a_client_nobody_knows_is_not_found(doors: Doors) -> None:
    assert (await doors.get("/v1/clients/nobody")).status_code == 404
    answer = await doors.http.patch("/v1/clients/nobody", json={"name": "Кто"}, headers=DIRECTOR)
    assert answer.status_code == 404
