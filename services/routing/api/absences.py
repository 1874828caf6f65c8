"""When specialists are not there: absences with a substitute, and pauses. Leads and directors say so."""

from fastapi import APIRouter
from pydantic import BaseModel

from services.routing.api.deps import Deps, Lead
from services.routing.api.specialists import changed
from services.routing.api.views import Name, SpecialistOut, Text
from services.routing.domain.absences import Absence, Pause
from services.routing.domain.specialists import cancel_absence, pause, plan_absence
from shared.contracts.base import Moment
from shared.http.idempotency import IdempotencyKey
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/specialists/{specialist_id}", tags=["absences"])


class AbsenceIn(BaseModel, extra="forbid"):
    """From when to when, why, and who has their work first meanwhile."""

    start: Moment
    end: Moment
    reason: Text
    substitute_id: Name | None = None


class PauseIn(BaseModel, extra="forbid"):
    """Until when (until it is ended, where nothing is said), and why."""

    reason: Text
    until: Moment | None = None


@routes.post("/absences", status_code=201)
async def plan(specialist_id: str, body: AbsenceIn, who: Lead, key: IdempotencyKey, deps: Deps) -> SpecialistOut:
    """They will be absent: a long absence hands their work to the substitute, else to the best. Circles of substitutes
    are refused."""
    absence_id = derived_id("absence", who.subject, key) if key else deps.new_id()
    new = Absence(absence_id=absence_id, by=who.subject, **body.model_dump())
    await deps.roster.refresh()
    everybody, now = deps.roster.everybody(), deps.dispatcher.now()
    stepped = await deps.store.specialists.step(specialist_id, lambda state: plan_absence(state, new, everybody, now))
    return changed(stepped.state, deps)


@routes.delete("/absences/{absence_id}")
async def cancel(specialist_id: str, absence_id: str, _: Lead, deps: Deps) -> SpecialistOut:
    """They are there after all."""
    now = deps.dispatcher.now()
    stepped = await deps.store.specialists.step(specialist_id, lambda state: cancel_absence(state, absence_id, now))
    return changed(stepped.state, deps)


@routes.post("/pause")
async def begin_pause(specialist_id: str, body: PauseIn, who: Lead, deps: Deps) -> SpecialistOut:
    """No new work for a while; they keep what they have."""
    now = deps.dispatcher.now()
    new = Pause(since=now, until=body.until, reason=body.reason, by=who.subject)
    stepped = await deps.store.specialists.step(specialist_id, lambda state: pause(state, new, now))
    return changed(stepped.state, deps)


@routes.delete("/pause")
async def end_pause(specialist_id: str, _: Lead, deps: Deps) -> SpecialistOut:
    """New work again."""
    now = deps.dispatcher.now()
    stepped = await deps.store.specialists.step(specialist_id, lambda state: pause(state, None, now))
    return changed(stepped.state, deps)
