"""One process: started, watched, stopped, found again."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.errors import Died, NotReady
from deploy.local.process import Command, Process, end, own_environment, running_under
from tests.kit import eventually

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); {SLEEPER}"


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    process = Process("thing", tmp_path / "run", tmp_path / "log" / "thing.log")
    yield process
    await process.kill()


def python(code: str) -> Command:
    return Command(argv=[sys.executable, "-c", code], env=own_environment())


async def says_up(process: Process) -> str | None:
    return None if "up" in process.log.read_text() else "silent"


async def test_it_is_ready_when_it_says_so(process: Process) -> None:
    process.start(python(SLEEPER))
    await process.until(lambda: says_up(process), 60)
    assert process.alive


async def test_a_ctrl_c_does_not_reach_it_and_how_nice_it_is_counts(process: Process) -> None:
    """It is in our session: among sessions Linux shares out the processor whatever their processes' niceness."""
    process.start(python(SLEEPER))
    assert process.pid is not None
    assert os.getpgid(process.pid) != os.getpgid(0)
    assert os.getsid(process.pid) == os.getsid(0)


async def test_one_that_dies_tells_its_last_lines(process: Process) -> None:
    process.start(python("print('сломалось'); raise SystemExit(3)"))
    with pytest.raises(Died, match="код завершения 3") as died:
        await process.until(lambda: says_up(process), 60)
    assert died.value.last_lines == ["сломалось"]


async def test_one_that_is_never_ready_tells_why(process: Process) -> None:
    process.start(python(SLEEPER.replace("up", "down")))
    with pytest.raises(NotReady, match="silent"):
        await process.until(lambda: says_up(process), 0.2)


async def test_one_that_does_not_want_to_end_is_ended(process: Process) -> None:
    process.start(python(STUBBORN))
    await process.until(lambda: says_up(process), 60)
    await process.stop(patience=0.2)
    assert not process.alive


async def test_a_frozen_one_can_be_stopped(process: Process) -> None:
    process.start(python(SLEEPER))
    process.signal(signal.SIGSTOP)
    await process.stop(patience=5)
    assert not process.alive


async def test_what_it_started_ends_with_it(process: Process, tmp_path: Path) -> None:
    process.start(python(PARENT))
    await eventually(lambda: len(running_under(str(tmp_path / "run"))) == 2)
    await process.kill()
    assert running_under(str(tmp_path / "run")) == []


async def test_it_is_found_by_its_mark_and_no_other_is(process: Process, tmp_path: Path) -> None:
    process.start(python(SLEEPER))
    found = await eventually(lambda: running_under(str(tmp_path / "run")))
    assert [(name, one.pid) for name, one in found] == [("thing", process.pid)]
    assert running_under(str(tmp_path / "ru")) == []
    assert os.getpid() not in [one.pid for _, one in found]
    end(found[0][1], 5)
    assert not process.alive
