"""Requests get their specialist, on the real broker and database (R-URG-4, R-REQ-3)."""

import asyncio
from typing import Any

from services.routing.main import build_app
from services.routing.settings import RoutingSettings
from shared.clock import ServiceClock
from shared.contracts.base import ClientRef
from shared.contracts.intake import RequestIdentified, RequestReprioritised, RequestWithdrawn, VerdictGiven
from shared.contracts.routing import WorkAssigned, WorkWaiting
from tests.conftest import SettingsFor
from tests.kit import eventually, listening, publish, serving, token
from tests.routing.given import MONDAY, minutes, request
from tests.routing.house import LEAD, House, routing


def verdict(request_id: str, at: float, *, satisfied: bool) -> VerdictGiven:
    """The accountant's word, so many minutes after the start."""
    return VerdictGiven(at=minutes(at), request_id=request_id, satisfied=satisfied, words="…", taken_by="m1")


async def test_a_registered_request_is_assigned_and_told_with_its_client(house: House) -> None:
    ivan = await house.hire("Иван Петров")
    await house.tell(request("r1"))
    told = (await house.heard.one("work.assigned")).as_(WorkAssigned)
    assert (told.request_id, told.specialist_id, told.specialist_name) == ("r1", ivan, "Иван Петров")
    assert (told.priority, told.client.manager_id if told.client else None, told.round) == ("urgent", "m1", 1)
    assert (await house.work("r1"))["stage"] == "assigned"
    assert await house.load(ivan) == 1
    assert house.heard.of("work.waiting") == []


async def test_the_same_message_again_changes_nothing(house: House) -> None:
    ivan = await house.hire(capacity=5)
    for _ in range(3):
        await house.tell(request("r1"), ids=["same"])
    await house.tell(request("r2"))
    await house.stands("r2", "assigned")
    assert [event.subject for event in await house.heard.several(2, "work.assigned")] == ["r1", "r2"]
    await eventually(lambda: _has_load(house, ivan, 2))


async def _has_load(house: House, who: str, load: int) -> bool:
    return await house.load(who) == load


async def test_nobody_free_waits_is_told_once_and_is_assigned_when_somebody_finishes(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned")
    await house.tell(request("r2"))
    waiting = (await house.heard.one("work.waiting")).as_(WorkWaiting)
    assert (waiting.request_id, waiting.reason) == ("r2", "Свободных нет: нет свободного места — 1.")
    await house.finished(ivan, "r1")
    await house.stands("r2", "assigned", ivan)
    assert len(house.heard.of("work.waiting")) == 1


async def test_the_queue_goes_by_priority_then_by_registration(house: House) -> None:
    await house.tell(
        request("routine", "routine"),
        request("late", "urgent", at=minutes(2)),
        request("early", "urgent", at=minutes(1)),
        request("important", "important"),
    )
    await house.heard.several(4, "work.waiting")
    ivan = await house.hire()
    order = ["early", "late", "important", "routine"]
    for request_id in order:
        await house.stands(request_id, "assigned", ivan)
        await house.finished(ivan, request_id)
    assert [event.subject for event in await house.heard.several(4, "work.assigned")] == order


async def test_a_specialist_who_begins_work_is_given_what_waits(settings_for: SettingsFor) -> None:
    clock = ServiceClock()
    settings = settings_for(RoutingSettings, refresh_seconds=0.05)
    async with routing(settings, clock) as house:
        await _set_local_time(house, clock)
        ivan = await house.hire(hours={"mon": ["09:00-18:00"]})
        await house.tell(request("r1", at=minutes(-100)))
        assert "не на работе" in (await house.heard.one("work.waiting")).body["reason"]
        await _forward(house, clock, seconds=120)
        await house.stands("r1", "assigned", ivan)


async def _set_local_time(house: House, clock: ServiceClock) -> None:
    """Monday, 08:59 in Krasnoyarsk."""
    ahead = (minutes(-61) - clock.now()).total_seconds()
    await _forward(house, clock, seconds=ahead)


async def _forward(house: House, clock: ServiceClock, *, seconds: float) -> None:
    offset = clock.offset.total_seconds() + seconds
    answer = await house.client.put("/v1/clock", json={"offset_seconds": offset}, headers=token("director"))
    assert answer.status_code == 200


async def test_a_satisfied_verdict_closes_and_frees(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"), request("r2", "routine"))
    await house.stands("r1", "assigned", ivan)
    await house.tell(verdict("r1", 999_999, satisfied=True))
    assert (await house.heard.one("work.closed")).body["specialist_id"] == ivan
    await house.stands("r2", "assigned", ivan)
    assert await house.load(ivan) == 1


async def test_an_unsatisfied_verdict_gives_it_to_somebody_else(house: House) -> None:
    ivan = await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    await house.finished(ivan, "r1")
    await house.tell(verdict("r1", 999_999, satisfied=False))
    reopened = await house.heard.one("work.reopened")
    assert (reopened.body["refused_specialist_id"], reopened.body["round"]) == (ivan, 2)
    assert "не принял" in (await house.heard.one("work.waiting")).body["reason"]
    olga = await house.hire("Ольга")
    work = await house.stands("r1", "assigned", olga)
    assert work["round"] == 2
    record = (await house.client.get(f"/v1/specialists/{ivan}/record", headers=LEAD)).json()
    assert (record["counts"]["finish_refused"], record["requests"]["finish_refused"]) == (1, ["r1"])


async def test_a_withdrawal_frees_the_specialist(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    await house.tell(RequestWithdrawn(at=minutes(5), request_id="r1", reason="решили сами", taken_by="m1"))
    await house.heard.one("work.withdrawn")
    await eventually(lambda: _has_load(house, ivan, 0))


async def test_words_before_the_registration_are_kept_for_it(house: House) -> None:
    await house.hire()
    other = ClientRef(client_id="clinic", name="Поликлиника", zone="Asia/Novosibirsk", manager_id="m2")
    await house.tell(
        RequestIdentified(at=minutes(2), request_id="r1", client=other, by="m2"),
        RequestReprioritised(at=minutes(3), request_id="r1", priority="important", reason="отчёт", by="m2"),
        verdict("r2", 5, satisfied=True),
    )
    await house.tell(request("r1", client=None), request("r2"))
    told = (await house.heard.one("work.assigned")).as_(WorkAssigned)
    assert (told.client, told.priority) == (other, "important")
    await house.stands("r2", "closed")


async def test_a_burst_is_spread_and_nothing_is_lost(house: House) -> None:
    ids = [await house.hire(f"Специалист {number}", capacity=7) for number in range(5)]
    await house.tell(*(request(f"r{number}", at=MONDAY) for number in range(40)))
    await house.heard.several(35, "work.assigned")
    await house.heard.several(5, "work.waiting")
    assert [await house.load(who) for who in ids] == [7] * 5
    more = await house.hire("Ещё один", capacity=10)
    await house.heard.several(40, "work.assigned")
    await eventually(lambda: _has_load(house, more, 5))
    assert len({event.subject for event in house.heard.of("work.assigned")}) == 40


async def test_routing_stops_at_once_even_where_it_was_just_woken(settings_for: SettingsFor) -> None:
    async with asyncio.timeout(10):
        async with routing(settings_for(RoutingSettings)) as house:
            await house.hire()


async def test_what_routing_may_not_do_with_its_own_rights_it_does_not_need(
    settings_for: SettingsFor, servers: Any, vhost: str
) -> None:
    settings = settings_for(RoutingSettings, amqp_url=servers.amqp_url(vhost, user="routing"))
    async with serving(build_app(settings)) as client, listening(servers.amqp_url(vhost), "work.#") as heard:
        await publish(servers.amqp_url(vhost), request("r1"))
        await heard.one("work.waiting")
        assert (await client.get("/health/ready")).json() == {"ready": True, "reasons": {}}
