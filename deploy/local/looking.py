"""`svoy status` and `svoy logs`: what runs, and what it says."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from rich.console import Console
from rich.text import Text

from deploy.local.board import Row, read_board
from deploy.local.display import show_processes
from deploy.local.errors import HouseError, NotRunning, tail
from deploy.local.home import Home
from deploy.local.house import SERVER_NAMES
from deploy.local.ports import HOST, answers
from deploy.local.process import running_under
from deploy.local.services import why_unready

POLL = 0.3
COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red")


def show_status(home: Home, console: Console) -> bool:
    """Print the table of processes; True where each of them runs and is ready. Raises `NotRunning`."""
    rows = read_board(home.board).rows
    if home.keeper() is None:
        left = ", ".join(sorted({name for name, _ in running_under(str(home.run))}))
        hint = f" Остались процессы прерванного запуска: {left}; их остановит svoy down." if left else ""
        raise NotRunning(f"Система не запущена в папке {home.root}.{hint} Запустить: svoy up.")
    processes = {process.pid: process for _, process in running_under(str(home.run))}
    reasons = asyncio.run(_reasons(rows))
    found = [_found(row, processes.get(row.pid or 0), why) for row, why in zip(rows, reasons, strict=True)]
    show_processes(console, found)
    return bool(found) and all(why is None for _, _, why in found)


def _found(row: Row, process: psutil.Process | None, why: str | None) -> tuple[Row, psutil.Process | None, str | None]:
    return row, process, why if process else row.note or "не запущен"


async def _reasons(rows: list[Row]) -> list[str | None]:
    return list(await asyncio.gather(*(_unready(row) for row in rows)))


async def _unready(row: Row) -> str | None:
    if row.port is None:
        return "не запущен"
    if row.name in SERVER_NAMES:
        return await answers(row.port)
    return await why_unready(f"http://{HOST}:{row.port}")


def show_logs(home: Home, console: Console, name: str | None, lines: int, *, follow: bool) -> None:
    """Print the last lines of one log, or of all, and with `follow` what is added. Raises `HouseError`."""
    logs = sorted(home.logs.glob("*.log")) if name is None else [home.log(name)]
    missing = [log for log in logs if not log.exists()]
    if missing or not logs:
        known = ", ".join(sorted(log.stem for log in home.logs.glob("*.log"))) or "пока ни одного"
        raise HouseError(f"Нет {f'журнала {name}' if name else 'журналов'} в папке {home.logs}. Есть: {known}.")
    ends = {log: log.stat().st_size for log in logs}
    for log in logs:
        _print(console, log, tail(log, lines), named=name is None)
    while follow:
        time.sleep(POLL)
        for log in logs:
            _print(console, log, _added(log, ends), named=name is None)


def _added(log: Path, ends: dict[Path, int]) -> Iterator[str]:
    with log.open("rb") as file:
        if file.seek(0, os.SEEK_END) < ends[log]:
            ends[log] = 0  # it was put aside, and another one begun
        file.seek(ends[log])
        whole = file.read().rpartition(b"\n")[0]
    if whole:
        ends[log] += len(whole) + 1
        yield from whole.decode(errors="replace").split("\n")


def _print(console: Console, log: Path, lines: list[str] | Iterator[str], *, named: bool) -> None:
    colour = COLOURS[sum(log.stem.encode()) % len(COLOURS)]
    for line in lines:
        prefix = Text(f"{log.stem:>12} │ ", style=colour) if named else Text()
        console.print(prefix + Text.from_ansi(line), soft_wrap=True)
