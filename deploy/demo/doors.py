"""The public doors of the five services, as the demo's people use them: over HTTP, each with their own pass."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
from standardwebhooks import Webhook

from deploy.tokens import sign
from shared.clock import machine_now
from shared.ids import random_id

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds until what was done at one door must be seen at another; a machine may be slow, and have more to do."""
POLL = 0.05
PASS = timedelta(hours=1)


class Differs(Exception):
    """Something is not as the demo says it must be."""


class NotThere(Differs):
    """What was asked for does not exist, or not yet."""


class Doors:
    """One client for all services; `urls` by service."""

    def __init__(
        self, client: httpx.AsyncClient, urls: Mapping[str, str], *, private_key: str, webhook_secret: str
    ) -> None:
        self._client = client
        self._urls = urls
        self._private_key = private_key
        self._webhook = Webhook(webhook_secret)
        self.api_key = ""

    async def get(self, service: str, path: str, who: "Who", **query: str) -> Any:
        """What is read at a door."""
        return await self._call("GET", service, path, headers=self._pass(who), params=query)

    async def all(self, service: str, path: str, who: "Who") -> list[Any]:
        """All pages of a list."""
        page = await self.get(service, path, who)
        items: list[Any] = list(page["items"])
        while page.get("next"):
            page = await self.get(service, path, who, cursor=page["next"])
            items += page["items"]
        return items

    async def post(self, service: str, path: str, who: "Who", body: Any = None, **query: str) -> Any:
        """What a door answers to a deed."""
        headers = self._pass(who) | {"Idempotency-Key": random_id()}
        return await self._call("POST", service, path, headers=headers, json=body or {}, params=query)

    async def upload(self, service: str, path: str, who: "Who", content: bytes, kind: str, **query: str) -> Any:
        """Send a file or a letter."""
        headers = self._pass(who) | {"Content-Type": kind}
        return await self._call("POST", service, path, headers=headers, content=content, params=query)

    async def integration(self, path: str, body: bytes, kind: str = "application/json") -> Any:
        """What an integration with an API key sends to intake."""
        headers = {"X-API-Key": self.api_key, "Content-Type": kind}
        return await self._call("POST", "intake", path, headers=headers, content=body)

    async def call_event(self, event: Mapping[str, Any]) -> Any:
        """A telephone exchange tells of a call: a signed webhook."""
        content, message_id, moment = json.dumps(event).encode(), random_id(), machine_now()
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._webhook.sign(message_id, moment, content.decode()),
            "Content-Type": "application/json",
        }
        return await self._call("POST", "intake", "/v1/calls/generic", headers=headers, content=content)

    async def set_clock(self, moment: datetime | None) -> None:
        """Move the clocks of all services to `moment`, or back to the real time."""
        offset = 0.0 if moment is None else (moment - machine_now()).total_seconds()
        moves = [
            self._call("PUT", service, "/v1/clock", headers=self._pass(DIRECTOR), json={"offset_seconds": offset})
            for service in self._urls
        ]
        await asyncio.gather(*moves)

    async def now(self) -> datetime:
        """What time the services believe it is."""
        told = await self._call("GET", "intake", "/v1/clock")
        return datetime.fromisoformat(told["now"])

    def _pass(self, who: "Who") -> dict[str, str]:
        subject, role = who
        return {"Authorization": f"Bearer {sign(self._private_key, subject, [role], PASS)}"}

    async def _call(self, method: str, service: str, path: str, **how: Any) -> Any:
        try:
            answer = await self._client.request(method, self._urls[service] + path, **how)
        except httpx.HTTPError as error:
            raise Differs(f"{service} не отвечает ({method} {path}): {error!r}") from error
        if not answer.is_success:
            later = answer.status_code == httpx.codes.NOT_FOUND or "Retry-After" in answer.headers
            kind = NotThere if later else Differs
            raise kind(f"{service}: {method} {path} → {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None


Who = tuple[str, str]
"""(subject, role)."""
DIRECTOR: Who = ("demo-director", "director")
LEAD: Who = ("demo-lead", "lead")
PAYROLL: Who = ("demo-payroll", "payroll")


async def until(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """What `look` finds, as soon as it does. Raises `Differs` after `PATIENCE` seconds."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        with suppress(NotThere):
            found = await look()
            if found is not None and found is not False:
                return found
        if asyncio.get_running_loop().time() > deadline:
            raise Differs(f"за {PATIENCE:.0f} с не произошло: {what}")
        await asyncio.sleep(POLL)
