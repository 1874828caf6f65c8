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

from services.routing.domain.assignment import Explained, choose, displacing, full, hopeless, nobody_left
from services.routing.domain.candidates import Board, Wish
from services.routing.domain.places import Ask, claim, release
from services.routing.domain.specialists import ticket
from services.routing.estimates import Estimates
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

    def __init__(
        self, store: Store, roster: Roster, estimates: Estimates, now: Callable[[], datetime], freed: Callable[[], None]
    ) -> None:
        self._store = store
        self._estimates = estimates
        self._roster = roster
        self._now = now
        self.look_again = freed
        """Somebody may be free, or something be done, now."""
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
        if not self.heads:
            return await self.place(wish)
        board = self._roster.board()
        found = self.look(wish, board)
        ahead = () if found.winner is None else self.heads.before(wish)
        if not any(self._could(head, board) for head in ahead):
            return await self.place(wish)
        PLACED.labels(priority=wish.priority, outcome="none").inc()
        return replace(found, winner=None)

    def look(self, wish: Wish, board: Board | None = None) -> Explained:
        """Whose place it would be this moment; none is taken."""
        return choose(wish, self._roster.pool(wish), board or self._roster.board())

    def waits(self, wish: Wish) -> None:
        """This waits now. Whoever became free while that was being written is told of it."""
        self.heads.join(wish)
        if self._could(wish, self._roster.board()):
            self.look_again()

    def board(self) -> Board:
        """What changes from one request to the next, as it is now."""
        return self._roster.board()

    def hopeless(self, wish: Wish, board: Board) -> bool:
        """Whether nobody has a place for this request."""
        return hopeless(wish, self._roster.pool(wish), board)

    def nobody_left(self, wish: Wish, board: Board) -> bool:
        """Whether nobody has a place for any request of this kind, whenever the client expects somebody."""
        return nobody_left(self._roster.pool(wish), board)

    def full(self, wish: Wish) -> list[str]:
        """Those whose place urgent work may want; the best first."""
        return full(wish, self._roster.pool(wish), self._roster.board())

    def displacing(self, wish: Wish, place: Explained, winner: str, displaced: str) -> Explained:
        """Why it went to `winner`, who has given up the routine request `displaced`."""
        return displacing(place, winner, displaced, wish=wish, pool=self._roster.pool(wish), board=self._roster.board())

    async def swap(self, specialist_id: str, wish: Wish, instead_of: str) -> bool:
        """Take the place of the ticket `instead_of`; tells whether it was had."""
        one = self._ask(wish, specialist_id)
        stepped = await self._store.specialists.step(
            specialist_id, lambda state: claim(state, [one], self._now(), instead_of=instead_of)
        )
        self._roster.put(stepped.state)
        return one.ticket in stepped.state.holds

    async def release(self, specialist_id: str, tickets: Sequence[str], client_id: str | None = None) -> None:
        """Give places back; `client_id` where work for that client was finished."""
        stepped = await self._store.specialists.step(specialist_id, lambda state: release(state, tickets, client_id))
        self._roster.put(stepped.state)
        if stepped.written:
            self.look_again()

    def _could(self, wish: Wish, board: Board) -> bool:
        """Whether it could have a place this moment."""
        return not self.hopeless(wish, board) and self.look(wish, board).winner is not None

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
        board = self._roster.board()
        picked: dict[str, dict[int, Ask]] = {}
        board.picked = picked
        for index in order:
            answers[index] = place = choose(wishes[index], self._roster.pool(wishes[index]), board)
            if place.winner is not None:
                ask = self._ask(wishes[index], place.winner)
                board.take(place.winner, ask.rank, ask.minutes or self._roster.policy.minutes_each)
                picked.setdefault(place.winner, {})[index] = ask
        outcomes = await asyncio.gather(
            *(self._claim(specialist_id, list(asks.values())) for specialist_id, asks in picked.items()),
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

    async def _claim(self, specialist_id: str, asks: Sequence[Ask]) -> list[bool]:
        """Which of them got a place."""
        stepped = await self._store.specialists.step(specialist_id, partial(claim, asks=asks, now=self._now()))
        self._roster.put(stepped.state)
        holds = set(stepped.state.holds)
        granted = [one.ticket in holds for one in asks]
        CLAIMS.labels(outcome="taken").inc(sum(granted))
        CLAIMS.labels(outcome="lost").inc(len(granted) - sum(granted))
        return granted

    def _ask(self, wish: Wish, specialist_id: str) -> Ask:
        minutes = self._estimates.minutes(wish, specialist_id)
        return Ask(ticket(wish.request_id, wish.turn), wish.rank, wish.client_id, minutes)
