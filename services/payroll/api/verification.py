"""`/v1/statements/verify`: whether what was paid is what its sealed facts come to: on demand, and each night."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.payroll import verifying
from services.payroll.api.fields import Deps, Officer, noted
from services.payroll.verifying import PAGE
from shared.verification import last, views

MOST = 200

routes = APIRouter(prefix="/v1/statements", tags=["verification"])


class DifferenceView(views.FoundView):
    """One thing that is kept otherwise than it comes to; without a `manager_id` of the whole month."""

    month: str
    manager_id: str | None
    what: str
    kept: str
    computed: str


class VerifiedView(views.VerifiedView[DifferenceView]):
    """What was found among some managers' closed statements, and, without `after`, among the months themselves; ask on
    with `after` = `next` until that is null."""


class NightView(views.NightView[DifferenceView]):
    """The newest nightly verification that was finished."""


@routes.get("/verify")
async def verify(
    office: Deps,
    who: Officer,
    after: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> VerifiedView:
    """Reckon the closed statements of some managers anew from their sealed facts, compare hashes, and say what is kept
    otherwise."""
    await noted(office, who, "verify")
    return VerifiedView.model_validate(await verifying.page(office, after, limit))


@routes.get("/verification")
async def verification(office: Deps, _: Officer) -> NightView | None:
    """What the last night found; null before the first."""
    found = await last(office.store.verifications)
    return None if found is None else NightView.model_validate(found)
