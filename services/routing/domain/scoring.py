"""The score of one candidate for one request, by part, from plain facts (R-COI-4).

    start     patience / (patience + minutes until started): half the weight at `patience`. What comes before it goes on
              in the next shift where this one ends; urgent work is begun where the shift leaves time to finish it
    level     urgent and complex work: a fifth of the weight a level; other work: all of it for the level needed, a
              fifth less for each above it (a 5 is not burnt on a 1)
    client    all of it, where they have finished work for this client before
    record    the share the record leaves, never below the policy's floor (R-COI-1): nobody starves
    load      the free share of the capacity
    zone      the share of the client's office week in which they are at work
    fairness  the share of `idle_minutes` they have been without new work

Each part is rounded to whole points, so that what is shown adds up to what was compared.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from zoneinfo import ZoneInfo

from services.routing.domain.needs import TOP_LEVEL
from services.routing.domain.policy import Parts, Policy
from shared.contracts.base import Priority

DAY = 24 * 60
WEEK = 7 * DAY
OFFICE = tuple((day * DAY + 9 * 60, day * DAY + 18 * 60) for day in range(5))
"""Minutes of the week in which a client's accountants are at work, in their own time."""
OFFICE_MINUTES = sum(end - start for start, end in OFFICE)

Hours = tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a score is made of. Nothing else counts."""

    priority: Priority
    level: int
    """Theirs, for the products of the request."""
    needed: int
    held: int
    capacity: int
    starts_in: float
    """Minutes until they are expected to start it, by their shifts: until they are at work, have done what comes before
    it, and, where it is urgent, have the time to finish it."""
    record: float = 1.0
    """What the record leaves, 0…1: 1 is spotless."""
    knows_client: bool = False
    overlap: float = 0.0
    """Of their hours with the client's office week, 0…1."""
    idle: float = 0.0
    """Share of the policy's `idle_minutes` without new work, 0…1."""


def score(facts: Facts, policy: Policy) -> Parts:
    """Points by part, in the order of `PARTS`."""
    weights = policy.weights
    patience = policy.patience_minutes[facts.priority]
    return (
        round(weights.start * patience / (patience + facts.starts_in)),
        round(weights.level * _level_fit(facts)),
        round(weights.client) if facts.knows_client else 0,
        round(weights.record * max(policy.record_floor, facts.record)),
        ceil(weights.load * (facts.capacity - facts.held) / facts.capacity),
        round(weights.zone * facts.overlap),
        round(weights.fairness * facts.idle),
    )


def overlap(hours: Hours, zone: str, client_zone: str, now: datetime) -> float:
    """The share of the office week of a client in `client_zone` in which these hours in `zone` are worked, 0…1."""
    ahead = _offset(client_zone, now) - _offset(zone, now)
    return _overlap(hours, round(ahead / timedelta(minutes=1)))


@lru_cache(maxsize=8192)
def _overlap(hours: Hours, ahead: int) -> float:
    shared = 0
    for start, end in OFFICE:
        for day, spans in enumerate(hours):
            for begin, finish in spans:
                for week in (-WEEK, 0, WEEK):
                    first, last = day * DAY + begin + ahead + week, day * DAY + finish + ahead + week
                    shared += max(0, min(end, last) - max(start, first))
    return min(1.0, shared / OFFICE_MINUTES)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _offset(zone: str, now: datetime) -> timedelta:
    known = _zone(zone)
    return (now.astimezone(known).utcoffset() if known else None) or timedelta()


def _level_fit(facts: Facts) -> float:
    if facts.priority == "urgent" or facts.needed > 1:
        return facts.level / TOP_LEVEL
    return max(0.0, 1 - (facts.level - facts.needed) / TOP_LEVEL)
