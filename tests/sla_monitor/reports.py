"""What a report has to come to: every obligation looked at, cells of them counted: the oracle of the query."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from services.sla_monitor.domain.facts import Client
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.performance import Performance, percentile
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.reading.performance import Wanted
from services.sla_monitor.store import Base

Outcome = Literal["met", "met_late", "given_up_late", "overdue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many obligations with the same outcome that took as long."""

    key: str | None
    name: str | None = None
    outcome: Outcome
    seconds: int | None = None
    count: int = 1


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


def expected(timelines: Iterable[Timeline], wanted: Wanted, now: datetime) -> list[Performance]:
    """The report about these timelines."""
    theirs = [timeline for timeline in timelines if wanted.base is None or _seen(timeline.client, wanted.base)]
    cells = [cell for timeline in theirs for cell in _cells(timeline, wanted, now)]
    cells.sort(key=lambda cell: (cell.key is None, cell.key or ""))
    return [line(list(found)) for _, found in groupby(cells, key=lambda cell: cell.key)]


def _seen(client: Client | None, base: Base) -> bool:
    if client is None:
        return False
    said = client.client_id in base.unheard and client.manager_id == base.manager_id
    return client.client_id in base.clients or said


def _cells(timeline: Timeline, wanted: Wanted, now: datetime) -> Iterator[Cell]:
    for one in timeline.obligations:
        outcome = _outcome(one, now)
        fits = wanted.clock in {None, one.clock} and wanted.priority in {None, one.priority}
        if outcome is not None and fits and wanted.since <= one.since < wanted.until:
            seconds = None
            if one.ending == "met" and one.ended is not None:
                seconds = round((one.ended - one.since) / timedelta(milliseconds=1) / 1000)
            key, name = _key(timeline, one, wanted)
            yield Cell(key=key, name=name, outcome=outcome, seconds=seconds)


def _outcome(one: Obligation, now: datetime) -> Outcome | None:
    if one.ending == "met":
        return "met_late" if one.ended_late else "met"
    if one.ending == "cancelled":
        return "given_up_late" if one.ended_late else None
    return "overdue" if one.ticks and one.due < now else None


def _key(timeline: Timeline, one: Obligation, wanted: Wanted) -> tuple[str | None, str | None]:
    client = timeline.client
    match wanted.by:
        case "month":
            return f"{one.since.astimezone(ZoneInfo(wanted.zone)):%Y-%m}", None
        case "clock":
            return one.clock, None
        case "manager":
            return (client.manager_id if client else None), None
        case "client":
            return (client.client_id, client.name) if client else (None, None)
        case "specialist":
            named = [fact.name for fact in timeline.facts if fact.name is not None and fact.who == one.specialist_id]
            return one.specialist_id, named[-1] if named else None


def _count(cells: Iterable[Cell], outcome: Outcome) -> int:
    return sum(cell.count for cell in cells if cell.outcome == outcome)
