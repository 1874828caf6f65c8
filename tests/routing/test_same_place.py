"""Two that took the same place for the same turn of the same work: what one is refused, the other keeps (R-URG-4)."""

import asyncio
from contextlib import suppress

from services.routing.domain.refusals import RoutingError
from services.routing.domain.specialists import change
from services.routing.settings import RoutingSettings
from tests.conftest import SettingsFor
from tests.routing.given import MONDAY, minutes, profile, registration, word
from tests.routing.replicas import Replica, replicas

TIMES = 12


async def _fits(replica: Replica) -> None:
    assert await replica.places() == await replica.needed()
    assert max((await replica.loads()).values()) <= 1


async def _leaves(replica: Replica, who: str) -> None:
    """They get nothing more."""
    stepped = await replica.store.specialists.step(who, lambda state: change(state, profile(active=False), MONDAY, {}))
    replica.roster.put(stepped.state)


async def test_two_replicas_that_do_the_same_demand_leave_its_place_taken(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as pair:
        first, _ = pair
        for number in range(TIMES):
            request_id, ivan, olga = f"r{number}", f"ivan{number}", f"olga{number}"
            await first.hire(ivan, capacity=1)
            await first.dispatcher.take_in(request_id, registration(), "", f"in{number}")
            await first.hire(olga, capacity=1)
            lost = word("lost", minutes(50), specialist_id=ivan)
            work = await first.dispatcher.hear(request_id, lost, f"lost{number}")
            assert work.tale.pending is not None
            for replica in pair:
                await replica.roster.refresh()
            await asyncio.gather(*(replica.demands.try_one(work) for replica in pair))
            await _fits(first)
            after = await first.store.works.get(request_id)
            assert after is not None
            assert after.tale.specialist_id == olga
            for who in (ivan, olga):
                await _leaves(first, who)


async def test_an_order_beside_the_queue_leaves_the_place_taken(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), 1) as (replica,):
        for number in range(TIMES):
            request_id, who = f"r{number}", f"s{number}"
            await replica.dispatcher.take_in(request_id, registration(), "", f"in{number}")
            work = await replica.store.works.get(request_id)
            assert work is not None
            assert work.tale.stage == "waiting"
            await replica.hire(who, capacity=2)

            async def order() -> None:
                with suppress(RoutingError):
                    await replica.orders.assign(work, who, "m1", "", overrule=False)  # noqa: B023 - awaited at once

            await asyncio.gather(replica.dispatcher.give(work), order())
            await _fits(replica)
            assert (await replica.loads())[who] == 1
            await _leaves(replica, who)


async def test_a_refused_order_calls_its_turn_off_before_it_gives_the_place_back(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (first, second):
        await first.dispatcher.take_in("r1", registration(), "", "in")
        await first.hire("ivan", capacity=1)
        await second.roster.refresh()
        work = await first.store.works.get("r1")
        assert work is not None
        with suppress(RoutingError):
            await first.orders.force(work, "ivan", "m1", "срок", minutes(-5))
        after = await first.store.works.get("r1")
        assert after is not None
        assert after.turn == 1
        assert await first.places() == set()
