"""Requests and money facts that keep coming in while processes are killed, and what must be true of them afterwards."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import aio_pika
import httpx
from standardwebhooks import Webhook

from deploy.demo.cast import base_csv, institutions
from deploy.demo.stage import DAYS, ZONE
from deploy.local.house import House
from deploy.local.rights import ADMIN
from deploy.tokens import sign
from shared.clock import local_date, machine_now
from shared.ids import random_id
from shared.messaging.topology import queues
from tests.kit import eventually

ALWAYS = {day: ["00:00-24:00"] for day in DAYS}
REQUESTS = 300
PACE = 0.05
"""Seconds between two requests."""
ANSWER_WITHIN = 45.0
"""Longer than a client waits for one answer while a server is being started again."""
AGREE_WITHIN = 150.0
"""Longer than three tries of a message take, 71 s apart, on a machine that is busy."""
CALLERS = 40
_bases = count(1)


@dataclass
class Traffic:
    """One client population with its telephone exchange and director, talking to a house over HTTP."""

    house: House
    client: httpx.AsyncClient
    accepted: dict[str, str] = field(default_factory=dict)
    """Request ids by the external id they were asked with."""
    facts: dict[str, Decimal] = field(default_factory=dict)
    """The fees of clients lost, by the proposal that a director confirmed."""
    before: set[str] = field(default_factory=set)
    """Requests that were there already."""
    calls: set[str] = field(default_factory=set)
    """Ids of missed calls whose webhook was answered."""
    manager_id: str = ""
    clients: list[dict[str, Any]] = field(default_factory=list)

    async def settle_in(self) -> None:
        """A manager with a base, and specialists enough for all that comes."""
        today = local_date(machine_now(), ZONE)
        anna = {"name": "Анна", "hired": f"{today:%Y-%m}-01"}
        manager = await self.post("accounts", "/v1/managers", "payroll", anna)
        self.manager_id = manager["manager_id"]
        base = base_csv(institutions(next(_bases)), today.replace(day=1))
        await self.call(
            "POST", "accounts", "/v1/clients/import", content=base, params={"manager_id": self.manager_id},
            headers=self.bearer("director") | {"Content-Type": "text/csv"},
        )  # fmt: skip
        known = await self.listed("accounts", "/v1/clients", "director")
        self.clients = [client for client in known if client["manager_id"] == self.manager_id]
        self.before = {one["request_id"] for one in await self.listed("intake", "/v1/requests", "director")}
        for number in range(10):
            skills = {"1С:ЗГУ": 5, "1С:БГУ": 5}
            body = {"name": f"Специалист {number}", "products": skills, "zone": ZONE, "hours": ALWAYS, "capacity": 2000}
            await self.post("routing", "/v1/specialists", "lead", body)

    async def flow(self, requests: int = REQUESTS) -> None:
        """`requests` of them, and a money fact with every thirtieth, each repeated until it is accepted."""
        async with asyncio.TaskGroup() as group:
            for number in range(requests):
                group.create_task(self._request())
                if number % 30 == 0:
                    group.create_task(self._fact(number // 30))
                await asyncio.sleep(PACE)

    async def webhooks_until_nobody_answers(self) -> None:
        """Missed calls, one after another from many sides, until intake is gone; nothing is told twice."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(self._missed_calls())

    async def calls_agree(self) -> bool:
        """Whether every call that was answered for is there, missed."""
        known = await self.listed("intake", "/v1/calls", "director")
        assert self.calls <= {one["call_id"] for one in known if one["status"] == "missed"}
        return True

    async def agrees(self) -> None:
        """Wait until every accepted request exists once, is assigned once and has its clocks, the ledger has every
        fact, and nothing is parked or left in an outbox."""
        await eventually(self._requests_agree, within=AGREE_WITHIN)
        await eventually(self._ledger_agrees, within=AGREE_WITHIN)
        await eventually(self._nothing_left, within=AGREE_WITHIN)

    async def _missed_calls(self) -> None:
        with suppress(httpx.TransportError):
            while True:
                await self._webhook()

    async def _webhook(self) -> None:
        call_id, now = random_id(), machine_now()
        body = json.dumps({"event": "missed", "call_id": call_id, "at": now.isoformat()})
        headers = {
            "webhook-id": call_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.house.wiring.credentials.webhook_secret).sign(call_id, now, body),
        }
        answer = await self.client.post(self.house.url("intake") + "/v1/calls/generic", headers=headers, content=body)
        if answer.is_success:
            self.calls.add(call_id)

    async def _request(self) -> None:
        external_id = random_id()
        one = self.clients[int(external_id[:4], 16) % len(self.clients)]
        body = {
            "channel": "api", "client_id": one["client_id"], "subject": "Срочно: не считает зарплату",
            "text": "Зарплата сегодня", "external_id": external_id,
        }  # fmt: skip
        headers = {"X-API-Key": str(self.house.wiring.credentials.api_key)}
        answer = await self._until_accepted("intake", "/v1/requests", headers, body)
        self.accepted[external_id] = answer["request_id"]

    async def _fact(self, number: int) -> None:
        today = f"{local_date(machine_now(), ZONE)}"
        body: dict[str, Any] = {"kind": "lost", "client_id": self.clients[number]["client_id"], "effective": today}
        body |= {"reason": "Ушёл к конкуренту"}
        key = {"Idempotency-Key": random_id()}
        proposal = await self._until_accepted("accounts", "/v1/proposals", self.bearer("lead") | key, body)
        path = f"/v1/proposals/{proposal['proposal_id']}/confirm"
        await self._until_accepted("accounts", path, self.bearer("director"), {})
        self.facts[proposal["proposal_id"]] = Decimal(self.clients[number]["fee"])

    async def _until_accepted(
        self, service: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer to a POST, repeated as a careful integration would: after no answer, and after 503."""
        while True:
            try:
                answer = await self.client.post(
                    self.house.url(service) + path, headers=headers, json=body, timeout=ANSWER_WITHIN
                )
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            if answer.status_code == 503:
                await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
                continue
            assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
            found: dict[str, Any] = answer.json()
            return found

    async def _requests_agree(self) -> bool:
        ours = sorted(self.accepted.values())
        registered = await self.listed("intake", "/v1/requests", "director")
        assert sorted(one["request_id"] for one in registered if one["request_id"] not in self.before) == ours
        works = await self.listed("routing", "/v1/work", "lead")
        held = [one["request_id"] for one in works if one["specialist_id"]]
        assert sorted(request_id for request_id in held if request_id not in self.before) == ours
        for request_id in ours:
            await self._timeline_agrees(request_id)
        return True

    async def _timeline_agrees(self, request_id: str) -> None:
        path = f"/v1/requests/{request_id}/timeline"
        timeline = await self.call("GET", "sla_monitor", path, headers=self.bearer("director"))
        heard = Counter(fact["kind"] for fact in timeline["facts"])
        assert heard["request.registered"] == heard["work.assigned"] == 1, timeline
        assert {"assign", "start", "wait_promise"} <= {one["clock"] for one in timeline["obligations"]}

    async def _ledger_agrees(self) -> bool:
        facts = await self.listed("payroll", "/v1/facts", "payroll")
        ours = [fact for fact in facts if fact["manager_id"] == self.manager_id]
        assert len(ours) == len(self.facts)
        assert {fact["fact_id"]: Decimal(fact["fee"]) for fact in ours} == self.facts
        month = f"{local_date(machine_now(), ZONE):%Y-%m}"
        path = f"/v1/statements/{self.manager_id}/{month}"
        statement = await self.call("GET", "payroll", path, headers=self.bearer("payroll"))
        assert Decimal(statement["growth"]) == -sum(self.facts.values())
        return True

    async def _nothing_left(self) -> bool:
        async with await aio_pika.connect(self.house.wiring.amqp_url(ADMIN)) as connection:
            channel = await connection.channel()
            for queue in queues():
                declared = await channel.declare_queue(queue.name, passive=True)
                assert declared.declaration_result.message_count == 0, queue.name
        for service in self.house.services:
            metrics = (await self.client.get(self.house.url(service) + "/metrics")).text
            for line in metrics.splitlines():
                if line.startswith("svoy_outbox_events"):
                    assert line.endswith(" 0.0"), f"{service}: {line}"
        return True

    async def listed(self, service: str, path: str, role: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        items: list[dict[str, Any]] = []
        params: dict[str, str] = {"limit": "200"}
        while True:
            page = await self.call("GET", service, path, params=params, headers=self.bearer(role))
            items += page["items"]
            if page.get("next") is None:
                return items
            params["cursor"] = page["next"]

    async def post(self, service: str, path: str, role: str, body: Mapping[str, Any]) -> Any:
        """One POST that must be accepted at once."""
        return await self.call("POST", service, path, headers=self.bearer(role), json=body)

    async def call(self, method: str, service: str, path: str, **how: Any) -> Any:
        """One call that must succeed."""
        answer = await self.client.request(method, self.house.url(service) + path, **how)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def bearer(self, role: str) -> dict[str, str]:
        """A pass for somebody of the role."""
        key = self.house.wiring.credentials.jwt_private_key
        return {"Authorization": f"Bearer {sign(key, f'{role}-1', [role], timedelta(hours=1))}"}


async def during(traffic: Traffic, harm: Callable[[], Awaitable[None]]) -> None:
    """Let requests flow, do harm after the first of them, and wait until all are accepted."""
    flow = asyncio.create_task(traffic.flow())
    await eventually(lambda: len(traffic.accepted) > REQUESTS // 10, within=60)
    await harm()
    await flow
