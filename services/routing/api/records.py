"""The specialists' records (R-COI-1), and how long works take."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.routing.api.deps import Deps, Lead
from services.routing.api.record_views import CalibrationOut, RecordOut
from services.routing.domain.dossier import Period
from services.routing.domain.refusals import NotYours, UnknownSpecialist
from shared.contracts.base import Moment
from shared.http.auth import Principal, requires
from shared.http.paging import Page, Paged, Paging
from shared.http.problems import Problem

routes = APIRouter(prefix="/v1", tags=["record"])
Reader = Annotated[Principal, Depends(requires("specialist", "manager", "lead", "director", "service"))]
TOGETHER = 20
"""Records on one page at most: each is told from facts."""


async def _period(
    since: Annotated[Moment | None, Query(alias="from")] = None, until: Annotated[Moment | None, Query()] = None
) -> Period:
    if since is not None and until is not None and since >= until:
        raise Problem(422, "bad-period", "from: начало периода должно быть раньше конца (until).")
    return Period(since, until)


Within = Annotated[Period, Depends(_period)]


@routes.get("/specialists/{specialist_id}/record")
async def record(specialist_id: str, who: Reader, deps: Deps, period: Within) -> RecordOut:
    """Postponements, cancellations asked and really wanted, refused finishes, times lost, forced and replaced, with
    the requests behind each, from `from` until `until`; signals of self-interest for leads and directors alone."""
    if not who.has("manager", "lead", "director", "service") and who.subject != specialist_id:
        raise NotYours("Специалист видит только себя.")
    specialist = await deps.store.specialists.get(specialist_id)
    if specialist is None:
        raise UnknownSpecialist
    told = await deps.history.record(specialist, period, deps.dispatcher.now())
    return RecordOut.of(specialist, period, told, signals=who.has("lead", "director"))


@routes.get("/records")
async def records(_: Lead, paged: Paged, deps: Deps, period: Within) -> Page[RecordOut]:
    """Everybody's record, by id; at most 20 a page."""
    paged, now = Paging(min(paged.limit, TOGETHER), paged.after), deps.dispatcher.now()
    found = await deps.store.specialists.find({"_id": {"$gt": paged.after or ""}}, limit=paged.limit + 1)
    page = paged.page(found, lambda one: one.specialist_id)
    told = [(one, await deps.history.record(one, period, now)) for one in page.items]
    return Page(items=[RecordOut.of(one, period, record, signals=True) for one, record in told], next=page.next)


class Calibrated(BaseModel):
    """When it was learnt, and how true it proved; `calibration` is null while history is too short to say."""

    learnt_at: datetime | None
    calibration: CalibrationOut | None


@routes.get("/estimates/calibration")
async def calibrated(_: Lead, deps: Deps) -> Calibrated:
    """How true the spans of `GET /v1/requests/{id}/assignment` prove on works later than those they were learnt
    from."""
    found = await deps.estimates.calibration()
    return Calibrated(
        learnt_at=deps.estimates.learnt_at, calibration=CalibrationOut(**asdict(found)) if found else None
    )
