"""Urgent work takes the place of routine work that nobody has started; that waits again, before its like, and is told.

The order of writes: the routine work says first that it is displaced, then the place changes hands in one guarded
write of the specialist's document, then the urgent work is written by whoever asked. A crash between leaves a place
nobody uses, which the sweep gives back.
"""

from collections.abc import Awaitable, Callable

from services.routing.assigner import Assigner
from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Wish
from services.routing.domain.steps import displaced
from services.routing.domain.work import Work, known, let_go
from services.routing.metrics import DISPLACED
from services.routing.roster import Roster
from services.routing.store import Store
from shared.clock import Clock

TRIED = 5
"""Of those whose place urgent work may want, the best who are asked: they refuse only where others were faster."""
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
        full = self._assigner.full(wish)
        victims = await self._store.displaceable(full, self._roster.policy.displacements) if full else {}
        if not victims or not await self._still_wanted(wish):
            return place
        for specialist_id in [one for one in full if one in victims][:TRIED]:
            if await self._swap(specialist_id, victims[specialist_id], wish, settle):
                DISPLACED.inc()
                return self._assigner.displacing(wish, place, specialist_id, victims[specialist_id])
        return place

    async def _still_wanted(self, wish: Wish) -> bool:
        """Whether the work still wants a place for this turn: a message that comes again displaces nothing."""
        work = await self._store.works.get(wish.request_id)
        if work is None:
            return True
        return work.tale.stage in {"expected", "waiting"} and work.turn + 1 == wish.turn

    async def _swap(self, specialist_id: str, request_id: str, wish: Wish, settle: Settle) -> bool:
        now, often = self._clock.now(), self._roster.policy.displacements
        stepped = await self._store.works.step(
            request_id, lambda found: displaced(known(found), specialist_id, wish.request_id, now, often)
        )
        if not stepped.events:
            return False
        given_up = next(one for who, one in reversed(let_go(stepped.state)) if who == specialist_id)
        taken = await self._assigner.swap(specialist_id, wish, given_up)
        await settle(stepped.state)
        return taken
