"""One trial brings one client, whichever door the win is proposed at (R-REF-4)."""

import asyncio
from typing import Any

import pytest

from services.accounts import listening, referring
from services.accounts.domain.matters import Fact, Registration
from tests.accounts.conftest import OTHER_DIRECTOR, Doors
from tests.accounts.samples import inn
from tests.accounts.test_audit import linked_up, verdict
from tests.accounts.test_care_audit import named
from tests.accounts.test_control import care_of
from tests.kit import token

MARIA = token("manager", subject="m1")


async def tried(doors: Doors) -> tuple[str, dict[str, Any]]:
    """A prospect after a flawless trial, and the win that follows from it but for the newcomer."""
    care, fan = care_of(doors), await doors.client()
    prospect = await named(doors, fan)
    trial = {"subject": "Отчёт", "failed_by": "не взялись"}
    opened = (await doors.post(f"/v1/prospects/{prospect}/trials", trial, MARIA)).json()
    request_id, party = opened["trials"][0]["request_id"], await care.party(prospect)
    first = Registration(
        at=care.now(), number="1", priority="urgent", subject="Отчёт", party=party, trial=True, origin_id=prospect
    )
    await listening.take_in(care, request_id, first)
    await listening.hear(care, request_id, Fact(kind="satisfied", at=care.now(), by="m1"))
    win = {"kind": "won", "fee": "30000", "source": "referral", "manager_id": "m1", "request_id": request_id}
    return prospect, win | {"vouched_by_client_id": fan}


def museum(number: int) -> dict[str, Any]:
    return {"client": {"name": f"Музей № {number}", "inn": inn(number)}, "effective": "2026-10-10"}


async def test_a_win_proposed_past_its_prospect_uses_its_trial_up(doors: Doors) -> None:
    prospect, win = await tried(doors)
    waiting = [await doors.proposed(**win, **museum(number)) for number in (71, 72)]
    answers = await asyncio.gather(
        *(doors.post(f"/v1/proposals/{each}/confirm", who=OTHER_DIRECTOR) for each in waiting)
    )
    assert sorted(each.status_code for each in answers) == [200, 422]
    third = await doors.post("/v1/proposals", win | museum(73))
    assert (third.status_code, third.json()["errors"][0]["field"]) == (422, "request_id")
    (done,) = (each.json() for each in answers if each.status_code == 200)
    for _ in range(2):
        await referring.follow_wins(care_of(doors))
    shown = (await doors.get(f"/v1/prospects/{prospect}", MARIA)).json()
    assert (shown["state"], shown["next_contact"]) == ("won", None)
    assert [each["proposal_id"] for each in shown["wins"]] == [done["proposal_id"]]
    chain = (await doors.get(f"/v1/clients/{done['client_id']}/referral-chain", MARIA)).json()
    assert [link["fan_client_id"] for link in chain["came_through"]] == [win["vouched_by_client_id"]]


async def test_a_trial_brings_a_client_to_its_manager_and_by_its_fan_alone(doors: Doors) -> None:
    _, win = await tried(doors)
    await doors.manager("m2")
    for field, other in (("manager_id", "m2"), ("vouched_by_client_id", await doors.client())):
        answer = await doors.post("/v1/proposals", win | museum(71) | {field: other})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    await doors.confirmed(**win, **museum(71))


async def test_a_win_the_client_could_not_follow_leaves_the_trial_to_another(doors: Doors) -> None:
    prospect, win = await tried(doors)
    waiting = await doors.proposed(**win, **museum(71))
    mine = {"inn": inn(74), "fee": "30000.00", "effective": "2026-10-10"}
    assert (await doors.post(f"/v1/prospects/{prospect}/win", mine, MARIA)).json()["state"] == "winning"
    await doors.client(inn=inn(71))
    assert (await doors.post(f"/v1/proposals/{waiting}/confirm", who=OTHER_DIRECTOR)).status_code == 409
    (own,) = (await doors.get(f"/v1/prospects/{prospect}", MARIA)).json()["wins"]
    assert (await doors.post(f"/v1/proposals/{own['proposal_id']}/confirm")).status_code == 200
    assert (await doors.get(f"/v1/prospects/{prospect}", MARIA)).json()["state"] == "won"


async def test_a_director_confirms_only_what_they_were_shown(doors: Doors) -> None:
    client = await doors.client()
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент")
    await doors.confirmed(kind="fee", client_id=client, fee="25000", effective="2026-10-01")
    path = f"/v1/proposals/{waiting}"
    refused = await doors.post(f"{path}/confirm", who=OTHER_DIRECTOR)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "proposal-changed")
    assert ("20 000" in refused.json()["detail"].replace("\xa0", " "), doors.heard.of("client.lost")) == (True, [])
    assert (await doors.get(path)).json()["fee_that_day"] == "25000.00"
    await doors.manager("m2")
    await doors.confirmed(kind="handed_over", client_id=client, to_manager_id="m2", effective="2026-10-05")
    assert (await doors.post(f"{path}/confirm", who=OTHER_DIRECTOR)).status_code == 409
    assert (await doors.get(path)).json()["concerns"] == ["m2"]
    done = await doors.post(f"{path}/confirm", who=OTHER_DIRECTOR)
    assert (done.status_code, done.json()["state"]) == (200, "confirmed")
    assert (await doors.heard.one("client.lost")).body["fee"] == "25000.00"


async def won(doors: Doors) -> tuple[str, dict[str, Any]]:
    """A prospect that became a client by its own door, and the proposal that did it."""
    prospect, _ = await tried(doors)
    body = {"inn": inn(75), "fee": "30000.00", "effective": "2026-10-10", "contacts": [{"name": "Ольга"}]}
    (win,) = (await doors.post(f"/v1/prospects/{prospect}/win", body, MARIA)).json()["wins"]
    answer = await doors.post(f"/v1/proposals/{win['proposal_id']}/confirm")
    assert answer.status_code == 200, answer.text
    assert (await doors.get(f"/v1/prospects/{prospect}", MARIA)).json()["state"] == "won"
    return prospect, answer.json()


async def taken_back(doors: Doors, first: dict[str, Any]) -> None:
    """The win is reversed by the directors."""
    wrong = {"kind": "reversed", "client_id": first["client_id"], "reverses_fact_id": first["proposal_id"]}
    waiting = (await doors.post("/v1/proposals", wrong | {"reason": "не тот музей"})).json()["proposal_id"]
    assert (await doors.post(f"/v1/proposals/{waiting}/confirm", who=OTHER_DIRECTOR)).status_code == 200


async def test_a_reversed_win_frees_its_prospect_to_be_won_again_as_the_client_it_was(doors: Doors) -> None:
    prospect, first = await won(doors)
    again = {"inn": inn(75), "fee": "31000.00", "effective": "2026-10-11"}
    assert (await doors.post(f"/v1/prospects/{prospect}/win", again, MARIA)).status_code == 409
    await taken_back(doors, first)
    for _ in range(2):
        await referring.follow_wins(care_of(doors))
    shown = await care_of(doors).prospect(prospect)
    assert (shown.state, shown.client_id, shown.next_contact is None) == ("tried", None, False)
    history = (await doors.get(f"/v1/prospects/{prospect}/history", MARIA)).json()["items"]
    assert (history[0]["why"], history[0]["by"]) == ("приход отменён", "d2")
    waiting = (await doors.post(f"/v1/prospects/{prospect}/win", again, MARIA)).json()
    assert (waiting["state"], waiting["wins"][0]["taken_back_at"] is None) == ("winning", False)
    second = await doors.post(f"/v1/proposals/{waiting['wins'][-1]['proposal_id']}/confirm")
    assert (second.status_code, second.json()["client_id"]) == (200, first["client_id"])
    assert (await doors.get(f"/v1/prospects/{prospect}", MARIA)).json()["state"] == "won"
    client = (await doors.get(f"/v1/clients/{first['client_id']}")).json()
    assert (client["active"], client["fee"], [each["name"] for each in client["contacts"]]) == (
        True,
        "31000.00",
        ["Ольга"],
    )
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == []


async def test_a_prospect_whose_win_was_reversed_may_be_dropped_at_once(doors: Doors) -> None:
    prospect, first = await won(doors)
    await taken_back(doors, first)
    dropped = await doors.post(f"/v1/prospects/{prospect}/drop", {"reason": "передумали"}, MARIA)
    assert (dropped.status_code, dropped.json()["state"]) == (200, "dropped")


async def test_a_win_that_waits_follows_its_prospect_to_another_manager(doors: Doors) -> None:
    prospect, _ = await tried(doors)
    await doors.manager("m2")
    body = {"inn": inn(76), "fee": "30000.00", "effective": "2026-10-10"}
    (win,) = (await doors.post(f"/v1/prospects/{prospect}/win", body, MARIA)).json()["wins"]
    await doors.http.patch(f"/v1/prospects/{prospect}", json={"manager_id": "m2"}, headers=MARIA)
    path = f"/v1/proposals/{win['proposal_id']}"
    shown = await doors.post(f"{path}/confirm")
    assert (shown.status_code, shown.json()["type"].rpartition("/")[2]) == (409, "proposal-changed")
    assert "касается: m2" in shown.json()["detail"]
    assert (await doors.get(path)).json()["manager_id"] == "m2"
    assert (await doors.post(f"{path}/confirm")).status_code == 200
    assert (await doors.heard.one("client.won")).body["manager_id"] == "m2"


async def test_who_registered_a_manager_decides_nothing_about_their_base(doors: Doors) -> None:
    own = await doors.post("/v1/managers", {"manager_id": "d1", "name": "Олег", "hired": "2026-01-12"})
    assert (own.status_code, own.json()["type"].rpartition("/")[2]) == (403, "own-pay")
    made_up = (await doors.post("/v1/managers", {"name": "Олег", "hired": "2026-01-12"})).json()["manager_id"]
    client = await doors.client()
    waiting = await doors.proposed(MARIA, kind="handed_over", client_id=client, to_manager_id=made_up)
    for move, body in (("confirm", None), ("refuse", {"reason": "нет"})):
        answer = await doors.post(f"/v1/proposals/{waiting}/{move}", body)
        assert (answer.status_code, "завели вы" in answer.json()["detail"]) == (403, True), move
    assert (await doors.post(f"/v1/proposals/{waiting}/confirm", who=OTHER_DIRECTOR)).status_code == 200
    assert (await doors.post("/v1/managers", {"name": "Я", "hired": "2026-01-12"}, MARIA)).status_code == 403


async def test_a_verdict_heard_while_the_one_before_reaches_the_prospect_is_the_last_to_arrive(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    prospect, win = await tried(doors)
    care, request_id, moved = care_of(doors), win["request_id"], referring.move
    before, refused = await care.matter(request_id), asyncio.Event()

    async def overtaken(*args: Any, **more: Any) -> Any:
        if not refused.is_set():
            refused.set()
            await listening.hear(care, request_id, Fact(kind="refused", at=care.now(), by="m1"))
        return await moved(*args, **more)

    monkeypatch.setattr(referring, "move", overtaken)
    await referring.follow_trial(care, before)
    assert (await care.prospect(prospect)).state == "trial"
