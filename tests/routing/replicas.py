"""Replicas of routing without HTTP and broker: what they do with documents is the real thing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from services.routing.assigner import Assigner
from services.routing.backlog import Backlog
from services.routing.demands import Demands
from services.routing.dispatcher import Dispatcher
from services.routing.domain import specialists
from services.routing.domain.life import HOLDING
from services.routing.domain.work import Work, held, known
from services.routing.estimates import Estimates
from services.routing.history import History
from services.routing.orders import Orders
from services.routing.policy_file import shipped
from services.routing.roster import Roster
from services.routing.settings import RoutingSettings
from services.routing.store import Store
from services.routing.sweeper import Sweeper
from shared.clock import FixedClock
from shared.service import Service
from tests.routing.given import MONDAY, profile, registration


@dataclass
class Replica:
    """One process's worth of routing."""

    store: Store
    roster: Roster
    estimates: Estimates
    assigner: Assigner
    dispatcher: Dispatcher
    orders: Orders
    demands: Demands
    backlog: Backlog
    sweeper: Sweeper
    clock: FixedClock
    woken: asyncio.Event
    """Whether the queue is to be gone through."""
    seconds: list[float]
    """What time the sweeper believes it is."""

    @classmethod
    def of(cls, service: Service, clock: FixedClock, patience: float) -> "Replica":
        """Put together as in main.py."""
        store, wake, seconds = Store(service), asyncio.Event(), [0.0]
        roster = Roster(store, clock.now, wake.set, shipped())
        estimates = Estimates(History(store), clock.now)
        assigner = Assigner(store, roster, estimates, clock.now, wake.set)
        dispatcher = Dispatcher(store, roster, assigner, clock)
        orders = Orders(dispatcher)
        demands = Demands(store, roster, dispatcher, orders)
        return cls(
            store, roster, estimates, assigner, dispatcher, orders, demands, Backlog(store, dispatcher, demands, wake),
            Sweeper(store, roster, assigner, lambda: seconds[0], patience), clock, wake, seconds,
        )  # fmt: skip

    async def hire(self, specialist_id: str, **over: Any) -> None:
        """A specialist."""
        stepped = await self.store.specialists.step(
            specialist_id, lambda state: specialists.register(state, specialist_id, profile(**over), MONDAY)
        )
        self.roster.put(stepped.state)

    async def loads(self) -> dict[str, int]:
        """Work items that take a place, by specialist, as the database has them at one moment."""
        pipeline = [
            {"$match": {"tale.stage": {"$in": list(HOLDING)}}},
            {"$group": {"_id": "$tale.specialist_id", "count": {"$sum": 1}}},
        ]
        return {group["_id"]: group["count"] async for group in self.store.works.collection.aggregate(pipeline)}

    async def places(self) -> set[tuple[str, str]]:
        """Every place taken."""
        everybody = await self.store.specialists.find({}, limit=1000)
        return {(one.specialist_id, ticket) for one in everybody for ticket in one.holds}

    async def needed(self) -> set[tuple[str, str]]:
        """Every place some work needs."""
        works = await self.store.works.find({}, limit=1000)
        return {place for work in works if (place := held(work)) is not None}


async def register(replica: Replica, request_id: str, **over: Any) -> Work:
    """The work on a request just registered."""
    await replica.dispatcher.take_in(request_id, registration(number=request_id, **over), "", f"m-{request_id}")
    return known(await replica.store.works.get(request_id))


@asynccontextmanager
async def replicas(settings: RoutingSettings, count: int = 2, patience: float = 0) -> AsyncIterator[Sequence[Replica]]:
    """So many replicas on one database."""
    services = [Service("routing", settings) for _ in range(count)]
    made = [Replica.of(service, FixedClock(MONDAY), patience) for service in services]
    await services[0].store.prepare()
    try:
        yield made
    finally:
        for service in services:
            service.store.close()
