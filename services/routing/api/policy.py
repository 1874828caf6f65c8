"""How work is given away: the policy in force, every version of it, and a newer one."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, FiniteFloat

from services.routing.api.deps import Deps, Lead, Manager
from services.routing.api.views import Text
from services.routing.domain.policy import MOST, enacted
from services.routing.domain.refusals import PolicyOvertaken, UnknownPolicy
from services.routing.policy_file import policy_of, shipped, shown

routes = APIRouter(prefix="/v1/policy", tags=["policy"])

Amount = Annotated[FiniteFloat, Field(strict=True, ge=0, le=MOST)]
Count = Annotated[int, Field(strict=True, ge=0, le=MOST)]


class WeightsIn(BaseModel, extra="forbid"):
    """Points: the most each part of the score can bring."""

    start: Amount
    level: Amount
    client: Amount
    record: Amount
    load: Amount
    zone: Amount
    fairness: Amount


class AmountsIn(BaseModel, extra="forbid"):
    """Minutes by priority."""

    urgent: Amount
    important: Amount
    routine: Amount


class CountsIn(BaseModel, extra="forbid"):
    """How often, by priority."""

    urgent: Count
    important: Count
    routine: Count


class PolicyIn(BaseModel, extra="forbid"):
    """A whole policy; `after` is the version it is to follow, so that nobody overwrites what they have not seen."""

    after: Count
    reason: Text
    weights: WeightsIn
    patience_minutes: AmountsIn
    start_within_minutes: AmountsIn
    postponements: CountsIn
    minutes_each: Amount
    record_floor: Amount
    idle_minutes: Amount
    displacements: Count
    handover_minutes: Amount


@routes.get("")
async def current(_: Manager, deps: Deps) -> dict[str, Any]:
    """The policy in force."""
    deps.roster.adopt(await deps.store.newest_policy())
    return shown(deps.roster.policy)


@routes.get("/{version}")
async def one(version: int, _: Manager, deps: Deps) -> dict[str, Any]:
    """A version, as decisions name it."""
    first = shipped()
    found = first if version == first.number else await deps.store.policies.get(str(version))
    if found is None:
        raise UnknownPolicy
    return shown(found)


@routes.put("")
async def enact(body: PolicyIn, who: Lead, deps: Deps) -> dict[str, Any]:
    """A newer version, in force at once."""
    deps.roster.adopt(await deps.store.newest_policy())
    latest = deps.roster.policy.number
    if body.after != latest:
        raise PolicyOvertaken(f"В силе версия {latest}, а не {body.after}; посмотрите её и повторите.")
    fields = body.model_dump(exclude={"after"})
    new = policy_of(fields | {"version": latest + 1, "by": who.subject})
    stepped = await deps.store.policies.step(str(new.number), lambda state: enacted(state, new), new=True)
    deps.roster.adopt(stepped.state)
    deps.look_again()
    return shown(stepped.state)
