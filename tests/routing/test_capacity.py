"""A load never exceeds its capacity, whatever runs side by side (R-URG-4), on the real database."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.routing.domain.facts import Did
from services.routing.domain.refusals import RoutingError
from services.routing.domain.work import Work
from services.routing.settings import RoutingSettings
from shared.contracts.base import Priority
from tests.conftest import SettingsFor
from tests.routing.given import minutes, registration, word
from tests.routing.replicas import Replica, replicas

PRIORITIES: tuple[Priority, ...] = ("urgent", "routine", "important")
Act = Callable[[Replica, str, str], Awaitable[object]]


async def _register(replica: Replica, request_id: str, once: str) -> None:
    priority = PRIORITIES[int(request_id[1:]) % 3]
    await replica.dispatcher.take_in(request_id, registration(priority, number=request_id), "", once)


async def _say(replica: Replica, request_id: str, step: Did) -> None:
    work = await replica.store.works.get(request_id)
    if work is not None and work.tale.specialist_id is not None:
        await replica.dispatcher.speak(request_id, step, work.tale.specialist_id, text="…")


async def _finish(replica: Replica, request_id: str, _: str) -> None:
    await _say(replica, request_id, "start")
    await _say(replica, request_id, "finish")


async def _accept(replica: Replica, request_id: str, once: str) -> None:
    await replica.dispatcher.hear(request_id, word("accept", minutes(100)), once)


async def _refuse(replica: Replica, request_id: str, once: str) -> None:
    await replica.dispatcher.hear(request_id, word("refuse", minutes(90)), once)


async def _withdraw(replica: Replica, request_id: str, once: str) -> None:
    await replica.dispatcher.hear(request_id, word("withdraw", minutes(95)), once)


async def _replace(replica: Replica, request_id: str, _: str) -> None:
    work = await _there(replica, request_id)
    await replica.orders.replace(work, None, "m1", "пропал", overrule=False)


async def _lose(replica: Replica, request_id: str, once: str) -> None:
    work = await _there(replica, request_id)
    lost = word("lost", minutes(50), specialist_id=work.tale.specialist_id)
    await replica.demands.try_one(await replica.dispatcher.hear(request_id, lost, once))


async def _merge(replica: Replica, request_id: str, once: str) -> None:
    await replica.dispatcher.hear(request_id, word("merge", minutes(60)), once)


async def _unmerge(replica: Replica, request_id: str, once: str) -> None:
    await replica.dispatcher.hear(request_id, word("unmerge", minutes(70)), once)


async def _force(replica: Replica, request_id: str, _: str) -> None:
    work = await _there(replica, request_id)
    await replica.orders.force(work, None, "m1", "срок", minutes(5000))


async def _give_away(replica: Replica, _: str, __: str) -> None:
    await replica.backlog.give_away()


async def _sweep(replica: Replica, _: str, __: str) -> None:
    await replica.sweeper.sweep()


async def _there(replica: Replica, request_id: str) -> Work:
    work = await replica.store.works.get(request_id)
    if work is None:
        raise RoutingError
    return work


ACTS: Mapping[str, Act] = {
    "register": _register, "finish": _finish, "accept": _accept, "refuse": _refuse, "withdraw": _withdraw,
    "replace": _replace, "force": _force, "give_away": _give_away, "sweep": _sweep,
    "lose": _lose, "merge": _merge, "unmerge": _unmerge,
}  # fmt: skip
ACTIONS = st.tuples(st.sampled_from(list(ACTS)), st.integers(0, 1), st.integers(0, 11))


async def act(replica: Replica, kind: str, request_id: str, once: str) -> None:
    """One action, which may be refused."""
    with suppress(RoutingError):
        await ACTS[kind](replica, request_id, once)


async def watch(replica: Replica, capacities: Mapping[str, int], over: asyncio.Event) -> int:
    """Look at the loads again and again; tells how often."""
    looks = 0
    while not over.is_set():
        for who, load in (await replica.loads()).items():
            assert load <= capacities[who], f"{who} has {load} of {capacities[who]}"
        looks += 1
    return looks


async def settle(pair: tuple[Replica, ...]) -> None:
    """What the background loops do in time: look, sweep, give away."""
    for _ in range(3):
        for replica in pair:
            await replica.roster.refresh()
            await replica.sweeper.sweep()
            await replica.backlog.give_away()


@given(
    capacities=st.lists(st.integers(1, 3), min_size=2, max_size=3),
    actions=st.lists(ACTIONS, min_size=20, max_size=60),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
async def test_loads_stay_within_capacity_whatever_two_replicas_do_at_once(
    settings_for: SettingsFor, capacities: list[int], actions: list[tuple[str, int, int]]
) -> None:
    by_id = {f"s{number}": capacity for number, capacity in enumerate(capacities)}
    async with replicas(settings_for(RoutingSettings)) as pair:
        for who, capacity in by_id.items():
            await pair[0].hire(who, capacity=capacity)
        over = asyncio.Event()
        watching = asyncio.create_task(watch(pair[0], by_id, over))
        registered = [("register", number % 2, number) for number in range(12)]
        await asyncio.gather(
            *(
                act(pair[which], kind, f"r{number}", f"{kind}{number}")
                for kind, which, number in [*registered, *actions]
            )
        )
        await settle(tuple(pair))
        over.set()
        assert await watching > 0
        assert await pair[0].places() == await pair[0].needed()
        waiting = await pair[0].store.waiting(100)
        load = await pair[0].loads()
        free = {who for who, capacity in by_id.items() if load.get(who, 0) < capacity}
        for work in waiting:
            assert free <= {refusal.specialist_id for refusal in work.tale.refusals}
