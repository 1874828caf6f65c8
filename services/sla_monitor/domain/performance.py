"""How well promises were kept: counts, and the real times it took, to the second."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

By = Literal["month", "manager", "specialist", "client", "clock"]
Outcome = Literal["met", "met_late", "given_up_late", "overdue"]
"""Kept; kept late; not done and not to be done any more, after its time; not done, late, still to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many obligations with the same outcome that took as long."""

    key: str | None
    name: str | None = None
    outcome: Outcome
    seconds: int | None = None
    """Of real time, from its beginning until it was met."""
    count: int


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


def line(cells: Sequence[Cell]) -> Performance:
    """What the cells of one key come to."""
    met, late = _count(cells, "met"), _count(cells, "met_late")
    breached = late + _count(cells, "given_up_late") + _count(cells, "overdue")
    times = sorted((cell.seconds, cell.count) for cell in cells if cell.seconds is not None)
    return Performance(
        key=cells[0].key,
        name=next((cell.name for cell in cells if cell.name is not None), None),
        met=met,
        met_late=late,
        breached=breached,
        share_met=met / (met + breached) if met + breached else None,
        p50_seconds=percentile(times, 50),
        p95_seconds=percentile(times, 95),
    )


def _count(cells: Iterable[Cell], outcome: Outcome) -> int:
    return sum(cell.count for cell in cells if cell.outcome == outcome)


def percentile(times: Sequence[tuple[int, int]], percent: int) -> int | None:
    """The smallest of `times` (seconds and how often, ascending) that so many percent of them do not exceed."""
    rank = -(-percent * sum(count for _, count in times) // 100)
    for seconds, count in times:
        rank -= count
        if rank <= 0:
            return seconds
    return None
