"""One company under one policy, in virtual time: an event at a time, from the first request to the last verdict.

What people do is drawn by chance; what is then done with the work is decided by routing's own domain: its table of
life, its limits, its record, its replacements, for every policy alike.
"""

import heapq
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from deploy.simulate.clocks import due, ran, working_days
from deploy.simulate.company import AFTERWARDS, BREAK, MINUTE, Company, Request
from deploy.simulate.givers import Giver, Load
from deploy.simulate.state import Desk, Item, Outcome, idle_share
from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Wish
from services.routing.domain.doing import lived
from services.routing.domain.estimates import Done
from services.routing.domain.facts import ROUTING, Client, Did, Registration, Said, Word
from services.routing.domain.record import share
from services.routing.domain.refusals import BoundByDate, PostponedEnough
from services.routing.domain.steps import Order, displaced, forced, placed, replaced, spoken, victim
from services.routing.domain.work import Work, another_wish_of, heard, last_holder, registered, wish_of
from services.routing.stems import stems

FORCED_AFTER, FORCED_FOR, ASKED_AGAIN = 1, 3, 60 * MINUTE
"""After how many working days a manager forces what nobody else can have, for how many, and how often they try."""
IN_TIME = 120 * MINUTE
"""Nobody who is not at work yet is waited for longer than that: whatever waits longer is alike."""
MOST_POSTPONEMENTS = 8
"""Even where no rule forbids one more."""
LEARNS_EVERY = timedelta(days=7)
REPORTS_EVERY = {"urgent": 25 * MINUTE}
"""How often whoever works on it says how it goes; of other work they do when they take it up again."""


class World:
    """The run."""

    def __init__(self, company: Company, giver: Giver) -> None:
        self._company, self._giver, self._told = company, giver, company.figures
        self._desks = {one.candidate.specialist_id: Desk(one, Load(one)) for one in company.people}
        self._loads = {key: desk.load for key, desk in self._desks.items()}
        self._worked = {key: desk.person.worked for key, desk in self._desks.items()}
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._items: dict[str, Item] = {}
        self._waiting: dict[str, Item] = {}
        self._lost: dict[str, Item] = {}
        """Whoever has these is to be replaced as soon as somebody else can have them."""
        self._history: list[Done] = []
        self.now = company.start
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Everything that happens."""
        for request in self._company.requests:
            self._at(request.at, lambda request=request: self._registered(request))  # type: ignore[misc]
        end = self._company.start + timedelta(days=self._company.days + AFTERWARDS)
        for desk in self._desks.values():
            for begin in desk.person.at_work.begins:
                if begin >= self._company.start:
                    self._at(begin, lambda desk=desk: self._comes(desk))  # type: ignore[misc]
        self._at(self.now + LEARNS_EVERY, self._learn)
        self._at(self.now + timedelta(days=self._company.days), self._ends)
        while self._queue and self._queue[0][0] <= end:
            self.now, _, happen = heapq.heappop(self._queue)
            happen()
        self.outcome.unsolved = len(self._items)
        return self.outcome

    def _at(self, moment: datetime, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (moment, next(self._numbers), happen))

    def _ends(self) -> None:
        """Nothing comes any more: who was idle till now is counted, for of what follows nobody says it is usual."""
        self.outcome.idle_share = idle_share(self._desks.values(), self._company.start, self.now)

    def _learn(self) -> None:
        """The giver learns from what was finished so far."""
        self._giver.learn(self._history)
        self._at(self.now + LEARNS_EVERY, self._learn)

    def _comes(self, desk: Desk) -> None:
        """Somebody comes to work: they take up what lies there; once all have, what waits is tried again."""
        self._next(desk)
        self._at(self.now, self._serve)

    def _registered(self, request: Request) -> None:
        client = Client(client_id=request.client_id, name=request.client_id, zone=request.client_zone)
        registration = Registration(
            at=request.at, number=request.request_id, priority=request.priority, nature=request.nature,
            subject_text=request.subject, products=(request.product,), client=client,
        )  # fmt: skip
        work = registered(None, request.request_id, registration).state
        item = self._items[request.request_id] = Item(request, work, wish_of(work))
        self._waits(item)

    def _waits(self, item: Item) -> None:
        item.assigned_at, item.started_at = None, None
        self._queued(item)
        self._serve()

    def _queued(self, item: Item) -> None:
        """It waits: the clock `assign`."""
        key, wait = item.request.request_id, item.work.turn
        self._waiting[key] = item
        self._watch("assign", item, lambda: item.work.turn == wait and key in self._waiting)

    def _watch(
        self, clock: str, item: Item, stands: Callable[[], bool], then: Callable[[], None] | None = None,
        spent: timedelta = timedelta(),
    ) -> None:  # fmt: skip
        """A clock runs from now on; where it `stands` when it is due it is broken, and `then` follows."""

        def broken() -> None:
            if stands():
                self.outcome.broken[item.request.priority][clock] += 1
                if then is not None:
                    then()

        moment = due(clock, item.request.priority, self.now, spent)
        if moment is not None:
            self._at(moment, broken)

    def _becomes(self, item: Item, work: Work) -> None:
        """The work is this now; what it adds to anybody's record stands there at once (R-COI-1)."""
        for mark in work.tale.marks[len(item.work.tale.marks) :]:
            desk = self._desks[mark.specialist_id]
            desk.marks[mark.kind] = desk.marks.get(mark.kind, 0) + 1
            desk.load.record = share(desk.marks, desk.works)
        item.work, item.wish = work, wish_of(work)

    def _says(self, item: Item, step: Did, until: datetime | None = None) -> None:
        """Whoever has it says something. Raises what routing's domain refuses with."""
        who, limits = item.holder or "", self._giver.postponements or {}
        said = spoken(item.work, step, who, self.now, text="…", until=until, postponements=limits)
        self._becomes(item, said.state)

    def _hears(self, item: Item, said: Said, specialist_id: str | None = None) -> None:
        word = Word(said=said, at=self.now, counts_at=self.now, by=ROUTING, specialist_id=specialist_id)
        self._becomes(item, heard(item.work, item.request.request_id, word).state)

    def _serve(self) -> None:
        """Replace the lost, then give away what waits, in the order of the queue."""
        for item in list(self._lost.values()):
            self._replace(item)
        hopeless: set[tuple[object, ...]] = set()
        for item in sorted(self._waiting.values(), key=lambda one: one.wish.order):
            wish, fresh = item.wish, item.wish.due + IN_TIME >= self.now
            alike = (wish.priority, wish.need, wish.barred, wish.due if fresh else None)
            if alike not in hopeless and not self._given(item):
                hopeless.add(alike)

    def _given(self, item: Item) -> bool:
        place = self._giver.pick(item.wish, self._loads, self.now)
        if place.winner is None and self._giver.displacements and item.wish.priority == "urgent":
            place = replace(place, winner=self._displaced(item.wish))
        if place.winner is None:
            return False
        self._give(item, placed(item.work, place, place.winner, self.now).state)
        return True

    def _displaced(self, wish: Wish) -> str | None:
        often = self._giver.displacements
        for key in self._giver.instead(wish, self._loads, self.now):
            desk = self._desks[key]
            found = victim((item.work for item in desk.items), key, self.now, often)
            if found is not None:
                item = self._items[found.request_id]
                self._taken(desk, item)
                self._becomes(item, displaced(found, key, wish.request_id, self.now, often).state)
                self._queued(item)
                return key
        return None

    def _give(self, item: Item, work: Work, share: float = 1.0) -> None:
        """The work has just been given to somebody, this share of it."""
        self._waiting.pop(item.request.request_id, None)
        self._becomes(item, work)
        holder, turn, now = item.holder or "", item.turn, self.now
        desk = self._desks[holder]
        item.assigned_at, item.started_at, item.postponed = now, None, 0
        item.expected = self._giver.minutes(item.wish, holder)
        item.left = share * item.request.minutes * self._company.slowness(desk.person, item.request)
        desk.items.append(item)
        desk.count()
        desk.load.given_at, desk.works = now, desk.works + 1
        chance = self._company.chance("lost", item.request.request_id, turn, holder)
        item.ready_at = None if chance.random() < desk.person.lost else now
        self._watch("start", item, lambda: self._not_started(item, turn), lambda: self._lose(item))
        if item.ready_at is None:
            asked = timedelta(minutes=self._told.minutes.asked[item.request.priority])
            self._at(now + asked, lambda: self._remembered(item, turn))
        self._next(desk)

    def _not_started(self, item: Item, turn: int) -> bool:
        return item.turn == turn and item.assigned_at is not None and item.started_at is None

    def _lose(self, item: Item) -> None:
        """The clock `start` or `progress` is broken: our policy then wants somebody else (R-URG-7)."""
        if self._giver.replaces_lost:
            self._hears(item, "lost", item.holder)
            self._lost[item.request.request_id] = item
            self._replace(item)

    def _replace(self, item: Item) -> None:
        """Somebody else gets it, if anybody can; not any more, where whoever has it has spoken."""
        if item.work.tale.pending is None:
            del self._lost[item.request.request_id]
            return
        place = self._giver.pick(another_wish_of(item.work), self._loads, self.now)
        if place.winner is not None:
            del self._lost[item.request.request_id]
            desk, item.finishing, item.finished_in = self._desks[item.holder or ""], None, timedelta()
            self._taken(desk, item)
            order = Order(by=ROUTING, now=self.now, place=place, name=place.winner)
            self._give(item, replaced(item.work, order).state, self._handed_over(desk, item))
            self._next(desk)

    def _handed_over(self, desk: Desk, item: Item) -> float:
        """The share of the work that is left for whoever takes it over with a note (R-IMP-3)."""
        whole = item.request.minutes * self._company.slowness(desk.person, item.request)
        return 1 - self._told.work.handed_over * max(0.0, 1 - item.left / whole)

    def _remembered(self, item: Item, turn: int) -> None:
        """The client asked where the specialist is."""
        if item.turn == turn and item.assigned_at is not None and item.ready_at is None:
            item.ready_at, item.asked_in = self.now, turn
            self._next(self._desks[item.holder or ""])

    def _next(self, desk: Desk) -> None:
        """Take up what is most pressing; routine work is put aside for it."""
        if desk.person.at_work.next(self.now) != self.now:
            return
        ready = [item for item in desk.items if item.ready_at is not None and item.ready_at <= self.now]
        if not ready:
            return
        item = min(ready, key=lambda one: (one.wish.rank, one.started_at is None, one.request.at))
        if desk.current is item:
            return
        if desk.current is not None:
            if item.wish.rank >= desk.current.wish.rank:
                return
            self._pause(desk)
        if item.started_at is None and self._puts_off(desk, item):
            self._next(desk)
            return
        self._begin(desk, item)

    def _puts_off(self, desk: Desk, item: Item) -> bool:
        chance = self._company.chance("off", item.request.request_id, item.turn, item.postponed)
        enough = item.asked_in == item.turn or item.postponed >= MOST_POSTPONEMENTS
        if enough or chance.random() >= desk.person.postpones:
            return False
        until = self.now + timedelta(minutes=self._told.minutes.off[item.request.priority])
        try:
            self._says(item, "postpone", until)
        except (PostponedEnough, BoundByDate):
            return self._forgets(item, chance.random() < desk.person.lost_if_refused)
        item.postponed, item.ready_at = item.postponed + 1, until
        self._at(until, lambda: self._next(desk))
        return True

    def _forgets(self, item: Item, forgets: bool) -> bool:  # noqa: FBT001 - what chance said
        """Who may not put it off either begins, or forgets it until somebody asks."""
        if forgets:
            turn, item.ready_at = item.turn, None
            asked = timedelta(minutes=self._told.minutes.asked[item.request.priority])
            self._at(self.now + asked, lambda: self._remembered(item, turn))
        return forgets

    def _begin(self, desk: Desk, item: Item) -> None:
        if item.started_at is None:
            item.started_at = self.now
            self._says(item, "start")
            if not item.begun:
                item.begun = True
                waited = (self.now - item.request.at) / MINUTE
                self.outcome.start_minutes[item.request.priority].append(waited)
            if item.finishing is None:
                self._finishing(item)
            self._signed(item)
        else:
            self._reports(item)
        desk.current, desk.since, desk.stretch = item, self.now, desk.stretch + 1
        stretch = desk.stretch
        self._reports_again(desk, item, stretch)
        shift = desk.person.at_work.end(self.now, BREAK if item.wish.rank == 0 else timedelta())
        done = self.now + timedelta(minutes=item.left)
        if done <= shift:
            self._at(done, lambda: self._finished(desk, item, stretch))
        else:
            self._at(shift, lambda: self._off(desk, stretch))

    def _finishing(self, item: Item) -> None:
        """The clock `finish`: it goes on after a refusal with what it had left."""
        item.finishing = since = self.now
        self._watch("finish", item, lambda: item.finishing == since, spent=item.finished_in)

    def _signed(self, item: Item) -> None:
        """A sign of life: the clock `progress` runs anew."""
        item.signed += 1
        sign, turn = item.signed, item.turn
        self._watch("progress", item, lambda: self._silent(item, turn, sign), lambda: self._lose(item))

    def _silent(self, item: Item, turn: int, sign: int) -> bool:
        return (item.turn, item.signed) == (turn, sign) and item.work.tale.stage == "started"

    def _reports(self, item: Item) -> None:
        """They say how it goes, unless they are of those who do not."""
        chance = self._company.chance("silent", item.request.request_id, item.turn)
        if item.request.priority != "routine" and chance.random() >= self._desks[item.holder or ""].person.silent:
            self._says(item, "progress")
            self._signed(item)

    def _reports_again(self, desk: Desk, item: Item, stretch: int) -> None:
        every = REPORTS_EVERY.get(item.request.priority)

        def again() -> None:
            if desk.stretch == stretch and desk.current is item:
                self._reports(item)
                self._reports_again(desk, item, stretch)

        if every is not None:
            self._at(self.now + every, again)

    def _off(self, desk: Desk, stretch: int) -> None:
        """The shift, or the half of it before lunch, is over; urgent work is not left for lunch."""
        if desk.stretch == stretch and desk.current is not None:
            self._pause(desk)

    def _pause(self, desk: Desk) -> None:
        item = desk.current
        if item is None or desk.since is None:
            return
        item.left = max(1.0, item.left - (self.now - desk.since) / MINUTE)
        desk.worked = desk.worked_by(self.now)
        desk.current, desk.since, desk.stretch = None, None, desk.stretch + 1

    def _finished(self, desk: Desk, item: Item, stretch: int) -> None:
        if desk.stretch != stretch or desk.current is not item:
            return
        self._pause(desk)
        self._taken(desk, item)
        self._says(item, "finish")
        if item.finishing is not None:
            item.finished_in += ran("finish", item.request.priority, item.finishing, self.now)
        item.finishing = None
        self.outcome.finished += 1
        desk.load.clients.add(item.request.client_id)
        self._at(self.now + timedelta(minutes=self._told.minutes.verdict), lambda: self._verdict(item))
        self._serve()
        self._next(desk)

    def _verdict(self, item: Item) -> None:
        by = item.holder or ""
        chance = self._company.chance("verdict", item.request.request_id, item.turn, by)
        if chance.random() >= self._company.refusal(self._desks[by].person, item.request):
            self._hears(item, "accept")
            del self._items[item.request.request_id]
            self._history += lived(item.work, self._worked, stems)
            solved = (self.now - item.request.at) / MINUTE
            self.outcome.solved_minutes[item.request.priority].append(solved)
            return
        self.outcome.refused += 1
        self._hears(item, "refuse")
        self._finishing(item)
        if self._giver.elsewhere:
            self._waits(item)
            round_ = item.work.tale.round
            self._at(working_days(FORCED_AFTER, self.now), lambda: self._forced(item, round_))
        else:
            again = Explained(at=self.now, turn=item.wish.turn, winner=by, barred={}, counts={})
            self._give(item, placed(item.work, again, by, self.now).state)

    def _forced(self, item: Item, round_: int) -> None:
        """Where nobody else can have it, a manager has the last who had it finish it all the same (R-COI-2)."""
        if item.work.tale.round != round_ or item.request.request_id not in self._waiting:
            return
        wish = replace(item.wish, only=last_holder(item.work), barred=frozenset(), overruled=True)
        place = self._giver.pick(wish, self._loads, self.now)
        if place.winner is None:
            self._at(self.now + ASKED_AGAIN, lambda: self._forced(item, round_))
            return
        order = Order(
            by="manager", now=self.now, place=place, name=place.winner, finish_by=working_days(FORCED_FOR, self.now)
        )
        self._give(item, forced(item.work, order).state)

    def _taken(self, desk: Desk, item: Item) -> None:
        if desk.current is item:
            self._pause(desk)
        desk.items.remove(item)
        item.assigned_at = None
        desk.count()
