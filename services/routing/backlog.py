"""Gives waiting work away, by priority and then by when the client expects a specialist, as soon as somebody is free.

It is woken when a place is given back, a specialist is registered or changed, or their hours begin; and looks by
itself now and then, for what another replica or a crash left.
"""

import asyncio
from contextlib import suppress

from services.routing.dispatcher import Dispatcher
from services.routing.domain.work import Work, wish_of
from services.routing.metrics import WAITING
from services.routing.store import Store
from shared.messaging.envelope import Cause, current_cause

PAGE = 200
MEASURE_EVERY = 5.0


class Backlog:
    """The queue of waiting work."""

    def __init__(self, store: Store, dispatcher: Dispatcher, wake: asyncio.Event) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._wake = wake

    async def watch(self, every: float) -> None:
        """For ever: give away what can be, when woken and at least `every` so many seconds."""
        while True:
            self._wake.clear()
            await self.give_away()
            with suppress(TimeoutError):
                async with asyncio.timeout(every):  # wait_for() may swallow a cancellation in Python 3.11
                    await self._wake.wait()

    async def give_away(self) -> int:
        """Go through the queue once; tells how many got a place."""
        await self._dispatcher.roster.ready()
        given: set[str] = set()
        left: list[Work] = []
        hopeless: set[str] = set()
        heads = self._dispatcher.heads.known()
        while True:
            page = await self._store.waiting(PAGE, but={work.request_id for work in left}, but_needs=hopeless)
            outcomes = await asyncio.gather(*(self._give(work) for work in page))
            given |= {work.request_id for work, got in zip(page, outcomes, strict=True) if got}
            failed = [work for work, got in zip(page, outcomes, strict=True) if not got]
            left += failed
            # What nobody is free for now, nobody is free for further down the queue either.
            hopeless |= {work.tale.need for work in failed if not work.tale.refusals}
            to_the_end = len(page) < PAGE
            if to_the_end or not self._dispatcher.roster.has_place():
                self._dispatcher.heads.update(heads if to_the_end else given, map(wish_of, left))
                return len(given)

    async def measure(self) -> None:
        """For ever: count what waits."""
        while True:
            for priority, count in (await self._store.waiting_by_priority()).items():
                WAITING.labels(priority=priority).set(count)
            await asyncio.sleep(MEASURE_EVERY)

    async def _give(self, work: Work) -> bool:
        current_cause.set(Cause(work.correlation_id or work.request_id))
        return await self._dispatcher.give(work)
