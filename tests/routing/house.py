"""Routing served on the real broker and database, and what tests say to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from services.routing.main import build_app
from services.routing.settings import RoutingSettings
from shared.clock import ServiceClock
from tests.kit import Ear, eventually, listening, publish, serving, token

ALWAYS = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
LEAD = token("lead", subject="lead")


@dataclass
class House:
    """Routing at work, with everything a test says to it."""

    client: httpx.AsyncClient
    amqp_url: str
    heard: Ear

    async def hire(self, name: str = "Иван", **over: Any) -> str:
        """A specialist, by default always at work, of capacity 1; the id is returned."""
        body = {"name": name, "products": {"1С:ЗГУ": 4}, "hours": ALWAYS, "zone": "Asia/Krasnoyarsk", "capacity": 1}
        answer = await self.client.post("/v1/specialists", json=body | over, headers=LEAD)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["specialist_id"])

    async def tell(self, *events: Any, ids: list[str] | None = None) -> None:
        """What intake says."""
        await publish(self.amqp_url, *events, ids=ids)

    async def says(self, who: str, request_id: str, step: str, **body: Any) -> httpx.Response:
        """A specialist's step."""
        headers = token("specialist", subject=who)
        return await self.client.post(f"/v1/requests/{request_id}/{step}", json=body or None, headers=headers)

    async def orders(self, request_id: str, order: str, **body: Any) -> httpx.Response:
        """An order of the manager of the base."""
        headers = token("manager", subject="m1")
        return await self.client.post(f"/v1/requests/{request_id}/{order}", json=body, headers=headers)

    async def finished(self, who: str, request_id: str) -> None:
        """The specialist starts and finishes."""
        assert (await self.says(who, request_id, "start")).status_code == 200
        assert (await self.says(who, request_id, "finish", note="готово")).status_code == 200

    async def work(self, request_id: str) -> dict[str, Any]:
        """Where the work stands; empty where it is not known."""
        answer = await self.client.get(f"/v1/requests/{request_id}/work", headers=LEAD)
        return dict(answer.json()) if answer.status_code == 200 else {}

    async def stands(self, request_id: str, stage: str, who: str | None = None) -> dict[str, Any]:
        """Wait until the work is in this stage, at this specialist where one is named."""

        async def found() -> dict[str, Any]:
            work = await self.work(request_id)
            assert (work.get("stage"), who or work.get("specialist_id")) == (stage, work.get("specialist_id"))
            return work

        return await eventually(found)

    async def load(self, who: str) -> int:
        """Places taken."""
        return int((await self.client.get(f"/v1/specialists/{who}", headers=LEAD)).json()["load"])


@asynccontextmanager
async def routing(settings: RoutingSettings, clock: ServiceClock | None = None) -> AsyncIterator[House]:
    """Routing, served, and an ear for what it publishes."""
    amqp_url = settings.amqp_url.get_secret_value()
    async with serving(build_app(settings, clock)) as client, listening(amqp_url, "work.#", "specialist.#") as heard:
        yield House(client, amqp_url, heard)
