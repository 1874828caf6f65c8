"""Tells what time alone brings about: warnings and breaches, within a second of their time.

    load:  the documents with something to tell in the next seconds, into a heap (every half second, and at once when
           the clock has been moved past what was loaded); of a backlog the most urgent first
    fire:  what has come up, many at once; each by one guarded write, so that of several replicas one tells it

Nothing is kept here that a restart would miss: the due times are in the documents. The service's clock may be moved,
so nobody sleeps long without looking at it.
"""

import asyncio
import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from services.sla_monitor.domain.timeline import UnknownSubject
from services.sla_monitor.metrics import LATENESS, TICKED
from services.sla_monitor.monitor import Monitor
from shared.clock import machine_now
from shared.store import Unreadable

log = structlog.get_logger()

AHEAD = timedelta(seconds=2)
RELOAD_EVERY = 0.5
NAP, SHORT_NAP = 0.1, 0.005
LOADED = 5_000
TOGETHER = 256
REST, LONG_REST = 5.0, 60.0
"""Seconds a document that cannot be fired is left alone, and one that cannot even be read. While it rests it takes up
no place among what is loaded: however many there are, the others' time comes."""
STUCK_AFTER = 10.0


Waiting = tuple[datetime, int, datetime, str]
"""When its turn comes (what is overdue: now), its place among what is overdue, its due time, the document's key."""


class Ticker:
    """One replica's ticker."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._heap: list[Waiting] = []
        self._loaded_until: datetime | None = None
        self._reload_at = 0.0
        self._resting: dict[str, float] = {}
        self._looked_at: float | None = None

    async def run(self) -> None:
        """Tick for ever. Raises the driver's error where the database cannot be read."""
        while True:
            await self.tick()
            await asyncio.sleep(self._nap())

    async def tick(self) -> None:
        """Load if it is time to, and fire whatever is due by now."""
        self._looked_at = self._real_time()
        now = self._monitor.clock.now()
        if self._real_time() >= self._reload_at or self._loaded_until is None or now > self._loaded_until:
            await self._load(now)
        began = self._real_time()
        while due := self._pop(now):
            await asyncio.gather(*(self._fire(moment, key, now) for moment, key in due))
            if self._real_time() - began >= RELOAD_EVERY:
                break  # what is urgent and has become due meanwhile does not wait for the whole backlog

    def stuck(self) -> str | None:
        """Why nothing fires; None where it does."""
        if self._looked_at is None:
            return "has not started"
        age = self._real_time() - self._looked_at
        return f"has not looked for {age:.0f} s" if age > STUCK_AFTER else None

    async def _load(self, now: datetime) -> None:
        resting = self._at_rest()
        found = await self._monitor.store.upcoming(now + AHEAD, LOADED, but=resting)
        full = len(found) == LOADED
        if full:
            found = await self._monitor.store.upcoming(now, LOADED, but=resting)
        self._heap = [(max(moment, now), urgency, moment, key) for urgency, (moment, key) in enumerate(found)]
        heapq.heapify(self._heap)
        TICKED.set(machine_now().timestamp())
        # Of a backlog only the most urgent is loaded: what is left comes up as soon as this is told.
        self._loaded_until = now if full else now + AHEAD
        self._reload_at = 0.0 if full else self._real_time() + RELOAD_EVERY

    def _pop(self, now: datetime) -> Sequence[tuple[datetime, str]]:
        due: list[tuple[datetime, str]] = []
        while self._heap and self._heap[0][0] <= now and len(due) < TOGETHER:
            _, _, moment, key = heapq.heappop(self._heap)
            due.append((moment, key))
        return due

    def _at_rest(self) -> list[str]:
        now = self._real_time()
        self._resting = {key: until for key, until in self._resting.items() if now < until}
        return list(self._resting)

    async def _fire(self, moment: datetime, key: str, now: datetime) -> None:
        try:
            stepped = await self._monitor.fire(key, now)
        except UnknownSubject:
            return
        except Exception as error:
            log.exception("not fired", action="ticker.failed", key=key, exc_info=error)
            rest = LONG_REST if isinstance(error, Unreadable) else REST
            self._resting[key] = self._real_time() + rest
            return
        if stepped.written:
            LATENESS.observe((self._monitor.clock.now() - moment).total_seconds())
        if stepped.state.next_due is not None:
            heapq.heappush(self._heap, (stepped.state.next_due, 0, stepped.state.next_due, key))

    def _nap(self) -> float:
        if self._reload_at == 0.0:
            return SHORT_NAP
        if not self._heap:
            return NAP
        return min(max((self._heap[0][0] - self._monitor.clock.now()).total_seconds(), 0.0), NAP)

    @staticmethod
    def _real_time() -> float:
        return asyncio.get_running_loop().time()
