"""Keeps telling how far the facts that move money are told, whole (`client.facts_complete`)."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from services.accounts.domain import watermark
from services.accounts.domain.watermark import WATERMARK, Watermark
from services.accounts.office import Office
from shared.contracts.base import Decision

LOOK_EVERY = 1.0
"""Seconds; the company's clock may be moved in development, so the loop looks at it oftener than it speaks."""
TOLD_WITHIN = 60
"""How many looks are spent on one fact before the usual round is waited for."""
OUTBOX_CLEARS_WITHIN = 0.3


async def keep_telling(office: Office, every_seconds: float) -> None:
    """For ever: each `every_seconds`, and as soon as a fact just confirmed is surely told."""
    told: datetime | None = None
    every = timedelta(seconds=every_seconds)
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await office.confirmed.wait()
        if office.confirmed.is_set():
            office.confirmed.clear()
            await _until_told(office, office.now())
            told = office.now()
        elif told is None or not timedelta() <= office.now() - told < every:
            await tell_once(office)
            told = office.now()


async def tell_once(office: Office) -> Watermark:
    """Promise, look, tell."""
    now = office.now()
    marks = office.store.watermarks
    promised = (await marks.step(WATERMARK, partial(watermark.promise, now=now))).state.promised
    # In this order: what is confirmed meanwhile moves from proposals to the outboxes of clients.
    deciding = await office.store.earliest_deciding()
    untold = await office.store.earliest_untold()
    until = min([promised, *(moment for moment in (deciding, untold) if moment is not None)])

    def decide(state: Watermark | None) -> Decision[Watermark]:
        return watermark.tell(state or Watermark(promised=promised), until, now)

    return (await marks.step(WATERMARK, decide)).state


async def promised(office: Office) -> datetime | None:
    """The moment before which no fact is confirmed any more."""
    found = await office.store.watermarks.get(WATERMARK)
    return found.promised if found else None


async def _until_told(office: Office, moment: datetime) -> None:
    for _ in range(TOLD_WITHIN):
        state = await tell_once(office)
        if state.until is not None and state.until >= moment:
            return
        await asyncio.sleep(OUTBOX_CLEARS_WITHIN)
