"""How well promises were kept, as JSON and as CSV."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from services.sla_monitor.api.wiring import SEES_ALL, Deps, base_asked, known_clock
from services.sla_monitor.domain.performance import By, Performance
from services.sla_monitor.reading.performance import Wanted, lines
from services.sla_monitor.store import month_before
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import ClockName
from shared.http.auth import Principal, requires
from shared.http.problems import Problem

LONGEST = timedelta(days=5 * 366)
CALCULATES = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula."""
HEAD: Mapping[By, str] = {
    "month": "Месяц",
    "manager": "Менеджер",
    "specialist": "Специалист",
    "client": "Клиент",
    "clock": "Часы",
}
COLUMNS = ("Имя", "В срок", "С опозданием", "Нарушено", "Доля в срок", "Половина не дольше, с", "95 % не дольше, с")

routes = APIRouter(prefix="/v1", tags=["performance"])

Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "такого времени не бывает") from None


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a report is asked for."""

    by: By
    since: Annotated[Moment | None, Query(description="Obligations that began then or later; 31 days ago.")] = None
    until: Annotated[Moment | None, Query(description="… and before this; now.")] = None
    clock: Annotated[ClockName | None, Query(max_length=100)] = None
    priority: Priority | None = None
    manager_id: Annotated[str | None, Query(min_length=1, max_length=200)] = None


class PerformanceView(BaseModel):
    """One line."""

    model_config = ConfigDict(from_attributes=True)

    key: str | None
    name: str | None
    met: int
    met_late: int
    breached: int
    share_met: float | None
    p50_seconds: int | None
    p95_seconds: int | None


class ReportView(BaseModel):
    """A report, whole."""

    by: By
    since: datetime
    until: datetime
    lines: list[PerformanceView]


@routes.get("/performance")
async def performance(deps: Deps, who: Reader, asked: Annotated[Filters, Depends()]) -> ReportView:
    """Met, met late, breached, and the real times. By manager: who had the client then. A manager sees their base."""
    wanted = await _wanted(deps, who, asked)
    lines = [PerformanceView.model_validate(line) for line in await _lines(deps, wanted)]
    return ReportView(by=asked.by, since=wanted.since, until=wanted.until, lines=lines)


@routes.get("/performance.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def performance_csv(deps: Deps, who: Reader, asked: Annotated[Filters, Depends()]) -> Response:
    """The same for a spreadsheet; nothing in it is taken for a formula."""
    wanted = await _wanted(deps, who, asked)
    text = as_csv(asked.by, await _lines(deps, wanted))
    headers = {"Content-Disposition": f'attachment; filename="performance-{asked.by}.csv"'}
    return Response(text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def as_csv(by: By, lines: Sequence[Performance]) -> str:
    """Comma separated, with a head."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([HEAD[by], *COLUMNS])
    for line in lines:
        share = "" if line.share_met is None else f"{line.share_met:.4f}"
        numbers = (line.met, line.met_late, line.breached, share, line.p50_seconds, line.p95_seconds)
        writer.writerow([_cell(line.key), _cell(line.name), *numbers])
    return out.getvalue()


def _cell(text: str | None) -> str:
    return "" if text is None else f"'{text}" if text.startswith(CALCULATES) else text


async def _lines(deps: Deps, wanted: Wanted) -> tuple[Performance, ...]:
    found = await lines(deps.monitor.store, wanted, deps.monitor.clock.now())
    names = await _names(deps, wanted.by, [line.key for line in found if line.key is not None])
    return tuple(replace(line, name=names.get(line.key or "", line.name)) for line in found)


async def _names(deps: Deps, by: By, keys: Sequence[str]) -> Mapping[str, str]:
    """What the timelines do not say themselves; of a client, who may have another name since, what accounts says."""
    if by == "client":
        return await deps.bases.names(keys)
    if by == "manager":
        return {person_id: person.name for person_id, person in (await deps.escalations.store.everybody()).items()}
    clocks = deps.monitor.rules.newest.policies if by == "clock" else {}
    return {clock: policy.title for clock, policy in clocks.items()}


async def _wanted(deps: Deps, who: Principal, asked: Filters) -> Wanted:
    known_clock(deps, asked.clock)
    now = deps.monitor.clock.now()
    until = asked.until or now
    since = asked.since or month_before(until)
    if not since < until <= since + LONGEST:
        raise Problem(422, "bad-period", "since и until: начало раньше конца, не больше пяти лет.")
    return Wanted(
        by=asked.by,
        since=since,
        until=until,
        zone=deps.company_zone,
        clock=asked.clock,
        priority=asked.priority,
        base=await base_asked(deps, who, asked.manager_id, deps.monitor.store.timelines, sees="отчёты"),
    )
