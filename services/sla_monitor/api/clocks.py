"""Why a due time is what it is, and whether all of them are what the facts come to: on demand, and each night."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.sla_monitor import verifying
from services.sla_monitor.api.wiring import Deps
from services.sla_monitor.domain.policies import CalendarName
from services.sla_monitor.domain.rules import Span
from services.sla_monitor.domain.timeline import UnknownSubject
from services.sla_monitor.verifying import PAGE
from shared.calendar import Calendar, Interval, between, counted
from shared.contracts.sla_monitor import About
from shared.http.auth import Principal, requires
from shared.verification import last, views

MOST = 2_000

routes = APIRouter(prefix="/v1/clocks", tags=["clocks"])

Reader = Annotated[Principal, Depends(requires("lead", "director", "service"))]


class DifferenceView(views.FoundView):
    """One thing that is kept otherwise than the facts say."""

    about: About
    about_id: str
    what: str
    kept: str
    computed: str


class VerifiedView(views.VerifiedView[DifferenceView]):
    """What was found among some timelines; ask on with `after` = `next` until that is null."""


class NightView(views.NightView[DifferenceView]):
    """The newest nightly verification that was finished."""


@routes.get("/verify")
async def verify(
    deps: Deps,
    _: Reader,
    after: Annotated[str | None, Query(min_length=1, max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> VerifiedView:
    """Compute every due time of some timelines anew from their facts, and say what is kept otherwise."""
    return VerifiedView.model_validate(await verifying.page(deps.monitor, after, limit))


class IntervalView(BaseModel):
    """A stretch of time that counted."""

    begins: datetime
    ends: datetime


class ExplanationView(BaseModel):
    """Why an obligation is due when it is."""

    obligation_id: str
    since: datetime
    due: datetime
    policy_version: int
    """The version of the policy it is reckoned by."""
    calendar: CalendarName
    zone: str
    """Where its hours are."""
    because: Literal["target", "promise", "appointment"]
    """What set the due time: the policy's target, the promised time T (R-URG-3), or what accounts appointed."""
    counted: list[IntervalView]
    """The working time until `due`; what counted before a pause, or before a refusal (R-URG-5), too."""
    seconds: float
    """How long these last together."""


@routes.get("/explanation")
async def explanation(
    deps: Deps,
    _: Reader,
    about: About,
    about_id: Annotated[str, Query(min_length=1, max_length=300)],
    obligation_id: Annotated[str, Query(min_length=1, max_length=400)],
) -> ExplanationView:
    """Which intervals were counted until a due time. 404 where nothing of the kind is owed."""
    timeline = await deps.monitor.timeline(about, about_id)
    one = next((one for one in timeline.obligations if one.id == obligation_id), None)
    edition = deps.monitor.rules.edition(one.policy) if one else None
    terms = edition.terms(one.clock, one.terms) if edition and one else None
    if one is None or edition is None or terms is None:
        raise UnknownSubject
    calendar = edition.calendar(terms.calendar, one.place)
    begins = one.counted_from or one.since
    spans = (*one.earlier, Span(min(begins, one.due), one.due))
    found = [each for span in spans for each in counted_in(calendar, span)]
    appointed = about in {"contact_call", "prospect"}
    return ExplanationView(
        obligation_id=one.id,
        since=one.since,
        due=one.due,
        policy_version=edition.number,
        calendar=terms.calendar,
        zone=calendar.zone,
        because="appointment" if appointed else "promise" if one.promised else "target",
        counted=[IntervalView(begins=begins, ends=ends) for begins, ends in found],
        seconds=sum((ends - begins).total_seconds() for begins, ends in found),
    )


def counted_in(calendar: Calendar, span: Span) -> tuple[Interval, ...]:
    """The working time of a stretch."""
    return counted(calendar, span.begins, between(calendar, span.begins, span.ends))


@routes.get("/verification")
async def verification(deps: Deps, _: Reader) -> NightView | None:
    """What the last night found; null before the first."""
    found = await last(deps.monitor.store.verifications)
    return None if found is None else NightView.model_validate(found)
