"""The command line speaks Russian to whoever mistypes, asks for help, or is asked something: typer speaks English."""

import re
from collections.abc import Iterator
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from typer import rich_utils
from typer.core import TyperCommand, TyperGroup

from deploy.local.display import ERROR
from shared.wording import in_russian

YES = frozenset({"д", "да", "y", "yes"})
PANELS = {
    "ARGUMENTS_PANEL_TITLE": "Что указать",
    "OPTIONS_PANEL_TITLE": "Параметры",
    "COMMANDS_PANEL_TITLE": "Команды",
    "DEFAULT_STRING": "[обычно {}]",
    "REQUIRED_LONG_STRING": "[обязательно]",
}
USAGE = (("Usage:", "Вызов:"), ("[OPTIONS]", "[ПАРАМЕТРЫ]"), ("COMMAND [ARGS]...", "КОМАНДА …"))
MISTAKES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"No such command '(.*)'\. Did you mean (.*)\?", "нет команды «{0}». Похоже на {1}."),
        (r"No such command '(.*)'\.", "нет команды «{0}»."),
        (r"Missing command\.", "не хватает команды."),
        (r"No such option: (\S+) \(Possible options: (.*)\)", "нет параметра {0}. Похоже на {1}."),
        (r"No such option: (.*)", "нет параметра {0}."),
        (r"Missing argument (.*)\.", "не хватает {0}."),
        (r"Missing option (.*)\.", "не хватает параметра {0}."),
        (r"Option (.*) requires an argument\.", "параметру {0} нужно значение."),
        (r"Option (.*) does not take a value\.", "параметр {0} пишется без значения."),
        (r"Got unexpected extra argument\(s\) \((.*)\)", "лишнее: {0}."),
        (r"Invalid value for (.*?): (.*)", "{0}: {1}."),
    )
)
"""What typer says of a mistake, and what we say. What it quotes is quoted no more."""


class _Russian:
    """What a command says of itself."""

    def get_usage(self, ctx: Any) -> str:
        """How it is called."""
        usage: str = super().get_usage(ctx)  # type: ignore[misc]  # typer's, mixed in below
        for theirs, ours in USAGE:
            usage = usage.replace(theirs, ours)
        return usage

    def get_help_option(self, ctx: Any) -> Any:
        """`--help`."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # typer's, mixed in below
        if option is not None:
            option.help = "Показать эту справку."
        return option


class Command(_Russian, TyperCommand):
    """A command whose help is Russian."""


class Group(_Russian, TyperGroup):
    """A group of commands whose help is Russian."""


def in_our_words(app: typer.Typer) -> typer.Typer:
    """`app` with every help of its commands in Russian."""
    for name, words in PANELS.items():
        setattr(rich_utils, name, words)
    for each in _within(app):
        each.info.cls = Group
        for command in each.registered_commands:
            command.cls = Command
    return app


def mistake(error: typer.TyperException) -> str:
    """What was mistyped, and where the help is."""
    cause = error.__cause__
    message = error.format_message()
    if isinstance(cause, ValidationError):
        message = message.replace(error.message, in_russian(cause.errors()[0]))
    context = getattr(error, "ctx", None)
    hint = f" Справка: {context.command_path} --help." if context is not None else ""
    return _said(message) + hint


def show_mistake(console: Console, error: typer.TyperException) -> None:
    """Tell it. Where a group was called without a command its help stands there already."""
    if error.format_message():
        console.print(f"[red]{ERROR}[/]", mistake(error), markup=True, highlight=False, soft_wrap=True)


def be_sure(question: str) -> None:
    """Ask, and go on only after a «да». Raises `typer.Abort`."""
    typer.echo(f"{question} [да/нет]: ", nl=False)
    try:
        answer = input()
    except EOFError:
        answer = ""
    if answer.strip().lower() not in YES:
        raise typer.Abort


def _within(app: typer.Typer) -> Iterator[typer.Typer]:
    yield app
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from _within(group.typer_instance)


def _said(message: str) -> str:
    for pattern, words in MISTAKES:
        found = pattern.fullmatch(message)
        if found is not None:
            return words.format(*(part.replace("'", "") for part in found.groups()))
    return message
