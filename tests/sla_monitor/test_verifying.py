"""Every due time is computed anew from the facts: nothing is different, unless something was touched."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from deploy.proving import clocks as command
from services.sla_monitor import verifying
from services.sla_monitor.domain.verifying import differences
from services.sla_monitor.main import build_app
from services.sla_monitor.settings import SlaMonitorSettings
from shared.clock import ServiceClock
from tests.conftest import SettingsFor
from tests.kit import PRIVATE_KEY, eventually, on_port, publish, serving, token
from tests.sla_monitor.running import DIRECTOR, Running
from tests.sla_monitor.telling import (
    NOON,
    REFUSED,
    RULES,
    assigned,
    finished,
    minute,
    promised,
    registered,
    started,
    told,
)
from tests.sla_monitor.test_any_order import ANYTHING, heard_at_the_end, shuffled, stories


@given(st.data(), stories(ANYTHING))
def test_what_was_heard_in_any_order_differs_in_nothing(data: st.DataObject, story: Any) -> None:
    telling = heard_at_the_end(data.draw(shuffled(story)))
    assert differences(telling.state, RULES, telling.clock.now()) == []
    telling.fire()
    assert differences(telling.state, RULES, telling.clock.now()) == []


def test_a_due_time_that_was_touched_is_found() -> None:
    telling = told((0, registered()), (1, assigned()), (2, started()))
    first, *others = telling.state.obligations
    touched = replace(telling.state, obligations=(replace(first, due=minute(90)), *others))
    (found,) = differences(touched, RULES, minute(3))
    assert (found.what, found.kept, found.computed) == ("r1:assign:1 due", str(minute(90)), str(minute(5)))


def test_an_obligation_that_is_missing_is_found() -> None:
    telling = told((0, registered()), (1, promised(30)))
    touched = replace(telling.state, obligations=telling.state.obligations[1:])
    assert differences(touched, RULES, minute(3))[0].what == telling.state.obligations[0].id


@pytest.mark.parametrize("timer", [None, minute(50)])
def test_a_timer_that_would_forget_is_found(timer: Any) -> None:
    telling = told((0, registered()))
    (found,) = differences(replace(telling.state, next_due=timer), RULES, minute(1))
    assert found.what == "next_due"


def test_a_clock_moved_back_leaves_nothing_to_tell_of_what_was_told() -> None:
    telling = told((0, registered()))
    telling.clock.moment = minute(60)
    telling.fire()
    assert telling.about("assign") == ["breached"]
    telling.clock.moment = minute(1)
    assert differences(telling.state, RULES, telling.clock.now()) == []
    assert telling.until(60).about("assign") == ["breached"]


async def test_each_night_the_clocks_are_verified(settings_for: SettingsFor, amqp_url: str) -> None:
    clock = ServiceClock()
    service = build_app(settings_for(SlaMonitorSettings), clock)
    async with serving(service) as client:
        await publish(amqp_url, registered()(NOON))
        await eventually(lambda: service.state.wired.monitor.store.timelines.get("request:r1"))
        clock.offset = NOON + timedelta(days=7, minutes=1) - clock.now()
        await verifying.nightly(service.state.wired.monitor, service.state.wired.company_zone).tick()

        async def night() -> Any:
            found = (await client.get("/v1/clocks/verification", headers=DIRECTOR)).json()
            return found if found and found["day"] == "2026-11-30" else None

        found = await eventually(night)
        assert (found["checked"], found["different"]) == (1, 0)
        assert "svoy_sla_clock_differences 0.0" in (await client.get("/metrics")).text


async def test_only_who_sees_everything_may_verify(monitor: Running) -> None:
    await monitor.get("/v1/clocks/verify", 403, who=token("manager", subject="m1"))
    await monitor.get("/v1/clocks/verify", 422, limit=0)
    assert await monitor.get("/v1/clocks/verify", after="я" * 100) == {"checked": 0, "differences": [], "next": None}


async def test_the_command_tells_what_differs(
    settings_for: SettingsFor, amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", PRIVATE_KEY)
    service = build_app(settings_for(SlaMonitorSettings))
    async with on_port(service) as url:
        await publish(amqp_url, registered("routine")(NOON))
        timelines = service.state.wired.monitor.store.timelines

        async def told_all() -> bool:
            """Nothing is left to be told: nobody writes over what is touched."""
            found = await timelines.get("request:r1")
            return found is not None and found.next_due is None

        await eventually(told_all)
        whole = await asyncio.to_thread(CliRunner().invoke, command, ["verify", "--url", url])
        assert (whole.exit_code, "Проверено: 1." in whole.output) == (0, True)
        await timelines.collection.update_one({}, {"$set": {"obligations.0.due": minute(9)}})
        touched = await asyncio.to_thread(CliRunner().invoke, command, ["verify", "--url", url])
    assert touched.exit_code == 1
    assert "request r1: r1:assign:1 due" in touched.output


async def test_a_due_time_names_the_intervals_it_counted(monitor: Running) -> None:
    await monitor.publish(registered("important")(minute(30)))
    await monitor.timeline("/v1/requests/r1/timeline", 1)
    asked: dict[str, Any] = {"about": "request", "about_id": "r1", "obligation_id": "r1:assign:1"}
    found = await monitor.get("/v1/clocks/explanation", **asked)
    assert (found["because"], found["calendar"], found["seconds"]) == ("target", "company", 3600)
    assert found["counted"] == [
        {"begins": "2026-11-23T05:30:00Z", "ends": "2026-11-23T06:00:00Z"},  # until lunch
        {"begins": "2026-11-23T07:00:00Z", "ends": "2026-11-23T07:30:00Z"},
    ]
    await monitor.get("/v1/clocks/explanation", 404, **(asked | {"obligation_id": "r1:finish:9"}))
    await monitor.get("/v1/clocks/explanation", 404, **(asked | {"about_id": "nobody"}))
    await monitor.get("/v1/clocks/explanation", 422, **(asked | {"about": "weather"}))
    await monitor.get("/v1/clocks/explanation", 403, who=token("specialist", subject="s1"), **asked)


async def test_a_finish_that_goes_on_names_what_had_counted_before_the_refusal(monitor: Running) -> None:
    """R-URG-5: two hours of the four were used; the eighty minutes until the refusal do not count."""
    story = ((0, registered()), (1, assigned()), (2, started()), (122, finished()), (202, REFUSED))
    await monitor.publish(*(event(minute(number)) for number, event in story))
    await monitor.timeline("/v1/requests/r1/timeline", 5)
    asked: dict[str, Any] = {"about": "request", "about_id": "r1", "obligation_id": "r1:finish:2"}
    found = await monitor.get("/v1/clocks/explanation", **asked)
    assert [(one["begins"][11:16], one["ends"][11:16]) for one in found["counted"]] == [
        ("05:02", "07:02"),
        ("08:22", "10:22"),
    ]
    assert (found["seconds"], found["because"], found["due"][11:16]) == (4 * 3600, "target", "10:22")
