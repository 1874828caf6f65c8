"""`svoy debt`: proof that the stored manual-work debt is what the facts come to (R-IMP-6)."""

from typing import Annotated

import typer
from rich.console import Console

from deploy.local.asking import ask

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
    found = ask("accounts", "POST", "/v1/debts/verify", url=url, within=WITHIN)
    console.print(f"Клиентов проверено: {found['checked']}")
    for each in found["differences"]:
        stored = "–" if each["stored"] is None else each["stored"]
        text = f"  {each['client_id']}: записано {stored}, по фактам {each['recomputed']} ({each['what']})"
        console.print(text, markup=False, highlight=False)
    if found["differences"]:
        console.print("Записанное расходится с фактами.", style="bold red")
        raise typer.Exit(FAILED)
    console.print("Записанное совпадает с пересчитанным.", style="bold green")
