"""The stream of changes: what is owed and who was called, as it changes (server-sent events)."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from services.sla_monitor.api.escalation_views import EscalationView, escalation_view
from services.sla_monitor.api.views import ObligationView, obligation_view, rows_of
from services.sla_monitor.api.wiring import SEES_ALL, Wired
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.reading.changes import Batch, Change, Changes
from shared.contracts.sla_monitor import About
from shared.http.auth import Principal, requires

ESCALATION = "escalation:"
NUMBER_DIGITS = 15
"""Longer ones are none of ours."""

routes = APIRouter(prefix="/v1", tags=["stream"])

Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]


class ObligationsView(BaseModel):
    """Everything owed to one request or call, as it is now."""

    about: About
    about_id: str
    obligations: list[ObligationView]


class EscalationChangeView(BaseModel):
    """An escalation as it is now."""

    escalation: EscalationView


async def _changes(request: Request, _: Reader) -> AsyncIterator[Changes]:
    changes: Changes = request.app.state.changes  # main.py puts it there
    with changes.following():
        yield changes


@routes.get("/stream", response_class=EventSourceResponse)
async def stream(
    changes: Annotated[Changes, Depends(_changes)],
    who: Reader,
    last_event_id: Annotated[str | None, Header(description="Goes on after that event.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """`obligations` and `escalation` with the whole of what changed, as it is now; `reset` where something may have
    been missed: read the lists anew. A manager hears of their own base, and of what they are called to."""
    async for batch in changes.follow(_number(last_event_id)):
        for event in events(batch, who):
            yield event


def events(batch: Batch, who: Principal) -> list[ServerSentEvent]:
    """A batch as somebody may see it. The last of its events carries its number: who loses the line in its midst gets
    it again."""
    shown = [
        ServerSentEvent(event=change.kind, data=change.data)
        for change in batch.changes
        if who.has(*SEES_ALL) or change.concerns(who.subject)
    ]
    if batch.lost:
        shown.insert(0, ServerSentEvent(event="reset", data={}))
    return [*shown, ServerSentEvent(event="position", data={}, id=str(batch.number))]


def _number(last_event_id: str | None) -> int | None:
    """Where they stopped; what is no number of ours is before everything, so that they read anew."""
    if not last_event_id:
        return None
    plain = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= NUMBER_DIGITS
    return int(last_event_id) if plain else -1


class Resolver:
    """What stands behind the keys of the log."""

    def __init__(self, wired: Wired) -> None:
        self._wired = wired

    async def __call__(self, keys: Sequence[str]) -> list[Change]:
        """In the order of the keys; what is gone is left out."""
        found = [await self._change(key) for key in keys]
        return [change for change in found if change is not None]

    async def _change(self, key: str) -> Change | None:
        if key.startswith(ESCALATION):
            return await self._escalation(key.removeprefix(ESCALATION))
        timeline = await self._wired.monitor.store.timelines.get(key)
        return None if timeline is None else await self._obligations(timeline)

    async def _obligations(self, timeline: Timeline) -> Change:
        now = self._wired.monitor.clock.now()
        shown = [obligation_view(row, now) for row in rows_of(timeline)]
        data = ObligationsView(about=timeline.about, about_id=timeline.about_id, obligations=shown)
        manager_id = await self._wired.bases.manager_of(timeline.client)
        return Change(kind="obligations", manager_id=manager_id, data=data)

    async def _escalation(self, escalation_id: str) -> Change | None:
        found = await self._wired.escalations.store.escalations.get(escalation_id)
        if found is None:
            return None
        called = frozenset(person_id for call in found.calls for person_id in call.person_ids)
        manager_id = await self._wired.bases.manager_of(found.client)
        data = EscalationChangeView(escalation=escalation_view(found))
        return Change(kind="escalation", manager_id=manager_id, person_ids=called, data=data)
