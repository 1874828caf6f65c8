"""What each process of a house is doing, for whoever looks: a callback in this process, a file for the others."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from shared.clock import machine_now

State = Literal["waiting", "starting", "ready", "restarting", "stopping", "stopped", "failed"]
Notice = Callable[["Row"], None]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One process: `since` is when it came into this state, in RFC 3339."""

    name: str
    state: State = "waiting"
    note: str = ""
    pid: int | None = None
    port: int | None = None
    since: str = ""
    restarts: int = 0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A board as it was last written."""

    rows: list[Row]
    up: bool
    """Whether the house came up as a whole."""


class Board:
    """The rows of all processes, in the order in which they start."""

    def __init__(self, file: Path, notice: Notice | None = None) -> None:
        self._file = file
        self._notice = notice
        self._up = False
        self.rows: dict[str, Row] = {}

    def tell(self, name: str, state: State, **known: Any) -> None:
        """`name` is in `state` now; `known` are other fields of its row."""
        before = self.rows.get(name, Row(name=name))
        since = machine_now().isoformat(timespec="seconds")
        self.rows[name] = replace(before, **{"note": "", **known}, state=state, since=since)
        self._write()
        if self._notice is not None:
            self._notice(self.rows[name])

    def up(self, *, up: bool) -> None:
        """The house as a whole came up, or goes down."""
        self._up = up
        self._write()

    def _write(self) -> None:
        shown = Shown(rows=list(self.rows.values()), up=self._up)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(asdict(shown), ensure_ascii=False))
        new.replace(self._file)


def read_board(file: Path) -> Shown:
    """The board as a house last wrote it; an empty one where there is none."""
    try:
        found = json.loads(file.read_text())
        return Shown(rows=[Row(**row) for row in found["rows"]], up=found["up"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return Shown(rows=[], up=False)
