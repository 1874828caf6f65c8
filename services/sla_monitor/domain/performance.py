"""How well promises were kept: counts, and the real times it took, to the second."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

By = Literal["month", "manager", "specialist", "client", "clock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of the obligations of one line, as the database has counted them."""

    key: str | None
    named: tuple[datetime, str] | None = None
    """What they were called last, and since when the obligation runs that says so."""
    count: int
    """All of them: kept, kept late, given up after their time, late and still to be done."""
    met_late: int
    seconds: tuple[int, ...] = ()
    """Of real time, from its beginning until it was met, of each that was, in no order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """One line of a report. What was met late is in `breached` as well."""

    key: str | None
    """The month, the clock, or the id of the manager, specialist or client; None where there is none."""
    name: str | None
    met: int
    met_late: int
    breached: int
    share_met: float | None
    """Of all that was to be done by its time, what was; None where there was nothing."""
    p50_seconds: int | None
    """Half of what was met took no longer."""
    p95_seconds: int | None


class Line:
    """One line while its parts come in: of the times no more is held than differ by whole seconds."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self._named: tuple[datetime, str] | None = None
        self._count = self._done = self._late = 0
        self._times: Counter[int] = Counter()

    def add(self, part: Part) -> None:
        """One part more."""
        self._named = max(filter(None, (self._named, part.named)), default=None)
        self._count += part.count
        self._done += len(part.seconds)
        self._late += part.met_late
        self._times.update(part.seconds)

    def performance(self) -> Performance:
        """What they come to."""
        times, met = sorted(self._times.items()), self._done - self._late
        return Performance(
            key=self.key,
            name=self._named and self._named[1],
            met=met,
            met_late=self._late,
            breached=self._count - met,
            share_met=met / self._count if self._count else None,
            p50_seconds=percentile(times, 50),
            p95_seconds=percentile(times, 95),
        )


def percentile(times: Sequence[tuple[int, int]], percent: int) -> int | None:
    """The smallest of `times` (seconds and how often, ascending) that so many percent of them do not exceed."""
    rank = -(-percent * sum(count for _, count in times) // 100)
    for seconds, count in times:
        rank -= count
        if rank <= 0:
            return seconds
    return None
