"""`svoy`: the command line of whoever runs Svoy."""

import logging
import signal
import sys
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from deploy import parked, proving, triage
from deploy.demo.play import demo
from deploy.local import commands
from deploy.local.asking import private_key
from deploy.local.display import show_error
from deploy.local.errors import HouseError
from deploy.russian import in_our_words, show_mistake
from deploy.secrets import secrets
from deploy.tokens import sign
from shared.roles import ROLES

FAILED = 1

app = typer.Typer(
    help="Svoy: запуск, состояние и обслуживание.", no_args_is_help=True, rich_markup_mode="rich", add_completion=False
)
for command in (commands.up, commands.status, commands.logs, commands.down, commands.wipe):
    app.command()(command)
app.command()(demo)
app.command()(secrets)
app.add_typer(parked.app, name="parked")
app.add_typer(proving.audit, name="audit")
app.add_typer(proving.clocks, name="clocks")
app.add_typer(proving.debt, name="debt")
app.add_typer(proving.pay, name="pay")
app.add_typer(triage.app, name="triage")


@app.command()
def token(
    role: Annotated[
        list[str], typer.Option("--role", "-r", help=f"Роль: {', '.join(sorted(ROLES))}. Можно несколько.")
    ],
    subject: Annotated[str, typer.Option("--subject", "-s", help="Кто: номер менеджера, специалиста или имя.")],
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=24 * 366, help="Сколько часов действует.")] = 12,
) -> None:
    """Выдать пропуск (JWT) для разработки. Ключ: SVOY_JWT_PRIVATE_KEY или папка данных."""
    if not subject.strip():
        raise HouseError("Назовите, чей это пропуск: --subject ID.")
    unknown = sorted(set(role) - ROLES)
    if unknown:
        raise HouseError(f"Нет таких ролей: {', '.join(unknown)}. Есть: {', '.join(sorted(ROLES))}.")
    typer.echo(sign(private_key(), subject, role, timedelta(hours=hours)))


def main() -> None:
    """Run a command; what went wrong is told on standard error, with exit code 1, or 2 where it was mistyped. SIGTERM
    ends it as Ctrl-C does."""
    logging.getLogger("aiormq").addHandler(logging.NullHandler())  # a refused connection is told by ourselves
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    console = Console(stderr=True)
    try:
        code = in_our_words(app)(standalone_mode=False)
    except typer.TyperException as error:
        show_mistake(console, error)
        code = error.exit_code
    except typer.Abort:
        console.print("Ничего не сделано.")
        code = FAILED
    except HouseError as error:
        show_error(console, error)
        code = FAILED
    sys.exit(code)


if __name__ == "__main__":
    main()
