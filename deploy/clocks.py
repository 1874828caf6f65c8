"""`svoy clocks verify`: proof that every due time is what the facts come to."""

from collections.abc import Iterator
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
WITHIN = 120.0

console = Console()
app = typer.Typer(help="Сроки: проверка по фактам.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Сроки: проверка по фактам."""


@app.command()
def verify(
    url: Annotated[str | None, typer.Option("--url", help="Адрес sla_monitor, если он не на этой машине.")] = None,
) -> None:
    """Пересчитать каждый срок по фактам и показать расхождения. Выход 1, если они есть."""
    checked, different = 0, 0
    with console.status("Проверено: 0") as status:
        for page in _pages(url or _address()):
            checked += page["checked"]
            different += len(page["differences"])
            status.update(f"Проверено: {checked}, расхождений: {different}")
            for one in page["differences"]:
                line = f"{one['about']} {one['about_id']}: {one['what']}: {one['kept']}; по фактам {one['computed']}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    if different:
        console.print(f"Проверено: {checked}. Расхождений: {different}.", style="bold red")
        raise typer.Exit(FAILED)
    console.print(f"Проверено: {checked}. Все сроки такие, как следует из фактов.", style="bold green")


def _pages(url: str) -> Iterator[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {sign(_key(), 'svoy-clocks', ['director'], timedelta(hours=12))}"}
    after: str | None = None
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=WITHIN) as client:
            while True:
                answer = client.get("/v1/clocks/verify", params={} if after is None else {"after": after})
                answer.raise_for_status()
                page: dict[str, Any] = answer.json()
                yield page
                after = page["next"]
                if after is None:
                    return
    except (httpx.HTTPError, ValueError) as error:
        raise HouseError(f"sla_monitor по адресу {url} не ответил: {error}.") from None


def _key() -> str:
    own = given.private_key()
    if own is not None:
        return own
    home = Home.usual()
    if not home.credentials.exists():
        raise HouseError("Нет ключа: задайте SVOY_JWT_PRIVATE_KEY или запустите svoy up.")
    return Credentials.kept(home.credentials).jwt_private_key


def _address() -> str:
    home = Home.usual()
    if home.keeper() is None:
        raise NotRunning(f"Система не запущена в папке {home.root}. Запустить: svoy up; или назовите --url.")
    ports = {row.name: row.port for row in read_board(home.board).rows}
    return f"http://{HOST}:{ports.get('sla_monitor') or PORTS['sla_monitor']}"
