"""What routing does with what it hears: decide (domain), write, take places and give them back.

The order of writes keeps every load within its capacity: a place is taken before the work item says so, and given
back after the work item says that it is not needed. What a crash leaves between the two, the sweep puts right.
"""

from dataclasses import replace
from datetime import datetime

from services.routing.assigner import Assigner
from services.routing.displacer import Displacer
from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Board, Wish
from services.routing.domain.facts import Did, Registration, Word
from services.routing.domain.refusals import RoutingError
from services.routing.domain.specialists import ticket
from services.routing.domain.steps import placed, spoken
from services.routing.domain.work import (
    Work,
    another_wish_of,
    called_off,
    heard,
    held,
    known,
    let_go,
    registered,
    wish_of,
)
from services.routing.metrics import STEPS
from services.routing.roster import Roster
from services.routing.store import Store
from shared.clock import Clock
from shared.contracts.base import Decide, Decision

Like = tuple[str, frozenset[str], frozenset[str]]
"""What is needed, whom the accountant refused, and who is kept away from the client."""


class Dispatcher:
    """Everything that happens to a work item."""

    def __init__(self, store: Store, roster: Roster, assigner: Assigner, clock: Clock) -> None:
        self.roster = roster
        self.heads = assigner.heads
        self._store = store
        self._assigner = assigner
        self._displacer = Displacer(store, roster, assigner, clock, self._settle)
        self._clock = clock

    def now(self) -> datetime:
        """The present moment."""
        return self._clock.now()

    async def take_in(self, request_id: str, registration: Registration, correlation_id: str, once: str) -> None:
        """A request was registered: find it a place first, then write it once, assigned or waiting (R-URG-4).

        Where words heard before it make it want something else, the place is given back and another one found.
        """
        first = registered(None, request_id, registration, correlation_id)
        wish = wish_of(first.state)
        place = await self._assigner.place_in_turn(wish)
        place = await self._displacer.make_room(wish, place)

        def decide(work: Work | None) -> Decision[Work]:
            taken = first if work is None else registered(work, request_id, registration, correlation_id)
            if wish_of(taken.state) != wish:
                return taken
            then = placed(taken.state, place, self.roster.name(place.winner), self.now())
            return Decision(then.state, taken.events + then.events)

        stepped = await self._store.works.step(request_id, decide, once=once, new=True)
        await self._settle(stepped.state, place)

    async def hear(self, request_id: str, word: Word, once: str | None = None) -> Work:
        """Something was said about a request, by the client's side (R-REQ-3) or by those who watch over it."""
        stepped = await self._store.works.step(request_id, lambda work: heard(work, request_id, word), once=once)
        await self._settle(stepped.state)
        if word.said == "identified":
            self._assigner.look_again()  # whoever has it may be kept away from the client (R-COI-3)
        return stepped.state

    async def speak(
        self, request_id: str, step: Did, specialist_id: str, *,
        text: str = "", until: datetime | None = None, minutes: int | None = None, once: str | None = None,
    ) -> Work:  # fmt: skip
        """The specialist says something about their work (R-REQ-2)."""

        def decide(work: Work | None) -> Decision[Work]:
            limits = self.roster.policy.postponements
            return spoken(
                work, step, specialist_id, self.now(), text=text, until=until, minutes=minutes, postponements=limits
            )

        stepped = await self._store.works.step(request_id, decide, once=once)
        STEPS.labels(step=step).inc()
        if step == "finish":
            await self._settle(stepped.state)
        return stepped.state

    async def give(self, work: Work) -> bool:
        """Find waiting work a place; tells whether there was one."""
        wish = wish_of(work)
        place = await self.place(wish)
        if place.winner is None and not work.tale.announced:
            place = await self._displacer.make_room(wish, place)
        return await self._keep(work, wish, place)

    async def displace(self, work: Work) -> bool:
        """Give urgent work that waits the place of routine work that came to lie unstarted meanwhile; tells whether
        there was one."""
        wish = wish_of(work)
        found = self._assigner.look(wish)
        if found.winner is not None:
            return await self.give(work)
        return await self._keep(work, wish, await self._displacer.make_room(wish, found))

    async def why_waiting(self, work: Work) -> Explained:
        """Who could have waiting work this moment, in its turn, and what stands against the others."""
        await self.roster.ready()
        return replace(self._assigner.look(wish_of(work)), winner=None)

    async def _keep(self, work: Work, wish: Wish, place: Explained) -> bool:
        """Write what came of looking for a place by this wish, as long as the work still has it; tells whether there
        was one."""
        if place.winner is None and work.tale.announced:
            return False
        name = self.roster.name(place.winner)

        def decide(found: Work | None) -> Decision[Work]:
            now = known(found)
            return placed(now, place, name, self.now()) if wish_of(now) == wish else Decision(now)

        stepped = await self._store.works.step(work.request_id, decide)
        self._join(await self._give_back(stepped.state, place))
        return place.winner is not None

    def board(self) -> Board:
        """What changes from one request to the next, as it is now."""
        return self._assigner.board()

    def hopeless(self, work: Work, board: Board) -> bool:
        """Whether nobody has a place for this work."""
        return self._assigner.hopeless(wish_of(work), board)

    def nobody_instead(self, work: Work, board: Board) -> bool:
        """Whether nobody but whoever has this work has a place for it."""
        return self._assigner.hopeless(another_wish_of(work), board)

    def nobody_left(self, work: Work, board: Board) -> bool:
        """Whether nobody has a place for any work of this kind."""
        return self._assigner.nobody_left(wish_of(work), board)

    def whom_it_may_have(self, work: Work, board: Board) -> Like:
        """The same for works that the same specialists may have."""
        client_id = work.tale.client.client_id if work.tale.client else ""
        return work.tale.need, wish_of(work).barred, frozenset(board.excluded.get(client_id, ()))

    async def place(self, wish: Wish) -> Explained:
        """Take a place; whoever asks must then `commit` it to the work item."""
        return await self._assigner.place(wish)

    async def commit(self, request_id: str, decide: Decide[Work], place: Explained | None) -> Work:
        """Write what a manager decided with the place taken for it; it is given back where they were refused.

        Whatever else fails may have been written all the same: then the sweep finds out.
        """
        try:
            stepped = await self._store.works.step(request_id, decide)
        except RoutingError:
            found = await self._store.works.get(request_id)
            await self._give_back(found or Work(request_id=request_id), place)
            raise
        await self._settle(stepped.state, place)
        return stepped.state

    async def _settle(self, work: Work, place: Explained | None = None) -> None:
        """Give back what the work needs no more, and find it a place where it has just begun to wait."""
        work = await self._give_back(work, place)
        if work.tale.stage == "waiting" and not work.tale.announced:
            await self.give(work)
        else:
            self._join(work)

    def _join(self, work: Work) -> None:
        if work.tale.stage == "waiting" and work.tale.announced:
            self._assigner.waits(wish_of(work))

    async def _give_back(self, work: Work, place: Explained | None) -> Work:
        """Give back what the work needs no more; `place` as well, where it is not the one the work has.

        Another may have taken the same place for the same turn, and be about to write it: the turn is called off
        before the place is given back. The work is returned as it is then.
        """
        taken = place if place is not None and place.winner is not None else None
        if taken is not None and work.turn < taken.turn:
            request_id, turn = work.request_id, taken.turn
            stepped = await self._store.works.step(request_id, lambda found: called_off(found, request_id, turn))
            work = stepped.state
        needless = set(let_go(work))
        if taken is not None and taken.winner is not None:
            needless.add((taken.winner, ticket(work.request_id, taken.turn)))
        client = work.tale.client
        served = client.client_id if client and work.tale.stage == "finished" else None
        for specialist_id, one in needless - {held(work)}:
            await self._assigner.release(specialist_id, [one], served)
        return work
