"""Facts from the broker become timelines; time makes them warn and break, once, within a second, over restarts."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.sla_monitor.bases import Bases
from services.sla_monitor.domain.obligations import Standing
from services.sla_monitor.domain.timeline import UnknownSubject
from services.sla_monitor.main import build_app
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.policy_book import Rulebook
from services.sla_monitor.settings import SlaMonitorSettings
from services.sla_monitor.store import Store, Wanted, becoming_due, documents_of, month_before
from services.sla_monitor.ticker import Ticker
from shared.clock import FixedClock, ServiceClock
from shared.contracts import intake
from shared.contracts.base import Decision
from shared.contracts.sla_monitor import SlaBreached, SlaMet
from shared.service import Service
from tests.conftest import SettingsFor
from tests.kit import eventually, listening, publish, serving
from tests.sla_monitor.policing import own, rules, version
from tests.sla_monitor.running import Running, Start
from tests.sla_monitor.telling import (
    FOLLOWED_UP,
    MISSED,
    RANG,
    RETURNED,
    RULES,
    Telling,
    assigned,
    call,
    minute,
    promised,
    registered,
    request,
    started,
)

REQUEST = "/v1/requests/r1/timeline"
CALL = "/v1/calls/k1/timeline"
DUE = "priority_1_next_due_1"


async def test_a_registered_request_is_owed_and_its_assignment_is_met(monitor: Running) -> None:
    await monitor.tell(registered())
    await monitor.timeline(REQUEST, 1)
    await monitor.tell(assigned())
    told = await monitor.timeline(REQUEST, 2)
    assert [(one["clock"], one["state"]) for one in told["obligations"]] == [
        ("assign", "met"),
        ("wait_promise", "open"),
        ("start", "open"),
    ]
    assert [fact["kind"] for fact in told["facts"]] == ["request.registered", "work.assigned"]
    met = (await monitor.ear.one("sla.met")).as_(SlaMet)
    assert (met.obligation_id, met.late, met.about_id) == ("r1:assign:1", False, "r1")


async def test_facts_that_come_in_the_wrong_order_and_twice_come_to_the_same(monitor: Running) -> None:
    at = monitor.clock.now() - timedelta(minutes=2)
    events = [
        event(at + timedelta(seconds=number)) for number, event in enumerate((registered(), assigned(), started()))
    ]
    for event in (*reversed(events), *events):
        await monitor.publish(event)
    told = await monitor.timeline(REQUEST, 3)
    assert {one["clock"]: one["state"] for one in told["obligations"]} == {
        "wait_promise": "cancelled",
        "assign": "met",
        "start": "met",
        "progress": "open",
        "finish": "open",
    }
    await monitor.ear.several(2, "sla.met")
    assert Counter(event.subject for event in monitor.ear.of("sla.met")) == {"r1:assign:1": 1, "r1:start:1": 1}


async def test_a_breach_fires_within_a_second_of_its_time(monitor: Running) -> None:
    await monitor.tell(RANG, ago=19.5)
    heard = (await monitor.ear.one("sla.breached", within=5)).as_(SlaBreached)
    lateness = monitor.clock.now() - heard.due
    assert heard.clock == "pickup"
    assert timedelta() < lateness < timedelta(seconds=1)


async def test_a_moved_clock_fires_everything_between_at_its_own_time(monitor: Running) -> None:
    await monitor.tell(registered(), promised(60 * 24 * 365), MISSED)
    await monitor.timeline(REQUEST, 2)
    await monitor.timeline(CALL, 1)
    await monitor.forward(hours=3)
    heard = [event.as_(SlaBreached) for event in await monitor.ear.several(2, "sla.breached")]
    assert {event.clock: event.at == event.due for event in heard} == {"callback": True, "assign": True}
    assert not monitor.ear.of("sla.warned")


async def test_a_promise_broken_is_said_as_such(monitor: Running) -> None:
    now = monitor.clock.now()
    promise = {"until": now + timedelta(minutes=30), "words": "до обеда", "recorded_by": "m1"}
    await monitor.tell(registered(), assigned(), request(intake.WaitPromised, **promise))
    await monitor.timeline(REQUEST, 3)
    await monitor.forward(minutes=31)
    heard = (await monitor.ear.one("sla.breached")).as_(SlaBreached)
    assert (heard.clock, heard.promise_broken) == ("start", True)
    (start,) = [one for one in (await monitor.get(REQUEST))["obligations"] if one["clock"] == "start"]
    assert (start["state"], start["promise_broken"]) == ("breached", True)


async def test_what_became_due_while_nobody_ran_fires_after_the_restart(
    settings_for: SettingsFor, start: Start
) -> None:
    settings = settings_for(SlaMonitorSettings)
    async with start(settings) as monitor:
        await monitor.tell(registered())
        await monitor.timeline(REQUEST, 1)
    async with start(settings) as monitor:
        monitor.clock.offset = timedelta(minutes=20)
        await monitor.ear.several(2, "sla.breached")
        assert {event.subject for event in monitor.ear.of("sla.breached")} == {"r1:assign:1", "r1:wait_promise:1"}
    async with start(settings) as monitor:
        monitor.clock.offset = timedelta(minutes=20)
        await monitor.tell(RANG, MISSED, ago=600)
        await monitor.ear.one("sla.breached")
        assert [event.subject for event in monitor.ear.of("sla.breached")] == ["k1:callback:1"]


async def test_of_two_replicas_each_due_time_is_told_by_one(
    settings: SlaMonitorSettings, service: Service, amqp_url: str
) -> None:
    clock, many = ServiceClock(), 60
    async with (
        serving(build_app(settings, clock)),
        serving(build_app(settings, clock)),
        listening(amqp_url, "sla.#") as ear,
    ):
        events = [call(intake.CallMissed, call_id=f"k{number}")(clock.now()) for number in range(many)]
        await publish(amqp_url, *events)
        store = Store(service)
        await eventually(lambda: _all_kept(store, many))
        clock.offset = timedelta(minutes=10)
        await ear.several(many, "sla.breached")
        await eventually(lambda: _nothing_due(store))
    assert set(Counter((event.kind, event.subject) for event in ear.events).values()) == {1}
    assert len(ear.events) == many


async def test_a_document_nobody_can_read_does_not_hold_up_the_others(
    settings: SlaMonitorSettings, service: Service, start: Start
) -> None:
    async with start(settings) as monitor:
        broken = {"_id": "request:broken", "version": 1, "seen": [], "next_due": monitor.clock.now()}
        await Store(service).timelines.collection.insert_one(broken)
        await monitor.tell(RANG, ago=30)
        assert (await monitor.ear.one("sla.breached")).subject == "k1:pickup:1"
        assert (await monitor.client.get("/health/ready")).status_code == 200


async def test_however_many_cannot_be_read_the_others_time_comes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than are loaded at once, all more urgent: they rest, and are looked at again after that."""
    monkeypatch.setattr("services.sla_monitor.ticker.LOADED", 2)
    fixed = FixedClock(minute(0))
    store = Store(service)
    broken = [{"_id": f"call:{number}", "version": 1, "seen": [], "next_due": minute(-1)} for number in range(5)]
    await store.timelines.collection.insert_many(broken)
    monitor = Monitor(store=store, clock=fixed, book=Rulebook(RULES), bases=Bases(service))
    await monitor.hear(registered("routine")(minute(0)))
    fixed.moment = minute(60 * 24 * 30)
    ticker = Ticker(monitor)
    for _ in range(4):
        await ticker.tick()
    assert "breached r1:assign:1" in (await monitor.timeline("request", "r1")).announced
    monkeypatch.setattr("services.sla_monitor.ticker.LOADED", 10)
    monkeypatch.setattr("services.sla_monitor.ticker.Ticker._real_time", lambda _: 1e12)
    tried: list[str] = []
    monkeypatch.setattr(Monitor, "fire", _noted(tried))
    await ticker.tick()
    assert tried == [f"call:{number}" for number in range(5)]


def _noted(tried: list[str]) -> Any:
    async def fire(_: Monitor, key: str, __: Any) -> None:
        tried.append(key)
        raise UnknownSubject

    return fire


async def test_a_returned_call_is_met_and_leaves_nothing_due(monitor: Running) -> None:
    await monitor.tell(RANG, MISSED, RETURNED)
    told = await monitor.timeline(CALL, 3)
    assert [(one["clock"], one["state"]) for one in told["obligations"]] == [
        ("pickup", "cancelled"),
        ("callback", "met"),
    ]
    assert (await monitor.get("/v1/obligations"))["items"] == []


@pytest.mark.parametrize(
    ("field", "standing"), [("nearest", None), ("nearest", "breached"), ("nearest", "open"), ("began", "met")]
)
async def test_the_doors_query_uses_its_index(
    field: str, standing: Standing | None, settings: SlaMonitorSettings, service: Service, start: Start
) -> None:
    async with start(settings) as monitor:
        now = monitor.clock.now()
        where = documents_of(Wanted(standing=standing, since=month_before(now)), now)
        assert await _index_used(service, where) == f"{field}_1"


async def test_the_tickers_query_uses_its_index(settings: SlaMonitorSettings, service: Service, start: Start) -> None:
    async with start(settings) as monitor:
        assert await _index_used(service, becoming_due(monitor.clock.now()) | {"priority": "urgent"}) == DUE


async def test_a_backlog_is_worked_off_most_urgent_first(
    settings: SlaMonitorSettings, service: Service, start: Start
) -> None:
    async with start(settings) as monitor:
        await monitor.tell(registered("routine", request_id="r-routine"), registered(request_id="r-urgent"))
        await monitor.tell(registered("important", request_id="r-important"), MISSED)
        store = Store(service)
        await eventually(lambda: _all_kept(store, 4))
        far = monitor.clock.now() + timedelta(days=300)
        keys = [key for _, key in await store.upcoming(far, 10)]
        assert keys == ["call:k1", "request:r-urgent", "request:r-important", "request:r-routine"]
        assert [key for _, key in await store.upcoming(far, 2)] == keys[:2]


async def test_the_metrics_count_by_clock_and_priority(monitor: Running) -> None:
    await monitor.tell(registered(), RANG)
    await monitor.timeline(REQUEST, 1)
    await monitor.timeline(CALL, 1)
    await monitor.forward(minutes=7)
    await monitor.ear.several(2, "sla.breached")
    pair = '{clock="assign",priority="urgent"}'

    async def measured() -> str:
        text = (await monitor.client.get("/metrics")).text
        assert f"svoy_sla_obligations_open{pair} 1.0" in text
        assert f"svoy_sla_obligations_overdue{pair} 1.0" in text
        assert 'svoy_sla_obligations_open{clock="pickup",priority="none"} 1.0' in text
        assert f"svoy_sla_nearest_deadline_timestamp_seconds{pair}" not in text
        assert 'svoy_sla_nearest_deadline_timestamp_seconds{clock="wait_promise",priority="urgent"}' in text
        return text

    text = await eventually(measured)
    for counter in ("warned", "breached"):
        assert f"svoy_sla_{counter}_total{pair}" in text
    assert 'svoy_sla_met_total{clock="assign",late="no",priority="urgent"}' in text
    assert "svoy_sla_lateness_seconds_bucket" in text


async def test_every_counter_is_shown_before_anything_has_happened(monitor: Running) -> None:
    shown = (await monitor.client.get("/metrics")).text
    for priority in ("urgent", "important", "routine"):
        assert f'svoy_sla_promises_broken_total{{clock="start",priority="{priority}"}}' in shown
        assert f'svoy_sla_breached_total{{clock="start",priority="{priority}"}}' in shown
    assert 'svoy_sla_promises_broken_total{clock="assign"' not in shown


async def test_it_is_ready_while_its_ticker_ticks(monitor: Running) -> None:
    assert (await monitor.client.get("/health/ready")).json() == {"ready": True, "reasons": {}}


async def test_what_becomes_due_while_a_backlog_drains_does_not_wait_for_its_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.sla_monitor.ticker.TOGETHER", 1)
    monkeypatch.setattr("services.sla_monitor.ticker.RELOAD_EVERY", 0.0)
    fixed = FixedClock(minute(0))
    store = Store(service)
    monitor = Monitor(store=store, clock=fixed, book=Rulebook(RULES), bases=Bases(service))
    ticker = Ticker(monitor)
    for number in range(3):
        await monitor.hear(registered("important", request_id=f"r{number}")(minute(0)))
    fixed.moment = minute(60 * 24 * 30)
    await ticker.tick()
    left = {"announced": [], "_id": {"$ne": "call:k1"}}
    assert await store.timelines.count(left) == 2
    await monitor.hear(MISSED(minute(0)))
    fixed.moment += timedelta(seconds=1)
    await ticker.tick()
    assert (await monitor.timeline("call", "k1")).announced
    assert await store.timelines.count(left) == 2


async def test_what_is_paused_is_no_nearest_deadline(service: Service) -> None:
    paused = own(paused_by=("request.followed_up",), resumed_by=("request.verdict_doubted",))
    found = Telling(rules(version(2, -1, paused))).hear(registered()).until(1)
    store = Store(service)

    async def nearest() -> Any:
        await store.timelines.step("request:r1", lambda _: Decision(found.state), new=True)
        return next(one.nearest for one in await store.running_by_clock(found.clock.now()) if one.clock == "look")

    async def soon(standing: Standing | None) -> list[str]:
        now = found.clock.now()
        wanted = Wanted(standing=standing, since=month_before(now), due_by=minute(30), clock="look")
        return [row.obligation.id for row in await store.rows(wanted, now, None, 10)]

    assert await nearest() == minute(10)
    assert await soon(None) == ["r1:look:1"]
    found.hear(FOLLOWED_UP)
    assert await nearest() is None
    assert (await soon(None), await soon("paused")) == ([], ["r1:look:1"])


async def _all_kept(store: Store, many: int) -> bool:
    return await store.timelines.count({}) == many


async def _index_used(service: Service, where: dict[str, Any]) -> str:
    asked = {"find": "timelines", "filter": where}
    plan = (await service.database.command("explain", asked))["queryPlanner"]["winningPlan"]
    return str(plan.get("inputStage", {}).get("indexName"))


async def _nothing_due(store: Store) -> bool:
    return await store.timelines.count({"next_due": {"$ne": None}}) == 0
