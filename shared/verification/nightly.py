"""Each night everything is verified, page by page, once among all replicas."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Generic
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Gauge

from shared.clock import Clock
from shared.store import Documents
from shared.verification.night import Difference, Page, Verification, claimed, verified

log = structlog.get_logger()

FROM_HOUR = 3
"""Of the company's night: when the verification begins."""
LOOK_EVERY = 30.0


async def last(nights: Documents[Verification[Difference]]) -> Verification[Difference] | None:
    """The newest verification that was finished."""
    found = await nights.find({"ended": {"$ne": None}}, sort=[("_id", -1)], limit=1)
    return found[0] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nightly(Generic[Difference]):
    """Verifies `what`, and shows in the gauges how many differences were found last, and when."""

    what: str
    nights: Documents[Verification[Difference]]
    page: Callable[[str | None], Awaitable[Page[Difference]]]
    """What is found after a key; from the beginning on without one."""
    clock: Clock
    zone: str
    """The company's."""
    differences: Gauge
    verified: Gauge

    async def run(self) -> None:
        """For ever: each night, once."""
        while True:
            await self.tick()
            await asyncio.sleep(LOOK_EVERY)

    async def tick(self) -> None:
        """Verify if it is night and nobody has, and show what was found last."""
        local = self.clock.now().astimezone(ZoneInfo(self.zone))
        if local.hour >= FROM_HOUR:
            await self._verify(local.date().isoformat())
        found = await last(self.nights)
        if found is not None and found.ended is not None:
            self.differences.set(found.different)
            self.verified.set(found.ended.timestamp())

    async def _verify(self, day: str) -> None:
        mine = await self.nights.step(day, partial(claimed, day=day, now=self.clock.now()))
        if not mine.written:
            return
        after: str | None = None
        while True:
            began = perf_counter()
            page = await self.page(after)
            more = partial(verified, mine=mine.state, page=page, now=self.clock.now())
            stepped = await self.nights.step(day, more)
            if not stepped.written:
                return
            if page.next is None:
                break
            after = page.next
            await asyncio.sleep(perf_counter() - began)  # half of the time is left to others
        found = {"checked": stepped.state.checked, "different": stepped.state.different}
        log.info("verified", action=f"{self.what}.verified", day=day, **found)
