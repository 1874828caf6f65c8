"""A running replica of sla_monitor, and what its doors answer."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import httpx

from services.sla_monitor.settings import SlaMonitorSettings
from shared.clock import ServiceClock
from shared.contracts.base import Event
from tests.kit import Ear, eventually, publish, token
from tests.sla_monitor.telling import At

DIRECTOR = token("director", subject="d1")


@dataclass(frozen=True)
class Running:
    """A replica, the ear that hears what it publishes, and the clock it goes by."""

    client: httpx.AsyncClient
    ear: Ear
    clock: ServiceClock
    url: str

    async def tell(self, *events: At, ago: float = 0) -> None:
        """Publish events that happened `ago` seconds ago by the service's clock."""
        at = self.clock.now() - timedelta(seconds=ago)
        await self.publish(*(event(at) for event in events))

    async def publish(self, *events: Event) -> None:
        """Publish events as they are."""
        await publish(self.url, *events)

    async def get(self, path: str, status: int = 200, *, who: dict[str, str] = DIRECTOR, **query: Any) -> Any:
        """The JSON of an answer."""
        answer = await self.client.get(path, headers=who, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def timeline(self, path: str, facts: int) -> Any:
        """The timeline, once it has so many facts."""

        async def known() -> Any:
            answer = await self.client.get(path, headers=DIRECTOR)
            return answer.json() if answer.status_code == 200 and len(answer.json()["facts"]) >= facts else None

        return await eventually(known)

    async def forward(self, **by: float) -> None:
        """Move the service's clock forward, as the demo does."""
        offset = self.clock.offset + timedelta(**by)
        moved = await self.client.put("/v1/clock", headers=DIRECTOR, json={"offset_seconds": offset.total_seconds()})
        assert moved.status_code == 200, moved.text


class Start(Protocol):
    """Starts a replica."""

    def __call__(self, settings: SlaMonitorSettings | None = None) -> Any: ...
