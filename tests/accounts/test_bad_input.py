"""What people send by mistake about money is stopped at the door, and corrected by facts alone (R-BASE-3)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.accounts.care import Care
from services.accounts.domain.prospects import Prospect, Trial
from shared.contracts.base import Decision
from tests.accounts.conftest import DIRECTOR, OTHER_DIRECTOR, Doors
from tests.accounts.samples import inn
from tests.accounts.test_audit import linked_up, verdict
from tests.accounts.test_care_metrics import asked_for
from tests.kit import token

MARIA = token("manager", subject="m1")
DAY = "2026-10-10"


@pytest.mark.parametrize("fee", ["6899.99", "250000.01"])
async def test_a_fee_out_of_the_usual_has_to_be_confirmed_to_be_meant(doors: Doors, fee: str) -> None:
    client = await doors.client()
    new = {"name": "Сад", "inn": inn(77), "manager_id": "m1", "since": "2026-09-01"}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/clients", new),
        ("/v1/proposals", {"kind": "fee", "client_id": client, "effective": DAY}),
        (
            "/v1/proposals",
            {"kind": "won", "client": {"name": "Ясли", "inn": inn(78)}, "source": "advert", "manager_id": "m1"}
            | {"effective": DAY},
        ),
    ]
    for path, body in asked:
        refused = await doors.post(path, body | {"fee": fee})
        assert (refused.status_code, "unusual_fee" in refused.json()["detail"]) == (422, True)
        assert (await doors.post(path, body | {"fee": fee, "unusual_fee": True})).status_code == 201


@pytest.mark.parametrize("fee", ["6900.00", "250000.00"])
async def test_a_usual_fee_needs_no_word_more(doors: Doors, fee: str) -> None:
    assert await doors.client(fee=fee)


async def test_a_client_is_not_lost_twice_though_two_proposed_it(doors: Doors) -> None:
    client = await doors.client()
    first, second = [await doors.proposed(kind="lost", client_id=client, reason=f"причина {n}") for n in (1, 2)]
    assert (await doors.post(f"/v1/proposals/{first}/confirm", who=OTHER_DIRECTOR)).status_code == 200
    twice = await doors.post(f"/v1/proposals/{second}/confirm", who=OTHER_DIRECTOR)
    assert (twice.status_code, twice.json()["type"].rpartition("/")[2]) == (409, "client-not-active")
    assert len(await doors.heard.several(1, "client.lost")) == 1


async def test_a_loss_is_not_dated_before_the_win(doors: Doors) -> None:
    won = {"kind": "won", "client": {"name": "Сад", "inn": inn(77)}, "fee": "30000", "source": "advert"}
    done = await doors.confirmed(**won, manager_id=await doors.manager(), effective=DAY)
    early = {"kind": "lost", "client_id": done["client_id"], "reason": "конкурент", "effective": "2026-10-09"}
    answer = await doors.post("/v1/proposals", early)
    assert (answer.status_code, "раньше дня" in answer.json()["detail"]) == (422, True)


async def test_a_win_is_not_proposed_before_the_trial_request_closed(doors: Doors) -> None:
    fan = await doors.client()
    at = doors.office.now()
    trial = Trial(request_id="r7", at=at, by="m1", subject="Отчёт", priority="urgent", failed_by="не смог")
    prospect = Prospect(
        prospect_id="x", name="Сад", zone="Asia/Krasnoyarsk", manager_id="m1", vouched_by_client_id=fan,
        registered_at=at, next_contact=at, trials=(trial,),
    )  # fmt: skip
    prospects = doors.app.state.care.store.prospects
    await prospects.step("x", lambda _: Decision(prospect))
    asked = {"kind": "won", "client": {"name": "Сад", "inn": inn(77)}, "fee": "30000", "source": "referral"}
    asked |= {"manager_id": "m1", "vouched_by_client_id": fan, "request_id": "r7", "effective": DAY}

    async def stands(**over: Any) -> None:
        trials = (replace(trial, **{name: value for name, value in over.items() if name != "state"}),)
        found = replace(prospect, trials=trials, state=over.get("state", "tried"))
        await prospects.step("x", lambda _: Decision(found))

    early = await doors.post("/v1/proposals", asked)
    assert (early.status_code, "ещё не закрыта" in early.json()["detail"]) == (422, True)
    await stands(flawless=False, ended_at=at)
    spoilt = await doors.post("/v1/proposals", asked)
    assert (spoilt.status_code, "R-REF-4" in spoilt.json()["detail"]) == (422, True)
    reasoned = await doors.post("/v1/proposals", asked | {"reason": "сроки сорвали мы, но они довольны"})
    assert (reasoned.status_code, reasoned.json()["reason"]) == (201, "сроки сорвали мы, но они довольны")
    await stands(flawless=True, ended_at=at)
    waiting = await doors.post("/v1/proposals", asked)
    assert waiting.status_code == 201
    await stands(flawless=True, ended_at=at, state="won")
    twice = await doors.post(f"/v1/proposals/{waiting.json()['proposal_id']}/confirm", who=OTHER_DIRECTOR)
    assert (twice.status_code, "уже пришёл" in twice.json()["detail"]) == (422, True)


async def test_nobody_comes_by_referral_without_a_trial_unless_a_director_is_told_why(doors: Doors) -> None:
    fan = await doors.client()
    asked = {"kind": "won", "client": {"name": "Сад", "inn": inn(77)}, "fee": "30000", "source": "referral"}
    asked |= {"manager_id": "m1", "vouched_by_client_id": fan, "effective": DAY}
    for over in ({}, {"request_id": "nobody"}, {"reason": " "}):
        assert (await doors.post("/v1/proposals", asked | over, MARIA)).status_code == 422
    assert (await doors.post("/v1/proposals", asked | {"reason": "решили до того, как завели Svoy"})).status_code == 201


async def test_nobody_who_has_left_takes_a_client_over(doors: Doors) -> None:
    client = await doors.client()
    gone = {"manager_id": "gone", "name": "Глеб", "hired": "2026-01-12", "left": "2026-10-20"}
    await doors.post("/v1/managers", gone)
    asked: dict[str, Any] = {"kind": "handed_over", "client_id": client, "to_manager_id": "gone"}
    for day in ("2026-10-10", "2026-10-21"):
        answer = await doors.post("/v1/proposals", asked | {"effective": day})
        assert (answer.status_code, "не работает" in answer.json()["detail"]) == (422, True), day
    await doors.manager("m2")
    await doors.confirmed(kind="handed_over", client_id=client, to_manager_id="m2", effective="2026-10-15")
    assert await doors.proposed(**asked, effective="2026-10-10"), "m2 holds it since, whatever was before"
    new = {"name": "Сад", "inn": inn(77), "manager_id": "gone", "since": "2026-10-01", "fee": "20000"}
    assert (await doors.post("/v1/clients", new)).status_code == 422
    table = f"ИНН;Наименование;Менеджер;Плата;Дата начала\n{inn(77)};Сад;Глеб;20000;01.10.2026"
    headers = DIRECTOR | {"content-type": "text/csv"}
    report = (await doors.http.post("/v1/clients/import", content=table.encode(), headers=headers)).json()
    assert [(fault["column"], "не работает" in fault["wrong"]) for fault in report["faults"]] == [("Менеджер", True)]


async def test_no_hand_over_is_dated_ahead_and_the_later_of_two_days_holds(doors: Doors) -> None:
    client = await doors.client()
    await doors.manager("m2")
    await doors.manager("m3")
    asked = {"kind": "handed_over", "client_id": client}
    tomorrow = str(doors.office.today() + timedelta(days=1))
    ahead = await doors.post("/v1/proposals", asked | {"to_manager_id": "m2", "effective": tomorrow})
    assert (ahead.status_code, "ещё не наступил" in ahead.json()["detail"]) == (422, True)
    await doors.confirmed(**asked, to_manager_id="m2", effective="2026-10-20")
    await doors.confirmed(**asked, to_manager_id="m3", effective="2026-10-10")
    shown = (await doors.get(f"/v1/clients/{client}")).json()
    held = [(each["effective"], each["manager_id"]) for each in shown["stays"][0]["holders"]]
    assert held == [("2026-09-01", "m1"), ("2026-10-10", "m3"), ("2026-10-20", "m2")]
    assert shown["manager_id"] == "m2"


async def test_the_request_that_cost_a_client_is_its_own(doors: Doors) -> None:
    care: Care = doors.app.state.care
    client, other = await doors.client(), await doors.client()
    await asked_for(care, other, "r1", 2)
    asked = {"kind": "lost", "client_id": client, "reason": "конкурент", "effective": DAY}
    foreign = await doors.post("/v1/proposals", asked | {"request_id": "r1"})
    assert (foreign.status_code, "другого клиента" in foreign.json()["detail"]) == (422, True)
    assert (await doors.post("/v1/proposals", asked | {"client_id": other, "request_id": "r1"})).status_code == 201


async def test_a_wrong_fact_is_reversed_with_its_evidence_by_two_people(doors: Doors) -> None:
    client = await doors.client()
    lost = await doors.confirmed(kind="lost", client_id=client, reason="конкурент", effective=DAY)
    wrong = {"kind": "reversed", "client_id": client, "reverses_fact_id": lost["proposal_id"], "reason": "решили мы"}
    waiting = await doors.post(
        "/v1/proposals", wrong | {"evidence": [{"kind": "request", "ref": "r1", "words": "закрыта нами"}]}, MARIA
    )
    assert (waiting.status_code, waiting.json()["effective"]) == (201, DAY)
    path = f"/v1/proposals/{waiting.json()['proposal_id']}"
    call = {"kind": "call", "ref": "call-7"}
    for _ in range(2):
        shown = await doors.post(f"{path}/evidence", call, MARIA)
        assert [each["ref"] for each in shown.json()["evidence"]] == ["r1", "call-7"]
    stranger = await doors.post(f"{path}/evidence", call, token("manager", subject="m2"))
    assert stranger.status_code == 403
    assert (await doors.post(f"{path}/confirm")).status_code == 200
    told = (await doors.heard.one("client.fact_reversed")).body
    assert (told["reverses_fact_id"], told["manager_id"], told["proposed_by"]) == (lost["proposal_id"], "m1", "m1")
    shown = (await doors.get(f"/v1/clients/{client}")).json()
    assert (shown["active"], [each["fact_id"] for each in shown["reversals"]]) == (True, [lost["proposal_id"]])
    again = await doors.post("/v1/proposals", wrong)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "not-reversible")
    late = await doors.post(f"{path}/evidence", {"kind": "letter", "ref": "вх. 5"})
    assert late.status_code == 409
    nobody = await doors.post("/v1/proposals", wrong | {"reverses_fact_id": "nobody"})
    assert nobody.status_code == 422
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == []
