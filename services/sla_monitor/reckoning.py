"""A new version goes through the timelines it concerns: in the background, page by page, once among all replicas."""

import asyncio
from functools import partial
from time import perf_counter

import structlog

from services.sla_monitor.domain.policies import Version
from services.sla_monitor.domain.timeline import UnknownSubject
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.policy_book import LOOK_EVERY, PAGE, PolicyBook, claimed, concerned, key_of, swept
from shared.calendar import NoCalendarYear
from shared.store import Unreadable

log = structlog.get_logger()


class Reckoning:
    """One replica's part."""

    def __init__(self, book: PolicyBook, monitor: Monitor) -> None:
        self._book = book
        self._monitor = monitor

    async def run(self) -> None:
        """For ever. Raises the driver's error where the database cannot be read, and what could not be written: begun
        again, it goes on with the page it was at, once nobody seems to be at it (`policy_book.LEFT_AFTER`)."""
        while True:
            await self.tick()
            await asyncio.sleep(LOOK_EVERY)

    async def tick(self) -> None:
        """Learn what is new, and take a version through the timelines where one has to go."""
        await self._book.refresh()
        version = await self._book.sweep_due()
        if version is not None:
            await self._go_through(version)

    async def _go_through(self, version: Version) -> None:
        key, clock = key_of(version.number), self._monitor.clock
        stepped = await self._book.sweeps.step(key, partial(claimed, number=version.number, now=clock.now()))
        if not stepped.written:
            return
        after: str | None = stepped.state.after
        while after is not None:
            began = perf_counter()
            keys, after = await self._monitor.store.keys(concerned(version), after, PAGE)
            changed = await asyncio.gather(*map(self._reckon, keys))
            page = partial(swept, number=version.number, last=after, changed=sum(changed), now=clock.now())
            await self._book.sweeps.step(key, page)
            await asyncio.sleep(perf_counter() - began)  # half of the time is left to the clocks
        await self._book.refresh()
        log.info("policy applied", action="policy.applied", version=version.number)

    async def _reckon(self, key: str) -> bool:
        """Whether something came out otherwise. What can never be reckoned stays as it is: the night finds it. What
        fails otherwise is raised, so that the page is gone through once more."""
        try:
            return await self._monitor.reckon(key)
        except (NoCalendarYear, UnknownSubject, Unreadable) as error:
            log.exception("not reckoned", action="policy.failed", key=key, exc_info=error)
            return False
