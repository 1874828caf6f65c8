"""The dashboard «Сроки по месяцам»: what share of what was promised was kept, clock by clock."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Panel, Steps, bars, dashboard, in_words, lines, stat
from deploy.grafana.words import BOTH, CLOCK, WORDS

SHARE: Steps = ((None, "red"), (0.9, "orange"), (0.95, "yellow"), (0.98, "green"))


def _standing(told: str, withdrawn: str, labels: str, summed: str = "sum") -> str:
    """What was told in the time chosen, less what was withdrawn of it."""
    told, withdrawn = (
        f"{summed} (increase(svoy_sla_{name}_total{{{labels}}}[$__range]))" for name in (told, withdrawn)
    )
    return f"clamp_min({told} - {withdrawn}, 0)"


def _met(labels: str, summed: str = "sum") -> str:
    return _standing("met", "met_withdrawn", labels, summed)


def _broken(labels: str = "", summed: str = "sum") -> str:
    return _standing("breached", "breaches_withdrawn", labels, summed)


def _share(labels: str = "", summed: str = "sum") -> str:
    kept, broken = _met(f'late="no"{labels}', summed), _broken(labels.removeprefix(","), summed)
    return f"{kept} / ({kept} + {broken} > 0)"


def months() -> Dashboard:
    """What the director looks at: this month, or any other chosen above (`now-1M/M` to `now-1M/M`)."""
    rows = {"Месяц": _month(), "По часам": _clocks(), "Куда идёт": _trend()}
    return dashboard("svoy-months", "Сроки по месяцам", rows, since="30d", refresh="5m")


def _month() -> list[Panel]:
    return [
        stat(
            "В срок", {"всё": _share()}, "Исполнено в срок из всего, что исполнено в срок или нарушено.",
            width=6, unit="percentunit", steps=SHARE,
        ),
        stat(
            "В срок, срочные", {"срочные": _share(',priority="urgent"')}, "То же, только срочные заявки.",
            width=6, unit="percentunit", steps=SHARE,
        ),
        stat("Нарушено", {"сроков": _broken()}, "Нарушенные сроки за выбранное время.", width=6),
        stat("Исполнено поздно", {"сроков": _met('late="yes"')}, "Нарушено, но всё же исполнено.", width=6),
    ]  # fmt: skip


def _clocks() -> list[Panel]:
    by = "sum by (clock, priority)"
    return [
        in_words(
            bars(
                "Доля в срок", {BOTH: f"sort({_share(summed=by)})"}, "По часам и приоритету, худшие сверху.",
                width=12, unit="percentunit", steps=SHARE,
            ),
            WORDS,
        ),
        in_words(
            bars(
                "Нарушено", {BOTH: f"sort_desc({_broken(summed=by)})"}, "Сколько сроков нарушено, больше всего сверху.",
                width=12, unit="short", steps=((None, "orange"),),
            ),
            WORDS,
        ),
    ]  # fmt: skip


def _trend() -> list[Panel]:
    week, month = (f"sum by (clock) (clock_priority:svoy_sla_{{}}:increase{days}d)" for days in (7, 30))

    def share(window: str) -> str:
        kept, broken = window.format("kept"), window.format("broken")
        return f"{kept} / ({kept} + {broken} > 0)"

    return [
        in_words(
            lines("В срок за 7 дней", {CLOCK: share(week)}, "Скользящая доля за неделю.", width=12, unit="percentunit"),
            WORDS,
        ),
        in_words(
            lines(
                "В срок за 30 дней", {CLOCK: share(month)}, "Скользящая доля за месяц.", width=12, unit="percentunit"
            ),
            WORDS,
        ),
    ]
