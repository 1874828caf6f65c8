"""`/health/live`, `/health/ready` and `/metrics`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.responses import JSONResponse, Response


def router(unready: Callable[[], Awaitable[dict[str, str]]]) -> APIRouter:
    """`unready` tells what keeps the service from working, by name; empty when it is ready."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @routes.get("/health/ready")
    async def ready() -> Response:
        reasons = await unready()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    @routes.get("/metrics", include_in_schema=False)
    async def metrics(names: Annotated[tuple[str, ...], Query(alias="name[]", max_length=100)] = ()) -> Response:
        """All of them, or as Prometheus' exporters have it those called `name[]`."""
        asked = REGISTRY.restricted_registry(names) if names else REGISTRY
        return Response(generate_latest(asked), media_type=CONTENT_TYPE_LATEST)

    return routes
