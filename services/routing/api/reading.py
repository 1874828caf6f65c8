"""The work as it stands, the list of it, and why it went to whom it went."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.routing.api.deps import Deps, Manager, Routing, Staff, sees_all
from services.routing.api.views import AssignmentOut, FactOut, WorkOut, WorkStory
from services.routing.domain.life import Stage
from services.routing.domain.story import in_order
from services.routing.domain.work import wish_of
from shared.http.auth import Principal
from shared.http.paging import Page, Paged
from shared.http.problems import Problem

routes = APIRouter(prefix="/v1", tags=["work"])


@routes.get("/requests/{request_id}/work")
async def story(request_id: str, who: Staff, deps: Deps) -> WorkStory:
    """Where the work stands, and all that was said and done."""
    work = await deps.work_for(request_id, who)
    shown = WorkOut.of(work, deps.roster.name(work.tale.specialist_id))
    return WorkStory(**dict(shown), history=[FactOut.of(fact) for fact in in_order(work.words, work.deeds)])


@routes.get("/requests/{request_id}/assignment")
async def assignment(request_id: str, who: Manager, deps: Deps) -> AssignmentOut:
    """The latest assignment with every candidate, their score by part, why the others lost (R-COI-4), and how
    long such work takes. While it waits: why nobody has it this moment."""
    work = await deps.work_for(request_id, who)
    explained = await deps.dispatcher.why_waiting(work) if work.tale.stage == "waiting" else work.explained
    if explained is None:
        raise Problem(404, "never-assigned", "Эту заявку ещё никому не распределяли.")
    span = deps.estimates.span(wish_of(work), work.tale.specialist_id or explained.winner)
    return AssignmentOut.of(request_id, explained, deps.roster.names(), span)


@routes.get("/work")
async def listed(
    who: Staff,
    paged: Paged,
    deps: Deps,
    state: Annotated[list[Stage] | None, Query()] = None,
    specialist_id: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[WorkOut]:
    """Work by state and specialist; a specialist sees their own, a manager their base."""
    where = await _theirs(who, deps) | {"_id": {"$gt": paged.after or ""}}
    where["tale.stage"] = {"$in": state} if state else {"$ne": "expected"}
    if specialist_id is not None:
        where["$and"] = [{"tale.specialist_id": specialist_id}]
    found = await deps.store.works.find(where, limit=paged.limit + 1)
    shown = [WorkOut.of(work, deps.roster.name(work.tale.specialist_id)) for work in found]
    return paged.page(shown, lambda one: one.request_id)


async def _theirs(who: Principal, deps: Routing) -> dict[str, Any]:
    if sees_all(who):
        return {}
    if who.has("manager"):
        mine, former = await deps.store.base_of(who.subject)
        told = {"tale.client.manager_id": {"$in": [who.subject, None]}, "tale.client.client_id": {"$nin": former}}
        return {"$or": [{"tale.client.client_id": {"$in": mine}}, told]}
    return {"tale.specialist_id": who.subject}
