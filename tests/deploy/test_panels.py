"""Every question a dashboard asks is put to a real Prometheus, over samples of the metrics the services define."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.grafana.dashboards import texts
from deploy.local.ports import some_free_ports
from deploy.local.process import Command, Process, own_environment
from shared.clock import machine_now
from tests.deploy.prometheus_tools import run, tool
from tests.deploy.samples import SECONDS, open_metrics

RULES = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "rules"
RECORDS: dict[str, str] = {
    rule["record"]: rule["expr"]
    for path in RULES.glob("*.yml")
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "record" in rule
}
TARGETS = [
    pytest.param(target, id=f"{path.stem}: {panel['title']}, {target['refId']}")
    for path, text in sorted(texts().items())
    for panel in json.loads(text)["panels"]
    for target in panel.get("targets", [])
]


@pytest.fixture(scope="module")
async def prometheus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A Prometheus that remembers an hour."""
    home = tmp_path_factory.mktemp("prometheus")
    (home / "samples").write_text(open_metrics(machine_now()))
    run("promtool", "tsdb", "create-blocks-from", "openmetrics", home / "samples", home / "data")
    (home / "prometheus.yml").write_text("scrape_configs: []\n")
    port = some_free_ports(1)[0]
    process = Process("prometheus", home / "run", home / "log")
    arguments = (f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data")
    listening = f"--web.listen-address=127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        process.start(Command(argv=[tool("prometheus"), *arguments, listening], env=own_environment()))
        try:
            await process.until(lambda: why_unready(client), 30)
            yield client
        finally:
            await process.stop(10)


async def why_unready(client: httpx.AsyncClient) -> str | None:
    try:
        answer = await client.get("/-/ready")
    except httpx.HTTPError as error:
        return repr(error)
    return None if answer.is_success else answer.text


def spelled_out(expr: str) -> str:
    """The expression without recording rules, which would only hold from now on, and without Grafana's variables."""
    for name in sorted(RECORDS, key=len, reverse=True):
        expr = re.sub(rf"{name}(?![\w{{])", f"({RECORDS[name]})", expr)
    return expr.replace("$__rate_interval", "1m")


async def asked(client: httpx.AsyncClient, target: dict[str, Any]) -> list[dict[str, Any]]:
    expr, now = spelled_out(target["expr"]), machine_now().timestamp()
    path, when = ("query", {"time": now}) if target["instant"] else (
        "query_range", {"start": now - SECONDS / 2, "end": now, "step": 30},
    )  # fmt: skip
    answer = await client.post(f"/api/v1/{path}", data={"query": expr, **when})
    assert answer.is_success, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


@pytest.mark.parametrize("target", TARGETS)
async def test_a_panel_has_something_to_show(prometheus: httpx.AsyncClient, target: dict[str, Any]) -> None:
    series = await asked(prometheus, target)
    values = [value for one in series for _, value in one.get("values", [one.get("value")])]
    assert values
    assert "NaN" not in values
    wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    assert all(one["metric"].get(label) for one in series for label in wanted), "its legend names a label it lost"
    assert len({tuple(one["metric"].get(label) for label in sorted(wanted)) for one in series}) == len(series)
