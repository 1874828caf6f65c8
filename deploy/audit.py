"""`svoy audit`: proof that nobody touched what was recorded about clients, managers and money."""

from typing import Annotated

import typer
from rich.console import Console

from deploy.local.asking import ask
from deploy.local.errors import HouseError

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
    found = ask("accounts", "GET", "/v1/audit/verify", url=url, within=WITHIN, params=_remembered(head))
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


def _remembered(head: str | None) -> dict[str, str]:
    if head is None:
        return {}
    number, _, digest = head.partition(":")
    if not (number.isdecimal() and digest):
        raise HouseError("--head: нужны номер звена и его хеш через двоеточие, как их печатает svoy audit verify.")
    return {"number": number, "hash": digest}
