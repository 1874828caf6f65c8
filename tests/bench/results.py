"""Where a benchmark keeps its figures, and how it shows them."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

BENCH = Path(__file__).resolve().parents[2] / "build" / "bench"
console = Console()
if not console.is_terminal:
    console.width = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a figure should be."""

    figure: str
    bound: float
    at_most: bool = False

    def met(self, value: float | None) -> bool:
        """Whether `value` is good enough; what could not be measured is not."""
        if value is None:
            return False
        return value <= self.bound if self.at_most else value >= self.bound


def keep(name: str, figures: Mapping[str, Any]) -> Path:
    """Write the figures to `build/bench/<name>.json`."""
    BENCH.mkdir(parents=True, exist_ok=True)
    file = BENCH / f"{name}.json"
    file.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    return file


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the project's own disk, removed afterwards."""
    BENCH.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=BENCH))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def step(text: str) -> None:
    """Tell what is being done now."""
    console.print(f"[bold]▸[/] {text}", highlight=False)


def table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose others are figures."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    return made


def show_aims(figures: Mapping[str, Any], aims: tuple[Aim, ...]) -> None:
    """Say for each aim whether it is met."""
    shown = table("Aims", "figure", "measured", "aim", "met")
    for aim in aims:
        value = figures[aim.figure]
        met = "[green]yes[/]" if aim.met(value) else "[red]NO[/]"
        measured = "–" if value is None else f"{value:.2f}"
        shown.add_row(aim.figure, measured, f"{'≤' if aim.at_most else '≥'} {aim.bound:g}", met)
    console.print(shown)
