"""What the assigned specialist says about their work (R-REQ-2). The subject of the pass is the specialist's id.

A repeat under the same `Idempotency-Key` has no second effect.
"""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.routing.api.deps import Deps, Routing, Specialist
from services.routing.api.views import Text, WorkOut
from services.routing.domain.facts import Did
from shared.contracts.base import Moment
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey

routes = APIRouter(prefix="/v1/requests/{request_id}", tags=["steps"])


class Start(BaseModel, extra="forbid"):
    """How long it will take, as the specialist says: kept beside how long it took (R-COI-1)."""

    estimate_minutes: int | None = Field(default=None, ge=1, le=100_000, strict=True)
    """Of their working time."""


class Note(BaseModel, extra="forbid"):
    """What was done."""

    note: Text


class Reason(BaseModel, extra="forbid"):
    """Why."""

    reason: Text


class Postponement(BaseModel, extra="forbid"):
    """Until when and why."""

    until: Moment
    reason: Text


@routes.post("/start")
async def start(
    request_id: str, who: Specialist, key: IdempotencyKey, deps: Deps, body: Start | None = None
) -> WorkOut:
    """The specialist starts, and may say how long it will take."""
    return await _said(deps, request_id, "start", who, key, minutes=body.estimate_minutes if body else None)


@routes.post("/progress")
async def progress(request_id: str, body: Note, who: Specialist, key: IdempotencyKey, deps: Deps) -> WorkOut:
    """A sign of life (R-URG-4)."""
    return await _said(deps, request_id, "progress", who, key, text=body.note)


@routes.post("/postpone")
async def postpone(request_id: str, body: Postponement, who: Specialist, key: IdempotencyKey, deps: Deps) -> WorkOut:
    """Put off to a date, with the reason."""
    return await _said(deps, request_id, "postpone", who, key, text=body.reason, until=body.until)


@routes.post("/finish")
async def finish(request_id: str, body: Note, who: Specialist, key: IdempotencyKey, deps: Deps) -> WorkOut:
    """«Готово»: the accountant has the last word; the specialist's place is free meanwhile."""
    return await _said(deps, request_id, "finish", who, key, text=body.note)


@routes.post("/ask-cancel")
async def ask_cancel(request_id: str, body: Reason, who: Specialist, key: IdempotencyKey, deps: Deps) -> WorkOut:
    """Only asks: it has no effect until the accountant agrees (R-IMP-5)."""
    return await _said(deps, request_id, "ask_cancel", who, key, text=body.reason)


async def _said(
    deps: Routing, request_id: str, step: Did, who: Principal, key: str | None, *,
    text: str = "", until: datetime | None = None, minutes: int | None = None,
) -> WorkOut:  # fmt: skip
    once = key and f"{step}/{who.subject}/{key}"
    work = await deps.dispatcher.speak(
        request_id, step, who.subject, text=text, until=until, minutes=minutes, once=once
    )
    return WorkOut.of(work, deps.roster.name(work.tale.specialist_id))
