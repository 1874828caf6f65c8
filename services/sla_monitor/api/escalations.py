"""Escalations: who was called to what, and taking it upon oneself."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.sla_monitor.api.escalation_views import EscalationView, escalation_view
from services.sla_monitor.api.wiring import SEES_ALL, Deps, base_asked, known_clock
from services.sla_monitor.domain.escalation import Escalation, State
from services.sla_monitor.notify.store import Asked, Place
from services.sla_monitor.store import month_before
from shared.contracts.sla_monitor import About, ClockName
from shared.http.auth import Principal, requires
from shared.http.paging import Page, Paged, Paging
from shared.http.problems import Problem

PEOPLE = ("manager", "lead", "director")

routes = APIRouter(prefix="/v1/escalations", tags=["escalations"])

Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]
Somebody = Annotated[Principal, Depends(requires(*PEOPLE))]
EscalationId = Annotated[str, Path(min_length=1, max_length=300)]
Id = Annotated[str, Query(min_length=1, max_length=200)]


class AcknowledgeBody(BaseModel):
    """For how many minutes a person has it: forgotten by then, it returns."""

    model_config = ConfigDict(extra="forbid")

    minutes: Annotated[int, Field(ge=1, le=24 * 60, strict=True)]
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What `GET /v1/escalations` can be asked for."""

    state: Annotated[State | None, Query(description="Without it: all that have not ended.")] = None
    clock: Annotated[ClockName | None, Query(max_length=100)] = None
    manager_id: Id | None = None
    about: About | None = None
    about_id: Id | None = None


@routes.get("")
async def escalations(
    deps: Deps, who: Reader, paging: Paged, filters: Annotated[Filters, Depends()]
) -> Page[EscalationView]:
    """Broken promises first, then by due time. A manager sees those of their own base, and those they are called to."""
    found = await deps.escalations.store.listed(await _asked(deps, who, filters), _after(paging), paging.limit + 1)
    page = paging.page(found, _place)
    return Page(items=[escalation_view(one) for one in page.items], next=page.next)


@routes.get("/{escalation_id}")
async def escalation(deps: Deps, who: Reader, escalation_id: EscalationId) -> EscalationView:
    """One escalation."""
    return escalation_view(await _theirs(deps, who, escalation_id))


@routes.post("/{escalation_id}/acknowledge")
async def acknowledge(deps: Deps, who: Somebody, escalation_id: EscalationId, body: AcknowledgeBody) -> EscalationView:
    """Take it upon oneself for so many minutes. Whoever says so last has it; a forgotten one returns to its step."""
    await _theirs(deps, who, escalation_id)
    until = deps.monitor.clock.now() + timedelta(minutes=body.minutes)
    return escalation_view(
        await deps.escalations.acknowledge(escalation_id, by=who.subject, until=until, note=body.note or None)
    )


async def _asked(deps: Deps, who: Principal, filters: Filters) -> Asked:
    known_clock(deps, filters.clock)
    if (filters.about is None) != (filters.about_id is None):
        raise Problem(422, "invalid", "about и about_id: назовите оба или ни одного.")
    return Asked(
        state=filters.state,
        clock=filters.clock,
        about=filters.about,
        about_id=filters.about_id,
        base=await base_asked(deps, who, filters.manager_id, deps.escalations.store.escalations, sees="эскалации"),
        since=month_before(deps.monitor.clock.now()),
    )


async def _theirs(deps: Deps, who: Principal, escalation_id: str) -> Escalation:
    found = await deps.escalations.get(escalation_id)
    if who.has(*SEES_ALL) or any(who.subject in call.person_ids for call in found.calls):
        return found
    if await deps.bases.manager_of(found.client) != who.subject:
        raise Problem(403, "foreign-base", "Эта эскалация не из вашей базы, и вас к ней не вызывали.")
    return found


def _place(escalation: Escalation) -> str:
    return f"{int(escalation.promise_broken)} {escalation.due.isoformat()} {escalation.escalation_id}"


def _after(paging: Paging) -> Place | None:
    try:
        return None if paging.after is None else _place_of(paging.after)
    except ValueError:
        raise Problem(422, "bad-cursor", "cursor: берите его из поля next предыдущей страницы.") from None


def _place_of(text: str) -> Place:
    broken, moment, escalation_id = text.split(" ", 2)
    due = datetime.fromisoformat(moment)
    if broken not in {"0", "1"} or due.utcoffset() != timedelta():
        raise ValueError(text)
    return broken == "1", due.astimezone(UTC), escalation_id
