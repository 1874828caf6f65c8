"""Who gets it: hard conditions first, then a score with named parts; the reasons are kept (R-URG-4, R-COI-2, R-COI-4).

The score, in points:
    skill   0…40  urgent and complex work: 8 a level; other work: 40 for the level needed, 8 less for each above it
    load    0…30  the free share of the capacity, rounded up
    record  0…20  20 less what the record of the last 90 days costs (R-COI-1), never below 0, so that nobody starves
    client  0, 10 whether they have finished work for this client before
Equal scores fall to whoever is being given work at the same moment (one write instead of two), then to whoever holds
less, then to the lower id.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.routing.domain.needs import Need
from services.routing.domain.story import RANKS
from shared.contracts.base import Priority

Bar = Literal["inactive", "refused", "no_product", "low_level", "not_at_work", "no_place"]

BARS: Mapping[Bar, str] = {
    "inactive": "новых заявок не получает",
    "refused": "бухгалтер уже не принял эту работу у него, или её у него забирают",
    "no_product": "не знает продукта",
    "low_level": "не хватает уровня",
    "not_at_work": "сейчас не на работе",
    "no_place": "нет свободного места",
}
BEHIND = "свободное место сначала получат те, кто раньше в очереди"
PARTS: Mapping[str, str] = {
    "skill": "уровень",
    "load": "загрузка",
    "record": "история отказов и переносов",
    "client": "знает этого клиента",
}
COSTS: Mapping[str, int] = {
    "finish_refused": 4, "replaced": 3, "cancel_asked": 2, "cancel_wanted": -2, "postponed": 1, "forced": 1,
}  # fmt: skip
"""What each entry of the record costs, in points; a cancellation the accountant wanted gives its cost back."""

DETAILED = 50
"""Candidates an explanation lists one by one; the others are counted."""
RECORD_POINTS = 20

_Scored = tuple[int, bool, int, str, str]
"""What sorts the best first: score (negative), not yet picked, places taken, id; and the line that explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A specialist as assignment sees them at one moment, the load apart."""

    specialist_id: str
    skills: Mapping[str, int]
    """Level by product key."""
    best: int
    """The level where the product is not known."""
    capacity: int
    active: bool
    at_work: bool
    clients: frozenset[str] = frozenset()
    record: int = RECORD_POINTS

    def level(self, products: Sequence[str]) -> int:
        """Their level for all of `products` at once; 0 where one of them is unknown to them."""
        if not products:
            return self.best
        return min(self.skills.get(product, 0) for product in products)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request that wants a place."""

    request_id: str
    turn: int
    priority: Priority
    due: datetime
    need: Need
    client_id: str | None = None
    barred: frozenset[str] = frozenset()
    """Who shall not get it: refused by the accountant, or to be replaced."""
    only: str | None = None
    """Whom the manager names."""
    overruled: bool = False
    """Whether the manager takes product, level and hours upon themselves."""

    @property
    def order(self) -> tuple[int, datetime, str]:
        """The queue: by priority, then by when the client expects a specialist."""
        return RANKS[self.priority], self.due, self.request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why it went to whom it went (R-COI-4)."""

    at: datetime
    turn: int
    winner: str | None
    named: str | None = None
    """Whom the manager named."""
    overruled: bool = False
    scored: tuple[str, ...] = ()
    """The able, best first: id and points of each part, in the order of `PARTS`."""
    barred: dict[str, tuple[str, ...]]
    """The others by what stood against them."""
    counts: dict[str, int]
    """How many there were of each, `able` among them; more than are listed where there are many."""


def choose(
    wish: Wish,
    candidates: Iterable[Candidate],
    load: Mapping[str, int],
    now: datetime,
    picked: Collection[str] = (),
) -> Explained:
    """Who of `candidates` gets it, given how many places each has taken (`load`) and who is being given work at the
    same moment (`picked`); nobody, where none is able."""
    able: list[_Scored] = []
    barred: dict[str, list[str]] = {}
    for candidate in candidates:
        held = load[candidate.specialist_id]
        level = candidate.level(wish.need.products)
        bar = _bar(wish, candidate, level, held)
        if bar is None:
            able.append(_scored(wish, candidate, level, held, picked))
        else:
            barred.setdefault(bar, []).append(candidate.specialist_id)
    able.sort()
    return _explained(wish, able, barred, now)


def points_of(line: str) -> tuple[str, dict[str, int]]:
    """A line of `Explained.scored`: the specialist's id and the points by part."""
    specialist_id, *points = line.rsplit(" ", len(PARTS))
    return specialist_id, dict(zip(PARTS, map(int, points), strict=True))


def why_nobody(counts: Mapping[str, int]) -> str:
    """In words, why nobody got it."""
    if counts.get("able"):
        return f"{BEHIND.capitalize()}."
    reasons = [f"{BARS[bar]} — {counts[bar]}" for bar in BARS if counts.get(bar)]
    return f"Свободных нет: {', '.join(reasons)}." if reasons else "Специалистов пока нет."


def _bar(wish: Wish, candidate: Candidate, level: int, held: int) -> Bar | None:
    """The hard condition that stands against the candidate, if one does."""
    if not candidate.active:
        return "inactive"
    if candidate.specialist_id in wish.barred:
        return "refused"
    if not (wish.overruled and candidate.specialist_id == wish.only):
        if level < wish.need.level:
            return "low_level" if level else "no_product"
        if not candidate.at_work:
            return "not_at_work"
    return "no_place" if held >= candidate.capacity else None


def _scored(wish: Wish, candidate: Candidate, level: int, held: int, picked: Collection[str]) -> _Scored:
    """What sorts the best first, and the line that explains it."""
    able = wish.priority == "urgent" or wish.need.level > 1
    skill = 8 * level if able else max(0, 40 - 8 * (level - wish.need.level))
    load = -(-30 * (candidate.capacity - held) // candidate.capacity)
    client = 10 if wish.client_id in candidate.clients else 0
    line = f"{candidate.specialist_id} {skill} {load} {candidate.record} {client}"
    score = skill + load + candidate.record + client
    return -score, candidate.specialist_id not in picked, held, candidate.specialist_id, line


def _explained(wish: Wish, able: Sequence[_Scored], barred: Mapping[str, list[str]], now: datetime) -> Explained:
    counts = {bar: len(ids) for bar, ids in barred.items()} | {"able": len(able)}
    listed: dict[str, tuple[str, ...]] = {}
    room = max(0, DETAILED - len(able))
    for bar, ids in barred.items():
        if room:
            listed[bar] = tuple(sorted(ids, key=lambda one: one != wish.only)[:room])
            room -= len(listed[bar])
    names = [one[3] for one in able]
    winner = names[0] if names and wish.only is None else wish.only if wish.only in names else None
    return Explained(
        at=now,
        turn=wish.turn,
        winner=winner,
        named=wish.only,
        overruled=wish.overruled,
        scored=tuple(one[4] for one in able[:DETAILED]),
        barred=listed,
        counts=counts,
    )
