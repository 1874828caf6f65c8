"""Every due time computed anew from the facts, page by page: on demand, and each night."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Gauge

from services.sla_monitor.domain.verifying import Difference, differences
from services.sla_monitor.monitor import Monitor
from shared.contracts.base import Decision
from shared.service import Service

log = structlog.get_logger()

PAGE = 500
FROM_HOUR = 3
"""Of the company's night: when the clocks are verified."""
LOOK_EVERY = 30.0
LEFT_AFTER = timedelta(hours=1)
"""A verification without a sign of life this long was left by a replica that died."""
TOLD = 50
"""Differences a verification keeps; the number of all of them is kept as well."""

DIFFERENCES = Gauge("svoy_sla_clock_differences", "What the last nightly verification of the clocks found otherwise.")
VERIFIED = Gauge("svoy_sla_clocks_verified_timestamp_seconds", "When the clocks were last verified as a whole.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was found among some timelines."""

    checked: int
    differences: tuple[Difference, ...]
    next: str | None
    """The last key looked at; None where there is nothing after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One night's verification."""

    day: str
    began: datetime
    alive: datetime
    checked: int = 0
    different: int = 0
    differences: tuple[Difference, ...] = ()
    """The first of them."""
    ended: datetime | None = None


class Verifying:
    """Looks through the timelines; several replicas verify once a night together."""

    def __init__(self, service: Service, monitor: Monitor, company_zone: str) -> None:
        self._nights = service.documents("verifications", Verification)
        self._monitor = monitor
        self._zone = ZoneInfo(company_zone)

    async def page(self, after: str | None, limit: int = PAGE) -> Page:
        """The timelines after the key `after`, in the order of their keys."""
        book = self._monitor.book
        found, last = await self._monitor.store.page({}, after or "", limit)
        await book.refresh()  # another replica may have reckoned one of these by a newer policy
        now, applied = self._monitor.clock.now(), book.applied
        different = [one for timeline in found for one in differences(timeline, book.rules, now, applied)]
        return Page(checked=len(found), differences=tuple(different), next=last)

    async def last(self) -> Verification | None:
        """The newest verification that was finished."""
        found = await self._nights.find({"ended": {"$ne": None}}, sort=[("_id", -1)], limit=1)
        return found[0] if found else None

    async def run(self) -> None:
        """Each night, once."""
        while True:
            await self.tick()
            await asyncio.sleep(LOOK_EVERY)

    async def tick(self) -> None:
        """Verify if it is night and nobody has, and show what was found last."""
        local = self._monitor.clock.now().astimezone(self._zone)
        if local.hour >= FROM_HOUR:
            await self._verify(local.date().isoformat())
        last = await self.last()
        if last is not None and last.ended is not None:
            DIFFERENCES.set(last.different)
            VERIFIED.set(last.ended.timestamp())

    async def _verify(self, day: str) -> None:
        now = self._monitor.clock.now()
        if not (await self._nights.step(day, partial(claimed, day=day, now=now))).written:
            return
        after: str | None = None
        while True:
            began = perf_counter()
            page = await self.page(after)
            await self._nights.step(day, partial(verified, page=page, now=self._monitor.clock.now()))
            if page.next is None:
                break
            after = page.next
            await asyncio.sleep(perf_counter() - began)  # half of the time is left to the clocks
        log.info("clocks verified", action="clocks.verified", day=day)


def claimed(night: Verification | None, *, day: str, now: datetime) -> Decision[Verification]:
    """One replica's: nobody else's, unless it has been left."""
    if night is not None and (night.ended is not None or now - night.alive < LEFT_AFTER):
        return Decision(night)
    return Decision(Verification(day=day, began=now, alive=now))


def verified(night: Verification | None, *, page: Page, now: datetime) -> Decision[Verification]:
    """One page more."""
    before = night or Verification(day="", began=now, alive=now)
    after = replace(
        before,
        alive=now,
        checked=before.checked + page.checked,
        different=before.different + len(page.differences),
        differences=_first(before.differences, page.differences),
        ended=now if page.next is None else None,
    )
    return Decision(after)


def _first(known: Sequence[Difference], more: Sequence[Difference]) -> tuple[Difference, ...]:
    return (*known, *more)[:TOLD]
