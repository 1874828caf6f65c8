"""The dashboard «Сроки по месяцам»: what share of what was promised was kept, clock by clock."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Panel, Steps, bars, dashboard, in_words, lines, stat
from deploy.grafana.words import BOTH, CLOCK, WORDS

SHARE: Steps = ((None, "red"), (0.9, "orange"), (0.95, "yellow"), (0.98, "green"))
KEPT = 'increase(svoy_sla_met_total{late="no"}[$__range])'
LATE = 'increase(svoy_sla_met_total{late="yes"}[$__range])'
BREACHED = "increase(svoy_sla_breached_total[$__range])"
WITHDRAWN = "increase(svoy_sla_breaches_withdrawn_total[$__range])"


def months() -> Dashboard:
    """What the director looks at: this month, or any other chosen above (`now-1M/M` to `now-1M/M`)."""
    rows = {"Месяц": _month(), "По часам": _clocks(), "Куда идёт": _trend()}
    return dashboard("svoy-months", "Сроки по месяцам", rows, since="30d", refresh="5m")


def _month() -> list[Panel]:
    broken = f"clamp_min(sum({BREACHED}) - sum({WITHDRAWN}), 0)"
    share = f"sum({KEPT}) / (sum({KEPT}) + {broken} > 0)"
    urgent = share.replace("{late", '{priority="urgent",late')
    for counter in ("breached_total", "withdrawn_total"):
        urgent = urgent.replace(f"{counter}[", f'{counter}{{priority="urgent"}}[')
    return [
        stat(
            "В срок", {"всё": share}, "Исполнено в срок из всего, что исполнено в срок или сорвано.",
            width=6, unit="percentunit", steps=SHARE,
        ),
        stat(
            "В срок, срочные", {"срочные": urgent}, "То же, только срочные заявки.",
            width=6, unit="percentunit", steps=SHARE,
        ),
        stat("Сорвано", {"сроков": broken}, "Нарушенные сроки за выбранное время.", width=6),
        stat("Исполнено поздно", {"сроков": f"sum({LATE})"}, "Сорвано, но всё же исполнено.", width=6),
    ]  # fmt: skip


def _clocks() -> list[Panel]:
    kept, breached, withdrawn = (f"sum by (clock, priority) ({counted})" for counted in (KEPT, BREACHED, WITHDRAWN))
    broken = f"clamp_min({breached} - {withdrawn}, 0)"
    share = f"{kept} / ({kept} + {broken} > 0)"
    return [
        in_words(
            bars(
                "Доля в срок", {BOTH: f"sort({share})"}, "По часам и приоритету, худшие сверху.",
                width=12, unit="percentunit", steps=SHARE,
            ),
            WORDS,
        ),
        in_words(
            bars(
                "Сорвано", {BOTH: f"sort_desc({broken})"}, "Сколько сроков нарушено, больше всего сверху.",
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
