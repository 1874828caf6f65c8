"""The real house as a side of the comparison: started as anybody starts it, seeded through its public doors."""

import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from deploy.demo.cast import SPECIALISTS, base_csv, institutions
from deploy.demo.doors import DIRECTOR, Doors, until
from deploy.local.home import Home
from deploy.local.house import House
from shared.clock import local_date, machine_now
from tests.bench.load import Generator
from tests.bench.results import step
from tests.bench.sides import bodies
from tests.bench.wire import Door

LEAD = ("bench-lead", "lead")
ZONE = "Asia/Krasnoyarsk"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STAFF = 160
"""So many that nobody holds hundreds of requests at the end: their document would be all that is measured."""
CAPACITY = 100_000
"""Nothing is finished in the bench, so a specialist must be able to hold more than any would."""
NEEDED = ("request.registered", "work.assigned")
"""What sla_monitor must have written down before a request is assigned and its clocks are visible."""
_APPLIED = re.compile(rb'^svoy_events_handled_total\{outcome="applied",type="([a-z_.]+)"\} (\S+)$', re.MULTILINE)
_TROUBLE = re.compile(rb'^svoy_events_handled_total\{outcome="(retried|parked)",type="[a-z_.]+"\} (\S+)$', re.MULTILINE)


class Ours:
    """All services with their broker and database."""

    name = "ours"
    generator: Generator

    def __init__(self, house: House, client: httpx.AsyncClient) -> None:
        self.house = house
        self.client = client
        self.phones: Sequence[str] = ()
        credentials = house.wiring.credentials
        urls = {service: house.url(service) for service in house.services}
        self.doors = Doors(
            client, urls, private_key=house.wiring.jwt_private_key, webhook_secret=credentials.webhook_secret
        )

    def pids(self) -> Mapping[str, int]:
        """Every process of the house, and this one, which makes the load."""
        running = {name: pid for name in self.house.parts if (pid := self.house.pid(name)) is not None}
        return running | {"generator": os.getpid()}

    def servers(self) -> Mapping[str, int]:
        """Broker, database and generator: what both sides share."""
        return {name: pid for name, pid in self.pids().items() if name in {"rabbitmq", "mongod", "generator"}}

    async def done(self) -> int:
        """For how many requests sla_monitor has the registration and the assignment in the timeline."""
        applied = await self._applied("sla_monitor")
        return min(applied.get(kind, 0) for kind in NEEDED)

    async def trouble(self) -> dict[str, int]:
        """Messages retried and parked so far, by service, where there are any."""
        found: dict[str, int] = {}
        for service in self.house.services:
            for outcome, count in _TROUBLE.findall(await self._metrics(service)):
                key = f"{service} {outcome.decode()}"
                found[key] = found.get(key, 0) + int(float(count))
        return {key: count for key, count in found.items() if count}

    async def seed(self) -> None:
        """A manager with a base of 100 clients, specialists, and the key of an integration."""
        base = institutions(0)
        month = local_date(machine_now(), ZONE).replace(day=1)
        manager = await self.doors.post(
            "accounts", "/v1/managers", DIRECTOR, {"name": "Вера Своя", "hired": month.isoformat()}
        )
        await self.doors.upload(
            "accounts", "/v1/clients/import", DIRECTOR, base_csv(base, month), "text/csv",
            manager_id=manager["manager_id"],
        )  # fmt: skip
        await self._hire()
        key = {"name": "Bench", "scopes": ["requests:write"], "days": 1}
        api_key = (await self.doors.post("intake", "/v1/api-keys", DIRECTOR, key))["key"]
        await until(lambda: self._clients_known(len(base)), "intake знает клиентов")
        self.phones = [one.phone for one in base]
        door = Door.at(f"{self.house.url('intake')}/v1/requests", {"X-API-Key": api_key})
        self.generator = Generator(door, bodies(self.phones), keep=True)

    async def _hire(self) -> None:
        hours = {day: ["00:00-24:00"] for day in DAYS}
        for number in range(STAFF):
            name, products = SPECIALISTS[number % len(SPECIALISTS)]
            profile = {"name": f"{name} {number + 1}", "products": products, "capacity": CAPACITY}
            await self.doors.post("routing", "/v1/specialists", LEAD, {**profile, "hours": hours, "zone": ZONE})

    async def _clients_known(self, count: int) -> bool:
        return (await self._applied("intake")).get("client.registered", 0) >= count

    async def _applied(self, service: str) -> dict[str, int]:
        return {kind.decode(): int(float(count)) for kind, count in _APPLIED.findall(await self._metrics(service))}

    async def _metrics(self, service: str) -> bytes:
        """Only the counter asked for: all of them, ten times a second, would be part of what is measured."""
        asked = {"name[]": "svoy_events_handled_total"}
        return (await self.client.get(f"{self.house.url(service)}/metrics", params=asked)).content


@asynccontextmanager
async def our_house(folder: Path) -> AsyncIterator[Ours]:
    """Up and seeded inside, down outside, whatever happens. Raises `HouseError`, `Differs`."""
    os.environ.setdefault("SVOY_KEY_PER_SECOND", "1000000")  # one integration makes all the load there is
    house = House(Home(folder / "house"), mode="production")
    step("starting the house: RabbitMQ, mongod, " + ", ".join(house.services))
    async with house.running(), httpx.AsyncClient(timeout=30, trust_env=False) as client:
        ours = Ours(house, client)
        step(f"seeding: a manager, 100 clients, {STAFF} specialists, an API key")
        await ours.seed()
        yield ours
