"""Who could have it, prepared: what does not change from one request to the next is worked out once for each kind of
request (`Pool`); what does (places taken, who knows the client, who is kept away from it) is a `Board`. So one
assignment among a thousand specialists costs less than a millisecond, and ten thousand of them less than a second.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from services.routing.domain.absences import Stretch
from services.routing.domain.needs import Need
from services.routing.domain.policy import Parts, Policy
from services.routing.domain.scoring import Facts, Hours, overlap, score
from services.routing.domain.story import RANKS
from shared.contracts.base import Priority

Bar = Literal["inactive", "refused", "excluded", "no_product", "low_level", "not_at_work", "no_place"]
"""The hard conditions."""
IDLE_STEPS = 4


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
    begins: datetime | None
    """When they are at work next: in the past where they are there; None where that is not within a week."""
    shifts: tuple[Stretch, ...] = ()
    """The next stretches in which they are at work, from `begins` on; none: as long as is wanted."""
    limits: tuple[int, int] | None = None
    """Places important and routine work together, and routine work alone, may take; None: any."""
    record: float = 1.0
    """The share their record leaves, 0…1 (R-COI-1)."""
    idle: float = 0.0
    """Share of the policy's `idle_minutes` without new work, 0…1."""
    hours: Hours = ((),) * 7
    zone: str = "UTC"

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
    registered_at: datetime
    need: Need
    client_id: str | None = None
    client_zone: str | None = None
    subject: str = ""
    """What it is about, in the client's words: how long it takes hangs on it."""
    ahead: int = 0
    """How often urgent work took its place: it goes before its like."""
    barred: frozenset[str] = frozenset()
    """Who shall not get it: refused by the accountant, or to be replaced."""
    only: str | None = None
    """Whom the manager names."""
    overruled: bool = False
    """Whether the manager takes product, level and hours upon themselves."""

    @property
    def rank(self) -> int:
        """The priority as a number: urgent is 0."""
        return RANKS[self.priority]

    @property
    def order(self) -> tuple[int, int, datetime, datetime, str]:
        """The queue: by priority, then by when the client expects a specialist, the oldest first among equals."""
        return RANKS[self.priority], -self.ahead, self.due, self.registered_at, self.request_id


Kind = tuple[Need, Priority, str | None]
"""What the pools differ by: need, priority, the client's zone."""


def kind_of(wish: Wish) -> Kind:
    """The pool that serves this wish."""
    return wish.need, wish.priority, wish.client_zone


def idle(given_at: datetime | None, now: datetime, policy: Policy) -> float:
    """The share of the policy's `idle_minutes` somebody has been without new work, 0…1: in steps, so that a minute
    alone changes nobody."""
    if given_at is None:
        return 1.0
    share = (now - given_at) / timedelta(minutes=policy.idle_minutes)
    return min(1.0, max(0.0, int(share * IDLE_STEPS) / IDLE_STEPS))


def standing_bar(candidate: Candidate, level: int, need: Need) -> Bar | None:
    """The hard condition that stands against the candidate whatever the moment, if one does."""
    if not candidate.active:
        return "inactive"
    if level < need.level:
        return "low_level" if level else "no_product"
    return None


def starts_in(candidate: Candidate, now: datetime, ahead: float, whole: float = 0.0) -> float:
    """Minutes until they get to it: until they are at work and have done what comes before it, `ahead` minutes of their
    work, which the end of a shift interrupts. What needs `whole` minutes in one piece is begun where they are left."""
    left, need, begins = timedelta(minutes=ahead), timedelta(minutes=whole), max(now, candidate.begins or now)
    for begin, end in candidate.shifts:
        begins = max(now, begin)
        if left < end - begins and left + need <= end - begins:
            break
        left, begins = max(timedelta(), left - (end - begins)), end
    return (begins + left - now) / timedelta(minutes=1)


class Entry:
    """A candidate for one kind of request."""

    __slots__ = ("_latest", "_now", "_whole", "candidate", "capacity", "facts", "id", "level", "limit", "policy")

    def __init__(self, candidate: Candidate, level: int, kind: Kind, policy: Policy, now: datetime) -> None:
        need, priority, client_zone = kind
        self.candidate, self.policy = candidate, policy
        self.id, self.capacity = candidate.specialist_id, candidate.capacity
        self.level, rank = level, RANKS[priority]
        self.limit = None if candidate.limits is None or not rank else candidate.limits[rank - 1]
        self._now, self._whole = now, 0.0 if rank else policy.minutes_each
        self.facts: dict[str, Any] = {
            "priority": priority,
            "level": level,
            "needed": need.level,
            "capacity": candidate.capacity,
            "record": candidate.record,
            "idle": candidate.idle,
            "overlap": overlap(candidate.hours, candidate.zone, client_zone, now) if client_zone else 0.0,
        }
        self._latest: tuple[int, float, int, Parts] | None = None

    def in_time(self, latest: datetime) -> bool:
        """Whether they are at work by then."""
        return self.candidate.begins is not None and self.candidate.begins <= latest

    def points(self, held: int, ahead: float) -> tuple[int, Parts]:
        """The score, and by part, for somebody who holds so much already, has `ahead` minutes of it to do before this,
        and does not know the client. What was asked last is remembered: few loads change between two requests."""
        latest = self._latest
        if latest is None or latest[0] != held or latest[1] != ahead:
            parts = score(
                Facts(**self.facts, held=held, starts_in=starts_in(self.candidate, self._now, ahead, self._whole)),
                self.policy,
            )
            latest = self._latest = held, ahead, sum(parts), parts
        return latest[2], latest[3]


class Pool:
    """Everybody, as one kind of request sees them; good for one minute."""

    def __init__(self, kind: Kind, candidates: Iterable[Candidate], policy: Policy, now: datetime) -> None:
        need, priority, _ = kind
        self.kind, self.policy, self.now = kind, policy, now
        self.rank = RANKS[priority]
        self.in_time = timedelta(minutes=policy.start_within_minutes[priority])
        self.able: list[Entry] = []
        self.barred: dict[Bar, list[str]] = {}
        self.away: list[Entry] = []
        """Able, but not at work yet."""
        self.candidates = {one.specialist_id: one for one in candidates}
        for candidate in self.candidates.values():
            self._add(candidate, candidate.level(need.products), need)
        self.knows = round(policy.weights.client)

    def entry(self, specialist_id: str) -> Entry | None:
        """Somebody whatever stands against them; None where nobody of that id is known."""
        found = self.candidates.get(specialist_id)
        if found is None:
            return None
        return Entry(found, found.level(self.kind[0].products), self.kind, self.policy, self.now)

    def _add(self, candidate: Candidate, level: int, need: Need) -> None:
        bar = standing_bar(candidate, level, need) or ("not_at_work" if candidate.begins is None else None)
        if bar is not None:
            self.barred.setdefault(bar, []).append(candidate.specialist_id)
        else:
            entry = Entry(candidate, level, self.kind, self.policy, self.now)
            (self.able if entry.in_time(self.now) else self.away).append(entry)


Busy = tuple[float, float, float]
"""Minutes of urgent work somebody holds, of urgent and important work, and of all of it."""
FREE: Busy = (0.0, 0.0, 0.0)


def busier(busy: Busy, rank: int, minutes: float) -> Busy:
    """With so many minutes of work of this rank more."""
    urgent, important, routine = busy
    return urgent + (minutes if rank == 0 else 0.0), important + (minutes if rank <= 1 else 0.0), routine + minutes


@dataclass(slots=True, kw_only=True)
class Board:
    """What changes from one request to the next. A round of assignments keeps one, and takes places on it."""

    now: datetime
    held: dict[str, int]
    """Places taken."""
    lesser: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Places important and routine work together, and routine work alone, have taken."""
    busy: dict[str, Busy] = field(default_factory=dict)
    """Minutes of work they hold; nothing where none is known."""
    knows: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By client: who has finished work for them."""
    excluded: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By client: who is kept away from them (R-COI-3)."""
    picked: Collection[str] = ()
    """Who is being given work at this moment."""
    free: dict[Kind, list[Entry]] = field(default_factory=dict)
    """Of each pool: those at work who had a place when it was last looked. Loads on a board only grow."""

    def take(self, specialist_id: str, rank: int, minutes: float) -> None:
        """A place is taken, for work that takes so long."""
        self.held[specialist_id] += 1
        self.busy[specialist_id] = busier(self.busy.get(specialist_id, FREE), rank, minutes)
        if rank:
            important, routine = self.lesser.get(specialist_id, (0, 0))
            self.lesser[specialist_id] = important + 1, routine + (rank > 1)

    def ahead(self, specialist_id: str, rank: int) -> float:
        """Minutes of the work they hold that they do before one of this rank: the more urgent, and its like."""
        return self.busy.get(specialist_id, FREE)[rank]

    def has_routine(self, specialist_id: str) -> bool:
        """Whether they hold routine work."""
        return self.lesser.get(specialist_id, (0, 0))[1] > 0

    def with_place(self, pool: Pool) -> list[Entry]:
        """Those of the pool who are at work and have a place."""
        held, rank = self.held, pool.rank
        free = [
            entry
            for entry in self.free.get(pool.kind, pool.able)
            if held[entry.id] < entry.capacity and (entry.limit is None or self.has_place(entry, rank))
        ]
        self.free[pool.kind] = free
        return free

    def has_place(self, entry: Entry, rank: int) -> bool:
        """Whether they have a place free for this priority."""
        if self.held[entry.id] >= entry.capacity:
            return False
        return entry.limit is None or self.lesser.get(entry.id, (0, 0))[rank - 1] < entry.limit
