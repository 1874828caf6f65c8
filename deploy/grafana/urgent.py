"""The dashboard «Срочно сейчас»: what is about to break, who has to act, what comes next (R-URG-1…6)."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Panel, Steps, alarm, bars, dashboard, in_words, lines, stat
from deploy.grafana.words import BOTH, CLOCK, WORDS

HURRY: Steps = ((None, "red"), (60, "orange"), (300, "yellow"), (900, "green"))
"""Seconds left."""
WHO: Mapping[str, str] = {
    "менеджер": "pickup|callback|wait_promise|verdict|weekly_call|prospect_contact",
    "диспетчер": "assign",
    "специалист": "start|progress|finish",
}
"""Who keeps which clock."""


def urgent() -> Dashboard:
    """What hangs on the wall: the head of the specialists and the managers look at it all day."""
    rows = {"Сейчас": _now(), "Кто и что": _who_and_what(), "Как шло": _history(), "Точность часов": _accuracy()}
    return dashboard("svoy-urgent", "Срочно сейчас", rows, since="24h", refresh="5s")


def _broken(summed: str, window: str) -> str:
    """Breaches that were not withdrawn."""
    return _standing(summed, f"breached_total[{window}]", f"breaches_withdrawn_total[{window}]")


def _met(summed: str, window: str, late: str) -> str:
    """What was met, and was not withdrawn."""
    named = f'_total{{late="{late}"}}[{window}]'
    return _standing(summed, f"met{named}", f"met_withdrawn{named}")


def _standing(summed: str, told: str, withdrawn: str) -> str:
    return f"clamp_min({summed}(increase(svoy_sla_{told})) - {summed}(increase(svoy_sla_{withdrawn})), 0)"


def _now() -> list[Panel]:
    kept, broken = _met("sum", "24h", "no"), _broken("sum", "24h")
    promises = "increase(svoy_sla_promises_broken_total[24h])"
    return [
        stat(
            "Нарушенные обещания",
            {"за сутки": f"sum({promises}) or vector(0)"},
            "Бухгалтер ждал до названного часа напрасно. Важнее всех прочих нарушений (R-URG-6).",
            width=5,
            steps=alarm(0.5),
        ),
        stat("Нарушено", {"за сутки": broken}, "Сроки, нарушенные за сутки.", width=4, steps=alarm(0.5)),
        stat(
            "В срок",
            {"за сутки": f"{kept} / ({kept} + {broken} > 0)"},
            "Доля исполненного в срок среди всего, что исполнено в срок или нарушено за сутки.",
            width=5,
            unit="percentunit",
            steps=((None, "red"), (0.9, "orange"), (0.98, "green")),
        ),
        stat(
            "Просрочено",
            {"сейчас": "sum(clock_priority:svoy_sla_obligations_overdue:max)"},
            "Срок прошёл, а обещанное ещё не исполнено.",
            width=5,
            steps=alarm(1),
        ),
        stat("Идут", {"сейчас": "sum(clock_priority:svoy_sla_obligations_open:max)"}, "Все сроки, что идут.", width=5),
        in_words(
            bars(
                "До ближайшего срока",
                {BOTH: "sort(clock_priority:svoy_sla_seconds_left:min >= 0)"},
                "Сколько осталось самому близкому из сроков, что идут.",
                width=12,
                unit="s",
                steps=HURRY,
            ),
            WORDS,
        ),
        in_words(
            bars(
                "Просрочено: что именно",
                {BOTH: "sort_desc(clock_priority:svoy_sla_obligations_overdue:max)"},
                "Сколько обещанного не исполнено после срока, по часам и приоритету.",
                width=12,
                unit="short",
                steps=alarm(1),
            ),
            WORDS,
        ),
    ]


def _who_and_what() -> list[Panel]:
    waits = {
        who: f'sum(clock_priority:svoy_sla_obligations_open:max{{clock=~"{clocks}"}})' for who, clocks in WHO.items()
    }
    late = {
        who: f'sum(clock_priority:svoy_sla_obligations_overdue:max{{clock=~"{clocks}"}})' for who, clocks in WHO.items()
    }
    return [
        stat("За кем сейчас слово", waits, "Сколько сроков, что идут, зависит от каждой роли.", width=12),
        stat("Кто опаздывает", late, "Сколько просроченного за каждой ролью.", width=12, steps=alarm(1)),
        in_words(
            bars(
                "Что дальше",
                {CLOCK: "sort_desc(sum by (clock) (clock_priority:svoy_sla_obligations_open:max) > 0)"},
                "Сколько сроков каждого вида идёт: чего ждут клиенты.",
                width=12,
                unit="short",
                steps=((None, "blue"),),
            ),
            WORDS,
        ),
        in_words(
            bars(
                "Ждут специалиста",
                {"{{priority}}": "max by (priority) (svoy_routing_waiting)"},
                "Заявки, для которых никто способный не свободен.",
                width=12,
                unit="short",
                steps=alarm(1),
            ),
            WORDS,
        ),
    ]


def _history() -> list[Panel]:
    wanted = [
        ("Нарушено за час", _broken("sum by (clock) ", "1h"), "Нарушенные сроки."),
        ("Исполнено в срок за час", _met("sum by (clock) ", "1h", "no"), "Вовремя."),
        ("Исполнено с опозданием за час", _met("sum by (clock) ", "1h", "yes"), "Поздно."),
        ("Идут", "sum by (clock) (clock_priority:svoy_sla_obligations_open:max)", "Сроки, что идут, и просроченные."),
        ("Просрочено", "sum by (clock) (clock_priority:svoy_sla_obligations_overdue:max)", "Не исполнено после срока."),
        (
            "Предупреждений за час",
            "sum by (clock) (increase(svoy_sla_warned_total[1h]))",
            "Прошла бо́льшая часть срока.",
        ),
    ]
    return [in_words(lines(title, {CLOCK: expr}, about, width=8), WORDS) for title, expr, about in wanted]


def _accuracy() -> list[Panel]:
    lateness = "sum by (le) (rate(svoy_sla_lateness_seconds_bucket[$__rate_interval]))"
    return [
        lines(
            "Опоздание предупреждений и нарушений",
            {"p50": f"histogram_quantile(0.5, {lateness})", "p99": f"histogram_quantile(0.99, {lateness})"},
            "Через сколько после срока о нём надёжно сказано; обещано: в пределах секунды.",
            width=24,
            unit="s",
        )
    ]
