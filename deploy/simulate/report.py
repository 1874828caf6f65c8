"""The comparison as a table and as a page to hand on."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from rich.table import Table
from rich.text import Text

from deploy.simulate.givers import titled
from deploy.simulate.results import FIGURES, Compared, Figure, Span
from deploy.simulate.verdict import ASSUMPTIONS, FEW, told

STYLE = (
    "body{font:15px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}"
    "td,th{padding:.3em .8em;border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left}img{max-width:100%}"
)


@dataclass(frozen=True, slots=True)
class Played:
    """What was played: which companies, for how many days each, drawn from what."""

    seeds: range
    days: int
    source: str = ASSUMPTIONS

    @property
    def title(self) -> str:
        """In a few words."""
        last = self.seeds.stop - 1
        return f"Дней: {self.days}, прогонов: {len(self.seeds)} (с {self.seeds.start} по {last})"


def table(compared: Compared, played: Played) -> Table:
    """For the terminal."""
    made = Table(title=played.title, title_justify="left")
    made.add_column(_measured(compared))
    for name in compared.outcomes:
        made.add_column(titled(name), justify="right")
    for figure in FIGURES:
        row = (f"{figure.title}, {figure.unit}", *(shown(span) for span in spans(compared, figure)))
        made.add_row(*map(Text, row))
    return made


def page(compared: Compared, played: Played, picture: Path, path: Path) -> None:
    """One HTML file with all of it."""
    head = "".join(f"<th>{escape(titled(name))}</th>" for name in compared.outcomes)
    rows = "".join(
        f"<tr><td>{escape(figure.title)}, {escape(figure.unit)}</td>"
        + "".join(f"<td>{escape(shown(span))}</td>" for span in spans(compared, figure))
        + "</tr>"
        for figure in FIGURES
    )
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in told(compared, played.source))
    image = b64encode(picture.read_bytes()).decode()
    path.write_text(
        f'<!doctype html><html lang="ru"><meta charset="utf-8"><title>Кому отдать заявку</title><style>{STYLE}</style>'
        f"<h1>Кому отдать заявку</h1><h2>{escape(played.title)}</h2>{said}"
        f'<table><tr><th>{escape(_measured(compared))}</th>{head}</tr>{rows}</table><img alt="графики" '
        f'src="data:image/png;base64,{image}"></html>\n',
        encoding="utf-8",
    )


def spans(compared: Compared, figure: Figure) -> Sequence[Span]:
    """One figure of each policy."""
    return [compared.span(name, figure) for name in compared.outcomes]


def shown(span: Span) -> str:
    """As it stands in a cell."""
    return f"{span.mean:.0f} [{span.low:.0f}…{span.high:.0f}]"


def _measured(compared: Compared) -> str:
    return f"среднее и промежуток ({FEW})" if compared.few else "среднее и 95 %-й промежуток"
