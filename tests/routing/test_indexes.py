"""Every query of routing finds its index: what the database itself says of each one it was asked."""

from datetime import timedelta
from typing import Any

from services.routing.domain.dossier import Period
from services.routing.domain.facts import Did
from services.routing.history import History
from services.routing.settings import RoutingSettings
from tests.conftest import SettingsFor
from tests.kit import token
from tests.routing.given import MONDAY, minutes, word
from tests.routing.house import LEAD, routing
from tests.routing.replicas import Replica, register, replicas

PARTIAL = {"pending": "tale.pending.action", "marked": "tale.marks.at"}
"""Indexes a query may use only where it asks for what they hold, and the field each begins with."""


async def lived(one: Replica) -> None:
    """Works in many stages, with a record and an order that waits."""
    await one.hire("ivan", capacity=30)
    for number in range(12):
        await register(one, f"r{number:02}", priority=("urgent", "important", "routine")[number % 3])
    await one.dispatcher.speak("r01", "postpone", "ivan", text="занят", until=minutes(500))
    steps: tuple[Did, ...] = ("start", "finish")
    for step in steps:
        await one.dispatcher.speak("r02", step, "ivan", text="готово")
    await one.dispatcher.hear("r03", word("ordered", minutes(5), action="replace"))


async def asked(one: Replica) -> None:
    """Every question the store and the history know."""
    store, history, year = one.store, History(one.store), MONDAY - timedelta(days=365)
    found = await store.works.find({}, limit=3)
    await store.waiting(10, after=found[0], but_needs={(2, "згу#1"), (0, "згу#4")})
    assert [work.request_id for work in await store.pending()] == ["r03"]
    await store.base_of("m1")
    await store.waiting_by_priority()
    await store.ranks_of(["r01:1"])
    assert await store.works_since(year) == {"ivan": 12}
    assert await store.displaceable(["ivan"], 1) != {}
    assert await store.marks_since(year) == {"ivan": {"postponed": 1}}
    (ivan,) = await store.specialists_of(["ivan"])
    for period in (Period(), Period(minutes(-1), minutes(900)), Period(until=minutes(900))):
        assert (await history.record(ivan, period, minutes(900))).dossier.requests["postponed"] == ["r01"]
    await history.done(minutes(900))


async def asked_by_http(client: Any) -> None:
    """Every list there is."""
    manager, specialist = token("manager", subject="m1"), token("specialist", subject="ivan")
    for path in (
        "/v1/work",
        "/v1/work?state=assigned",
        "/v1/work?specialist_id=ivan",
        "/v1/work?state=waiting&limit=1",
    ):
        for headers in (LEAD, manager, specialist):
            assert (await client.get(path, headers=headers)).status_code == 200


async def test_no_query_over_the_works_reads_all_of_them(settings_for: SettingsFor) -> None:
    settings = settings_for(RoutingSettings, refresh_seconds=0.1, backlog_seconds=0.1, sweep_seconds=0.1)
    async with replicas(settings, count=1) as (one,):
        database = one.store.works.collection.database
        await lived(one)
        await database.command("profile", 2)
        async with routing(settings) as house:
            await asked_by_http(house.client)
            await asked(one)
            await one.backlog.give_away()
        await database.command("profile", 0)
        told = {
            "ns": {"$in": [f"{database.name}.{name}" for name in ("works", "clients")]},
            "planSummary": {"$ne": None},
        }
        plans = [plan async for plan in database["system.profile"].find(told)]
    assert len(plans) > 20
    assert [plan["command"] for plan in plans if "COLLSCAN" in plan["planSummary"]] == []
    used = {index for plan in plans for index, field in PARTIAL.items() if f"{{ {field}: 1" in plan["planSummary"]}
    assert used == set(PARTIAL)
