"""`/v1/specialists`: leads register and change them."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from services.routing.api.deps import Deps, Lead
from services.routing.api.views import SpecialistIn, SpecialistOut
from services.routing.csv_import import read
from services.routing.domain.refusals import CapacityBelowLoad, NotYours, UnknownSpecialist
from services.routing.domain.specialists import Specialist, change, register, register_or_change
from shared.http.auth import Principal, requires
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/specialists", tags=["specialists"])
Reader = Annotated[Principal, Depends(requires("specialist", "manager", "lead", "director", "service"))]


@routes.post("", status_code=201)
async def create(new: SpecialistIn, who: Lead, key: IdempotencyKey, deps: Deps, response: Response) -> SpecialistOut:
    """Register a specialist. The same `Idempotency-Key` again answers 200 with the specialist made first."""
    specialist_id = derived_id("specialist", who.subject, key) if key else deps.new_id()
    profile, now = new.profile(), deps.dispatcher.now()
    stepped = await deps.store.specialists.step(
        specialist_id, lambda state: register(state, specialist_id, profile, now)
    )
    if not stepped.written:
        response.status_code = 200
    return changed(stepped.state, deps)


AT_ONCE = 200
"""Lines of a table written together."""


class Imported(BaseModel):
    """What became of a table: the ids, by what was done."""

    created: list[str]
    changed: list[str]
    unchanged: list[str]


@routes.post("/import", openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}}})
async def take_table(request: Request, _: Lead, deps: Deps) -> Imported:
    """Register and change specialists from a CSV table: nothing of it where one line cannot be taken. Its codes are who
    is who, so the same table again changes nothing, or finishes what was interrupted. `csv_import.py` says what the
    columns are."""
    rows = await asyncio.to_thread(read, await request.body())
    now, done = deps.dispatcher.now(), Imported(created=[], changed=[], unchanged=[])
    ids = {derived_id("specialist", "table", row.code): row.profile for row in rows}
    held = {one.specialist_id: one for one in await deps.store.specialists_of(ids)}
    small = [one.profile.name for key, one in held.items() if ids[key].capacity < len(one.holds)]
    if small:
        raise CapacityBelowLoad(f"Ничего не загружено: ёмкость меньше, чем заявок в работе: {', '.join(small)}.")
    for start in range(0, len(rows), AT_ONCE):
        keys = list(ids)[start : start + AT_ONCE]
        ranks = await deps.store.ranks_of(one for key in keys if key in held for one in held[key].holds)
        decide = partial(register_or_change, now=now, ranks=ranks)
        steps = [deps.store.specialists.step(key, partial(decide, specialist_id=key, profile=ids[key])) for key in keys]
        for key, stepped in zip(keys, await asyncio.gather(*steps), strict=True):
            outcome = done.created if key not in held else done.changed if stepped.written else done.unchanged
            outcome.append(key)
            changed(stepped.state, deps)
    return done


@routes.put("/{specialist_id}")
async def update(specialist_id: str, new: SpecialistIn, _: Lead, deps: Deps) -> SpecialistOut:
    """Another name, products, hours or capacity; it takes effect on what waits at once."""
    profile, now = new.profile(), deps.dispatcher.now()
    ranks = await deps.store.ranks_of(deps.roster.holds(specialist_id)) if profile.limits else None
    stepped = await deps.store.specialists.step(specialist_id, lambda state: change(state, profile, now, ranks))
    return changed(stepped.state, deps)


@routes.get("")
async def listed(who: Reader, paged: Paged, deps: Deps) -> Page[SpecialistOut]:
    """Everybody, by id; a specialist sees themselves."""
    where: dict[str, object] = {"_id": {"$gt": paged.after or ""}}
    if not who.has("manager", "lead", "director", "service"):
        where = {"_id": {"$eq": who.subject, "$gt": paged.after or ""}}
    found = await deps.store.specialists.find(where, limit=paged.limit + 1)
    return paged.page([SpecialistOut.of(one) for one in found], lambda one: one.specialist_id)


@routes.get("/{specialist_id}")
async def one(specialist_id: str, who: Reader, deps: Deps) -> SpecialistOut:
    """One specialist."""
    return SpecialistOut.of(await _visible(specialist_id, who, deps))


async def _visible(specialist_id: str, who: Principal, deps: Deps) -> Specialist:
    if not who.has("manager", "lead", "director", "service") and who.subject != specialist_id:
        raise NotYours("Специалист видит только себя.")
    found = await deps.store.specialists.get(specialist_id)
    if found is None:
        raise UnknownSpecialist
    return found


def changed(specialist: Specialist, deps: Deps) -> SpecialistOut:
    """A specialist as they are now; it takes effect on what waits at once."""
    deps.roster.put(specialist)
    deps.look_again()
    return SpecialistOut.of(specialist)
