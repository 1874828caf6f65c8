"""What this process knows of how long works take: learnt anew from history now and then, off the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from services.routing.domain.candidates import Wish
from services.routing.domain.doing import task_of
from services.routing.domain.estimates import Calibration, Done, Model, Span, calibration, learnt
from services.routing.history import History
from services.routing.stems import stems

LONGEST = 100_000
"""Minutes: nothing is expected to take longer."""


class Estimates:
    """The spans, and how true they prove."""

    def __init__(self, history: History, now: Callable[[], datetime]) -> None:
        self._history = history
        self._now = now
        self._model: Model | None = None
        self._done: Sequence[Done] = ()
        self._calibrated: Calibration | None = None
        self.learnt_at: datetime | None = None

    def span(self, wish: Wish, specialist_id: str | None) -> Span | None:
        """How long this work takes, in the hands of the specialist; None where history is too short to say."""
        return self._model.span(task_of(wish, specialist_id, stems)) if self._model else None

    def minutes(self, wish: Wish, specialist_id: str) -> int:
        """The likely length of `span` alone, as a place is taken with it; 0 where history is too short to say."""
        if self._model is None:
            return 0
        return max(1, min(LONGEST, round(self._model.minutes(task_of(wish, specialist_id, stems)))))

    async def learn(self) -> None:
        """Read history and learn from it."""
        now = self._now()
        done = await self._history.done(now)
        self._model = await asyncio.to_thread(learnt, done)
        self._done, self._calibrated, self.learnt_at = done, None, now

    async def calibration(self) -> Calibration | None:
        """How true the spans proved; None where history is too short."""
        if self._calibrated is None and self._done:
            self._calibrated = await asyncio.to_thread(calibration, self._done)
        return self._calibrated

    async def watch(self, every: float) -> None:
        """For ever: keep it up to date."""
        while True:
            await self.learn()
            await asyncio.sleep(every)
