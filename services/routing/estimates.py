"""What this process knows of how long works take: learnt anew from history now and then, off the event loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from services.routing.domain.estimates import Calibration, Done, Model, Span, calibration, learnt
from services.routing.domain.work import Work
from services.routing.history import History, task_of


class Estimates:
    """The spans, and how true they prove."""

    def __init__(self, history: History, now: Callable[[], datetime]) -> None:
        self._history = history
        self._now = now
        self._model: Model | None = None
        self._done: Sequence[Done] = ()
        self._calibrated: Calibration | None = None
        self.learnt_at: datetime | None = None

    @property
    def pace(self) -> Mapping[str, float]:
        """Minutes one work typically takes, by specialist, and for anybody (`""`); empty where history is short."""
        return self._model.pace if self._model else {}

    def span(self, work: Work, specialist_id: str | None) -> Span | None:
        """How long this work takes, in the hands of the specialist; None where history is too short to say."""
        return self._model.span(task_of(work, specialist_id)) if self._model else None

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
