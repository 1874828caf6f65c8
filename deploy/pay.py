"""`svoy pay verify`: proof that closed months are what their sealed facts come to (R-PAY-6, R-PAY-7)."""

from typing import Annotated

import typer
from rich.console import Console

from deploy.local.asking import ask_pages

FAILED = 1
WITHIN = 300.0
"""Seconds for one page; the first one takes in the months themselves."""

console = Console()
app = typer.Typer(help="Закрытые месяцы: проверка по фактам.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Закрытые месяцы: проверка по фактам."""


@app.command()
def verify(
    url: Annotated[str | None, typer.Option("--url", help="Адрес payroll, если он не на этой машине.")] = None,
) -> None:
    """Рассчитать каждый закрытый месяц заново и сверить суммы, факты и печати. Выход 1, если что-то расходится."""
    checked, different = 0, 0
    with console.status("Проверено расчётов: 0") as status:
        for page in ask_pages("payroll", "/v1/statements/verify", url=url, within=WITHIN):
            checked += page["checked"]
            different += len(page["differences"])
            status.update(f"Проверено расчётов: {checked}, расхождений: {different}")
            for one in page["differences"]:
                whose = one["manager_id"] or "месяц в целом"
                line = f"{one['month']} {whose}: {one['what']}: записано {one['kept']}; выходит {one['computed']}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    if different:
        console.print(f"Проверено расчётов: {checked}. Расхождений: {different}.", style="bold red")
        raise typer.Exit(FAILED)
    console.print(f"Проверено расчётов: {checked}. Всё такое, как следует из фактов.", style="bold green")
