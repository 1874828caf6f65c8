"""The queue «кто это?» looks at so much at a time; «не наш» and any other word on a sender can be taken back."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.sender_store import SHOWN_FOR, windows
from shared.clock import machine_now
from tests.intake.conftest import MANAGER, OTHER_MANAGER, SPECIALIST, Doors
from tests.intake.letters import a_letter
from tests.intake.samples import MOBILE
from tests.intake.test_http_senders import ADDRESS, IDENTIFY, QUEUE, STRANGER, a_call, queue
from tests.intake.test_lists import examined, stages

MOST = 2


async def taken_back(doors: Doors, who: dict[str, str] = MANAGER, /, **sender: str) -> Any:
    return await doors.http.delete("/v1/senders", params=sender, headers=who)


async def attention(doors: Doors, request_id: str) -> list[str]:
    found: list[str] = (await doors.get(f"/v1/requests/{request_id}")).json()["attention"]
    return found


async def test_none_of_ours_taken_back_stands_in_the_queue_again_with_all_that_came_meanwhile(doors: Doors) -> None:
    await doors.registered(contact={"phone": STRANGER})
    await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": None})
    await doors.registered(contact={"phone": STRANGER})
    assert await queue(doors) == []
    for _ in range(2):
        told = (await taken_back(doors, phone=STRANGER)).json()
        assert [(link["client_id"], link["taken_back"]) for link in told["links"]] == [(None, False), (None, True)]
    (unknown,) = await queue(doors)
    assert (unknown["phone"], unknown["count"]) == (STRANGER, 2)
    await doors.client()
    assert (await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c1"})).json()["requests"] == 2


@pytest.mark.parametrize("how", ["taken back", "none of ours"])
async def test_what_a_wrong_word_gave_stays_with_its_client_and_a_person_is_told_to_look(
    doors: Doors, how: str
) -> None:
    await doors.client("c1")
    await doors.client("c2", contacts=())
    given, over, own = [(await doors.registered(contact={"phone": STRANGER}))["request_id"] for _ in range(3)]
    await doors.post(f"/v1/requests/{own}/client", {"client_id": "c2"})
    await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c1"})
    await doors.post(f"/v1/requests/{over}/withdrawal", {"reason": "сами"})
    no_longer = {"phone": STRANGER, "client_id": None}
    answer = await (doors.post(IDENTIFY, no_longer) if how == "none of ours" else taken_back(doors, phone=STRANGER))
    assert (answer.json()["disowned"], answer.json()["joining"], answer.json()["requests"]) == (1, False, 0)
    assert ["больше не за этим клиентом" in "".join(await attention(doors, one)) for one in (given, over, own)] == [
        True, False, False,
    ]  # fmt: skip
    assert (await doors.get(f"/v1/requests/{given}")).json()["client"]["client_id"] == "c1"
    assert not (await doors.registered(contact={"phone": STRANGER}))["identified"]
    assert (await doors.post(f"/v1/requests/{given}/client", {"client_id": "c1"})).json()["attention"] == []
    moved = (await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c2"})).json()
    assert (moved["requests"], moved["disowned"]) == (2, 0)
    clients = [(await doors.get(f"/v1/requests/{one}")).json()["client"]["client_id"] for one in (given, over, own)]
    assert clients == ["c1", "c2", "c2"]


async def test_a_word_is_taken_back_by_those_who_may_say_it(doors: Doors) -> None:
    await doors.client("c2", manager_id="m2", contacts=())
    assert (await taken_back(doors, phone=STRANGER)).status_code == 404
    assert (await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c2"}, OTHER_MANAGER)).status_code == 200
    assert [(await taken_back(doors, who, phone=STRANGER)).status_code for who in (MANAGER, SPECIALIST)] == [403, 403]
    wrongs: list[dict[str, str]] = [{}, {"phone": "112"}, {"phone": STRANGER, "email": ADDRESS}]
    for wrong in wrongs:
        assert (await taken_back(doors, **wrong)).status_code == 422
    assert (await taken_back(doors, OTHER_MANAGER, phone=STRANGER)).status_code == 200


async def test_an_open_request_stands_in_the_queue_for_ever_and_all_else_for_a_month(doors: Doors) -> None:
    await a_call(doors, "k1", STRANGER, minutes=60 * 24 * 31)
    await a_call(doors, "k2", MOBILE, minutes=60 * 24 * 29)
    await doors.letter(a_letter("Спасибо!", "Re: Отчёт по школе", sender=ADDRESS))
    asked = [await doors.registered(contact={"name": name}) for name in ("Иванова", "Петрова")]
    await doors.post(f"/v1/requests/{asked[1]['request_id']}/withdrawal", {"reason": "сами"})
    store, long_ago = doors.reception.store, {"$set": {"registered_at": machine_now() - timedelta(days=400)}}
    await store.requests.collection.update_many({}, long_ago)
    assert {one["name"] or one["phone"] or one["email"] for one in await queue(doors)} == {"Иванова", MOBILE, ADDRESS}
    await store.mails.collection.update_many({}, {"$set": {"received_at": machine_now() - SHOWN_FOR}})
    assert ADDRESS not in {one["email"] for one in await queue(doors)}


async def test_the_queue_looks_through_so_much_and_sorts_nothing_before(doors: Doors) -> None:
    for number in range(MOST + 2):
        phone = f"+7913765432{number}"
        await a_call(doors, f"k{number}", phone)
        await doors.registered(contact={"phone": phone})
        await doors.letter(a_letter("Спасибо!", "Re: Отчёт", sender=f"buh{number}@mail.ru"))
    assert len(await queue(doors)) == 2 * (MOST + 2)
    database = doors.reception.store.requests.collection.database
    for name, pipeline in windows(machine_now() - SHOWN_FOR, MOST):
        question = {"aggregate": name, "pipeline": pipeline, "cursor": {}}
        plan = await database.command({"explain": question, "verbosity": "executionStats"})
        assert "IXSCAN" in stages(plan), name
        assert not stages(plan) & {"COLLSCAN", "SORT"}, name
        assert examined(plan) <= MOST, name
    assert (await doors.get(QUEUE, MANAGER, limit=1)).json()["next"] is not None
