"""Urgent work takes the place of routine work that nobody has started; that waits again, before its like, and is told.

The order of writes: the routine work says first that it is displaced, then the place changes hands in one guarded
write of the specialist's document, then the urgent work is written by whoever asked. A crash between leaves a place
nobody uses, which the sweep gives back.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from services.routing.assigner import Assigner
from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Wish
from services.routing.domain.steps import displaced
from services.routing.domain.work import Work, held, known
from services.routing.metrics import DISPLACED
from services.routing.roster import Roster
from services.routing.store import Store
from shared.clock import Clock

LOOKED_AT = 5
"""Of those who could have it, the best whose work is looked through."""

Settle = Callable[[Work], Awaitable[None]]


class Displacer:
    """Makes room for urgent work."""

    def __init__(self, store: Store, roster: Roster, assigner: Assigner, clock: Clock) -> None:
        self._store = store
        self._roster = roster
        self._assigner = assigner
        self._clock = clock

    async def make_room(self, wish: Wish, place: Explained, settle: Settle) -> Explained:
        """A place for urgent work where `place` found none: one that routine work has given up, or none all the same.
        `settle` looks after the work displaced."""
        if place.winner is not None or place.counts.get("able") or wish.priority != "urgent" or wish.only:
            return place
        for specialist_id in self._assigner.full(wish)[:LOOKED_AT]:
            victim = await self._victim(specialist_id)
            if victim is not None and await self._swap(specialist_id, victim, wish, settle):
                DISPLACED.inc()
                return replace(place, winner=specialist_id, displaced=victim.request_id)
        return place

    async def _victim(self, specialist_id: str) -> Work | None:
        """The routine work that can wait longest: what the client expects latest."""
        works = await self._store.works_of(self._roster.holds(specialist_id))
        may = [work for work in works.values() if self._may(work, specialist_id)]
        return max(may, key=lambda work: (work.tale.due, work.request_id), default=None)

    def _may(self, work: Work, specialist_id: str) -> bool:
        now, often = self._clock.now(), self._roster.policy.displacements
        return held(work) is not None and bool(displaced(work, specialist_id, "", now, often).events)

    async def _swap(self, specialist_id: str, victim: Work, wish: Wish, settle: Settle) -> bool:
        place, now, often = held(victim), self._clock.now(), self._roster.policy.displacements
        stepped = await self._store.works.step(
            victim.request_id, lambda work: displaced(known(work), specialist_id, wish.request_id, now, often)
        )
        if place is None or not stepped.events:
            return False
        taken = await self._assigner.swap(specialist_id, wish, place[1])
        await settle(stepped.state)
        return taken
