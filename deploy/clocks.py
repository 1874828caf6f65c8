"""`svoy clocks verify`: proof that every due time is what the facts come to."""

from typing import Annotated

import typer
from rich.console import Console

from deploy.local.asking import ask_pages

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
        for page in ask_pages("sla_monitor", "/v1/clocks/verify", url=url, within=WITHIN):
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
