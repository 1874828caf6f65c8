"""Who is kept away from which client, with reason and expiry (R-COI-3). No assignment passes it."""

from fastapi import APIRouter
from pydantic import BaseModel

from services.routing.api.deps import Deps, Manager
from services.routing.api.views import ExclusionOut, Name, Text
from services.routing.domain.exclusions import Exclusion
from services.routing.domain.specialists import Specialist, exclude, readmit
from shared.contracts.base import Moment
from shared.http.idempotency import IdempotencyKey
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/clients/{client_id}/exclusions", tags=["exclusions"])


class ExclusionIn(BaseModel, extra="forbid"):
    """Whom, why, and until when (until it is lifted, where nothing is said)."""

    specialist_id: Name
    reason: Text
    until: Moment | None = None


@routes.post("", status_code=201)
async def add(client_id: str, body: ExclusionIn, who: Manager, key: IdempotencyKey, deps: Deps) -> ExclusionOut:
    """Keep a specialist away from a client; what they have of its work is to go to somebody else."""
    await deps.check_base(client_id, who)
    new = Exclusion(
        exclusion_id=derived_id("exclusion", who.subject, key) if key else deps.new_id(),
        client_id=client_id,
        reason=body.reason,
        since=deps.dispatcher.now(),
        until=body.until,
        by=who.subject,
    )
    stepped = await deps.store.specialists.step(body.specialist_id, lambda state: exclude(state, new))
    deps.roster.put(stepped.state)
    deps.look_again()
    kept = next((one for one in stepped.state.exclusions if one.exclusion_id == new.exclusion_id), new)
    return _shown(kept, stepped.state)


@routes.get("")
async def listed(client_id: str, who: Manager, deps: Deps) -> list[ExclusionOut]:
    """Those in force."""
    await deps.check_base(client_id, who)
    now = deps.dispatcher.now()
    found = await deps.store.specialists.find({"exclusions.client_id": client_id}, limit=1000)
    pairs = [(one, specialist) for specialist in found for one in specialist.exclusions]
    return [_shown(one, specialist) for one, specialist in pairs if one.client_id == client_id and one.stands(now)]


@routes.delete("/{specialist_id}/{exclusion_id}", status_code=204)
async def lift(client_id: str, specialist_id: str, exclusion_id: str, who: Manager, deps: Deps) -> None:
    """Before its time."""
    await deps.check_base(client_id, who)
    now = deps.dispatcher.now()
    stepped = await deps.store.specialists.step(
        specialist_id, lambda state: readmit(state, exclusion_id, client_id, who.subject, now)
    )
    deps.roster.put(stepped.state)
    deps.look_again()


def _shown(one: Exclusion, specialist: Specialist) -> ExclusionOut:
    return ExclusionOut.model_validate(one).model_copy(update={"specialist_id": specialist.specialist_id})
