"""Finds and takes places: what waits while one round is under way makes up the next.

A round picks specialists in memory, best first in the order of the queue, and takes all places of one specialist in
one guarded write of their document. The work item itself is written by whoever asked for the place.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from time import perf_counter

from services.routing.domain.assignment import Explained, Wish, choose
from services.routing.domain.specialists import claim, release, ticket
from services.routing.heads import Heads
from services.routing.metrics import CLAIMS, PLACE_TIME, PLACED
from services.routing.roster import Roster
from services.routing.store import Store
from shared.store import Busy
from shared.store.batching import Batcher

ROUND = 256
TRIES = 20


class Assigner:
    """Takes places of specialists, and gives them back."""

    def __init__(self, store: Store, roster: Roster, now: Callable[[], datetime], freed: Callable[[], None]) -> None:
        self._store = store
        self._roster = roster
        self._now = now
        self._freed = freed
        self.heads = Heads()
        self._rounds: Batcher[Wish, Explained] = Batcher(self._round, ROUND)

    async def place(self, wish: Wish) -> Explained:
        """The best free specialist, whose place is now taken, durably; or why there is none.

        Who asked must write the work item, or give the place back; after a crash between, the sweep does.
        """
        began = perf_counter()
        place = await self._rounds.call(wish)
        PLACE_TIME.observe(perf_counter() - began)
        PLACED.labels(priority=wish.priority, outcome="none" if place.winner is None else "taken").inc()
        return place

    async def place_in_turn(self, wish: Wish) -> Explained:
        """As `place`, for what has just come: nobody's, where waiting work that comes first could have one now."""
        found = self._look(wish) if self.heads else None
        ahead = () if found is None or found.winner is None else self.heads.before(wish)
        if found is None or all(self._look(head).winner is None for head in ahead):
            return await self.place(wish)
        PLACED.labels(priority=wish.priority, outcome="none").inc()
        return replace(found, winner=None)

    def waits(self, wish: Wish) -> None:
        """This waits now. Whoever became free while that was being written is told of it."""
        self.heads.join(wish)
        if self._look(wish).winner is not None:
            self._freed()

    async def release(self, specialist_id: str, tickets: Sequence[str], client_id: str | None = None) -> None:
        """Give places back; `client_id` where work for that client was finished."""
        stepped = await self._store.specialists.step(specialist_id, lambda state: release(state, tickets, client_id))
        self._roster.put(stepped.state)
        if stepped.written:
            self._freed()

    def _look(self, wish: Wish) -> Explained:
        """Whose place it would be this moment; none is taken."""
        return choose(wish, self._roster.candidates(), self._roster.load(), self._now())

    async def _round(self, wishes: Sequence[Wish]) -> list[Explained | BaseException]:
        await self._roster.ready()
        answers: dict[int, Explained | BaseException] = {}
        left = list(range(len(wishes)))
        for _ in range(TRIES):
            if left:
                left = await self._try(wishes, sorted(left, key=lambda index: wishes[index].order), answers)
        return [answers.get(index) or Busy() for index in range(len(wishes))]

    async def _try(
        self, wishes: Sequence[Wish], order: Sequence[int], answers: dict[int, Explained | BaseException]
    ) -> list[int]:
        """Pick and take; the indexes of those whose place another replica had taken are returned."""
        now, load, candidates = self._now(), self._roster.load(), self._roster.candidates()
        picked: dict[str, list[int]] = {}
        for index in order:
            answers[index] = place = choose(wishes[index], candidates, load, now, picked)
            if place.winner is not None:
                load[place.winner] += 1
                picked.setdefault(place.winner, []).append(index)
        outcomes = await asyncio.gather(
            *(
                self._claim(specialist_id, [ticket(wishes[index].request_id, wishes[index].turn) for index in indexes])
                for specialist_id, indexes in picked.items()
            ),
            return_exceptions=True,
        )
        left: list[int] = []
        for indexes, outcome in zip(picked.values(), outcomes, strict=True):
            for position, index in enumerate(indexes):
                if isinstance(outcome, BaseException):
                    answers[index] = outcome
                elif not outcome[position]:
                    del answers[index]
                    left.append(index)
        return left

    async def _claim(self, specialist_id: str, tickets: Sequence[str]) -> list[bool]:
        """Which of `tickets` got a place."""
        stepped = await self._store.specialists.step(specialist_id, partial(claim, tickets=tickets))
        self._roster.put(stepped.state)
        granted = [one in stepped.state.holds for one in tickets]
        CLAIMS.labels(outcome="taken").inc(sum(granted))
        CLAIMS.labels(outcome="lost").inc(len(granted) - sum(granted))
        return granted
