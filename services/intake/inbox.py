"""Webhooks of telephonies: kept first and answered at once, then worked off in order of urgency.

What a crash left waiting is found in the database: nothing that was answered is lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from services.intake import metrics
from services.intake.channels.doors import none_from_the_future
from services.intake.domain import webhooks
from services.intake.domain.calls import Report
from services.intake.domain.refusals import Refused
from services.intake.domain.webhooks import Webhook
from services.intake.store import PASSING, Webhooks
from shared.clock import Clock
from shared.store import Busy, Stepped
from shared.wording import in_russian

log = structlog.get_logger()

Read = Callable[[Webhook], Report | None]
"""What a webhook says about a call; None where it is about none."""
Hear = Callable[[Report, str], Awaitable[object]]
"""Make it so; the second argument names the webhook, which has effect at most once."""

AT_ONCE = 32
"""Webhooks worked on at the same time."""
QUEUED_AT_MOST = 50_000
"""Webhooks in this process's memory; more wait in the database alone."""
LEFT_AFTER = timedelta(seconds=10)
"""A webhook still waiting by then was left by a process that died, or could not be worked off."""
LATER = (*PASSING, Busy)
"""What passes by itself."""
BROKEN = "Ошибка в программе; она записана."


class Inbox:
    """Takes webhooks in and works them off. Each replica works off what it took in, and what others left."""

    def __init__(self, store: Webhooks, read: Read, hear: Hear, clock: Clock) -> None:
        self.store = store
        self._read = read
        self._hear = hear
        self._clock = clock
        self._queue: asyncio.PriorityQueue[tuple[int, datetime, str]] = asyncio.PriorityQueue()
        self._queued: set[str] = set()

    async def take(self, new: Webhook) -> Stepped[Webhook]:
        """Keep a webhook; it is durable when this returns."""
        webhook = self._judged(new)
        stepped = await self.store.documents.step(new.webhook_id, lambda known: webhooks.keep(known, webhook), new=True)
        if stepped.written and stepped.state.state == "waiting":
            self._put(webhook.urgency, webhook.received_at, webhook.webhook_id)
        return stepped

    async def again(self, webhook_id: str) -> Webhook:
        """Work it off once more. Raises `UnknownWebhook`, `NotPossibleNow`."""
        webhook = (await self.store.documents.step(webhook_id, webhooks.again)).state
        self._put(webhook.urgency, webhook.received_at, webhook_id)
        return webhook

    async def working(self) -> None:
        """For ever: work off what is waiting, the most urgent first."""
        await self.left(timedelta())
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def sweeping(self, every_seconds: float) -> None:
        """For ever: find what was left, and count what a person has to look at."""
        while True:
            await self.left(LEFT_AFTER)
            metrics.WEBHOOKS_WAITING.set(await self.store.count("waiting"))
            metrics.WEBHOOKS_NOT_UNDERSTOOD.set(await self.store.count("not_understood"))
            await asyncio.sleep(every_seconds)

    async def left(self, after: timedelta) -> None:
        """Queue what has been waiting so long and is in no queue of this process."""
        for waiting in await self.store.waiting_since(self._clock.now() - after):
            self._put(*waiting)

    def _put(self, urgency: int, received_at: datetime, webhook_id: str) -> None:
        if webhook_id not in self._queued and len(self._queued) < QUEUED_AT_MOST:
            self._queued.add(webhook_id)
            self._queue.put_nowait((urgency, received_at, webhook_id))

    async def _work(self) -> None:
        while True:
            _, _, webhook_id = await self._queue.get()
            try:
                await self.work(webhook_id)
            except LATER as error:
                log.warning("webhook waits", action="webhook.later", webhook_id=webhook_id, error=repr(error))
            except Exception:
                # It waits in the database; one that nobody foresaw must not stop the work on all others.
                log.exception("webhook waits", action="webhook.later", webhook_id=webhook_id)
            finally:
                self._queued.discard(webhook_id)

    async def work(self, webhook_id: str) -> None:
        """Work off one webhook. Raises the driver's error or `Busy` where it has to be tried later."""
        webhook = await self.store.documents.get(webhook_id)
        if webhook is None or webhook.state != "waiting":
            return
        try:
            report = self._understood(webhook)
            if report is not None:
                await self._hear(report, webhook_id)
        except LATER:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, it is kept for a person
            await self._puzzled(webhook, error)
            return
        call_id, now = None if report is None else report.call_id, self._clock.now()
        await self.store.documents.step(webhook_id, lambda known: webhooks.worked_off(known, call_id, now))

    async def _puzzled(self, webhook: Webhook, error: Exception) -> None:
        why = reason(error)
        metrics.WEBHOOKS.labels(webhook.provider, "not_understood").inc()
        await self.store.documents.step(webhook.webhook_id, lambda known: webhooks.not_understood(known, why))

    def _judged(self, new: Webhook) -> Webhook:
        """The webhook with how urgent it is and what call it is about; what cannot be understood can wait, kept."""
        try:
            report = self._understood(new)
        except Exception as error:  # noqa: BLE001 - see work
            metrics.WEBHOOKS.labels(new.provider, "not_understood").inc()
            return replace(new, state="not_understood", why=reason(error))
        if report is None:
            return new
        return replace(new, urgency=webhooks.urgency(report.facts), call_id=report.call_id)

    def _understood(self, webhook: Webhook) -> Report | None:
        report = self._read(webhook)
        if report is not None:
            none_from_the_future(report.facts, max(self._clock.now(), webhook.received_at))
        return report


def reason(error: Exception) -> str:
    """What a person is told of it; a bug goes to the log as well."""
    if isinstance(error, ValidationError):
        faults = [f"{'.'.join(map(str, one['loc'])) or 'тело'}: {in_russian(one)}" for one in error.errors()[:5]]
        return "; ".join(faults)
    if isinstance(error, Refused):
        return str(error)
    log.error("webhook broke us", action="webhook.failed", exc_info=error)
    return BROKEN
