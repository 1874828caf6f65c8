"""`svoy triage`: the rules of priority, tried on past requests, put in force, and compared with what people say."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.asking import ask
from deploy.local.errors import HouseError, reason

WITHIN = 300.0
PRIORITIES = {"urgent": "срочная", "important": "важная", "routine": "обычная"}
KEPT_BY_INTAKE = ("version", "by", "reason", "at")

console = Console()
app = typer.Typer(help="Правила приоритета заявок.", no_args_is_help=True)
Url = Annotated[str | None, typer.Option("--url", help="Адрес intake, если он не на этой машине.")]
File = Annotated[Path, typer.Argument(metavar="ФАЙЛ", help="Правила: TOML как services/intake/triage.toml, или JSON.")]


@app.callback()
def group() -> None:
    """Правила приоритета заявок."""


@app.command()
def confusion(
    since: Annotated[str | None, typer.Option("--from", help="День, с которого считать: 2026-11-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Последний день.")] = None,
    url: Url = None,
) -> None:
    """Как часто правила и люди расходятся: таблица и правила, которые поправляют чаще."""
    period = {name: day for name, day in (("from", since), ("until", until)) if day is not None}
    found = _asked(url, "GET", "/v1/triage/confusion", params=period)
    console.print(f"{found['since']} – {found['until']}: заявок {found['requests']}, поправлено {found['differ']}")
    table = Table("правила \\ люди", *PRIORITIES.values())
    for rules, name in PRIORITIES.items():
        table.add_row(name, *(str(found["table"].get(rules, {}).get(people, 0)) for people in PRIORITIES))
    console.print(table)
    for one in found["rules"]:
        console.print(f"  {one['rule']}: {one['requests']}, поправлено {one['corrected']}", markup=False)


@app.command()
def show(url: Url = None) -> None:
    """Правила в силе, в виде JSON: его можно править и отдать try и enact."""
    typer.echo(json.dumps(_asked(url, "GET", "/v1/triage-rules"), ensure_ascii=False, indent=1))


@app.command(name="try")
def try_(
    file: File,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="На скольких последних заявках.")] = 200,
    url: Url = None,
) -> None:
    """Примерить правила на прошлых заявках: что стало бы иначе. Ничего не меняет."""
    found = _asked(url, "POST", "/v1/triage-rules/try", json={"rules": _rules(file), "limit": limit})
    console.print(f"Заявок проверено: {found['checked']}, стало бы иначе: {len(found['changes'])}")
    for one in found["changes"]:
        was, becomes = PRIORITIES[one["was"]], PRIORITIES[one["becomes"]]
        why = "; ".join(one["reasons"]) or "нет причин"
        console.print(f"  {one['number']} {was} → {becomes}: {one['subject']} ({why})", markup=False, highlight=False)
    if found["corrected"]:
        then, now = found["right_then"], found["right_now"]
        console.print(f"Из {found['corrected']}, поправленных людьми, верны: тогда {then}, теперь {now}")


@app.command()
def enact(file: File, reason: Annotated[str, typer.Option("--reason", help="Зачем.")], url: Url = None) -> None:
    """Ввести правила в силу: новая версия, старые остаются."""
    after = _asked(url, "GET", "/v1/triage-rules")["version"]
    body = {"after": after, "reason": reason, "rules": _rules(file)}
    console.print(f"В силе версия {_asked(url, 'PUT', '/v1/triage-rules', json=body)['version']}.")


def _rules(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise HouseError(f"{file}: правила не прочитать: {reason(error)}.") from None
    except ValueError as error:
        raise HouseError(f"{file}: правила не прочитать: {error}.") from None
    if not isinstance(found, dict):
        raise HouseError(f"{file}: это не правила: ожидается объект, как печатает svoy triage show.")
    return {name: value for name, value in found.items() if name not in KEPT_BY_INTAKE}


def _asked(url: str | None, method: str, path: str, **body: Any) -> dict[str, Any]:
    return ask("intake", method, path, url=url, within=WITHIN, **body)
