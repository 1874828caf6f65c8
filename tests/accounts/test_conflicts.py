"""A phone of two accountants and an INN of two clients are shown, and a person decides."""

from typing import Any

from services.accounts import conflicts
from services.accounts.domain.conflict import Conflict, decide, parties, seen
from tests.accounts.conftest import DIRECTOR, Doors
from tests.accounts.samples import AT, client, contact, inn
from tests.accounts.test_audit import linked_up, verdict
from tests.kit import token

PHONE = "+73912000001"
MARIA = token("manager", subject="m1")


async def listed(doors: Doors, query: str = "", who: dict[str, str] = DIRECTOR) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await doors.get(f"/v1/conflicts{query}", who)).json()["items"]
    return found


def test_what_was_decided_stands_until_somebody_else_turns_up() -> None:
    two = client(contacts=(contact(), contact(contact_id="a2", name="Ольга")))
    now = parties("phone", PHONE, [two])
    known = Conflict(conflict_id="k", kind="phone", value=PHONE, parties=now, found_at=AT)
    decided = decide(known, "d1", AT, choice="shared", contact_id=None, words=None).state
    assert seen(decided, now, AT).state is decided
    third = parties("phone", PHONE, [two, client(client_id="c2")])
    assert seen(decided, third, AT).state.state == "open"
    gone = seen(decided, now[:1], AT).state
    assert (gone.state, seen(gone, now[:1], AT).state is gone) == ("gone", True)


async def test_a_phone_of_two_is_shown_and_given_to_one_by_a_person(doors: Doors) -> None:
    first, second = await doors.client(), await doors.client(manager_id="m2")
    (found,) = await listed(doors)
    assert (found["kind"], found["value"], found["state"]) == ("phone", PHONE, "open")
    assert {party["client_id"] for party in found["parties"]} == {first, second}
    assert len(await listed(doors, who=MARIA)) == 1
    path = f"/v1/conflicts/{found['conflict_id']}/decide"
    owner = next(party["contact_id"] for party in found["parties"] if party["client_id"] == first)
    word = {"choice": "belongs_to", "contact_id": owner, "words": "звонили, проверили"}
    assert (await doors.post(path, word, MARIA)).status_code == 403
    assert (await doors.post(path, word | {"contact_id": "nobody"})).status_code == 422
    assert (await doors.post(path, {"choice": "shared", "contact_id": owner})).status_code == 422
    done = await doors.post(path, word)
    assert (done.json()["state"], done.json()["decided_by"]) == ("gone", "d1")
    assert await listed(doors) == []
    assert (await doors.get(f"/v1/clients/{second}")).json()["contacts"][0]["phones"] == []
    assert (await doors.get(f"/v1/clients/{first}")).json()["contacts"][0]["phones"] == [PHONE]
    (entry, *_) = (await doors.get(f"/v1/clients/{second}/history")).json()["items"]
    assert (entry["by"], entry["why"]) == ("d1", "телефон не этого бухгалтера")
    path = f"/v1/conflicts/{found['conflict_id']}/history"
    assert [each["why"] for each in (await doors.get(path, MARIA)).json()["items"]] == ["найдено", "решено", "найдено"]
    stranger = token("manager", subject="m3")
    assert [(await doors.get(path, who)).status_code for who in (stranger, DIRECTOR)] == [403, 200]
    assert (await doors.post("/v1/conflicts/nobody/decide", word)).status_code == 404
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == []


async def test_what_was_decided_is_done_after_a_crash(doors: Doors) -> None:
    await doors.client()
    second = await doors.client()
    (found,) = await listed(doors)
    owner = next(party["contact_id"] for party in found["parties"] if party["client_id"] != second)
    said = {"state": "decided", "choice": "belongs_to", "contact_id": owner, "decided_by": "d1"}
    where = {"_id": found["conflict_id"]}
    await doors.office.store.conflicts.collection.update_one(where, {"$set": said})  # and nothing after it
    await conflicts.look_everywhere(doors.office)
    assert (await doors.get(f"/v1/clients/{second}")).json()["contacts"][0]["phones"] == []
    assert await listed(doors, "?state=decided") == []


async def test_a_shared_phone_is_decided_once(doors: Doors) -> None:
    await doors.client(contacts=[{"name": "Анна", "phones": [PHONE]}, {"name": "Ольга", "phones": [PHONE]}])
    (found,) = await listed(doors)
    path = f"/v1/conflicts/{found['conflict_id']}/decide"
    for _ in range(2):
        assert (await doors.post(path, {"choice": "shared"}, MARIA)).json()["state"] == "decided"
    late = {"choice": "belongs_to", "contact_id": found["parties"][0]["contact_id"]}
    assert (await doors.post(path, late)).status_code == 409
    await conflicts.look_everywhere(doors.office)
    assert (await listed(doors), len(await listed(doors, "?state=decided"))) == ([], 1)


async def test_what_a_crash_kept_from_being_looked_at_is_found_later(doors: Doors) -> None:
    await doors.client()
    await doors.client()
    await doors.office.store.conflicts.collection.delete_many({})
    assert await listed(doors) == []
    await conflicts.look_everywhere(doors.office)
    assert len(await listed(doors)) == 1


async def test_a_branch_with_the_inn_of_another_client_is_kept_apart_by_a_person(doors: Doors) -> None:
    first = await doors.client(inn=inn(5), kpp="246601001")
    branch: dict[str, Any] = {
        "name": "Филиал",
        "inn": inn(5),
        "manager_id": "m1",
        "fee": "20000",
        "since": "2026-09-01",
    }
    refused = await doors.post("/v1/clients", branch)
    assert (refused.status_code, refused.json()["client_id"]) == (409, first)
    assert (await doors.post("/v1/clients", branch | {"apart": True})).status_code == 422
    made = await doors.post("/v1/clients", branch | {"apart": True, "kpp": "246602002"})
    assert made.status_code == 201
    twice = await doors.post("/v1/clients", branch | {"apart": True, "kpp": "246602002"})
    assert (twice.status_code, twice.json()["client_id"]) == (409, made.json()["client_id"])
    (decided,) = await listed(doors, "?state=decided&kind=inn")
    assert (decided["choice"], decided["decided_by"]) == ("shared", "d1")
    assert len((await doors.get(f"/v1/clients?inn={inn(5)}")).json()["items"]) == 2
    table = f"ИНН;КПП;Бухгалтер\n{inn(5)};246602002;Пётр\n".encode()
    headers = DIRECTOR | {"content-type": "text/csv"}
    await doors.http.post("/v1/clients/import", content=table, headers=headers)
    shown = (await doors.get(f"/v1/clients/{made.json()['client_id']}")).json()
    assert [each["name"] for each in shown["contacts"]] == ["Пётр"]
    other = f"ИНН;КПП;Бухгалтер\n{inn(5)};246603003;Олег\n".encode()
    report = (await doors.http.post("/v1/clients/import", content=other, headers=headers)).json()
    assert "КПП 246601001" in report["faults"][0]["wrong"]


async def test_the_index_of_an_earlier_version_that_would_refuse_a_branch_is_dropped(doors: Doors) -> None:
    clients = doors.office.store.clients.collection
    await clients.create_index("inn", unique=True)
    for _ in range(2):
        await doors.office.store.drop_outdated()
    assert "inn_1" not in await clients.index_information()
