"""The data folder: who runs the house in it."""

import os
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local import running
from deploy.local.errors import AlreadyRunning, HouseError
from deploy.local.home import Home
from deploy.local.running import bring_down


def test_who_runs_it_is_known_even_after_somebody_else_tried(tmp_path: Path) -> None:
    """`svoy down` asks that process to end: it must be no other."""
    home = Home(tmp_path)
    with home.locked():
        with pytest.raises(AlreadyRunning), home.locked():
            pass
        assert home.keeper() == os.getpid()
    assert home.keeper() is None


def test_nobody_is_ended_while_it_is_not_known_who_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the system 0 means whoever stands beside us, the user's own shell among them."""
    home, ended = Home(tmp_path), list[int]()
    monkeypatch.setattr(running, "KNOWN_WITHIN", 0.1)
    monkeypatch.setattr(os, "kill", lambda pid, _: ended.append(pid))
    with home.locked():
        os.truncate(home.run / "lock", 0)
        with pytest.raises(HouseError, match="Неизвестно"):
            bring_down(home, Console())
    assert ended == []
