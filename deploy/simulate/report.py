"""The comparison as a table, as plots, and as a page to hand on."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
from rich.table import Table

from deploy.simulate.givers import OURS, SKILLED
from deploy.simulate.results import FIGURES, Compared, Figure, Span

mpl.use("Agg")
from matplotlib import pyplot as plt

PLOTTED = (0, 8, 13, 15, 19, 21)
"""The figures that are drawn."""
STYLE = (
    "body{font:15px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}"
    "td,th{padding:.3em .8em;border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
)


ASSUMPTIONS = (
    "Сколько приходит заявок, сколько длится работа, как часто специалисты теряются и откладывают — предположения "
    "(deploy/simulate/company.toml), а не измерения. Своё подставляют ключом --company."
)


NOT_SIMULATED = (
    "Срок verdict не разыгрывается: бухгалтер отвечает всегда через одно и то же время, кто бы ни работал. "
    "Обещаний подождать в этой модели нет."
)


def told(compared: Compared, source: str = ASSUMPTIONS) -> list[str]:
    """The verdict in sentences: what is saved, honestly, where another policy is better, and where the figures the
    company is drawn from come from."""
    saved = compared.reduction
    sentence = (
        f"Нарушенных сроков срочных заявок на {saved.mean:.0%} меньше, чем у лучшего из прочих ({compared.best_peer}); "
        f"с уверенностью 95 %: от {saved.low:.0%} до {saved.high:.0%}."
    )
    worse = [f"{figure.title} ({name})" for figure, name in compared.worse()]
    honest = f"Хуже, чем у прочих: {'; '.join(worse)}." if worse else "Ни в чём не хуже прочих."
    return [sentence, honest, *_limits(compared), NOT_SIMULATED, source]


def _limits(compared: Compared) -> list[str]:
    """How much of what is saved our limits on postponing are by themselves."""
    alone = compared.by_limits
    if alone is None:
        return []
    share = alone.mean / (compared.saved_of(SKILLED).mean or 1)
    sentence = (
        f"Одни наши пределы откладывания, без всего остального, убавили бы их у {SKILLED} на {alone.mean:.0%} "
        f"(от {alone.low:.0%} до {alone.high:.0%}): это {share:.0%} нашего выигрыша у него."
    )
    return [sentence]


def table(compared: Compared) -> Table:
    """For the terminal."""
    made = Table(title=f"Четверть года, прогонов: {len(compared.outcomes[OURS])}", title_justify="left")
    made.add_column("среднее и 95 %-й промежуток")
    for name in compared.outcomes:
        made.add_column(name, justify="right")
    for figure in FIGURES:
        made.add_row(f"{figure.title}, {figure.unit}", *(_shown(span) for span in _spans(compared, figure)))
    return made


def plots(compared: Compared, path: Path) -> None:
    """The most telling figures, side by side, as PNG."""
    drawn, axes = plt.subplots(2, 3, figsize=(15, 8), constrained_layout=True)
    names = list(compared.outcomes)
    for number, at in zip(PLOTTED, axes.flat, strict=True):
        figure = FIGURES[number]
        spans = _spans(compared, figure)
        means = [span.mean for span in spans]
        reach = [[span.mean - span.low for span in spans], [span.high - span.mean for span in spans]]
        at.bar(range(len(names)), means, yerr=reach, capsize=4, color=["#2b6cb0", *["#a0aec0"] * (len(names) - 1)])
        at.set_xticks(range(len(names)), [name.replace(" + ", "\n+ ") for name in names], fontsize=9)
        at.set_title(f"{figure.title}, {figure.unit}")
        at.grid(axis="y", alpha=0.3)
    drawn.savefig(path, dpi=90)
    plt.close(drawn)


def page(compared: Compared, picture: Path, path: Path, source: str = ASSUMPTIONS) -> None:
    """One HTML file with all of it."""
    head = "".join(f"<th>{escape(name)}</th>" for name in compared.outcomes)
    rows = "".join(
        f"<tr><td>{escape(figure.title)}, {escape(figure.unit)}</td>"
        + "".join(f"<td>{escape(_shown(span))}</td>" for span in _spans(compared, figure))
        + "</tr>"
        for figure in FIGURES
    )
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in told(compared, source))
    image = b64encode(picture.read_bytes()).decode()
    path.write_text(
        f'<!doctype html><html lang="ru"><meta charset="utf-8"><title>Кому отдать заявку</title><style>{STYLE}</style>'
        f"<h1>Кому отдать заявку: четверть года, прогонов {len(compared.outcomes[OURS])}</h1>{said}"
        f'<table><tr><th></th>{head}</tr>{rows}</table><img alt="графики" width="1000" '
        f'src="data:image/png;base64,{image}"></html>\n',
        encoding="utf-8",
    )


def _spans(compared: Compared, figure: Figure) -> Sequence[Span]:
    return [compared.span(name, figure) for name in compared.outcomes]


def _shown(span: Span) -> str:
    return f"{span.mean:.0f} [{span.low:.0f}…{span.high:.0f}]"
