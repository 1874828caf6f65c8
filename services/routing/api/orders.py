"""What a manager orders about the work of their own base; leads and directors about anybody's (R-IMP-3)."""

from fastapi import APIRouter
from pydantic import BaseModel

from services.routing.api.deps import Deps, Manager
from services.routing.api.views import Name, Text, WorkOut
from shared.contracts.base import Moment

routes = APIRouter(prefix="/v1/requests/{request_id}", tags=["orders"])


class Assign(BaseModel, extra="forbid"):
    """To whom; with `overrule` the manager answers for product, level and hours, and says why."""

    specialist_id: Name
    overrule: Text | None = None


class Replace(BaseModel, extra="forbid"):
    """By whom (the best, where nobody is named) and why; `overrule` as in `Assign`."""

    reason: Text
    specialist_id: Name | None = None
    overrule: bool = False
    handover: Text | None = None
    """Where the work stands; without it, whatever the one before said last."""


class Keep(BaseModel, extra="forbid"):
    """Why whoever has it keeps it."""

    reason: Text


class Force(BaseModel, extra="forbid"):
    """By when it must be finished, and by whom where not by who has it now or had it last."""

    finish_by: Moment
    specialist_id: Name | None = None
    reason: Text = "менеджер назначил срок"


@routes.post("/assign")
async def assign(request_id: str, body: Assign, who: Manager, deps: Deps) -> WorkOut:
    """Give waiting work to a specialist."""
    work = await deps.work_for(request_id, who)
    reason, overrule = body.overrule or "", body.overrule is not None
    work = await deps.orders.assign(work, body.specialist_id, who.subject, reason, overrule=overrule)
    return WorkOut.of(work, deps.roster.name(work.tale.specialist_id))


@routes.post("/replace")
async def replace(request_id: str, body: Replace, who: Manager, deps: Deps) -> WorkOut:
    """Give it to somebody else; a complex one to somebody more competent."""
    work = await deps.work_for(request_id, who)
    work = await deps.orders.replace(
        work, body.specialist_id, who.subject, body.reason, overrule=body.overrule, handover=body.handover or ""
    )
    return WorkOut.of(work, deps.roster.name(work.tale.specialist_id))


@routes.post("/force")
async def force(request_id: str, body: Force, who: Manager, deps: Deps) -> WorkOut:
    """The specialist must finish by a date."""
    work = await deps.work_for(request_id, who)
    work = await deps.orders.force(work, body.specialist_id, who.subject, body.reason, body.finish_by)
    return WorkOut.of(work, deps.roster.name(work.tale.specialist_id))


@routes.post("/keep")
async def keep(request_id: str, body: Keep, who: Manager, deps: Deps) -> WorkOut:
    """Whoever has it keeps it, though a clock caught them: nothing ordered stands, nobody replaces them (R-URG-7)."""
    work = await deps.work_for(request_id, who)
    work = await deps.orders.keep(work, who.subject, body.reason)
    return WorkOut.of(work, deps.roster.name(work.tale.specialist_id))
