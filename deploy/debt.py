"""`svoy debt`: proof that the stored manual-work debt is what the facts come to (R-IMP-6)."""

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
"""Seconds; every client's debt is computed anew."""

console = Console()
app = typer.Typer(help="Ручной долг клиентов.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Ручной долг клиентов."""


@app.command()
def verify(
    url: Annotated[str | None, typer.Option("--url", help="Адрес accounts, если он не на этой машине.")] = None,
) -> None:
    """Пересчитать долг каждого клиента из фактов и сверить с записанным. Выход 1, если что-то расходится."""
    found = _proof(url or _address())
    console.print(f"Клиентов проверено: {found['checked']}")
    for each in found["differences"]:
        stored = "–" if each["stored"] is None else each["stored"]
        text = f"  {each['client_id']}: записано {stored}, по фактам {each['recomputed']} ({each['what']})"
        console.print(text, markup=False, highlight=False)
    if found["differences"]:
        console.print("Записанное расходится с фактами.", style="bold red")
        raise typer.Exit(FAILED)
    console.print("Записанное совпадает с пересчитанным.", style="bold green")


def _proof(url: str) -> dict[str, Any]:
    home = Home.usual()
    kept = Credentials.kept(home.credentials).jwt_private_key if home.credentials.exists() else None
    key = given.private_key() or kept
    if key is None:
        raise HouseError("Нет ключа: задайте SVOY_JWT_PRIVATE_KEY или запустите svoy up.")
    bearer = sign(key, "svoy-debt", ["director"], timedelta(minutes=20))
    try:
        answer = httpx.post(
            f"{url.rstrip('/')}/v1/debts/verify", headers={"Authorization": f"Bearer {bearer}"}, timeout=WITHIN
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise HouseError(f"accounts по адресу {url} не ответил: {error}.") from None
    return found


def _address() -> str:
    home = Home.usual()
    if home.keeper() is None:
        raise NotRunning(f"Система не запущена в папке {home.root}. Запустить: svoy up; или назовите --url.")
    ports = {row.name: row.port for row in read_board(home.board).rows}
    return f"http://{HOST}:{ports.get('accounts') or PORTS['accounts']}"
