"""The few kinds of panels our dashboards are made of, on our one data source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders.bargauge import Panel as BarGauge
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, Row, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataTransformerConfig,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="svoy-prometheus")
Panel = Stat | TimeSeries | BarGauge
P = TypeVar("P", Stat, TimeSeries, BarGauge)
Queries = Mapping[str, str]
"""PromQL by the legend it gets, e.g. `{"{{service}}": "up"}`."""
Steps = Sequence[tuple[float | None, str]]
"""Colours from a value on; the first one, from None on, is the usual colour."""

CALM: Steps = ((None, "green"),)


def alarm(above: float) -> Steps:
    """Green up to `above`, red from there on."""
    return ((None, "green"), (above, "red"))


def stat(title: str, queries: Queries, about: str, *, width: int, unit: str = "short", steps: Steps = CALM) -> Stat:
    """A large figure for each series, as it is now."""
    panel = (
        Stat()
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .no_value("—")
        .decimals(0)
    )
    said = _Said(title=title, queries=queries, about=about, unit=unit, steps=steps, now=True)
    return said.on(panel).span(width).height(4)


def states(title: str, queries: Queries, about: str, texts: Mapping[int, tuple[str, str]], *, width: int) -> Stat:
    """A word and a colour for each series; `texts` gives them by value."""
    words = {str(value): ValueMappingResult(text=text, color=colour) for value, (text, colour) in texts.items()}
    return stat(title, queries, about, width=width).mappings([ValueMap(options=words)])


def bars(title: str, queries: Queries, about: str, *, width: int, unit: str, steps: Steps) -> BarGauge:
    """A bar for each series, as it is now."""
    panel = (
        BarGauge()
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .orientation(VizOrientation.HORIZONTAL)
        .no_value("—")
    )
    said = _Said(title=title, queries=queries, about=about, unit=unit, steps=steps, now=True)
    return said.on(panel).span(width).height(8)


def lines(title: str, queries: Queries, about: str, *, width: int, unit: str = "short") -> TimeSeries:
    """How it went: a line for each series, its last and greatest value in the legend."""
    panel = (
        TimeSeries()
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.TABLE)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .show_points(VisibilityMode.NEVER)
        .line_width(1)
        .fill_opacity(10)
        .axis_soft_min(0)
    )
    said = _Said(title=title, queries=queries, about=about, unit=unit, steps=CALM, now=False)
    return said.on(panel).span(width).height(8)


def in_words(panel: P, words: Mapping[str, str]) -> P:
    """The same panel with the codes in its legend told in words."""
    for code, word in words.items():
        options = {"regex": rf"(.*)\b{code}\b(.*)", "renamePattern": f"$1{word}$2"}
        panel = panel.with_transformation(DataTransformerConfig(id_val="renameByRegex", options=options))
    return panel


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What every kind of panel is told."""

    title: str
    queries: Queries
    about: str
    unit: str
    steps: Steps
    now: bool
    """Asked for this moment, not for the whole time shown."""

    def on(self, panel: P) -> P:
        colours = [Threshold(value=value, color=colour) for value, colour in self.steps]
        return (
            panel.title(self.title)
            .description(self.about)
            .datasource(SOURCE)
            .unit(self.unit)
            .thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colours))
            .targets([_query(n, legend, expr, now=self.now) for n, (legend, expr) in enumerate(self.queries.items())])
        )


def _query(number: int, legend: str, expr: str, *, now: bool) -> Dataquery:
    query = Dataquery().datasource(SOURCE).expr(expr).legend_format(legend).ref_id(chr(ord("A") + number))
    return query.instant() if now else query.range()


def dashboard(uid: str, title: str, rows: Mapping[str, Sequence[Panel]], *, since: str, refresh: str) -> Dashboard:
    """A read-only dashboard of titled rows. Panels are numbered in their order, so that links to them hold."""
    made = (
        Dashboard(title)
        .uid(uid)
        .tags(["svoy"])
        .readonly()
        .timezone("browser")
        .week_start("monday")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(f"now-{since}", "now")
        .refresh(refresh)
    )
    number = 0
    for name, panels in rows.items():
        number += 1
        made = made.with_row(Row(name).id(number))
        for panel in panels:
            number += 1
            made = made.with_panel(panel.id(number))
    return made
