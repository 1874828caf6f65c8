"""What is told on a narrow terminal is told whole."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo import play
from deploy.demo.doors import Differs
from deploy.local.board import Row
from deploy.local.credentials import Credentials
from deploy.local.display import show_addresses, show_processes
from deploy.local.home import Home


def test_what_is_wrong_stands_whole_below_the_table() -> None:
    console = Console(file=io.StringIO(), width=80)
    why = "503: " + "нет связи с RabbitMQ, " * 10
    show_processes(console, [(Row(name="sla_monitor", port=8003), None, why), (Row(name="payroll"), None, None)])
    said = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    assert f"sla_monitor: {why}\n" in said
    assert "перезапусков" in said
    assert "payroll:" not in said


def test_a_port_that_was_taken_is_named(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80)
    rows = [Row(name="rabbitmq", port=5672), Row(name="intake", port=8001), Row(name="routing", port=8102)]
    show_addresses(console, Home(tmp_path), rows, Credentials.new())
    said = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    assert "routing: порт 8002 занят, взят 8102.\n" in said
    assert said.count("занят") == 1


def test_a_demo_that_differs_says_what_word_for_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = 'intake: POST /v1/requests → 422: {"errors": [{"field": "x"}], "seen": "[/v1]"}'

    async def differing(*_: object, **__: object) -> None:
        raise Differs(answer)

    monkeypatch.setattr(play, "_play", differing)
    with pytest.raises(SystemExit, match="1"):
        play.demo()
    assert answer in capsys.readouterr().out
