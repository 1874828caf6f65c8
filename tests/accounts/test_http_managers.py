"""`/v1/managers` on real servers."""

import pytest

from tests.accounts.conftest import DIRECTOR, OTHER_DIRECTOR, Doors
from tests.kit import FOREIGN_KEY, token

OTHER_SNILS = "08765430300"
MARIA = {"name": "Мария Свойская", "hired": "2026-01-12"}


async def test_a_manager_is_registered_once_and_told(doors: Doors) -> None:
    first = await doors.post("/v1/managers", MARIA, key="k1")
    again = await doors.post("/v1/managers", MARIA, key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (await doors.heard.one("manager.registered")).body["name"] == "Мария Свойская"
    assert (await doors.get("/v1/managers")).json()["items"] == [first.json()]


async def test_one_key_is_not_for_two_requests(doors: Doors) -> None:
    await doors.post("/v1/managers", MARIA, key="k1")
    other = await doors.post("/v1/managers", MARIA | {"name": "Пётр"}, key="k1")
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (409, "manager-exists")


async def test_a_change_is_told_with_a_higher_revision(doors: Doors) -> None:
    await doors.manager("m1")
    change = {"left": "2026-12-31", "phones": ["8 913 500-00-01"], "snils": "112-233-445 95"}
    answer = await doors.http.patch("/v1/managers/m1", json=change, headers=DIRECTOR)
    assert answer.json() == {
        "manager_id": "m1",
        "revision": 2,
        "name": "Мария Свойская",
        "hired": "2026-01-12",
        "left": "2026-12-31",
        "phones": ["+79135000001"],
        "email": None,
        "personnel_number": None,
        "snils": "11223344595",
    }
    told = (await doors.heard.one("manager.changed")).body
    assert (told["revision"], told["phones"], told["snils"]) == (2, ["+79135000001"], "11223344595")
    wrong = await doors.http.patch("/v1/managers/m1", json={"snils": "112-233-445 96"}, headers=DIRECTOR)
    assert (wrong.status_code, "СНИЛС" in wrong.json()["detail"]) == (422, True)
    back = await doors.http.patch("/v1/managers/m1", json={"left": None}, headers=DIRECTOR)
    assert (back.json()["left"], back.json()["name"]) == (None, "Мария Свойская")


async def test_a_director_does_not_move_their_own_days_of_work(doors: Doors) -> None:
    await doors.manager("d1")
    own = await doors.http.patch("/v1/managers/d1", json={"left": "2026-12-31"}, headers=DIRECTOR)
    assert (own.status_code, own.json()["type"].rpartition("/")[2]) == (403, "own-pay")
    other = await doors.http.patch("/v1/managers/d1", json={"left": "2026-12-31"}, headers=OTHER_DIRECTOR)
    assert (other.status_code, other.json()["left"]) == (200, "2026-12-31")


async def test_a_manager_reads_no_numbers_of_the_payroll_but_their_own(doors: Doors) -> None:
    numbers = {"m1": "112-233-445 95", "m2": OTHER_SNILS}
    for manager_id, snils in numbers.items():
        body = MARIA | {"personnel_number": "0042", "snils": snils, "manager_id": manager_id}
        assert (await doors.post("/v1/managers", body)).status_code == 201
    shown = {"m1": ("0042", "11223344595"), "m2": (None, None)}
    maria = token("manager", subject="m1")
    cards = (await doors.get("/v1/managers", maria)).json()["items"]
    cards += [(await doors.get(f"/v1/managers/{manager_id}", maria)).json() for manager_id in shown]
    assert [(each["personnel_number"], each["snils"]) for each in cards] == [*shown.values()] * 2
    for who in (DIRECTOR, token("payroll", subject="p1")):
        assert (await doors.get("/v1/managers/m2", who)).json()["snils"] == OTHER_SNILS


async def test_managers_are_listed_page_by_page(doors: Doors) -> None:
    for number in range(5):
        await doors.manager(f"m{number}")
    first = (await doors.get("/v1/managers?limit=3")).json()
    second = (await doors.get(f"/v1/managers?limit=3&cursor={first['next']}")).json()
    assert [each["manager_id"] for each in first["items"] + second["items"]] == ["m0", "m1", "m2", "m3", "m4"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " ", "hired": "2026-01-12"}, "name"),
        ({"name": "Мария", "hired": "вчера"}, "hired"),
        ({"name": "Мария", "hired": "0026-01-12"}, "hired"),
        ({"name": "Мария", "hired": "2026-01-12", "left": "2025-01-12"}, "left"),
        ({"name": "Мария", "hired": "2026-01-12", "salary": 1}, "salary"),
        ({"name": "Мария", "hired": "2026-01-12", "manager_id": "а б"}, "manager_id"),
    ],
)
async def test_wrong_values_are_refused_by_field(doors: Doors, body: dict[str, object], field: str) -> None:
    answer = await doors.post("/v1/managers", body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await doors.get("/v1/managers")).json()["items"] == []


async def test_who_may_not_come_in_stays_out(doors: Doors) -> None:
    strangers = {
        "expired": (token("director", hours=-1), 401),
        "foreign": (token("director", key=FOREIGN_KEY), 401),
        "none": ({}, 401),
        "a manager": (token("manager", subject="m1"), 403),
    }
    for name, (who, status) in strangers.items():
        answer = await doors.post("/v1/managers", MARIA, who)
        assert answer.status_code == status, name
    assert (await doors.get("/v1/managers")).json()["items"] == []


async def test_a_manager_nobody_knows_is_not_found(doors: Doors) -> None:
    assert (await doors.get("/v1/managers/nobody")).status_code == 404
    answer = await doors.http.patch("/v1/managers/nobody", json={"name": "Кто"}, headers=DIRECTOR)
    assert (answer.status_code, answer.json()["detail"]) == (404, "Такого менеджера нет.")
