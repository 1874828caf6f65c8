"""`svoy clocks`, `pay`, `debt` and `audit verify`: proof that every due time, every closed month (R-PAY-6, R-PAY-7) and
every debt (R-IMP-6) is what the facts come to, and that nobody touched what was recorded about clients, managers and
money (R-BASE-3). Each ends with 1 where something is otherwise."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from deploy.local.asking import ask, ask_pages
from deploy.local.errors import HouseError

FAILED = 1
WITHIN = 900.0
"""Seconds for an answer about the whole company."""

console = Console(emoji=False)  # what is told comes from documents: `:key:` in it is no picture


def _group(what: str) -> typer.Typer:
    app = typer.Typer(help=what, no_args_is_help=True)
    app.callback(help=what)(lambda: None)  # so that `verify` is a command of its own
    return app


def _address(service: str) -> Any:
    return typer.Option("--url", help=f"Адрес {service}, если он не на этой машине.")


clocks = _group("Сроки: проверка по фактам.")
pay = _group("Закрытые месяцы: проверка по фактам.")
debt = _group("Ручной долг клиентов.")
audit = _group("Журнал изменений: кто, что и когда менял.")


@clocks.command("verify")
def verify_clocks(url: Annotated[str | None, _address("sla_monitor")] = None) -> None:
    """Пересчитать каждый срок по фактам и показать расхождения. Выход 1, если они есть."""
    pages = ask_pages("sla_monitor", "/v1/clocks/verify", url=url, within=120)
    _prove(pages, "Проверено", _of_clock, "Все сроки такие, как следует из фактов.")


def _of_clock(one: dict[str, Any]) -> str:
    return f"{one['about']} {one['about_id']}: {one['what']}: {one['kept']}; по фактам {one['computed']}"


@pay.command("verify")
def verify_pay(url: Annotated[str | None, _address("payroll")] = None) -> None:
    """Рассчитать каждый закрытый месяц заново и сверить суммы, факты и печати. Выход 1, если что-то расходится."""
    # The first page takes in the months themselves.
    pages = ask_pages("payroll", "/v1/statements/verify", url=url, within=300)
    _prove(pages, "Проверено расчётов", _of_month, "Всё такое, как следует из фактов.")


def _of_month(one: dict[str, Any]) -> str:
    whose = one["manager_id"] or "месяц в целом"
    return f"{one['month']} {whose}: {one['what']}: записано {one['kept']}; выходит {one['computed']}"


@debt.command("verify")
def verify_debt(url: Annotated[str | None, _address("accounts")] = None) -> None:
    """Пересчитать долг каждого клиента из фактов и сверить с записанным. Выход 1, если что-то расходится."""
    found = ask("accounts", "POST", "/v1/debts/verify", url=url, within=WITHIN)
    console.print(f"Клиентов проверено: {found['checked']}")
    for each in found["differences"]:
        stored = "–" if each["stored"] is None else each["stored"]
        text = f"  {each['client_id']}: записано {stored}, по фактам {each['recomputed']} ({each['what']})"
        _line(text)
    if found["differences"]:
        _fail("Записанное расходится с фактами.")
    _pass("Записанное совпадает с пересчитанным.")


@audit.command("verify")
def verify_audit(
    head: Annotated[str | None, typer.Option("--head", help="Звено, записанное раньше: НОМЕР:ХЕШ.")] = None,
    url: Annotated[str | None, _address("accounts")] = None,
) -> None:
    """Пересчитать журнал целиком и сверить с ним каждый документ. Выход 1, если что-то тронуто."""
    found = ask("accounts", "GET", "/v1/audit/verify", url=url, within=WITHIN, params=_remembered(head))
    console.print(f"Звеньев: {found['blocks']}, записей: {found['entries']}, документов: {found['documents']}")
    for fault in found["faults"]:
        _line(f"  {fault}")
    if not found["intact"]:
        _fail("Журнал или документы меняли в обход программы.")
    _pass("Журнал цел, документы ему соответствуют.")
    if found["head"]:
        console.print("Запишите конец журнала в другом месте и сверяйте с ним:")
        _line(f"  svoy audit verify --head {found['head']['number']}:{found['head']['hash']}")


def _remembered(head: str | None) -> dict[str, str]:
    if head is None:
        return {}
    number, _, digest = head.partition(":")
    if not (number.isdecimal() and digest):
        raise HouseError("--head: нужны номер звена и его хеш через двоеточие, как их печатает svoy audit verify.")
    return {"number": number, "hash": digest}


def _prove(pages: Iterator[dict[str, Any]], counted: str, line: Callable[[dict[str, Any]], str], sound: str) -> None:
    checked, different = 0, 0
    with console.status(f"{counted}: 0") as status:
        for page in pages:
            checked += page["checked"]
            different += len(page["differences"])
            status.update(f"{counted}: {checked}, расхождений: {different}")
            for one in page["differences"]:
                _line(line(one))
    if different:
        _fail(f"{counted}: {checked}. Расхождений: {different}.")
    _pass(f"{counted}: {checked}. {sound}")


def _line(text: str) -> None:
    """As it is, on one line however narrow the terminal: it is there to be copied."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _pass(sound: str) -> None:
    console.print(sound, style="bold green")


def _fail(wrong: str) -> NoReturn:
    console.print(wrong, style="bold red")
    raise typer.Exit(FAILED)
