"""Urgent work takes the place of routine work (R-URG-4): a storm costs a few queries, and nobody is overlooked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from services.routing import backlog
from services.routing.domain.assignment import points_of
from services.routing.domain.candidates import Wish
from services.routing.domain.specialists import change
from services.routing.domain.work import known
from services.routing.settings import RoutingSettings
from tests.conftest import SettingsFor
from tests.routing.given import MONDAY, asked, kept, minutes, profile
from tests.routing.replicas import Replica, register, replicas


async def stages(replica: Replica, *names: str) -> set[str]:
    """The stages these works are in."""
    return {work.tale.stage for work in (await replica.store.works_of(f"{name}:1" for name in names)).values()}


async def test_a_storm_of_urgent_requests_asks_the_database_a_few_times(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgent, routine = [f"u{number}" for number in range(40)], [f"r{number}" for number in range(40)]
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        for number in range(10):
            await one.hire(f"s{number}", capacity=4)
        await asyncio.gather(*(register(one, name, priority="routine") for name in routine))
        assert await stages(one, *routine) == {"assigned"}
        look, looks = one.store.displaceable, list[int]()

        async def displaceable(ids: Sequence[str], often: int) -> dict[str, list[str]]:
            looks.append(len(ids))
            return await look(ids, often)

        monkeypatch.setattr(one.store, "displaceable", displaceable)
        await asyncio.gather(*(register(one, name) for name in urgent))
        assert 0 < len(looks) < 8
        assert await stages(one, *urgent) == {"assigned"}
        assert await stages(one, *routine) == {"waiting"}
        assert await one.places() == await one.needed()


async def test_all_urgent_work_that_waits_gets_the_places_there_are_however_far_behind(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "PAGE", 4)
    monkeypatch.setattr(backlog, "DISPLACING", 3)
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        for number in range(14):
            await register(one, f"u{number:02}", at=minutes(number))
        await one.hire("ivan", capacity=10)
        for number in range(10):
            work = await register(one, f"r{number}", priority="routine", at=minutes(20))
            await one.orders.assign(work, "ivan", "m1", "", overrule=False)
        assert await one.backlog.give_away() == 10
        assert await stages(one, *(f"u{number:02}" for number in range(10))) == {"assigned"}
        assert await stages(one, *(f"u{number:02}" for number in range(10, 14))) == {"waiting"}
        assert await one.places() == await one.needed()


async def test_who_has_not_been_told_that_they_wait_is_never_left_out_of_the_queue(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        untold, told = asked("untold"), await register(one, "told", priority="routine")
        await kept(one.store, untold)
        (found,) = await one.store.waiting(10, but_needs={(2, told.tale.need)})
        assert found.request_id == "untold"


async def test_a_place_displaced_is_explained_by_what_it_was_chosen_by(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan", capacity=1)
        await register(one, "routine", priority="routine")
        await register(one, "urgent")
        explained = known(await one.store.works.get("urgent")).explained
        assert explained is not None
        assert (explained.winner, explained.displaced) == ("ivan", "routine")
        assert points_of(explained.scored[0])[1]["start"] == one.roster.policy.weights.start


@asynccontextmanager
async def full(settings_for: SettingsFor) -> AsyncIterator[Replica]:
    """The one place there is is taken, by routine work that nobody has started."""
    async with replicas(settings_for(RoutingSettings), count=1, patience=30) as (one,):
        await one.hire("ivan", capacity=1)
        await register(one, "routine", priority="routine")
        yield one


async def test_whatever_else_happens_meanwhile_the_place_goes_to_the_urgent_work(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The routine work waits already, and could have its place again before it has changed hands."""
    async with full(settings_for) as one:
        swap = one.assigner.swap

        async def in_the_midst(specialist_id: str, wish: Wish, instead_of: str) -> bool:
            assert await stages(one, "routine") == {"waiting"}
            await one.sweeper.sweep()
            for _ in range(2):
                await one.backlog.give_away()
            return await swap(specialist_id, wish, instead_of)

        monkeypatch.setattr(one.assigner, "swap", in_the_midst)
        await register(one, "urgent")
        assert (await stages(one, "urgent"), await stages(one, "routine")) == ({"assigned"}, {"waiting"})
        assert await one.places() == await one.needed() == {("ivan", "urgent:1")}


async def test_a_place_that_could_not_change_hands_is_given_back(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with full(settings_for) as one:
        swap = one.assigner.swap

        async def after_they_left(specialist_id: str, wish: Wish, instead_of: str) -> bool:
            left = await one.store.specialists.step(
                specialist_id, lambda state: change(state, profile(active=False, capacity=1), MONDAY)
            )
            one.roster.put(left.state)
            return await swap(specialist_id, wish, instead_of)

        monkeypatch.setattr(one.assigner, "swap", after_they_left)
        await register(one, "urgent")
        assert (await stages(one, "urgent", "routine"), await one.places()) == ({"waiting"}, set())
