"""Payroll that kills itself (-9) on the way: `python -m tests.payroll.dying {review|close|resume} WRITES {after|in}`.

It looks November through, closes it, or takes up what it finds, and dies right after so many durable writes, or in the
midst of the one that would have been the next. Settings come from the environment, as for the service itself.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from services.payroll import closing, reviewing
from services.payroll.main import build_app
from services.payroll.office import Office
from services.payroll.settings import PayrollSettings
from tests.payroll.conftest import DECEMBER, clock_at

NOV = "2026-11"
WORK: dict[str, Callable[[Office], Awaitable[object]]] = {
    "review": lambda office: reviewing.look_through(office, NOV, "p2"),
    "close": lambda office: closing.close(office, NOV, "p1"),
}
PATIENCE = 30.0
SMALL = 2
"""Ledgers a part and a batch, so that there are many of them."""


def die() -> None:
    """At once, whatever is open."""
    os.kill(os.getpid(), signal.SIGKILL)


def doom(documents: Any, deaths: "Deaths") -> None:
    """Let every durable write of these documents count."""
    write = documents._commit.write

    async def counted(what: Any) -> None:
        if deaths.in_the_midst():
            under_way = asyncio.ensure_future(write(what))
            # Handed to the driver, and on its way: it may arrive or not.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not under_way.done()
            die()
        await write(what)
        deaths.count()

    documents._commit.write = counted


class Deaths:
    """When to die."""

    def __init__(self, writes: int, how: str) -> None:
        self._left = writes
        self._how = how

    def in_the_midst(self) -> bool:
        """Whether the next write is the one to die in."""
        return self._how == "in" and self._left <= 0

    def count(self) -> None:
        """One write came through."""
        self._left -= 1
        if self._how == "after" and self._left <= 0:
            die()


async def run(work: str, deaths: Deaths) -> None:
    """Do the work until death. What is left from before is taken up by the service itself."""
    app = build_app(PayrollSettings(), clock_at(DECEMBER))
    office: Office = app.state.deps
    kept = office.store
    for documents in (kept.books, kept.ledgers, kept.looks, kept.previews, office.deliveries.documents):
        doom(documents, deaths)
    async with app.router.lifespan_context(app):
        if work in WORK:
            await WORK[work](office)
        else:
            await asyncio.sleep(PATIENCE)


if __name__ == "__main__":
    closing.AT_ONCE = reviewing.PART = SMALL
    asyncio.run(run(sys.argv[1], Deaths(int(sys.argv[2]), sys.argv[3])))
