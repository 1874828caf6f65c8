"""What is done as soon as it can be: replacing the lost, orders of the weekly call, absences, displacement, merging."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.routing.settings import RoutingSettings
from shared.contracts.accounts import ControlOrdered
from shared.contracts.base import ClientRef
from shared.contracts.intake import RequestFollowedUp, RequestMerged, RequestUnmerged, VerdictDoubted
from shared.contracts.routing import WorkDisplaced, WorkReplaced
from shared.contracts.sla_monitor import SlaBreached, SlaBreachWithdrawn
from tests.conftest import SettingsFor
from tests.kit import eventually
from tests.routing.given import minutes, request
from tests.routing.house import LEAD, House, routing

CLIENT = ClientRef(client_id="school", name="Школа № 4", zone="Asia/Krasnoyarsk", manager_id="m1")
LATE = minutes(999_999)


@pytest.fixture
async def quick(settings_for: SettingsFor) -> AsyncIterator[House]:
    """Routing that looks at its queue often."""
    async with routing(settings_for(RoutingSettings, refresh_seconds=0.1, backlog_seconds=0.2)) as found:
        yield found


def breach(request_id: str, who: str, clock: str = "start") -> SlaBreached:
    """A clock that caught a specialist."""
    return SlaBreached(
        at=LATE, obligation_id=f"{request_id}/{clock}", about="request", about_id=request_id, clock=clock,
        specialist_id=who, due=LATE,
    )  # fmt: skip


def ordered(request_id: str, action: str, **over: Any) -> ControlOrdered:
    """What the manager demands."""
    usual = {"at": LATE, "client": CLIENT, "manager_id": "m1", "order_id": "o1", "reason": "тянет", "by": "m1"}
    return ControlOrdered(request_id=request_id, action=action, **usual | over)


async def test_a_lost_specialist_is_replaced_as_soon_as_another_is_free(house: House) -> None:
    ivan = await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    await house.tell(breach("r1", ivan), ids=["b1"])
    await eventually(lambda: _lost(house, ivan))
    olga = await house.hire("Ольга")
    await house.stands("r1", "assigned", olga)
    told = (await house.heard.one("work.replaced")).as_(WorkReplaced)
    assert (told.from_specialist_id, told.to_specialist_id, told.by) == (ivan, olga, "routing")
    assert "не начал в срок" in told.reason
    await eventually(lambda: _load_is(house, ivan, 0))
    await house.tell(breach("r1", ivan), ids=["b1"])
    back = await house.orders("r1", "replace", specialist_id=ivan, reason="вышел на связь")
    assert (back.status_code, back.json()["specialist_id"]) == (200, ivan)


async def _lost(house: House, who: str) -> bool:
    record = (await house.client.get(f"/v1/specialists/{who}/record", headers=LEAD)).json()
    return bool(record["counts"]["lost"])


async def _load_is(house: House, who: str, load: int) -> bool:
    return await house.load(who) == load


async def test_a_breach_withdrawn_replaces_nobody_and_leaves_no_mark(house: House) -> None:
    ivan = await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    caught = breach("r1", ivan)
    await house.tell(caught)
    await eventually(lambda: _lost(house, ivan))
    withdrawn = SlaBreachWithdrawn(**dict(caught) | {"at": LATE + timedelta(hours=1)}, reason="начал раньше")
    await house.tell(withdrawn)

    async def righted() -> bool:
        return not await _lost(house, ivan)

    await eventually(righted)
    await house.hire("Ольга", products={"1С:ЗГУ": 5})
    await house.tell(request("r2"))
    await house.stands("r2", "assigned")
    assert (await house.work("r1"))["specialist_id"] == ivan
    assert house.heard.of("work.replaced") == []


async def test_a_manager_may_keep_whom_a_clock_caught(house: House) -> None:
    ivan, _ = await house.hire("Иван"), await house.hire("Ольга", products={"1С:ЗГУ": 1})
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    assert (await house.orders("r1", "keep", reason="едет на место")).status_code == 200
    await house.tell(breach("r1", ivan))
    await eventually(lambda: _lost(house, ivan))
    assert (await house.work("r1"))["specialist_id"] == ivan
    assert house.heard.of("work.replaced") == []
    assert (await house.orders("unknown", "keep", reason="…")).status_code == 404


async def test_the_orders_of_the_weekly_call_are_carried_out(house: House) -> None:
    ivan = await house.hire("Иван", capacity=3)
    await house.tell(*(request(request_id, "important") for request_id in ("r1", "r2")))
    for request_id in ("r1", "r2"):
        await house.stands(request_id, "assigned", ivan)
    by = LATE + timedelta(days=9999)
    await house.tell(ordered("r1", "force", finish_by=by), ordered("r2", "replace"))
    forced = await house.heard.one("work.forced")
    assert (forced.subject, forced.body["by"]) == ("r1", "m1")
    olga = await house.hire("Ольга")
    await house.stands("r2", "assigned", olga)
    postponed = await house.says(ivan, "r1", "postpone", until="2999-01-01T00:00:00Z", reason="потом")
    assert postponed.json()["type"].rpartition("/")[2] == "bound-by-date"


async def test_urgent_work_takes_the_place_of_routine_work_nobody_started(house: House) -> None:
    ivan = await house.hire("Иван", capacity=1)
    await house.tell(request("routine", "routine"))
    await house.stands("routine", "assigned", ivan)
    await house.tell(request("urgent", at=minutes(5)))
    await house.stands("urgent", "assigned", ivan)
    told = (await house.heard.one("work.displaced")).as_(WorkDisplaced)
    assert (told.request_id, told.specialist_id, told.by_request_id) == ("routine", ivan, "urgent")
    shown = (await house.client.get("/v1/requests/urgent/assignment", headers=LEAD)).json()
    assert (shown["displaced"], shown["able"], shown["barred"]) == ("routine", 1, [])
    (mine,) = shown["candidates"]
    assert (mine["specialist_id"], mine["won"]) == (ivan, True)
    assert mine["score"] == sum(mine["parts"].values()) > 0
    assert "место обычной заявки" in mine["why"]
    await house.stands("routine", "waiting")
    await house.tell(request("earlier", "routine", at=minutes(-500)))
    await house.stands("earlier", "waiting")
    await house.finished(ivan, "urgent")
    await house.stands("routine", "assigned", ivan)
    await house.tell(request("another", at=minutes(6)))
    await house.stands("another", "waiting")
    assert await house.load(ivan) == 1


async def test_merged_work_holds_nobody_and_waits_for_nobody_until_it_is_unmerged(house: House) -> None:
    ivan = await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    await house.tell(
        RequestFollowedUp(at=minutes(1), request_id="r1", channel="phone", words="ну что там"),
        VerdictDoubted(at=minutes(2), request_id="r1", pressed=True, words="не работает"),
        RequestMerged(at=LATE, request_id="r1", into_request_id="r0", by="m1"),
    )
    await house.stands("r1", "merged")
    await eventually(lambda: _load_is(house, ivan, 0))
    step = await house.says(ivan, "r1", "start")
    assert (step.status_code, step.json()["stage"]) == (409, "merged")
    assert {"followed_up", "doubted", "merge"} <= {fact["what"] for fact in (await house.work("r1"))["history"]}
    later = LATE + timedelta(days=1)
    await house.tell(RequestUnmerged(at=later, request_id="r1", from_request_id="r0", by="m1"))
    await house.stands("r1", "assigned", ivan)


async def test_a_long_absence_hands_the_work_to_the_substitute(quick: House) -> None:
    house = quick
    ivan = await house.hire("Иван", products={"1С:ЗГУ": 5})
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    olga, oleg = await house.hire("Ольга", products={"1С:ЗГУ": 1}), await house.hire("Олег", products={"1С:ЗГУ": 5})
    body = {"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z", "reason": "отпуск", "substitute_id": olga}
    assert (await house.client.post(f"/v1/specialists/{ivan}/absences", json=body, headers=LEAD)).status_code == 201
    assert (await house.work("r1"))["specialist_id"] == ivan
    now = (await house.client.get("/v1/clock", headers=LEAD)).json()["now"]
    body |= {"start": now, "end": (datetime.fromisoformat(now) + timedelta(days=30)).isoformat()}
    answer = await house.client.post(f"/v1/specialists/{ivan}/absences", json=body, headers=LEAD)
    assert (answer.status_code, len(answer.json()["absences"])) == (201, 2)
    await house.stands("r1", "assigned", olga)
    record = (await house.client.get(f"/v1/specialists/{ivan}/record", headers=LEAD)).json()
    assert record["counts"]["replaced"] == 0
    circle = body | {"substitute_id": ivan}
    refused = await house.client.post(f"/v1/specialists/{olga}/absences", json=circle, headers=LEAD)
    assert (refused.status_code, "Круг" in refused.json()["detail"]) == (422, True)
    assert oleg
    absence_id = answer.json()["absences"][1]["absence_id"]
    gone = await house.client.delete(f"/v1/specialists/{ivan}/absences/{absence_id}", headers=LEAD)
    assert len(gone.json()["absences"]) == 1
    again = await house.client.delete(f"/v1/specialists/{ivan}/absences/{absence_id}", headers=LEAD)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (404, "unknown-absence")


async def test_a_paused_specialist_gets_nothing_new_until_the_pause_is_over(house: House) -> None:
    ivan = await house.hire("Иван")
    path = f"/v1/specialists/{ivan}/pause"
    past = {"reason": "учёба", "until": "2020-01-01T00:00:00Z"}
    assert (await house.client.post(path, json=past, headers=LEAD)).status_code == 422
    paused = await house.client.post(path, json={"reason": "учёба"}, headers=LEAD)
    assert (paused.status_code, paused.json()["paused"]["reason"]) == (200, "учёба")
    await house.tell(request("r1"))
    await house.stands("r1", "waiting")
    assert (await house.client.delete(path, headers=LEAD)).status_code == 200
    await house.stands("r1", "assigned", ivan)
