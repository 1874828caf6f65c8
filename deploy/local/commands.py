"""The commands that run the house on this machine."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.errors import HouseError, NotRunning
from deploy.local.home import Home
from deploy.local.looking import show_logs, show_status
from deploy.local.process import running_under
from deploy.local.running import bring_down, run_behind, run_here
from deploy.local.supervise import Stopped
from deploy.russian import be_sure

console = Console()

NOT_UP = 1
INTERRUPTED = 130


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Запустить в фоне и подождать готовности.")] = False,
) -> None:
    """Запустить всё: RabbitMQ, MongoDB и службы. Данные остаются между запусками."""
    home = Home.usual()
    if detach:
        run_behind(home, console)
        return
    try:
        asyncio.run(run_here(home, console))
    except Stopped:
        console.print("Запуск прерван, всё остановлено.")
        raise typer.Exit(INTERRUPTED) from None


def status() -> None:
    """Показать процессы: готовы ли, сколько работают, сколько занимают памяти. Код 1, если что-то не работает."""
    if not show_status(Home.usual(), console):
        raise typer.Exit(NOT_UP)


def logs(
    name: Annotated[
        str | None, typer.Argument(metavar="ПРОЦЕСС", help="Процесс: intake, routing, …, rabbitmq, mongod, svoy.")
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Показывать и новые строки.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Сколько последних строк показать.")] = 20,
) -> None:
    """Показать журналы: одного процесса или всех."""
    show_logs(Home.usual(), console, name, lines, follow=follow)


def down() -> None:
    """Остановить всё. Данные остаются."""
    try:
        bring_down(Home.usual(), console)
    except NotRunning as nothing:
        console.print(str(nothing))


def wipe(*, yes: Annotated[bool, typer.Option("--yes", "-y", help="Не спрашивать.")] = False) -> None:
    """Удалить все данные, пароли и журналы. Работающую систему сначала остановите."""
    home = Home.usual()
    if home.keeper() is not None or running_under(str(home.run)):
        raise HouseError(f"Система работает в папке {home.root}. Сначала остановите её: svoy down.")
    if not home.root.exists():
        console.print(f"Папки {home.root} нет, удалять нечего.")
        return
    if not yes:
        be_sure(f"Удалить все данные в {home.root}? Вернуть их будет нельзя")
    home.wipe()
    console.print(f"Данные в {home.root} удалены.")
