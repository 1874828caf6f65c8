"""`python -m deploy.grafana.pictures` draws each dashboard's layout from its JSON into docs/pictures."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import Any

from deploy.grafana.dashboards import texts

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
CELL = 40
"""Pixels of one of the 24 columns."""
LINE = 30
"""Pixels of one unit of height."""
TITLE = 36
LETTERS = 7.2
"""Pixels a letter takes."""
KINDS = {"stat": "число", "bargauge": "полосы", "timeseries": "график"}


def pictures() -> dict[Path, str]:
    """What each picture must be, by its path."""
    return {FOLDER / f"{path.stem}.svg": picture(json.loads(text)) for path, text in texts().items()}


def picture(board: Mapping[str, Any]) -> str:
    """The layout as SVG: every panel where Grafana puts it, with its title and its kind."""
    height = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in board["panels"]) * LINE + TITLE
    width = 24 * CELL
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13">'
    )
    title = f'<text x="8" y="24" font-size="18" font-weight="bold">{escape(board["title"])}</text>'
    back = f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>'
    return "\n".join([head, back, title, *(line for one in board["panels"] for line in _panel(one)), "</svg>", ""])


def _panel(panel: Mapping[str, Any]) -> Iterator[str]:
    at = panel["gridPos"]
    x, y, w, h = at["x"] * CELL, at["y"] * LINE + TITLE, at["w"] * CELL, at["h"] * LINE
    if panel["type"] == "row":
        yield f'<text x="{x + 8}" y="{y + 20}" font-weight="bold" fill="#444">▾ {escape(panel["title"])}</text>'
        return
    yield f'<rect x="{x + 3}" y="{y + 3}" width="{w - 6}" height="{h - 6}" rx="3" fill="#fff" stroke="#c7c9cc"/>'
    titles = wrap(panel["title"], max(8, int((w - 24) / LETTERS)))
    for number, line in enumerate(titles):
        yield f'<text x="{x + 12}" y="{y + 22 + 16 * number}">{escape(line)}</text>'
    shown = ", ".join(target["legendFormat"] for target in panel["targets"])
    about = f"{KINDS[panel['type']]}: {shown}"
    for number, line in enumerate(wrap(about, max(8, int((w - 24) / LETTERS)))[: max(1, at["h"] - 2)]):
        yield (
            f'<text x="{x + 12}" y="{y + 24 + 16 * (len(titles) + number)}" fill="#8a8d91" font-size="12">'
            f"{escape(line)}</text>"
        )


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in pictures().items():
        path.write_text(text)
        print(path)


if __name__ == "__main__":
    main()
