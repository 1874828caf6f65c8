"""What can be asked for: what is owed to clients, the timeline of a request or call."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError

from services.sla_monitor.api.views import (
    ObligationView,
    TimelineView,
    obligation_view,
    timeline_view,
)
from services.sla_monitor.api.wiring import SEES_ALL, Deps, base_asked, known_clock
from services.sla_monitor.domain.obligations import Standing
from services.sla_monitor.store import Base, Place, Wanted, month_before, place, place_of
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import About, ClockName
from shared.http.auth import Principal, requires
from shared.http.paging import Page, Paged, Paging
from shared.http.problems import Problem

YEAR = 366 * 24 * 60

routes = APIRouter(prefix="/v1", tags=["sla"])


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "такого времени не бывает") from None


Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]
Id = Annotated[str, Query(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class Filters:
    """What `GET /v1/obligations` can be asked for."""

    state: Annotated[Standing | None, Query(description="Without it: what is still to be done.")] = None
    clock: ClockName | None = None
    priority: Priority | None = None
    manager_id: Id | None = None
    request_id: Id | None = None
    call_id: Id | None = None
    contact_call_id: Id | None = None
    prospect_id: Id | None = None
    due_within: Annotated[
        float | None,
        Query(ge=0, le=YEAR, description="Minutes from now; with what is late already, without what is paused."),
    ] = None
    since: Annotated[
        Annotated[AwareDatetime, AfterValidator(_utc)] | None,
        Query(description="Of what has ended: begun after this; 31 days ago unless said otherwise."),
    ] = None


@routes.get("/obligations")
async def obligations(
    deps: Deps, who: Reader, paging: Paged, asked: Annotated[Filters, Depends()]
) -> Page[ObligationView]:
    """Obligations in order of due time. A manager sees those of their own base, as it is now."""
    monitor = deps.monitor
    now = monitor.clock.now()
    known_clock(deps, asked.clock)
    base = await base_asked(deps, who, asked.manager_id, monitor.store.timelines, sees="сроки")
    wanted = _wanted(asked, base, now)
    rows = await monitor.store.rows(wanted, now, _after(paging), paging.limit + 1)
    page = paging.page(rows, place)
    return Page(items=[obligation_view(row, now) for row in page.items], next=page.next)


@routes.get("/requests/{request_id}/timeline")
async def request_timeline(deps: Deps, who: Reader, request_id: str) -> TimelineView:
    """What happened to a request, what was owed when, and who was called to what was broken."""
    return await _timeline(deps, who, "request", request_id)


@routes.get("/calls/{call_id}/timeline")
async def call_timeline(deps: Deps, who: Reader, call_id: str) -> TimelineView:
    """What happened to a call, what was owed when, and who was called to what was broken."""
    return await _timeline(deps, who, "call", call_id)


@routes.get("/contact-calls/{contact_call_id}/timeline")
async def contact_call_timeline(deps: Deps, who: Reader, contact_call_id: str) -> TimelineView:
    """What happened to a weekly call with an accountant (R-IMP-1), and by when it was owed."""
    return await _timeline(deps, who, "contact_call", contact_call_id)


@routes.get("/prospects/{prospect_id}/timeline")
async def prospect_timeline(deps: Deps, who: Reader, prospect_id: str) -> TimelineView:
    """What happened to a prospect (R-REF-2), and by when the next contact was owed."""
    return await _timeline(deps, who, "prospect", prospect_id)


def _after(paging: Paging) -> Place | None:
    try:
        return None if paging.after is None else place_of(paging.after)
    except ValueError:
        raise Problem(422, "bad-cursor", "cursor: берите его из поля next предыдущей страницы.") from None


def _wanted(asked: Filters, base: Base | None, now: datetime) -> Wanted:
    about, about_id = _subject(asked)
    return Wanted(
        standing=asked.state,
        clock=asked.clock,
        priority=asked.priority,
        base=base,
        about=about,
        about_id=about_id,
        due_by=None if asked.due_within is None else now + timedelta(minutes=asked.due_within),
        since=asked.since or month_before(now),
    )


def _subject(asked: Filters) -> tuple[About | None, str | None]:
    named: list[tuple[About, str | None]] = [
        ("request", asked.request_id),
        ("call", asked.call_id),
        ("contact_call", asked.contact_call_id),
        ("prospect", asked.prospect_id),
    ]
    given = [(about, about_id) for about, about_id in named if about_id is not None]
    if len(given) > 1:
        raise Problem(422, "invalid", "request_id, call_id, contact_call_id, prospect_id: назовите что-нибудь одно.")
    return given[0] if given else (None, None)


async def _timeline(deps: Deps, who: Principal, about: About, about_id: str) -> TimelineView:
    timeline = await deps.monitor.timeline(about, about_id)
    if not who.has(*SEES_ALL) and await deps.bases.manager_of(timeline.client) != who.subject:
        raise Problem(403, "foreign-base", "Эта заявка или звонок не из вашей базы.")
    escalations = await deps.escalations.store.of_subject(about, about_id)
    return timeline_view(timeline, escalations, deps.monitor.clock.now())
