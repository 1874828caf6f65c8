"""Runs a house until it is told to stop, and starts again what ends by itself."""

import asyncio
import os
import signal
from contextlib import suppress

from deploy.local.board import Board
from deploy.local.errors import Died, HouseError
from deploy.local.house import House
from deploy.local.part import Part

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
CALM = 60.0
"""A process that ran this many seconds has recovered: its next pause is the first again."""


class Stopped(Exception):
    """Told to stop before everything was up."""


def on_signal() -> asyncio.Event:
    """Set by Ctrl-C, SIGTERM and the closing of the terminal."""
    told = asyncio.Event()

    def terminal_closed() -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for output in (1, 2):
            os.dup2(nowhere, output)
        told.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, terminal_closed)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    return told


async def up_unless(house: House, told: asyncio.Event) -> None:
    """Bring the house up. Raises `Stopped`, everything being stopped again, when `told` comes first."""
    starting = asyncio.create_task(house.up())
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            with suppress(asyncio.CancelledError, HouseError):
                await starting
            raise Stopped
        await starting
    finally:
        waiting.cancel()


async def keep_up(house: House, told: asyncio.Event) -> None:
    """Start again whatever ends by itself, until `told`."""
    watchers = [asyncio.create_task(_watch(house, name)) for name in house.parts]
    try:
        await told.wait()
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def _watch(house: House, name: str) -> None:
    part = house.parts[name]
    pause = FIRST_PAUSE / 2
    while True:
        pause = FIRST_PAUSE if await _lived_calmly(part) else min(pause * 2, LONGEST_PAUSE)
        error = Died(name, part.process.code, part.process.log)
        _tell(house.board, name, f"{error}. Новый запуск через {pause:.0f} с.")
        await asyncio.sleep(pause)
        try:
            await house.start(name)
        except Exception:  # noqa: BLE001 - the board says what it was; it is tried again
            await house.kill(name)


async def _lived_calmly(part: Part) -> bool:
    began = asyncio.get_running_loop().time()
    await part.process.ended()
    return asyncio.get_running_loop().time() - began >= CALM


def _tell(board: Board, name: str, note: str) -> None:
    board.tell(name, "restarting", note=note, pid=None, restarts=board.rows[name].restarts + 1)
