"""`svoy up` and `svoy down`: in this terminal, or behind it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from deploy.local import given
from deploy.local.board import Row, read_board
from deploy.local.credentials import Credentials
from deploy.local.display import ERROR, Progress, show_addresses
from deploy.local.errors import AlreadyRunning, HouseError, NotRunning, tail
from deploy.local.external import Outside
from deploy.local.home import Home
from deploy.local.house import House, end_leftovers
from deploy.local.supervise import keep_up, on_signal, up_unless

POLL = 0.1
DOWN_WITHIN = 120.0
KNOWN_WITHIN = 5.0
"""Seconds until whoever took the lock has said who it is."""


async def run_here(home: Home, console: Console) -> None:
    """Up, then keep it up until Ctrl-C or SIGTERM, then down. Raises `HouseError`, `Stopped`."""
    progress = Progress(console)
    with home.locked():
        told = on_signal()
        house = House(
            home,
            outside=Outside.from_environment(),
            usual_ports=True,
            mode=given.mode(),
            notice=progress.notice,
        )
        with progress.moving():
            await up_unless(house, told)
        try:
            show_addresses(console, home, list(house.board.rows.values()), house.wiring.credentials)
            console.print("Остановить: Ctrl-C. Данные сохраняются.")
            await keep_up(house, told)
        finally:
            with progress.moving():
                await house.down()


def run_behind(home: Home, console: Console) -> None:
    """Let another process run it, wait until it is up, and show where. Raises `HouseError`."""
    if home.keeper() is not None:
        raise AlreadyRunning(f"Система уже работает в папке {home.root}. Состояние: svoy status.")
    home.make()
    home.logs.mkdir(exist_ok=True)
    home.board.unlink(missing_ok=True)
    log = home.log("svoy")
    with log.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "up"],
            env={**os.environ, "SVOY_HOME": str(home.root)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    if not _comes_up(home, keeper, Progress(console)):
        raise HouseError(f"Система не запустилась. Журнал: {log}\n{_last_words(log)}")
    show_addresses(console, home, read_board(home.board).rows, Credentials.kept(home.credentials))
    console.print("Состояние: svoy status. Журналы: svoy logs. Остановить: svoy down.")


def _last_words(log: Path) -> str:
    lines = tail(log, 60)
    errors = [number for number, line in enumerate(lines) if line.startswith(ERROR)]
    return "\n".join(lines[errors[-1] :] if errors else lines)


def _comes_up(home: Home, keeper: "subprocess.Popen[bytes]", progress: Progress) -> bool:
    seen: dict[str, Row] = {}
    try:
        with progress.moving():
            while keeper.poll() is None:
                shown = read_board(home.board)
                for row in shown.rows:
                    if seen.get(row.name) != row:
                        seen[row.name] = row
                        progress.notice(row)
                if shown.up:
                    return True
                time.sleep(POLL)
    except KeyboardInterrupt:
        keeper.send_signal(signal.SIGTERM)
        keeper.wait()
        raise
    return False


def _known_keeper(home: Home) -> int | None:
    deadline = time.monotonic() + KNOWN_WITHIN
    while (keeper := home.keeper()) == 0:
        if time.monotonic() > deadline:
            raise HouseError(f"Неизвестно, какой процесс запустил систему в папке {home.root}. См. svoy logs.")
        time.sleep(POLL)
    return keeper


def bring_down(home: Home, console: Console) -> None:
    """Stop what runs, or what a crashed run left. Raises `NotRunning`, `HouseError`."""
    keeper = _known_keeper(home)
    if keeper is None:
        left = end_leftovers(home)
        if not left:
            raise NotRunning(f"В папке {home.root} ничего не работает.")
        console.print(f"Остановлено то, что осталось от прерванного запуска: {', '.join(left)}.")
        return
    with suppress(ProcessLookupError):
        os.kill(keeper, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_WITHIN
    with console.status("Останавливается…"):
        while home.keeper() == keeper:
            if time.monotonic() > deadline:
                raise HouseError(f"Система не остановилась за {DOWN_WITHIN:.0f} с (процесс {keeper}). См. svoy logs.")
            time.sleep(POLL)
    console.print("Остановлено. Данные сохранены.")
