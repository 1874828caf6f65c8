"""Compares the places taken with the work that should hold them, and gives back what a crash left taken.

A place whose turn is over is given back at once; one that urgent work is about to take, only when it has been seen so
for a while. One whose turn has not come through yet may belong to an assignment under way, here or in another replica:
after the same while the turn is called off in the work item, and then the place given back; an assignment that comes
late finds its turn gone, and does nothing.
"""

import asyncio
from collections.abc import Callable

from services.routing.assigner import Assigner
from services.routing.domain.specialists import of_ticket
from services.routing.domain.work import Work, called_off, given_up, held
from services.routing.metrics import HEALED
from services.routing.roster import Roster
from services.routing.store import Store

SLICE = 500
Place = tuple[str, str]
"""Who has it taken, and the ticket."""


class Sweeper:
    """Goes over all places, a slice at a time."""

    def __init__(
        self, store: Store, roster: Roster, assigner: Assigner, elapsed: Callable[[], float], patience: float
    ) -> None:
        self._store = store
        self._roster = roster
        self._assigner = assigner
        self._elapsed = elapsed
        self._patience = patience
        self._pending: dict[Place, float] = {}
        self._position = 0

    async def watch(self, every: float) -> None:
        """For ever: a slice at a time."""
        await self._roster.ready()
        while True:
            await self.sweep()
            await asyncio.sleep(every)

    async def sweep(self) -> None:
        """Look at the next slice of places."""
        places = self._next_slice()
        works = await self._store.works_of(one for _, one in places)
        for place in places:
            await self._look(place, works.get(of_ticket(place[1])[0]))

    def _next_slice(self) -> list[Place]:
        places = self._roster.tickets()
        there = set(places)
        self._pending = {place: since for place, since in self._pending.items() if place in there}
        if self._position >= len(places):
            self._position = 0
        found = places[self._position : self._position + SLICE]
        self._position += SLICE
        return found

    async def _look(self, place: Place, work: Work | None) -> None:
        request_id, turn = of_ticket(place[1])
        if work is not None and held(work) == place:
            self._pending.pop(place, None)
            return
        over = work is not None and work.turn >= turn
        waits = work is None or not over or place in given_up(work)
        if waits and self._elapsed() - self._pending.setdefault(place, self._elapsed()) < self._patience:
            return
        if not over:
            await self._store.works.step(request_id, lambda found: called_off(found, request_id, turn))
        await self._give_back(place, "left" if over else "called_off")

    async def _give_back(self, place: Place, why: str) -> None:
        await self._assigner.release(place[0], [place[1]])
        self._pending.pop(place, None)
        HEALED.labels(why=why).inc()
