"""The figures of the main job: what is kept, what is shown, what they should be."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from tests.bench.cpu import Usage
from tests.bench.load import Tally, quantile
from tests.bench.phases import Accepted, Sustained
from tests.bench.results import Aim, console, table
from tests.bench.visible import Seen

OTHERS = "cores of others"
OURS, MINIMAL, HELPDESK = "ours", "minimal", "django-helpdesk"
AIMS = (
    Aim(figure="accepted_vs_minimal", bound=0.8),
    Aim(figure="accepted_vs_django_helpdesk", bound=20),
    Aim(figure="sustained_per_s", bound=200),
    Aim(figure="sustained_vs_minimal", bound=0.8),
    Aim(figure="assigned_p99_ms_at_half_load", bound=250, at_most=True),
)


@dataclass(slots=True)
class Found:
    """Everything measured."""

    accepted: dict[str, Accepted] = field(default_factory=dict)
    sustained: dict[str, Sustained] = field(default_factory=dict)
    half_load: Tally = field(default_factory=Tally)
    half_usage: Usage = field(default_factory=Usage)
    seen: Seen = field(default_factory=Seen)
    trouble: dict[str, int] = field(default_factory=dict)
    """Messages of ours that were retried or parked."""
    helpdesk: Accepted = field(default_factory=Accepted)


def figures(found: Found) -> dict[str, Any]:
    """What is written to `main.json`."""
    accepted = {name: side.rate for name, side in found.accepted.items()}
    sustained = {name: side.rate for name, side in found.sustained.items()}
    helpdesk = found.helpdesk.rate
    return {
        "accepted_per_s": round(accepted[OURS], 1),
        "accepted_vs_minimal": round(accepted[OURS] / accepted[MINIMAL], 3),
        "accepted_vs_django_helpdesk": round(accepted[OURS] / helpdesk, 1) if helpdesk else None,
        "sustained_per_s": round(sustained[OURS], 1),
        "sustained_vs_minimal": round(sustained[OURS] / sustained[MINIMAL], 3),
        "assigned_p99_ms_at_half_load": _ms(found.seen.latencies(found.half_load), 0.99),
        "details": _details(found),
    }


def show(found: Found) -> None:
    """The tables."""
    console.print(_accepted(found), _sustained(found), _half_load(found), _cpu(found), sep="\n")


def _ms(seconds: list[float], share: float) -> float | None:
    """None where there is nothing, or it never came."""
    found = quantile(seconds, share)
    return round(1e3 * found, 1) if isfinite(found) else None


def _details(found: Found) -> dict[str, Any]:
    return {
        "accepted": {
            name: {
                "per_s": round(side.rate, 1),
                "p50_ms": _ms(side.latencies, 0.5),
                "p99_ms": _ms(side.latencies, 0.99),
                "put_off": side.put_off,
                "refused": side.refused,
                "cores_of_others": round(side.usage.cores_of_others, 2),
                "drained_after_s": [round(one, 1) for one in side.drains],
            }
            for name, side in found.accepted.items()
        },
        "django_helpdesk": {
            "per_s": round(found.helpdesk.rate, 1),
            "p50_ms": _ms(found.helpdesk.latencies, 0.5),
            "p99_ms": _ms(found.helpdesk.latencies, 0.99),
            "refused": found.helpdesk.refused,
        },
        "sustained": {
            name: {
                "per_s": round(side.rate, 1),
                "left_at_the_end": side.left,
                "drained_after_s": round(side.drained, 2),
                "put_off": side.put_off,
                "cpu_us_per_request": side.usage.per(side.done),
                "cores_of_others": round(side.usage.cores_of_others, 2),
            }
            for name, side in found.sustained.items()
        },
        "half_load": _at_half(found),
        "trouble": found.trouble,
    }


def _at_half(found: Found) -> dict[str, Any]:
    tally, seen = found.half_load, found.seen
    visible = seen.latencies(tally)
    return {
        "per_s": round(tally.rate, 1),
        "accepted": tally.accepted,
        "seen": len(seen.at),
        "accepted_p50_ms": _ms(tally.latencies, 0.5),
        "accepted_p99_ms": _ms(tally.latencies, 0.99),
        "visible_p50_ms": _ms(visible, 0.5),
        "visible_p99_ms": _ms(visible, 0.99),
        "visible_max_ms": _ms(visible, 1),
        "cpu_us_per_request": found.half_usage.per(tally.accepted),
        "cores_of_others": round(found.half_usage.cores_of_others, 2),
        "looked_up": seen.looked_up,
        "not_shown": seen.not_shown,
    }


def _accepted(found: Found) -> Any:
    shown = table(
        "Accepted, 64 connections", "", "requests/s", "p50 ms", "p99 ms", "put off", "refused", OTHERS, "ours to it"
    )
    rate = found.accepted[OURS].rate
    for name, side in [*found.accepted.items(), (HELPDESK, found.helpdesk)]:
        p50, p99 = (str(_ms(side.latencies, share)) for share in (0.5, 0.99))
        counts = str(side.put_off), str(sum(side.refused.values())), f"{side.usage.cores_of_others:.2f}"
        shown.add_row(name, f"{side.rate:.1f}", p50, p99, *counts, f"{rate / side.rate:.2f}" if side.rate else "–")
    return shown


def _sustained(found: Found) -> Any:
    columns = ("requests/s", "left at the end", "done after s", "put off", OTHERS, "ours to it")
    shown = table("Everything done", "", *columns)
    rate = found.sustained[OURS].rate
    for name, side in found.sustained.items():
        counts = str(side.left), f"{side.drained:.2f}", str(side.put_off), f"{side.usage.cores_of_others:.2f}"
        shown.add_row(name, f"{side.rate:.1f}", *counts, f"{rate / side.rate:.2f}")
    shown.caption = f"{OTHERS}: kept busy meanwhile by what is not measured here; should be near 0"
    return shown


def _half_load(found: Found) -> Any:
    half = _at_half(found)
    title = f"Ours at half load: {half['per_s']} requests/s ({OTHERS}: {half['cores_of_others']})"
    shown = table(title, "", "requests", "p50 ms", "p99 ms")
    for name, count, what in (("201", "accepted", "accepted"), ("assigned, clocks visible", "seen", "visible")):
        shown.add_row(name, str(half[count]), str(half[f"{what}_p50_ms"]), str(half[f"{what}_p99_ms"]))
    missing = len(half["not_shown"])
    shown.caption = f"{half['looked_up']} looked up over HTTP at that moment, {missing} of them not there"
    return shown


def _cpu(found: Found) -> Any:
    used = {name: side.usage.per(side.done) for name, side in found.sustained.items()}
    used["ours at half load"] = found.half_usage.per(found.half_load.accepted)
    shown = table("CPU µs a request, while everything is done", "process", *used)
    for process in dict.fromkeys(process for side in used.values() for process in side):
        shown.add_row(process, *(f"{side[process]:,.0f}" if process in side else "" for side in used.values()))
    shown.add_section()
    shown.add_row("all", *(f"{sum(side.values()):,.0f}" for side in used.values()))
    return shown
