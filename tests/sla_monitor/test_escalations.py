"""From a broken promise to a person: called in order, taken, ended, seen by their own."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.sla_monitor import EscalationAcknowledged
from tests.kit import eventually, token
from tests.sla_monitor.calling import ALL, LEAD, M1, M2, OLGA, VERA, House, handed_over, manager
from tests.sla_monitor.telling import MERGED, MISSED, RETURNED, UNMERGED, assigned, promised, registered, started


async def test_who_does_not_act_is_followed_by_the_lead_and_the_director(house: House) -> None:
    await house.publish(manager(house))
    await house.known("m1")
    await house.person("l1", role="lead", email=OLGA)
    await house.person("d1", role="director")
    await house.tell(MISSED, ago=310)
    await house.escalation("k1:callback:1", step=1)
    await house.forward(minutes=11)
    await house.escalation("k1:callback:1", step=2)
    await house.post.letters(1, OLGA)
    await house.forward(minutes=21)
    shown = await house.escalation("k1:callback:1", step=3)
    assert [(call["role"], call["person_ids"]) for call in shown["calls"]] == [
        ("manager", ["m1"]),
        ("lead", ["l1"]),
        ("director", ["d1"]),
    ]


async def test_what_is_done_late_ends_the_ladder(house: House) -> None:
    await house.publish(manager(house))
    await house.tell(MISSED, ago=310)
    await house.escalation("k1:callback:1")
    await house.tell(RETURNED)
    shown = await house.escalation("k1:callback:1", state="ended")
    assert (shown["ending"], shown["next_due"]) == ("met", None)
    await house.acknowledge("k1:callback:1", LEAD, 409)
    assert (await house.get(ALL))["items"] == []
    assert len((await house.get(ALL, state="ended"))["items"]) == 1


async def test_what_is_open_again_and_late_calls_again(house: House) -> None:
    """Merged by mistake nobody is called; undone, what was broken is broken still and no promise is forgotten."""
    await house.publish(manager(house))
    await house.known("m1")
    await house.tell(registered(), assigned(), ago=700)
    key = "r1:wait_promise:1"
    await house.escalation(key, state="raised")
    await house.tell(MERGED)
    await house.escalation(key, state="ended", ending="cancelled")
    await house.tell(UNMERGED)
    again = await house.escalation(key, state="raised", step=1)
    assert [one["person_ids"] for one in again["calls"]] == [["m1"]]


async def test_taken_by_a_person_it_is_quiet_until_the_term_and_then_returns(house: House) -> None:
    await house.publish(manager(house))
    await house.known("m1")
    await house.tell(MISSED, ago=310)
    await house.escalation("k1:callback:1", step=1)
    shown = await house.acknowledge("k1:callback:1", M1, minutes=40, note="звоню")
    assert (shown["state"], shown["acknowledgements"][0]["by"], shown["acknowledgements"][0]["note"]) == (
        "acknowledged",
        "m1",
        "звоню",
    )
    heard = (await house.ear.one("escalation.acknowledged")).as_(EscalationAcknowledged)
    assert (heard.by, heard.step) == ("m1", 1)
    await house.forward(minutes=41)
    shown = await house.escalation("k1:callback:1", state="raised", count=2)
    assert [call["role"] for call in shown["calls"]] == ["manager", "manager"]


async def test_a_broken_promise_says_so_and_comes_first_in_the_list(house: House) -> None:
    await house.publish(manager(house))
    now = house.clock.now()
    await house.tell(MISSED, ago=310)
    promise = promised(0)(now).model_copy(update={"until": now + timedelta(seconds=1)})
    await house.publish(registered()(now - timedelta(seconds=5)), assigned()(now), promise)
    await house.escalation("r1:start:1", promise_broken=True, step=1)
    await house.escalation("k1:callback:1", step=1)
    items = (await house.get(ALL))["items"]
    assert [one["escalation_id"] for one in items] == ["r1:start:1", "k1:callback:1"]
    page = await house.get(ALL, limit=1)
    assert [one["escalation_id"] for one in (await house.get(ALL, limit=1, cursor=page["next"]))["items"]] == [
        "k1:callback:1"
    ]
    subjects = await eventually(
        lambda: [str(one["Subject"]) for one in house.post.to(VERA) if "обещание" in one["Subject"]] or None
    )
    assert subjects[0].startswith("Нарушено обещание: заявка № 100 245, Гимназия № 3")


async def test_after_a_hand_over_the_new_manager_is_called_and_sees_it_and_the_old_one_is_not(house: House) -> None:
    await house.publish(handed_over(house, "m2"), manager(house, "m2", email=OLGA), manager(house))
    await house.known("m1")
    await house.known("m2")
    await house.tell(MISSED)

    async def theirs() -> bool:
        owed = (await house.client.get("/v1/obligations", headers=M2)).json()["items"]
        return [one["obligation_id"] for one in owed] == ["k1:callback:1"]

    await eventually(theirs)
    assert (await house.get("/v1/obligations", who=M1))["items"] == []
    await house.get("/v1/calls/k1/timeline", 403, who=M1)
    await house.forward(minutes=6)
    shown = await house.escalation("k1:callback:1", step=1)
    assert shown["calls"][0]["person_ids"] == ["m2"]
    assert len((await house.get(ALL, who=M2))["items"]) == 1
    assert (await house.get(ALL, who=M1))["items"] == []
    timeline = await house.get("/v1/calls/k1/timeline", who=M2)
    assert [one["escalation_id"] for one in timeline["escalations"]] == ["k1:callback:1"]
    await house.get(f"{ALL}/k1:callback:1", 403, who=M1)
    await house.acknowledge("k1:callback:1", M1, 403)
    await house.acknowledge("k1:callback:1", M2)


async def test_a_substitute_gets_what_is_the_absent_ones_and_may_take_it(house: House) -> None:
    now = house.clock.now()
    absence = {"since": now.isoformat(), "until": (now + timedelta(days=3)).isoformat(), "substitute_id": "m2"}
    await house.person("m2", email=OLGA)
    await house.person("m1", email=VERA, absences=[absence])
    await house.tell(MISSED, ago=310)
    shown = await house.escalation("k1:callback:1", step=1)
    assert shown["calls"][0]["person_ids"] == ["m2"]
    assert len((await house.get(ALL, who=M2))["items"]) == 1
    await house.post.letters(1, OLGA)
    await house.acknowledge("k1:callback:1", M2)
    assert house.post.to(VERA) == []


async def test_what_is_done_before_anybody_looked_calls_nobody(house: House) -> None:
    await house.tell(registered(), assigned(), started(), MISSED, RETURNED, ago=310)
    await house.timeline("/v1/calls/k1/timeline", 2)
    assert (await house.get(ALL))["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "boss"}, "role"),
        ({"name": "  "}, "name"),
        ({"email": "vera"}, "email"),
        ({"email": "vera@svoy.example\nBcc: all@svoy.example"}, "email"),
        ({"hook_url": "file:///etc/passwd"}, "hook_url"),
        ({"hook_url": "https://user:pass@svoy.example"}, "hook_url"),
        ({"salary": 1}, "salary"),
        ({"absences": [{"since": "2026-11-24T00:00:00", "until": "2026-11-25T00:00:00Z"}]}, "absences"),
        ({"absences": [{"since": "2026-11-25T00:00:00Z", "until": "2026-11-24T00:00:00Z"}]}, "until"),
        (
            {"absences": [{"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z", "substitute_id": "x"}]},
            "замещающего x",
        ),
        (
            {"absences": [{"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z", "substitute_id": "m1"}]},
            "сам себя",
        ),
    ],
)
async def test_a_person_that_makes_no_sense_is_refused_by_name(house: House, body: dict[str, Any], field: str) -> None:
    assert field in (await house.person("m1", 422, **body))["detail"]


async def test_only_a_director_sets_people_and_only_people_take_escalations(house: House) -> None:
    body = {"role": "manager", "name": "Вера"}
    for who, status in ((M1, 403), (LEAD, 403), ({}, 401), (token("integration"), 403)):
        assert (await house.client.put("/v1/people/m1", headers=who, json=body)).status_code == status
    for who, status in ((token("service"), 403), (token("specialist"), 403), ({}, 401)):
        answer = await house.client.post(f"{ALL}/x/acknowledge", headers=who, json={"minutes": 5})
        assert answer.status_code == status
    await house.acknowledge("nobody", LEAD, 404)
    for minutes in (0, -5, 1441, "30", 1.5):
        await house.acknowledge("nobody", LEAD, 422, minutes=minutes)
    await house.get("/v1/people/nobody", 404)


@pytest.mark.parametrize(
    "query",
    [{"clock": "lunch"}, {"state": "late"}, {"about": "request"}, {"about_id": "r1"}, {"cursor": "???"},
     {"cursor": "bm8="}],
)  # fmt: skip
async def test_a_list_that_makes_no_sense_is_refused(house: House, query: dict[str, Any]) -> None:
    await house.get(ALL, 422, **query)
