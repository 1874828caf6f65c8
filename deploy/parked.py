"""`svoy parked`: messages that need a person."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from deploy.local import given
from deploy.local.board import read_board
from deploy.local.credentials import Credentials
from deploy.local.errors import HouseError, NotRunning
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.rabbit import VHOST
from deploy.local.rights import ADMIN
from deploy.parking import Parked, Parking, parking
from deploy.russian import be_sure
from shared.calendar import written
from shared.messaging.topology import SERVICES
from shared.settings import ServiceSettings

T = TypeVar("T")

FAILED = 1
USUAL_ZONE: str = ServiceSettings.model_fields["company_zone"].default

console = Console()
app = typer.Typer(help="Отложенные сообщения, которые ждут человека.", no_args_is_help=True)

Only = Annotated[str | None, typer.Option("--service", "-s", help=f"Только одна служба: {', '.join(SERVICES)}.")]
All = Annotated[bool, typer.Option("--all", help="Все сообщения, а не одно.")]
Id = Annotated[str | None, typer.Argument(metavar="НОМЕР", help="Номер сообщения из svoy parked list.")]


@app.command("list")
def listed(
    service: Annotated[str | None, typer.Argument(metavar="СЛУЖБА", help="Служба; без неё показываются все.")] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Сколько показать по каждой службе.")] = 50,
    fail: Annotated[bool, typer.Option("--fail", help="Выход 1, если отложено хоть одно: для скриптов.")] = False,
) -> None:
    """Показать, сколько сообщений отложено, какие и почему."""

    async def look(found: Parking) -> list[tuple[str, int, list[Parked]]]:
        return [(name, await found.count(name), await found.messages(name, limit)) for name in _services(service)]

    found = _with_parking(look)
    counts = Table("служба", "отложено")
    for name, count, _ in found:
        counts.add_row(name, str(count))
    console.print(counts)
    for name, _, messages in found:
        for one in messages:
            known = filter(None, (one.id, name, one.kind, one.subject, _when(one.time)))
            _print("\n" + "  ".join(known), style="bold")
            _print(f"  {one.reason}")
    if fail and any(count for _, count, _ in found):
        raise typer.Exit(FAILED)


@app.command()
def show(
    message_id: Annotated[str, typer.Argument(metavar="НОМЕР", help="Номер сообщения из svoy parked list.")],
    service: Only = None,
) -> None:
    """Показать одно сообщение целиком: заголовки и содержание."""

    async def look(found: Parking) -> list[Parked]:
        return [one for name in _services(service) for one in await found.messages(name) if one.id == message_id]

    messages = _with_parking(look)
    if not messages:
        raise HouseError(f"Сообщения {message_id} среди отложенных нет. Список: svoy parked list.")
    for one in messages:
        _print(f"{one.service}: {one.reason}", style="bold")
        for name, value in sorted(one.headers.items()):
            _print(f"  {name}: {value}")
        _print(_readable(one.body))


@app.command()
def retry(message_id: Id = None, service: Only = None, *, everything: All = False) -> None:
    """Вернуть сообщение службе, чтобы она обработала его снова."""
    ids = _chosen(message_id, everything=everything)
    sent = _with_parking(lambda found: _each(found.retry, _services(service), ids))
    _tell(sent, "Возвращено", message_id)


@app.command()
def drop(
    message_id: Id = None,
    service: Only = None,
    *,
    everything: All = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Не спрашивать.")] = False,
) -> None:
    """Удалить сообщение навсегда: служба о нём не узнает."""
    ids = _chosen(message_id, everything=everything)
    if not yes:
        whose = "" if service is None else f" службы {service}"
        be_sure(f"Удалить {message_id or f'все отложенные сообщения{whose}'} навсегда?")
    dropped = _with_parking(lambda found: _each(found.drop, _services(service), ids))
    _tell(dropped, "Удалено", message_id)


def admin_url() -> str:
    """The broker as its admin sees it: `SVOY_AMQP_URL`, else the house that runs here. Raises `NotRunning`."""
    own = given.amqp_url()
    if own is not None:
        return own
    home = Home.usual()
    ports = {row.name: row.port for row in read_board(home.board).rows}
    if home.keeper() is None or "rabbitmq" not in ports:
        raise NotRunning(f"Система не запущена в папке {home.root}. Запустите svoy up или задайте SVOY_AMQP_URL.")
    password = Credentials.kept(home.credentials).amqp[ADMIN]
    return f"amqp://{ADMIN}:{password}@{HOST}:{ports['rabbitmq']}/{VHOST}"


def _with_parking(do: Callable[[Parking], Awaitable[T]]) -> T:
    async def run() -> T:
        async with parking(admin_url()) as found:
            return await do(found)

    return asyncio.run(run())


async def _each(
    do: Callable[[str, set[str] | None], Awaitable[int]], services: tuple[str, ...], ids: set[str] | None
) -> int:
    return sum([await do(service, ids) for service in services])


def _services(only: str | None) -> tuple[str, ...]:
    if only is not None and only not in SERVICES:
        raise HouseError(f"Нет службы {only}. Есть: {', '.join(SERVICES)}.")
    return SERVICES if only is None else (only,)


def _chosen(message_id: str | None, *, everything: bool) -> set[str] | None:
    if (message_id is None) != everything:
        raise HouseError("Укажите номер одного сообщения (см. svoy parked list) или --all.")
    return None if message_id is None else {message_id}


def _tell(count: int, done: str, message_id: str | None) -> None:
    if message_id is not None and not count:
        raise HouseError(f"Сообщения {message_id} среди отложенных нет. Список: svoy parked list.")
    console.print(f"{done}: {count}.")


def _print(line: str, style: str | None = None) -> None:
    """As it is, on one line however narrow the terminal: numbers are there to be copied."""
    console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)


def _when(time: str) -> str:
    """By the clocks of the company; what is no time as it is."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return time[:19]
    if moment.tzinfo is None:
        return time[:19]
    return written(moment, os.environ.get("SVOY_COMPANY_ZONE") or USUAL_ZONE, seconds=True)


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
