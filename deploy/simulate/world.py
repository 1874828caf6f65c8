"""One company under one policy, in virtual time: an event at a time, from the first request to the last verdict."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from deploy.simulate.company import AFTERWARDS, MINUTE, Company, Person, Request
from deploy.simulate.givers import Asked, Giver, Load
from services.routing.domain.needs import COMPLEX_LEVEL, need_of, product_key
from services.routing.domain.record import share
from services.routing.domain.story import RANKS

ASSIGN_WITHIN = {"urgent": 5 * MINUTE}
START_WITHIN = {"urgent": 15 * MINUTE, "important": 540 * MINUTE, "routine": 1620 * MINUTE}
FINISH_WITHIN = {"urgent": 240 * MINUTE}
"""The clocks of DOMAIN's urgent requests, and after which time of the others somebody counts as lost (R-URG-4/5)."""
FORCED_AFTER = 540 * MINUTE
MOST_POSTPONEMENTS = 8
"""Even where no rule forbids one more."""


@dataclass(slots=True)
class Item:
    """A request under way."""

    request: Request
    waits_since: datetime
    holder: str | None = None
    round: int = 1
    turn: int = 0
    assigned_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    left: float = 0.0
    """Minutes of work still to be done by whoever has it."""
    ready_at: datetime | None = None
    """When it may be begun: at once, or when what was put off comes up again; None while it is forgotten."""
    postponed: int = 0
    asked_in: int = 0
    """The turn in which the client asked where the specialist is: then it is begun."""
    ahead: int = 0
    barred: frozenset[str] = frozenset()
    """The accountant refused their work."""
    lost: frozenset[str] = frozenset()
    """It was taken from them."""


@dataclass(slots=True)
class Desk:
    """A specialist at work."""

    person: Person
    load: Load
    items: list[Item] = field(default_factory=list)
    current: Item | None = None
    since: datetime | None = None
    """When the current stretch of work began."""
    stretch: int = 0
    """Grows with each stretch, so that an end that was planned for an interrupted one is known."""
    marks: dict[str, int] = field(default_factory=dict)
    works: int = 0
    worked: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    urgent_breaches: dict[str, int] = field(default_factory=lambda: {"assign": 0, "start": 0, "finish": 0})
    urgent_rounds: int = 0
    start_minutes: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in RANKS})
    """From the registration to the first start, by priority."""
    solved_minutes: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in RANKS})
    """From the registration to the satisfied verdict, by priority."""
    refused: int = 0
    finished: int = 0
    unsolved: int = 0
    idle_share: float = 0.0

    @property
    def breaches(self) -> int:
        """Broken clocks of urgent requests."""
        return sum(self.urgent_breaches.values())


class World:
    """The run."""

    def __init__(self, company: Company, giver: Giver) -> None:
        self._company, self._giver, self._told = company, giver, company.figures
        self._desks = {one.candidate.specialist_id: Desk(one, Load(one)) for one in company.people}
        self._loads = {key: desk.load for key, desk in self._desks.items()}
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._waiting: dict[str, Item] = {}
        self._open = 0
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
        while self._queue and self._queue[0][0] <= end:
            self.now, _, happen = heapq.heappop(self._queue)
            happen()
        self.outcome.unsolved = self._open
        self.outcome.idle_share = self._idle_share()
        return self.outcome

    def _at(self, moment: datetime, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (moment, next(self._numbers), happen))

    def _comes(self, desk: Desk) -> None:
        """Somebody comes to work: they take up what lies there, and what waits is tried again."""
        self._next(desk)
        self._serve()

    def _registered(self, request: Request) -> None:
        self._open += 1
        self._waits(Item(request, self.now))

    def _waits(self, item: Item) -> None:
        item.holder, item.assigned_at, item.started_at, item.waits_since = None, None, None, self.now
        self._waiting[item.request.request_id] = item
        if item.request.priority == "urgent":
            self.outcome.urgent_rounds += 1
            round_, within = item.round, ASSIGN_WITHIN["urgent"]
            self._at(self.now + within, lambda: self._check(item, "assign", round_, item.assigned_at is None))
        self._serve()

    def _check(self, item: Item, clock: str, round_: int, broken: bool) -> None:  # noqa: FBT001 - what the clock found
        if item.round == round_ and broken:
            self.outcome.urgent_breaches[clock] += 1

    def _serve(self) -> None:
        """Give away what waits, in the order of the queue."""
        order = sorted(
            self._waiting.values(), key=lambda one: (RANKS[one.request.priority], -one.ahead, one.request.at)
        )
        hopeless: set[tuple[object, ...]] = set()
        for item in order:
            kind = (item.request.priority, item.request.product, item.request.nature, item.barred, item.lost)
            if kind not in hopeless and not self._given(item):
                hopeless.add(kind)

    def _given(self, item: Item) -> bool:
        asked = Asked(request=item.request, barred=item.barred | item.lost, ahead=item.ahead)
        holder = self._giver.pick(asked, self._loads, self.now)
        if holder is None and self._giver.displaces and item.request.priority == "urgent":
            holder = self._displaced(asked)
        if holder is None:
            return False
        del self._waiting[item.request.request_id]
        self._give(item, holder)
        return True

    def _displaced(self, asked: Asked) -> str | None:
        for key in self._giver.instead(asked, self._loads, self.now):
            desk = self._desks[key]
            for other in desk.items:
                if other.request.priority == "routine" and other.started_at is None and not other.ahead:
                    self._taken(desk, other)
                    other.ahead += 1
                    other.holder = None
                    self._waiting[other.request.request_id] = other
                    return key
        return None

    def _give(self, item: Item, holder: str) -> None:
        desk = self._desks[holder]
        item.holder, item.assigned_at, item.turn = holder, self.now, item.turn + 1
        desk.items.append(item)
        self._count(desk)
        desk.load.given_at, desk.works = self.now, desk.works + 1
        item.left = item.request.minutes * self._slowness(desk.person, item.request)
        chance = self._company.chance("lost", item.request.request_id, item.turn, holder)
        item.ready_at = None if chance.random() < desk.person.lost else self.now
        turn = item.turn
        self._at(self.now + START_WITHIN[item.request.priority], lambda: self._not_started(item, turn))
        if item.ready_at is None:
            asked = timedelta(minutes=self._told["minutes"][f"asked_{item.request.priority}"])
            self._at(self.now + asked, lambda: self._remembered(item, turn))
        self._next(desk)

    def _not_started(self, item: Item, turn: int) -> None:
        """The clock `start`: broken, where nobody has begun; our policy then gives it to somebody else (R-URG-7)."""
        if item.turn != turn or item.holder is None or item.started_at is not None:
            return
        if item.request.priority == "urgent":
            self.outcome.urgent_breaches["start"] += 1
        if not self._giver.replaces_lost:
            return
        asked = Asked(request=item.request, barred=item.barred | item.lost | {item.holder})
        other = self._giver.pick(asked, self._loads, self.now)
        if other is not None:
            desk = self._desks[item.holder]
            self._mark(desk, "lost")
            self._taken(desk, item)
            item.lost |= {desk.person.candidate.specialist_id}
            self._give(item, other)

    def _remembered(self, item: Item, turn: int) -> None:
        """The client asked where the specialist is."""
        if item.turn == turn and item.holder is not None and item.ready_at is None:
            item.ready_at, item.asked_in = self.now, turn
            self._next(self._desks[item.holder])

    def _next(self, desk: Desk) -> None:
        """Take up what is most pressing; routine work is put aside for it."""
        if desk.person.at_work.next(self.now) != self.now:
            return
        ready = [item for item in desk.items if item.ready_at is not None and item.ready_at <= self.now]
        if not ready:
            return
        item = min(ready, key=lambda one: (RANKS[one.request.priority], one.started_at is None, one.request.at))
        if desk.current is item:
            return
        if desk.current is not None:
            if RANKS[item.request.priority] >= RANKS[desk.current.request.priority]:
                return
            self._pause(desk)
        if item.started_at is None and self._puts_off(desk, item):
            self._next(desk)
            return
        self._begin(desk, item)

    def _puts_off(self, desk: Desk, item: Item) -> bool:
        allowed = self._giver.postponements
        most = MOST_POSTPONEMENTS if allowed is None else allowed[item.request.priority]
        chance = self._company.chance("off", item.request.request_id, item.turn, item.postponed)
        if item.asked_in == item.turn or chance.random() >= desk.person.postpones:
            return False
        if item.postponed >= most:
            return allowed is not None and self._forgets(item, chance.random() < desk.person.lost_if_refused)
        item.postponed += 1
        self._mark(desk, "postponed")
        item.ready_at = self.now + timedelta(minutes=self._told["minutes"][f"off_{item.request.priority}"])
        self._at(item.ready_at, lambda: self._next(desk))
        return True

    def _forgets(self, item: Item, forgets: bool) -> bool:  # noqa: FBT001 - what chance said
        """Who may not put it off either begins, or forgets it until somebody asks."""
        if forgets:
            turn, item.ready_at = item.turn, None
            asked = timedelta(minutes=self._told["minutes"][f"asked_{item.request.priority}"])
            self._at(self.now + asked, lambda: self._remembered(item, turn))
        return forgets

    def _begin(self, desk: Desk, item: Item) -> None:
        if item.started_at is None:
            item.started_at = self.now
            if item.round == 1:
                waited = (self.now - item.request.at) / MINUTE
                self.outcome.start_minutes[item.request.priority].append(waited)
            if item.request.priority == "urgent":
                turn = item.turn
                self._at(self.now + FINISH_WITHIN["urgent"], lambda: self._not_finished(item, turn))
        desk.current, desk.since, desk.stretch = item, self.now, desk.stretch + 1
        stretch = desk.stretch
        shift = desk.person.at_work.end(self.now)
        done = self.now + timedelta(minutes=item.left)
        if done <= shift:
            self._at(done, lambda: self._finished(desk, item, stretch))
        else:
            self._at(shift, lambda: self._off(desk, stretch))

    def _not_finished(self, item: Item, turn: int) -> None:
        if item.turn == turn and item.holder is not None:
            self.outcome.urgent_breaches["finish"] += 1

    def _off(self, desk: Desk, stretch: int) -> None:
        """The shift, or the half of it before lunch, is over."""
        if desk.stretch == stretch and desk.current is not None:
            self._pause(desk)

    def _pause(self, desk: Desk) -> None:
        item = desk.current
        if item is None or desk.since is None:
            return
        minutes = (self.now - desk.since) / MINUTE
        item.left = max(1.0, item.left - minutes)
        desk.worked += minutes
        desk.current, desk.since, desk.stretch = None, None, desk.stretch + 1

    def _finished(self, desk: Desk, item: Item, stretch: int) -> None:
        if desk.stretch != stretch or desk.current is not item:
            return
        self._pause(desk)
        self._taken(desk, item)
        item.finished_at = self.now
        self.outcome.finished += 1
        by = desk.person.candidate.specialist_id
        desk.load.clients.add(item.request.client_id)
        self._at(self.now + timedelta(minutes=self._told["minutes"]["verdict"]), lambda: self._verdict(item, by))
        self._serve()
        self._next(desk)

    def _verdict(self, item: Item, by: str) -> None:
        desk = self._desks[by]
        chance = self._company.chance("verdict", item.request.request_id, item.turn, by)
        if chance.random() >= self._refusal(desk.person, item.request):
            self._open -= 1
            solved = (self.now - item.request.at) / MINUTE
            self.outcome.solved_minutes[item.request.priority].append(solved)
            return
        self.outcome.refused += 1
        self._mark(desk, "finish_refused")
        item.round, item.postponed = item.round + 1, 0
        if self._giver.elsewhere:
            item.barred |= {by}
            self._waits(item)
            round_ = item.round
            self._at(self.now + FORCED_AFTER, lambda: self._forced(item, round_))
        else:
            item.started_at = None
            if item.request.priority == "urgent":
                self.outcome.urgent_rounds += 1
            self._give(item, by)

    def _forced(self, item: Item, round_: int) -> None:
        """Where everybody able has been refused, a manager has one of them finish it all the same (R-COI-2)."""
        if item.round == round_ and item.request.request_id in self._waiting:
            item.barred = item.lost = frozenset()
            self._serve()

    def _taken(self, desk: Desk, item: Item) -> None:
        if desk.current is item:
            self._pause(desk)
        desk.items.remove(item)
        self._count(desk)
        item.holder = None

    def _count(self, desk: Desk) -> None:
        ranks = [RANKS[item.request.priority] for item in desk.items]
        desk.load.held = len(ranks)
        desk.load.lesser = sum(rank > 0 for rank in ranks), sum(rank > 1 for rank in ranks)

    def _mark(self, desk: Desk, kind: str) -> None:
        desk.marks[kind] = desk.marks.get(kind, 0) + 1
        desk.load.record = share(desk.marks, desk.works)

    def _slowness(self, person: Person, request: Request) -> float:
        level = person.candidate.level((product_key(request.product),))
        hard = request.nature == "complex" and level < COMPLEX_LEVEL
        times: Sequence[float] = self._told["work"]["times_as_long"]
        return times[level] * (self._told["work"]["complex_below_4"][0] if hard else 1.0)

    def _refusal(self, person: Person, request: Request) -> float:
        level = person.candidate.level(need_of((request.product,), None).products)
        hard = request.nature == "complex" and level < COMPLEX_LEVEL
        refused: Sequence[float] = self._told["work"]["refused"]
        return refused[level] + person.sloppy + (self._told["work"]["complex_below_4"][1] if hard else 0.0)

    def _idle_share(self) -> float:
        """Of the working time up to the last request, how much nobody worked in."""
        until = self._company.requests[-1].at
        paid = sum(desk.person.at_work.minutes(until) for desk in self._desks.values())
        return max(0.0, 1 - sum(desk.worked for desk in self._desks.values()) / paid)
