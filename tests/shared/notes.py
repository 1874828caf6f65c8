"""A service as small as can be, to try the kit on: documents of notes, told as requests."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.contracts.base import Decision
from shared.contracts.intake import RequestRegistered
from shared.messaging.envelope import Outgoing
from shared.service import Service
from shared.settings import ServiceSettings
from shared.store import Documents

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Note:
    """Lines written down."""

    lines: tuple[str, ...] = ()


def registered(request_id: str = "r1", text: str = "не считает зарплату") -> RequestRegistered:
    """An event for somebody to listen to."""
    return RequestRegistered(
        at=AT, request_id=request_id, number="100 001", channel="api", priority="urgent", subject_text=text
    )


def outgoing(event: RequestRegistered, id: str = "m1") -> Outgoing:  # noqa: A002 - CloudEvents' name
    """`event` in its envelope."""
    return Outgoing.of(event, id=id, source="svoy/intake", saved_at=AT)


def adding(line: str, request_id: str | None = None) -> Callable[[Note | None], Decision[Note]]:
    """The decision to add `line`, telling a request registered where one is named."""

    def decide(note: Note | None) -> Decision[Note]:
        events = () if request_id is None else (registered(request_id),)
        return Decision(replace(note or Note(), lines=(*(note or Note()).lines, line)), events)

    return decide


class Notes:
    """The service with its one collection."""

    def __init__(self, settings: ServiceSettings, name: str = "intake") -> None:
        self.service = Service(name, settings)
        self.documents: Documents[Note] = self.service.documents("notes", Note)

    def running(self) -> AbstractAsyncContextManager[object]:
        """Connected and started, until the block ends."""
        return self.service.app.router.lifespan_context(self.service.app)

    async def lines(self, key: str) -> tuple[str, ...]:
        """What is written under `key`."""
        note = await self.documents.get(key)
        return note.lines if note else ()

    async def outbox(self, key: str) -> list[str]:
        """Types of the events the document still has to tell."""
        document = await self.documents.collection.find_one({"_id": key})
        return [event["type"] for event in document["outbox"]]

    async def all_told(self, key: str) -> bool:
        """Whether nothing is left in the document's outbox."""
        return not await self.outbox(key)
