"""`svoy audit`: proof that nobody touched what was recorded about clients, managers and money."""

from datetime import timedelta
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from deploy.local import given
from deploy.local.board import read_board
from deploy.local.credentials import Credentials
from deploy.local.errors import HouseError, NotRunning
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.tokens import sign
from shared.settings import PORTS

FAILED = 1
WITHIN = 900.0
"""Seconds; a whole company's history is recomputed."""

console = Console()
app = typer.Typer(help="Журнал изменений: кто, что и когда менял.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Журнал изменений: кто, что и когда менял."""


@app.command()
def verify(
    head: Annotated[str | None, typer.Option("--head", help="Звено, записанное раньше: НОМЕР:ХЕШ.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Адрес accounts, если он не на этой машине.")] = None,
) -> None:
    """Пересчитать журнал целиком и сверить с ним каждый документ. Выход 1, если что-то тронуто."""
    found = _verdict(url or _address(), _remembered(head))
    console.print(f"Звеньев: {found['blocks']}, записей: {found['entries']}, документов: {found['documents']}")
    for fault in found["faults"]:
        console.print(f"  {fault}", markup=False, highlight=False)
    if not found["intact"]:
        console.print("Журнал или документы меняли в обход программы.", style="bold red")
        raise typer.Exit(FAILED)
    console.print("Журнал цел, документы ему соответствуют.", style="bold green")
    if found["head"]:
        console.print("Запишите конец журнала в другом месте и сверяйте с ним:")
        console.print(f"  svoy audit verify --head {found['head']['number']}:{found['head']['hash']}", soft_wrap=True)


def _verdict(url: str, remembered: dict[str, str]) -> dict[str, Any]:
    home = Home.usual()
    key = given.private_key() or (Credentials.kept(home.credentials).jwt_private_key if _kept(home) else None)
    if key is None:
        raise HouseError("Нет ключа: задайте SVOY_JWT_PRIVATE_KEY или запустите svoy up.")
    pass_ = sign(key, "svoy-audit", ["director"], timedelta(minutes=5))
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/v1/audit/verify",
            params=remembered,
            headers={"Authorization": f"Bearer {pass_}"},
            timeout=WITHIN,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise HouseError(f"accounts по адресу {url} не ответил: {error}.") from None
    return found


def _kept(home: Home) -> bool:
    return home.credentials.exists()


def _address() -> str:
    home = Home.usual()
    if home.keeper() is None:
        raise NotRunning(f"Система не запущена в папке {home.root}. Запустить: svoy up; или назовите --url.")
    ports = {row.name: row.port for row in read_board(home.board).rows}
    return f"http://{HOST}:{ports.get('accounts') or PORTS['accounts']}"


def _remembered(head: str | None) -> dict[str, str]:
    if head is None:
        return {}
    number, _, digest = head.partition(":")
    if not (number.isdecimal() and digest):
        raise HouseError("--head: нужны номер звена и его хеш через двоеточие, как их печатает svoy audit verify.")
    return {"number": number, "hash": digest}
