"""Whether the due times are what the facts come to: page by page on demand, and as the night found them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict

from services.sla_monitor.verifying import PAGE, Verifying
from shared.contracts.sla_monitor import About
from shared.http.auth import Principal, requires

MOST = 2_000

routes = APIRouter(prefix="/v1/clocks", tags=["clocks"])


async def _verifying(request: Request) -> Verifying:
    return request.app.state.verifying  # type: ignore[no-any-return]  # main.py puts it there


Deps = Annotated[Verifying, Depends(_verifying)]
Reader = Annotated[Principal, Depends(requires("lead", "director", "service"))]


class View(BaseModel):
    """Read from the service's own records."""

    model_config = ConfigDict(from_attributes=True)


class DifferenceView(View):
    """One thing that is kept otherwise than the facts say."""

    about: About
    about_id: str
    what: str
    kept: str
    computed: str


class VerifiedView(View):
    """What was found among some timelines; ask on with `after` = `next` until that is null."""

    checked: int
    differences: list[DifferenceView]
    next: str | None


class NightView(View):
    """The newest nightly verification that was finished."""

    day: str
    began: datetime
    ended: datetime
    checked: int
    different: int
    differences: list[DifferenceView]
    """The first fifty."""


@routes.get("/verify")
async def verify(
    verifying: Deps,
    _: Reader,
    after: Annotated[str | None, Query(min_length=1, max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = PAGE,
) -> VerifiedView:
    """Compute every due time of some timelines anew from their facts, and say what is kept otherwise."""
    return VerifiedView.model_validate(await verifying.page(after, limit))


@routes.get("/verification")
async def verification(verifying: Deps, _: Reader) -> NightView | None:
    """What the last night found; null before the first."""
    found = await verifying.last()
    return None if found is None else NightView.model_validate(found)
