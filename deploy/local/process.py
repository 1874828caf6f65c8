"""One process of ours: started with its output in a log, marked so that it can be found after a crash of the one who
started it, stopped politely and then without asking."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.errors import Died, NotReady

MARK = "SVOY_PROCESS"
"""The environment variable by which a process, and whatever it started, is known to be ours. It needs no pid file,
so there is none to be stale."""
TIED = ("setpriv", "--pdeathsig", "TERM", "--")
"""Before a command line: it is asked to end when its starter is gone, even by a kill -9 (Linux)."""
POLL = 0.05
LOG_BYTES = 50_000_000
"""A log longer than this is put aside at the next start; the one put aside before is dropped."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None = None


class Process:
    """A process called `name` of the house whose run folder is `run`; its output goes to the file `log`."""

    def __init__(self, name: str, run: Path, log: Path) -> None:
        self.name = name
        self.log = log
        self.mark = str(run / name)
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid while it runs."""
        return self._popen.pid if self._popen is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def code(self) -> int | None:
        """The exit code; minus the signal's number where it was killed."""
        return self._popen.poll() if self._popen is not None else None

    def start(self, command: Command) -> None:
        """Start it in a process group of its own, so that Ctrl-C on the terminal reaches only us; but in our session:
        Linux shares the processor out among sessions first (autogroup), whatever the niceness of their processes."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(  # noqa: S603 - our own command line
                [*(TIED if shutil.which(TIED[0]) else ()), *command.argv],
                env={**command.env, MARK: self.mark},
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    async def until(self, ready: Callable[[], Awaitable[str | None]], within: float) -> None:
        """Wait until `ready` tells None (what it tells else is why not). Raises `Died`, `NotReady`."""
        why = "не отвечает"
        try:
            async with asyncio.timeout(within):
                while True:
                    if not self.alive:
                        raise Died(self.name, self.code, self.log)
                    answer = await ready()
                    if answer is None:
                        return
                    why = answer
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise NotReady(self.name, why, within, self.log) from None

    async def stop(self, patience: float) -> None:
        """Ask it to end; after `patience` seconds end it."""
        if self.alive:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self.ended()
        await self.kill()

    async def kill(self) -> None:
        """End it without asking (SIGKILL)."""
        if self.alive:
            self.signal(signal.SIGKILL)
            await self.ended()
        if self._popen is not None:
            await asyncio.to_thread(self._end_strays)
            self._popen = None

    def _end_strays(self) -> None:
        for _, stray in running_under(self.mark):
            with suppress(psutil.NoSuchProcess):
                stray.kill()
                stray.wait()

    async def ended(self) -> None:
        """Wait until it has ended."""
        while self.alive:  # noqa: ASYNC110 - the process may be another loop's, so there is nothing to wait on
            await asyncio.sleep(POLL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, where it still runs."""
        if self._popen is not None:
            self._popen.send_signal(number)


def running_under(mark: str) -> list[tuple[str, psutil.Process]]:
    """The running processes marked with `mark` (a process's), or under it (a run folder), with their names; whoever
    started another comes before it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            theirs = process.environ().get(MARK, "")
            if f"{theirs}/".startswith(f"{mark}/") and process.status() != psutil.STATUS_ZOMBIE:
                found.append((process.create_time(), Path(theirs).name, process))
    return [(name, process) for _, name, process in sorted(found, key=lambda one: one[0])]


def end(process: psutil.Process, patience: float) -> None:
    """Ask a process to end, and after `patience` seconds end it."""
    with suppress(psutil.NoSuchProcess):
        process.resume()
        process.terminate()
        try:
            process.wait(patience)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(patience)


def own_environment(**own: str) -> dict[str, str]:
    """The little a server needs of our environment, and nothing of our settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ", "TMPDIR") if name in os.environ}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **kept, **own}
