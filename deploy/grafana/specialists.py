"""The dashboard «Специалисты»: places, what waits, what they say of their work, and what became of it (R-COI-1)."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Panel, alarm, bars, dashboard, in_words, lines, stat
from deploy.grafana.words import PRIORITIES

STEPS = {
    "start": "начато", "progress": "идёт", "postpone": "отложено", "finish": "готово", "ask_cancel": "просят отменить",
    "assign": "назначено", "replace": "заменён", "force": "обязан сроком", "keep": "оставлен",
}  # fmt: skip
PLACES = {"taken": "заняты", "free": "свободны"}


def specialists() -> Dashboard:
    """What the head of the specialists looks at. Who is who stands in GET /v1/records, never in a metric."""
    rows = {"Сейчас": _now(), "Что они говорят": _said(), "Раздача заявок": _giving()}
    return dashboard("svoy-specialists", "Специалисты", rows, since="24h", refresh="30s")


def _now() -> list[Panel]:
    taken, free = (f'max(svoy_routing_places{{state="{state}"}})' for state in ("taken", "free"))
    return [
        in_words(
            stat("Места", {"{{state}}": "max by (state) (svoy_routing_places)"},
                 "Сколько заявок можно взять ещё и сколько в работе.", width=8),
            PLACES,
        ),
        stat("Загрузка", {"доля": f"{taken} / ({taken} + {free} > 0)"}, "Занятых мест из всех.",
             width=4, unit="percentunit", steps=((None, "green"), (0.8, "orange"), (0.95, "red"))),
        in_words(
            stat("Ждут специалиста", {"{{priority}}": "max by (priority) (svoy_routing_waiting)"},
                 "Никто способный не свободен.", width=12, steps=alarm(1)),
            PRIORITIES,
        ),
    ]  # fmt: skip


def _said() -> list[Panel]:
    day = "sum by (step) (increase(svoy_routing_steps_total[24h]))"
    bad = 'sum by (step) (increase(svoy_routing_steps_total{step=~"postpone|ask_cancel"}[$__rate_interval]))'
    return [
        in_words(
            bars("Шаги за сутки", {"{{step}}": f"sort_desc({day})"},
                 "Что специалисты и менеджеры делали с заявками; ничто из этого заявку не закрывает (R-REQ-2).",
                 width=12, unit="short", steps=((None, "blue"),)),
            STEPS,
        ),
        in_words(
            lines("Откладывают и просят отменить", {"{{step}}": bad}, "Знаки конфликта интересов (R-COI-1).", width=12),
            STEPS,
        ),
    ]  # fmt: skip


def _giving() -> list[Panel]:
    looked = "sum by (le) (rate(svoy_routing_place_seconds_bucket[$__rate_interval]))"
    placed = "sum by (priority, outcome) (increase(svoy_routing_placed_total[$__rate_interval]))"
    return [
        in_words(
            lines("Назначения", {"{{priority}}, {{outcome}}": placed},
                  "Нашлось ли место: taken — да, none — нет.", width=8),
            PRIORITIES,
        ),
        lines("Время до места",
              {"p50": f"histogram_quantile(0.5, {looked})", "p99": f"histogram_quantile(0.99, {looked})"},
              "Сколько занимает выбор и запись места.", width=8, unit="s"),
        lines("Срочные вытеснили обычные", {"за час": "sum(increase(svoy_routing_displaced_total[1h]))"},
              "Обычная, не начатая заявка уступила место срочной.", width=8),
    ]  # fmt: skip
