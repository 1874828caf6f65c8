"""Every question a dashboard asks is put to a real Prometheus that watched real services through a month's story."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.demo.doors import Doors
from deploy.demo.stage import Stage, registered
from deploy.demo.story import ACTS, month_closed
from deploy.grafana.dashboards import texts
from deploy.local.home import Home
from deploy.local.house import House
from deploy.local.ports import HOST, some_free_ports
from deploy.local.process import Command, Process, own_environment
from tests.deploy.prometheus_tools import tool
from tests.kit import eventually

pytestmark = pytest.mark.timeout(400)

RULES = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "rules"
VARIABLES: Mapping[str, str] = {"$__rate_interval": "5m", "$__range": "10m"}
"""What Grafana would put in."""
OFTEN = ("SVOY_GROWTH_EVERY_SECONDS", "SVOY_TOTALS_EVERY_SECONDS", "SVOY_DEBTS_EVERY_SECONDS")
"""What accounts reads from its database for the dashboards, it reads once a second here."""
GAUGES = 12.0
"""Seconds until every gauge that is read from a database now and then has been read anew."""
RECORDED = 3.0
"""Seconds until what was scraped is recorded by the rules."""
TARGETS = [
    pytest.param(target, id=f"{path.stem}: {panel['title']}, {target['refId']}")
    for path, text in sorted(texts().items())
    for panel in json.loads(text)["panels"]
    for target in panel.get("targets", [])
]


@dataclass(frozen=True)
class Watched:
    """A Prometheus, and the moment at which it had seen the whole story (unix seconds)."""

    client: httpx.AsyncClient
    at: float


@pytest.fixture(scope="module")
async def prometheus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator["Watched"]:
    """A Prometheus with our rules that has scraped the house, second by second, while the demo's month was played."""
    with pytest.MonkeyPatch.context() as environment:
        for often in OFTEN:
            environment.setenv(often, "1")
        house = House(Home(tmp_path_factory.mktemp("dashboards") / "house"))
        async with watching(house, tmp_path_factory.mktemp("prometheus")) as watched:
            yield watched


@asynccontextmanager
async def watching(house: House, home: Path) -> AsyncIterator["Watched"]:
    """The house running, its story played, and Prometheus still there to be asked."""
    house.wiring.rabbit.metrics_port, port = some_free_ports(2)
    async with house.running(), httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) as client:
        process = watcher(house, home, port)
        try:
            await process.until(lambda: why_unready(client), 60)
            # It looks for its targets after some seconds, and what it has not seen grow it takes for standing still.
            await looked_at(client, await now(client))
            await play(house)
            yield Watched(client, await looked_at(client, await now(client) + GAUGES))
        finally:
            await process.stop(10)


def watcher(house: House, home: Path, port: int) -> Process:
    """Prometheus, started, with the rules of `deploy/` and the addresses of this house."""
    told = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [f"{RULES}/*.yml"],
        "scrape_configs": [
            {"job_name": "svoy", "static_configs": [address(house.url(name), service=name) for name in house.services]},
            {"job_name": "rabbitmq", "static_configs": [address(f"http://{HOST}:{house.wiring.rabbit.metrics_port}")]},
        ],
    }
    (home / "prometheus.yml").write_text(yaml.safe_dump(told))
    arguments = (f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data")
    process = Process("prometheus", home / "run", home / "log")
    listening = f"--web.listen-address={HOST}:{port}"
    process.start(Command(argv=[tool("prometheus"), *arguments, listening], env=own_environment()))
    return process


def address(url: str, **labels: str) -> dict[str, Any]:
    return {"targets": [url.removeprefix("http://")], "labels": labels}


async def why_unready(client: httpx.AsyncClient) -> str | None:
    try:
        answer = await client.get("/-/ready")
    except httpx.HTTPError as error:
        return repr(error)
    return None if answer.is_success else answer.text


async def play(house: House) -> None:
    """The demo's month; at its end one urgent request is still under way."""
    kept = house.wiring.credentials
    urls = {name: house.url(name) for name in house.services}
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        doors = Doors(client, urls, private_key=kept.jwt_private_key, webhook_secret=kept.webhook_secret)
        stage = Stage(doors, date(2026, 12, 1), 1, lambda _: None)
        for act in ACTS:
            await act(stage)
        await month_closed(stage)
        await stage.assigned(await registered(stage, stage.base[6], "Срочно: не проводится документ", "1С:БГУ"))


async def now(client: httpx.AsyncClient) -> float:
    """Prometheus' own time."""
    return float((await queried(client, "query", query="time()"))[0])


async def looked_at(client: httpx.AsyncClient, since: float) -> float:
    """The moment, after `since`, at which every target had answered; recording rules follow within a second."""

    async def seen() -> float | None:
        oldest = await queried(client, "query", query="min(timestamp(up == 1)) and count(up) == count(up == 1)")
        found = float(oldest[0]["value"][1]) if oldest else 0
        return found if found > since + RECORDED else None

    return await eventually(seen, within=60)


async def queried(client: httpx.AsyncClient, path: str, **what: Any) -> list[Any]:
    """What Prometheus answers."""
    answer = await client.post(f"/api/v1/{path}", data=what)
    assert answer.is_success, answer.text
    found: list[Any] = answer.json()["data"]["result"]
    return found


async def asked(watched: Watched, target: dict[str, Any], at: float) -> list[dict[str, Any]]:
    """The series Prometheus answers a panel's question with, as Grafana would ask it at a moment."""
    expr = target["expr"]
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    if target["instant"]:
        return await queried(watched.client, "query", query=expr, time=at)
    window = {"start": at - 60, "end": at, "step": 5}
    return await queried(watched.client, "query_range", query=expr, **window)


@pytest.mark.parametrize("target", TARGETS)
async def test_a_panel_has_something_to_show(prometheus: Watched, target: dict[str, Any]) -> None:
    moments = chain([prometheus.at], repeat(None))

    async def shown() -> list[dict[str, Any]]:
        # Just after the story; where a busy machine had not counted everything by then, once it has.
        series = await asked(prometheus, target, next(moments) or await now(prometheus.client))
        values = {value for one in series for _, value in one.get("values", [one.get("value")])}
        assert values - {"NaN"}, f"nothing to show for {target['expr']}"
        return series

    series = await eventually(shown)
    wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    assert all(one["metric"].get(label) for one in series for label in wanted), "its legend names a label it lost"
    assert len({tuple(one["metric"].get(label) for label in sorted(wanted)) for one in series}) == len(series)
