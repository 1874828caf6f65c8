"""Simulated clients who stay or are lost as R-BASE-2 says: a competitor solved their request, or they stop paying.

Everybody has a resentment nobody sees: it grows with what hurts *this* accountant (some hate waiting, others being
refused), fades, and is shaken by chance. Day by day an accountant who waits for a request may turn to a competitor,
where one is near: the likelier, the more pressing the request, the longer it waits, the greater the resentment. At the
end of a month the client may stop paying. Now and then one goes for reasons of its own (a closed school).

Our points are never looked at here. How much what hurts, and how many competitors there are, differs from world to
world, since nobody knows what the true one is like.
"""

import random  # noqa: TID251 - a simulation draws lots, from a seed that is told
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from services.accounts.domain import matters
from services.accounts.domain.debt import MissedCall
from services.accounts.domain.matters import Fact, Matter, Party, Registration
from shared.contracts.base import Priority

START = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)
ZONE = "Asia/Krasnoyarsk"
WORKDAYS = 5
PAID_EVERY = 4
"""Weeks."""
How = Literal["competitor", "unpaid", "chance"]

PRESSING: dict[Priority, float] = {"urgent": 3.0, "important": 1.5, "routine": 0.3}
SPEED: dict[Priority, float] = {"urgent": 0.75, "important": 0.4, "routine": 0.3}
"""How probably a careful specialist finishes it on a day."""
PATIENCE: dict[Priority, int] = {"urgent": 1, "important": 5, "routine": 10}
"""Days after which it is late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How much waiting, a refused solution, a cancellation asked for, a broken promise and a call nobody took hurt, and
    how near competitors are (0…1, the mean)."""

    name: str
    waiting: float = 0.35
    refused: float = 2.5
    cancelling: float = 1.5
    late: float = 0.8
    unanswered: float = 1.0
    competitors: float = 0.4


WORLDS = (
    World(name="usual"),
    World(name="impatient", waiting=0.7, refused=1.2, cancelling=0.7),
    World(name="proud", waiting=0.15, refused=4.0, cancelling=3.0, late=1.2, unanswered=2.0),
    World(name="courted", competitors=0.7),
)


@dataclass(slots=True)
class Accountant:
    """What hurts, how it fades, and how much has gathered."""

    contact_id: str
    hates_waiting: float
    hates_refusals: float
    forgives: float
    resentment: float = 0.0

    @classmethod
    def drawn(cls, contact_id: str, luck: random.Random) -> "Accountant":
        """Somebody."""
        tempers = luck.lognormvariate(0, 0.6), luck.lognormvariate(0, 0.6)
        return cls(contact_id, *tempers, forgives=luck.uniform(0.85, 0.97))


@dataclass(slots=True)
class Life:
    """A client's year. `sloppy` (0…1) is whoever serves it at present, `near` how near a competitor is."""

    number: int
    world: World
    luck: random.Random
    people: list[Accountant] = field(default_factory=list)
    sloppy: float = 0.0
    near: float = 0.0
    requests: dict[str, Matter] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    calls: list[MissedCall] = field(default_factory=list)
    lost_at: datetime | None = None
    how: How | None = None

    def __post_init__(self) -> None:
        draw = self.luck
        self.people = [Accountant.drawn(f"a{self.number}.{n}", draw) for n in range(draw.choice((1, 2, 3)))]
        self.sloppy = draw.betavariate(1.2, 6)
        self.near = draw.betavariate(4 * self.world.competitors, 4 * (1 - self.world.competitors))

    def live(self, day: datetime, *, month_ends: bool) -> None:
        """One working day."""
        if self.luck.random() < 1 / 150:
            self.sloppy = self.luck.betavariate(1.2, 6)
        for request_id in sorted(self.waiting):
            self._work(self.requests[request_id], day)
        for who in self.people:
            self._suffer(who, day)
        self._leave(day, month_ends=month_ends)

    def dangers(self, day: datetime) -> Iterator[tuple[How, float]]:
        """How probable each way of being lost is today; hidden from everybody but the lots drawn."""
        anger = {who.contact_id: who.resentment for who in self.people}
        for request_id in sorted(self.waiting):  # the lots of one seed are always the same
            matter = self.requests[request_id]
            days = min(_days(matter, day), 10)
            resentment = 0.3 + anger[matter.contact_id or ""] / 8
            yield "competitor", min(0.0005 * PRESSING[matter.priority] * days * resentment * self.near, 0.3)
        yield "unpaid", min((max(anger.values()) / 40) ** 2 * 0.15, 0.3)
        yield "chance", 0.00008

    def _leave(self, day: datetime, *, month_ends: bool) -> None:
        for how, danger in self.dangers(day):
            if (how != "unpaid" or month_ends) and self.luck.random() < danger:
                self.lost_at, self.how = day, how
                return

    def _suffer(self, who: Accountant, day: datetime) -> None:
        """What a day does to one accountant."""
        draw, world = self.luck, self.world
        if draw.random() < 0.08:
            self._ask(who, day)
        if draw.random() < 0.006 + 0.04 * self.sloppy:
            self._call_in_vain(who, day)
        mine = [self.requests[each] for each in self.waiting if self.requests[each].contact_id == who.contact_id]
        pain = sum(min(PRESSING[matter.priority], 1.5) for matter in mine if _days(matter, day))
        who.resentment = max(who.resentment * who.forgives + draw.gauss(0, 0.35), 0.0)
        who.resentment += world.waiting * who.hates_waiting * pain

    def _ask(self, who: Accountant, day: datetime) -> None:
        priorities: tuple[Priority, ...] = ("urgent", "important", "routine")
        request_id = f"{self.number}:{len(self.requests)}"
        first = Registration(
            at=day, number=request_id, priority=self.luck.choices(priorities, (2, 3, 5))[0], subject="",
            party=Party(client_id=f"c{self.number}", name="", zone=ZONE), contact_id=who.contact_id,
        )  # fmt: skip
        self.requests[request_id] = matters.registered(None, request_id, first).state
        self.waiting.add(request_id)

    def _call_in_vain(self, who: Accountant, day: datetime) -> None:
        back = day + timedelta(hours=2) if self.luck.random() < 0.6 else None
        call_id = f"k{self.number}:{len(self.calls)}"
        call = MissedCall(call_id=call_id, client_id="c", contact_id=who.contact_id, missed_at=day, returned_at=back)
        self.calls.append(call)
        who.resentment += self.world.unanswered * (0.3 if back else 1.0)

    def _work(self, matter: Matter, day: datetime) -> None:
        """A day of one open request: what the specialist does, and what the accountant says of it."""
        facts = [*self._slips(matter, day), *self._solving(matter, day)]
        if not facts:
            return
        after = matters.heard(matter, matter.request_id, *facts).state
        self.requests[matter.request_id] = after
        if not after.open:
            self.waiting.discard(matter.request_id)

    def _slips(self, matter: Matter, day: datetime) -> Iterator[Fact]:
        draw, who, world = self.luck, self._asker(matter), self.world
        if _days(matter, day) > PATIENCE[matter.priority] and not matter.of("breached"):
            broken = draw.random() < 0.2
            who.resentment += world.late * who.hates_waiting * (2 if broken else 1)
            yield Fact(kind="breached", at=day, ref=f"{matter.request_id}:finish", promise_broken=broken)
        if not matter.of("cancel_asked") and draw.random() < 0.004 + 0.05 * self.sloppy:
            yield Fact(kind="cancel_asked", at=day, by="s")
            if draw.random() < 0.25:  # it really was not needed any more
                yield Fact(kind="withdrawn", at=day + timedelta(hours=3))
            else:
                who.resentment += world.cancelling * who.hates_refusals

    def _solving(self, matter: Matter, day: datetime) -> Iterator[Fact]:
        draw, who = self.luck, self._asker(matter)
        finished, refused = matter.of("finished"), matter.of("refused")
        done = bool(finished) and (not refused or finished[-1].at > refused[-1].at)
        stuck = 0.5 if matter.of("cancel_asked") else 1.0
        if not done and draw.random() < SPEED[matter.priority] * (1 - self.sloppy) * stuck:
            done = True
            yield Fact(kind="finished", at=day + timedelta(hours=1), ref=f"{day:%j}")
        if done and draw.random() < 0.6:
            content = draw.random() > 0.04 + 0.5 * self.sloppy
            yield Fact(kind="satisfied" if content else "refused", at=day + timedelta(hours=2))
            who.resentment += 0 if content else self.world.refused * who.hates_refusals

    def _asker(self, matter: Matter) -> Accountant:
        return next(who for who in self.people if who.contact_id == matter.contact_id)


def company(seed: int, world: World, clients: int) -> list[Life]:
    """Clients at the beginning of a year."""
    lots = random.Random(f"{world.name} {seed}")
    return [Life(number, world, random.Random(lots.random())) for number in range(clients)]


def a_week(lives: list[Life], week: int) -> datetime:
    """Five working days of everybody. Returns the Sunday after them."""
    for weekday in range(WORKDAYS):
        day = START + timedelta(weeks=week, days=weekday)
        last = weekday == WORKDAYS - 1 and week % PAID_EVERY == PAID_EVERY - 1
        for life in lives:
            if life.lost_at is None:
                life.live(day, month_ends=last)
    return START + timedelta(weeks=week, days=6)


def _days(matter: Matter, day: datetime) -> int:
    return (day - matter.registration.at).days if matter.registration else 0
