"""Gives waiting work away, by priority and then by when the client expects a specialist, as soon as somebody is free.

Before that it does what could not be done at once: orders and replacements that found nobody free, and the work of
those who are absent.

It is woken when a place is given back, a specialist is registered or changed, or their hours begin; and looks by
itself now and then, for what another replica or a crash left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from services.routing.demands import Demands
from services.routing.dispatcher import Dispatcher, Like
from services.routing.domain.candidates import Board
from services.routing.domain.work import Work, wish_of
from services.routing.metrics import WAITING
from services.routing.store import Store
from shared.messaging.envelope import Cause, current_cause

PAGE = 250
DISPLACING = 32
"""Urgent requests that look for a place of routine work at once, at most."""
MEASURE_EVERY = 5.0


class Backlog:
    """The queue of waiting work."""

    def __init__(self, store: Store, dispatcher: Dispatcher, demands: Demands, wake: asyncio.Event) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._demands = demands
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
        roster, heads = self._dispatcher.roster, self._dispatcher.heads
        await roster.ready()
        await self._demands.carry_out()
        before, given, left = heads.known(), set[str](), list[Work]()
        hopeless: set[tuple[int, str]] = set()
        last: Work | None = None
        while True:
            page = await self._store.waiting(PAGE, after=last, but_needs=hopeless)
            got = await self._give_page(page, hopeless)
            given |= got
            left += [work for work in page if work.request_id not in got]
            last = page[-1] if page else last
            to_the_end = len(page) < PAGE
            if to_the_end or not (roster.has_place() or _urgent_goes_on(page, hopeless)):
                heads.update(before if to_the_end else given, map(wish_of, left))
                return len(given)

    async def _give_page(self, page: Sequence[Work], hopeless: set[tuple[int, str]]) -> set[str]:
        """Those who got a place; whom nobody has a place for now, nobody has one for further down the queue either."""
        board, tried, nobody = self._dispatcher.board(), list[Work](), set[tuple[int, str]]()
        for work in page:
            if not work.tale.announced or not self._dispatcher.hopeless(work, board):
                tried.append(work)
            elif self._dispatcher.nobody_left(work, board):
                nobody.add((work.tale.rank, work.tale.need))
        got = await self._all(tried, self._dispatcher.give)
        urgent = [work for work in page if work.tale.rank == 0 and work.tale.announced and work.request_id not in got]
        displacing, stuck = await self._displacing(urgent, board)
        hopeless |= {(rank, need) for rank, need in nobody if rank or need in stuck}
        return got | displacing

    async def _displacing(self, urgent: Sequence[Work], board: Board) -> tuple[set[str], set[str]]:
        """Those who got the place of routine work: some may have come to lie unstarted with somebody since they began
        to wait. Where there was none for one, there is none for its like. Beside them, the needs of which no work may
        have any more."""
        got, stuck, start, many = set[str](), set[Like](), 0, 1
        while start < len(urgent):
            some = urgent[start : start + many]
            start, many = start + many, min(2 * many, DISPLACING)  # one tells whether more is worth trying
            like = {work.request_id: self._dispatcher.whom_it_may_have(work, board) for work in some}
            tried = [work for work in some if like[work.request_id] not in stuck]
            placed = await self._all(tried, self._dispatcher.displace)
            stuck |= {like[work.request_id] for work in tried if work.request_id not in placed}
            got |= placed
        return got, {need for need, *kept_away in stuck if not any(kept_away)}

    async def _all(self, works: Sequence[Work], act: Callable[[Work], Awaitable[bool]]) -> set[str]:
        """Do this with all of them at once; tells with whom it went well."""
        outcomes = await asyncio.gather(*(self._caused(work, act) for work in works))
        return {work.request_id for work, well in zip(works, outcomes, strict=True) if well}

    async def measure(self) -> None:
        """For ever: count what waits."""
        while True:
            for priority, count in (await self._store.waiting_by_priority()).items():
                WAITING.labels(priority=priority).set(count)
            await asyncio.sleep(MEASURE_EVERY)

    async def _caused(self, work: Work, act: Callable[[Work], Awaitable[bool]]) -> bool:
        """Do this with the work, so that what is told of it can be followed."""
        current_cause.set(Cause(work.correlation_id or work.request_id))
        return await act(work)


def _urgent_goes_on(page: Sequence[Work], hopeless: set[tuple[int, str]]) -> bool:
    """Whether what comes behind `page` may be urgent and have the place of routine work, though nobody has one free."""
    last = page[-1].tale
    return last.rank == 0 and (last.rank, last.need) not in hopeless
