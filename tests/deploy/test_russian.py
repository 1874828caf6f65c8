"""Mistakes on the command line, its help and its questions are Russian."""

import io
from collections.abc import Iterator

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from deploy.cli import app
from deploy.russian import PANELS, be_sure, in_our_words, mistake

RUNNER = CliRunner()
ENGLISH = ("Usage", "OPTIONS", "Options", "Arguments", "COMMAND", "Commands", "Show this", "default:", "required")


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours, for this test alone: they are kept in typer's own module."""
    for name in PANELS:
        monkeypatch.setattr(typer.rich_utils, name, getattr(typer.rich_utils, name))
    in_our_words(app)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("stauts", "нет команды «stauts». Похоже на status. Справка: svoy --help."),
        ("xyzzy", "нет команды «xyzzy». Справка: svoy --help."),
        ("parked lst", "нет команды «lst». Похоже на list. Справка: svoy parked --help."),
        ("logs --line 3", "нет параметра --line. Похоже на --lines. Справка: svoy logs --help."),
        ("down -x", "нет параметра -x. Справка: svoy down --help."),
        ("logs -n x", "--lines / -n: нужно целое число. Справка: svoy logs --help."),
        ("logs -n -1", "--lines / -n: должно быть не меньше 0. Справка: svoy logs --help."),
        ("logs intake routing", "лишнее: routing. Справка: svoy logs --help."),
        ("parked show", "не хватает НОМЕР. Справка: svoy parked show --help."),
        ("token", "не хватает параметра --role / -r. Справка: svoy token --help."),
        ("token --role", "параметру --role нужно значение."),
        ("up --detach=1", "параметр --detach пишется без значения."),
    ],
)
def test_what_was_mistyped_is_said_in_russian_with_exit_code_2(typed: str, said: str) -> None:
    with pytest.raises(typer.TyperException) as caught:
        get_command(app).main(typed.split(), prog_name="svoy", standalone_mode=False)
    assert (mistake(caught.value), caught.value.exit_code) == (said, 2)


def paths(group: typer.Typer, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command and group there is."""
    yield before
    for command in group.registered_commands:
        yield (*before, str(command.name or getattr(command.callback, "__name__", "")))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from paths(inner.typer_instance, *before, str(inner.name))


@pytest.mark.parametrize("path", list(paths(app)), ids=" ".join)
def test_every_help_is_russian(path: tuple[str, ...]) -> None:
    shown = RUNNER.invoke(app, [*path, "--help"])
    assert shown.exit_code == 0
    assert "Показать эту справку." in shown.output
    assert not [word for word in ENGLISH if word in shown.output]


@pytest.mark.parametrize("answer", ["да\n", " ДА\n", "y\n"])
def test_yes_is_a_yes(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    be_sure("Удалить?")


@pytest.mark.parametrize("answer", ["нет\n", "\n", "удалить\n", ""])
def test_whatever_else_is_none(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with pytest.raises(typer.Abort):
        be_sure("Удалить?")
