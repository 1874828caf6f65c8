"""The most telling figures of the comparison as a picture."""

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from deploy.simulate.givers import OURS, titled
from deploy.simulate.report import Played, spans
from deploy.simulate.results import FIGURES, Compared, Figure
from deploy.simulate.verdict import FEW

DRAWN = (0, 8, 13, 15, 19, 21)
WIDE = 20
"""Letters of a name in one line."""
OUR_COLOUR, THEIR_COLOUR = "#2b6cb0", "#a0aec0"


def plots(compared: Compared, played: Played) -> Drawing:
    """Side by side: a bar for each policy, ours on top; the names stand once a row, on the left."""
    drawn = Drawing(figsize=(15, 8), dpi=90, layout="constrained")
    axes = drawn.subplots(2, 3, sharey=True)
    drawn.suptitle(f"Кому отдать заявку. {played.title}; усы — {FEW if compared.few else '95 %'}")
    for number, at in zip(DRAWN, axes.flat, strict=True):
        _bars(at, compared, FIGURES[number])
    axes.flat[0].invert_yaxis()
    return drawn


def _bars(at: Axes, compared: Compared, figure: Figure) -> None:
    names, of_each = list(compared.outcomes), spans(compared, figure)
    means = [span.mean for span in of_each]
    reach = [[span.mean - span.low for span in of_each], [span.high - span.mean for span in of_each]]
    colours = [OUR_COLOUR if name == OURS else THEIR_COLOUR for name in names]
    at.barh(range(len(names)), means, xerr=reach, capsize=4, color=colours)
    at.set_yticks(range(len(names)), [fill(titled(name), WIDE) for name in names], fontsize=9)
    at.set_title(f"{figure.title}, {figure.unit}", fontsize=11)
    at.grid(axis="x", alpha=0.3)
