"""`/v1/clock`: what time the service believes it is. In development a director may move it."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from shared.clock import ServiceClock
from shared.http.auth import requires
from shared.http.problems import Problem
from shared.http.query import only_known_parameters

TEN_YEARS = 10 * 366 * 86400


class Move(BaseModel):
    """How far ahead of the real time the service shall be, in seconds."""

    offset_seconds: float = Field(ge=-TEN_YEARS, le=TEN_YEARS)


def router(clock: ServiceClock, *, movable: bool) -> APIRouter:
    """The door of `clock`; it moves only where `movable`."""
    routes = APIRouter(prefix="/v1/clock", tags=["clock"])

    def told() -> dict[str, Any]:
        return {"now": clock.now(), "offset_seconds": clock.offset.total_seconds()}

    @routes.get("", dependencies=[Depends(only_known_parameters)])
    async def read() -> dict[str, Any]:
        return told()

    @routes.put("", dependencies=[Depends(requires("director"))])
    async def move(to: Annotated[Move, "the new offset"]) -> dict[str, Any]:
        if not movable:
            raise Problem(403, "clock-fixed", "В рабочем режиме часы не переводятся (SVOY_MODE=development).")
        clock.offset = timedelta(seconds=to.offset_seconds)
        return told()

    return routes
