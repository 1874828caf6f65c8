"""Urgent work takes the place of routine work that nobody has started; that waits again, before its like, and is told.

Whoever asks meanwhile makes up the next round: what could be displaced is read once for all of them, and chosen in
memory in the order of the queue, so that a storm of urgent requests costs a few queries and not one each.

The order of writes: the routine work says first that it is displaced, then the place changes hands in one guarded
write of the specialist's document, then the urgent work is written by whoever asked. Between the two nobody else gives
the place back: the routine work itself, which waits now, could have it again. A crash there leaves a place nobody uses,
which the sweep gives back after a while.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import compress

from services.routing.assigner import Assigner
from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Wish
from services.routing.domain.steps import displaced
from services.routing.domain.work import Work, given_up, known
from services.routing.metrics import DISPLACED
from services.routing.roster import Roster
from services.routing.store import Store
from shared.clock import Clock
from shared.messaging.envelope import Cause, current_cause
from shared.store.batching import Batcher

ROUND = 32
"""Who is served together: choosing among a thousand specialists takes a few milliseconds each."""
TRIED = 5
"""How often a round looks for another place: it is refused only where others were faster."""
Settle = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Urgent work wants a place where `place` found none."""

    wish: Wish
    place: Explained
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Swap:
    """Whose place goes to which of a round, and the routine request that has it."""

    index: int
    specialist_id: str
    request_id: str


class Displacer:
    """Makes room for urgent work; `settle` looks after the work displaced."""

    def __init__(self, store: Store, roster: Roster, assigner: Assigner, clock: Clock, settle: Settle) -> None:
        self._store = store
        self._roster = roster
        self._assigner = assigner
        self._clock = clock
        self._settle = settle
        self._rounds: Batcher[Asked, Explained] = Batcher(self._round, ROUND)

    async def make_room(self, wish: Wish, place: Explained) -> Explained:
        """A place for urgent work where `place` found none: one that routine work has given up, or none all the
        same."""
        if place.winner is not None or place.counts.get("able") or wish.priority != "urgent" or wish.only:
            return place
        return await self._rounds.call(Asked(wish, place, current_cause.get()))

    async def _round(self, asked: Sequence[Asked]) -> list[Explained | BaseException]:
        answers: dict[int, Explained | BaseException] = {}
        left: Sequence[int] = sorted(range(len(asked)), key=lambda index: asked[index].wish.order)
        for _ in range(TRIED):
            swaps = await self._chosen(asked, left)
            if not swaps:
                break
            swapping = (self._swap(asked[one.index], one) for one in swaps)
            outcomes = await asyncio.gather(*swapping, return_exceptions=True)
            found = {one.index: outcome for one, outcome in zip(swaps, outcomes, strict=True)}
            answers |= {index: outcome for index, outcome in found.items() if outcome is not None}
            left = [index for index, outcome in found.items() if outcome is None]
        return [answers.get(index, one.place) for index, one in enumerate(asked)]

    async def _chosen(self, asked: Sequence[Asked], left: Sequence[int]) -> list[Swap]:
        """Who of those `left` may have whose place: the first in the queue their best."""
        full = {index: self._assigner.full(asked[index].wish) for index in left}
        everybody, often = {one for ids in full.values() for one in ids}, self._roster.policy.displacements
        victims = await self._store.displaceable(sorted(everybody), often) if everybody else {}
        able = [index for index in left if not victims.keys().isdisjoint(full[index])]
        wanted = await asyncio.gather(*(self._still_wanted(asked[index].wish) for index in able))
        chosen = []
        for index in compress(able, wanted):
            specialist_id = next((one for one in full[index] if victims.get(one)), None)
            if specialist_id is not None:
                chosen.append(Swap(index, specialist_id, victims[specialist_id].pop(0)))
        return chosen

    async def _still_wanted(self, wish: Wish) -> bool:
        """Whether the work still wants a place for this turn: a message that comes again displaces nothing."""
        work = await self._store.works.get(wish.request_id)
        if work is None:
            return True
        return work.tale.stage in {"expected", "waiting"} and work.turn + 1 == wish.turn

    async def _swap(self, one: Asked, swap: Swap) -> Explained | None:
        """The place, which `one` now has; None where others were faster."""
        current_cause.set(one.cause)
        why = self._assigner.displacing(one.wish, one.place, swap.specialist_id, swap.request_id)
        now, often, specialist_id = self._clock.now(), self._roster.policy.displacements, swap.specialist_id
        stepped = await self._store.works.step(
            swap.request_id, lambda found: displaced(known(found), specialist_id, one.wish.request_id, now, often)
        )
        if not stepped.events:
            return None
        _, freed = given_up(stepped.state)[-1]
        taken = await self._assigner.swap(specialist_id, one.wish, freed)
        if not taken:
            await self._assigner.release(specialist_id, [freed])
        await self._settle(stepped.state)
        if not taken:
            return None
        DISPLACED.inc()
        return why
