"""What the world keeps: requests under way, specialists at their desks, and what came of it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.simulate.clocks import CLOCKS
from deploy.simulate.company import Person, Request
from deploy.simulate.givers import Load
from services.routing.domain.candidates import FREE, Wish, busier
from services.routing.domain.story import RANKS
from services.routing.domain.work import Work
from shared.contracts.base import Priority


@dataclass(slots=True)
class Item:
    """A request under way: the work, as routing keeps it, and where its doing stands."""

    request: Request
    work: Work
    wish: Wish
    """What the work asks for now."""
    assigned_at: datetime | None = None
    started_at: datetime | None = None
    begun: bool = False
    """Whether anybody ever started it."""
    left: float = 0.0
    """Minutes of work still to be done by whoever has it."""
    expected: float = 0.0
    """Minutes the giver reckons with."""
    ready_at: datetime | None = None
    """When it may be begun: at once, or when what was put off comes up again; None while it is forgotten."""
    postponed: int = 0
    """How often whoever has it put it off."""
    finishing: datetime | None = None
    """Since when the clock `finish` has been running; None while it does not."""
    finished_in: timedelta = timedelta()
    """For how long it had run before."""
    signed: int = 0
    """Grows with each sign of life."""
    asked_in: int = 0
    """The turn in which the client asked where the specialist is: then it is begun."""

    @property
    def turn(self) -> int:
        """How often it was given to somebody."""
        return self.work.turn

    @property
    def holder(self) -> str | None:
        """Who has it."""
        return self.work.tale.specialist_id


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
    """Minutes of their working time in which they worked: urgent work that is done over lunch is none of them."""

    def count(self) -> None:
        """What givers are told of the load is that of this moment."""
        ranks, load = [item.wish.rank for item in self.items], self.load
        load.held, load.busy = len(ranks), FREE
        load.lesser = sum(rank > 0 for rank in ranks), sum(rank > 1 for rank in ranks)
        for item in self.items:
            load.busy = busier(load.busy, item.wish.rank, item.expected)

    def worked_by(self, now: datetime) -> float:
        """`worked`, with what is under way at this moment."""
        return self.worked + (self.person.at_work.minutes(self.since, now) if self.since else 0.0)


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    broken: dict[str, dict[str, int]] = field(default_factory=lambda: {one: dict.fromkeys(CLOCKS, 0) for one in RANKS})
    """Broken clocks, by priority and clock."""
    start_minutes: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in RANKS})
    """From the registration to the first start, by priority."""
    solved_minutes: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in RANKS})
    """From the registration to the satisfied verdict, by priority."""
    refused: int = 0
    finished: int = 0
    unsolved: int = 0
    idle_share: float = 0.0

    def breaches(self, priority: Priority = "urgent") -> int:
        """Broken clocks of requests of this priority."""
        return sum(self.broken[priority].values())


def idle_share(desks: Collection[Desk], since: datetime, now: datetime) -> float:
    """Of the working time from `since`, when they began, to this moment: how much nobody worked in, 0…1."""
    paid = sum(desk.person.at_work.minutes(since, now) for desk in desks)
    return 1 - sum(desk.worked_by(now) for desk in desks) / paid if paid else 1.0
