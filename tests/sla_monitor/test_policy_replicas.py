"""A new version among replicas: each learns of it, and each due time moves once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.sla_monitor.domain.policies import Terms
from services.sla_monitor.main import build_app
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.policy_book import LEFT_AFTER, PolicyOvertaken, claimed, enacted, swept
from services.sla_monitor.settings import SlaMonitorSettings
from services.sla_monitor.store import Store
from shared.contracts import intake
from shared.service import Service
from shared.store import Busy
from tests.conftest import SettingsFor
from tests.kit import eventually, publish, serving
from tests.sla_monitor.policing import POLICY, applied, body, clock, put, version
from tests.sla_monitor.running import DIRECTOR, Running, Start
from tests.sla_monitor.telling import MISSED, NOON, call, minute


async def test_a_second_replica_learns_of_it_and_each_due_time_moves_once(
    settings: SlaMonitorSettings, service: Service, amqp_url: str, start: Start
) -> None:
    async with start(settings) as monitor, serving(build_app(settings, monitor.clock)) as other:
        events = [call(intake.CallMissed, call_id=f"k{number}")(monitor.clock.now()) for number in range(30)]
        await publish(amqp_url, *events)
        store = Store(service)
        await eventually(lambda: _kept(store, 30))
        sooner = clock("callback", terms=(Terms(priorities=(None,), target=timedelta(minutes=2)),))
        await put(monitor, body([sooner], applies_to_open=True))
        monitor.clock.offset += timedelta(seconds=7)
        await applied(monitor, 2)

        async def known() -> bool:
            shown = (await other.get(POLICY, headers=DIRECTOR)).json()
            return bool(shown["version"] == 2 and shown["in_force"] and shown["applied"])

        await eventually(known)
        sweep = await service.database["policy_sweeps"].find_one({"_id": "2"})
        assert (sweep["changed"], sweep["number"]) == (30, 2)
        assert await store.timelines.count({"obligations.policy": 2, "reckoned_by": 2}) == 30
        verified = (await other.get("/v1/clocks/verify", headers=DIRECTOR)).json()
        assert (verified["checked"], verified["differences"]) == (30, [])


async def test_a_page_in_which_something_could_not_be_written_is_gone_through_again(
    monkeypatch: pytest.MonkeyPatch, monitor: Running
) -> None:
    await monitor.tell(MISSED)
    await monitor.timeline("/v1/calls/k1/timeline", 1)
    whole, failed = Monitor.reckon, asyncio.Event()

    async def once(self: Monitor, key: str) -> bool:
        if failed.is_set():
            return await whole(self, key)
        failed.set()
        raise Busy

    monkeypatch.setattr(Monitor, "reckon", once)
    sooner = clock("callback", terms=(Terms(priorities=(None,), target=timedelta(minutes=2)),))
    await put(monitor, body([sooner], applies_to_open=True))
    monitor.clock.offset += timedelta(seconds=7)
    await eventually(failed.is_set)
    assert (await monitor.get(POLICY))["applied"] is False
    monitor.clock.offset += LEFT_AFTER
    await applied(monitor, 2)
    (one,) = (await monitor.timeline("/v1/calls/k1/timeline", 1))["obligations"]
    assert datetime.fromisoformat(one["due"]) - datetime.fromisoformat(one["since"]) == timedelta(minutes=2)


async def test_a_setting_that_changed_is_a_version_of_its_own_unless_a_person_has_made_one(
    settings_for: SettingsFor, start: Start
) -> None:
    settings = settings_for(SlaMonitorSettings)
    async with start(settings) as monitor:
        assert (await applied(monitor, 1))["calendars"]["company_region"] is None
    moved = settings.model_copy(update={"working_hours": "08:00-17:00", "company_region": "16"})
    async with start(moved) as monitor:
        found = await applied_soon(monitor, 2)
        assert (found["by"], found["calendars"]["company"]["mon"]) == ("svoy", ["08:00-17:00"])
        assert found["calendars"]["company_region"] == "16"
        await put(monitor, body(), after=2)
    async with start(settings) as monitor:
        assert (await monitor.get(POLICY))["version"] == 3


async def applied_soon(monitor: Running, number: int) -> Any:
    """The version, once it is there."""

    async def found() -> Any:
        answer = await monitor.client.get(POLICY, headers=DIRECTOR, params={"version": number})
        return answer.json() if answer.status_code == 200 else None

    return await eventually(found)


async def _kept(store: Store, many: int) -> bool:
    return await store.timelines.count({}) == many


def test_one_replica_takes_a_version_through_and_another_takes_over_what_it_left() -> None:
    first = claimed(None, number=2, now=NOON).state
    assert claimed(first, number=2, now=minute(0.5)).state is first
    page = swept(first, number=2, last="request:r5", changed=3, now=minute(0.9)).state
    left = claimed(page, number=2, now=minute(0.9) + LEFT_AFTER).state
    assert (left.after, left.changed, left.alive) == ("request:r5", 3, minute(0.9) + LEFT_AFTER)
    done = swept(left, number=2, last=None, changed=1, now=minute(3)).state
    assert (done.changed, done.ended) == (4, minute(3))
    assert claimed(done, number=2, now=minute(99)).state is done


def test_a_version_that_is_made_is_never_another() -> None:
    made = version(2, 0)
    assert enacted(made, new=made).state is made
    with pytest.raises(PolicyOvertaken):
        enacted(made, new=version(2, 1))
