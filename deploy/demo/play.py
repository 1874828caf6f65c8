"""The command `svoy demo`: where to play, which month, and the tables at the end."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.demo.doors import DIRECTOR, PAYROLL, Differs, Doors
from deploy.demo.stage import ZONE, Stage
from deploy.demo.story import ACTS, month_closed
from deploy.local import given
from deploy.local.board import read_board
from deploy.local.credentials import Credentials
from deploy.local.errors import HouseError, NotRunning, reason
from deploy.local.home import Home
from deploy.local.house import House
from shared.settings import PORTS

HOST = "127.0.0.1"
PRIVATE_KEY, WEBHOOK_SECRET = "SVOY_JWT_PRIVATE_KEY", "SVOY_WEBHOOK_SECRET"
OUTCOMES = {
    ("met", False): "[green]выдержан[/]",
    ("met", True): "[yellow]исполнен поздно[/]",
    ("breached", True): "[red]нарушен[/]",
    ("cancelled", True): "[red]нарушен[/], снят",
    ("cancelled", False): "снят",
}
SERVICES = tuple(name for name in PORTS if name != "desk")


def demo(
    *,
    running: Annotated[bool, typer.Option("--running", help="Играть в системе, запущенной svoy up.")] = False,
    containers: Annotated[
        Path | None, typer.Option("--containers", help="Играть в контейнерах: файл .env, с которым они запущены.")
    ] = None,
) -> None:
    """Сыграть месяц менеджера через открытые двери: звонки, письмо, сроки, потери, победы, зарплата.

    Без параметров поднимает отдельную временную систему и убирает её за собой.
    """
    console = Console()
    try:
        asyncio.run(_play(console, running=running, containers=containers))
    except Differs as error:
        console.print(f"[red]Не сошлось:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


async def _play(console: Console, *, running: bool, containers: Path | None) -> None:
    async with (
        _place(console, running=running, containers=containers) as (urls, private_key, secret),
        httpx.AsyncClient(timeout=30, trust_env=False) as client,
    ):
        doors = Doors(client, urls, private_key=private_key, webhook_secret=secret)
        month = await _month(doors)
        stage = Stage(doors, month, month.year * 12 + month.month, lambda said: _tell(console, said))
        console.print(f"[bold]Месяц {month:%Y-%m}[/] (часы служб переведены)")
        try:
            for act in ACTS:
                await act(stage)
            statement = await month_closed(stage)
            for title, request_id in stage.shown.items():
                timeline = await doors.get("sla_monitor", f"/v1/requests/{request_id}/timeline", DIRECTOR)
                console.print(_timeline(title, timeline))
        finally:
            await doors.set_clock(None)
    console.print(_statement(month, statement))
    console.print(statement["formula"])
    console.print(f"total {statement['total']}")


@asynccontextmanager
async def _place(
    console: Console, *, running: bool, containers: Path | None
) -> AsyncIterator[tuple[Mapping[str, str], str, str]]:
    """Addresses, the key to sign passes with, the secret of the telephony door."""
    if containers is not None:
        yield _in_containers(containers)
    elif running:
        home = Home.usual()
        if home.keeper() is None:
            raise NotRunning("Система не запущена. Запустите svoy up или играйте без --running.")
        ports = {row.name: row.port for row in read_board(home.board).rows}
        kept = Credentials.kept(home.credentials)
        urls = {name: f"http://{HOST}:{ports[name]}" for name in SERVICES}
        secret = os.environ.get(WEBHOOK_SECRET) or kept.webhook_secret
        yield urls, given.private_key() or kept.jwt_private_key, secret
    else:
        with tempfile.TemporaryDirectory(prefix="svoy-demo-") as folder:
            console.print("Запускаю отдельную систему (RabbitMQ, MongoDB, службы)…")
            async with House(Home(Path(folder) / "house")).running() as house:
                urls = {name: house.url(name) for name in SERVICES}
                yield urls, house.wiring.jwt_private_key, house.env("intake")[WEBHOOK_SECRET]


def _in_containers(file: Path) -> tuple[Mapping[str, str], str, str]:
    try:
        lines = file.read_text().splitlines()
    except OSError as error:
        raise HouseError(f"Не прочитать {file}: {reason(error)}. Его делает svoy secrets.") from None
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    settings = {name.strip(): value.strip().strip("'\"") for name, _, value in pairs} | dict(os.environ)
    missing = [name for name in (PRIVATE_KEY, WEBHOOK_SECRET) if not settings.get(name)]
    if missing:
        raise HouseError(f"В {file} нет {', '.join(missing)}. Новый файл делает svoy secrets.")
    host = settings.get("SVOY_BIND") or HOST
    return {name: f"http://{host}:{PORTS[name]}" for name in SERVICES}, settings[PRIVATE_KEY], settings[WEBHOOK_SECRET]


async def _month(doors: Doors) -> date:
    """The month to be closed next, or the present one: what is closed stays as it is."""
    months = await doors.all("payroll", "/v1/months", PAYROLL)
    due = [month["month"] for month in months if month["state"] in {"open", "looking", "in_review", "requested"}]
    if due:
        return date.fromisoformat(f"{min(due)}-01")
    return (await doors.now()).astimezone(ZoneInfo(ZONE)).date().replace(day=1)


def _tell(console: Console, said: str) -> None:
    console.print(f"  ✓ {said}", soft_wrap=True)


def _timeline(title: str, timeline: Mapping[str, Any]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for column in ("часы", "срок", "исполнено", "итог"):
        table.add_column(column)
    for one in timeline["obligations"]:
        outcome = OUTCOMES.get((one["state"], one["breached"]), one["state"])
        broken = ": обещание" if one["promise_broken"] else ""
        table.add_row(one["clock"], _local(one["due"]), _local(one["met_at"]), outcome + broken)
    return table


def _statement(month: date, statement: Mapping[str, Any]) -> Table:
    table = Table(title=f"Зарплата за {month:%Y-%m}", title_justify="left")
    table.add_column("строка")
    table.add_column("дата")
    table.add_column("₽", justify="right")
    table.add_row("оклад", "", statement["base"])
    for line in statement["lost"]:
        table.add_row(f"потерян: {line['client_name']}", line["effective"], f"−{line['fee']}")
    for line in statement["won"]:
        table.add_row(f"по рекомендации: {line['client_name']}", line["effective"], line["fee"])
    table.add_row("[bold]итого[/]", "", f"[bold]{statement['total']}[/]")
    return table


def _local(moment: str | None) -> str:
    return (
        "" if moment is None else datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONE)).strftime("%d.%m %H:%M:%S")
    )
