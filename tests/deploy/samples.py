"""An hour of samples of every metric of ours, as if all services had run."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import datetime
from itertools import product
from pathlib import Path

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import services
from services.sla_monitor.metrics import PAIRS

SECONDS = 3600
STEP = 15
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
BUCKETS = ("0.01", "0.1", "1", "+Inf")
VALUES = {
    "service": ("intake", "sla_monitor"),
    "outcome": ("applied", "retried", "parked"),
    "late": ("yes", "no"),
    "status": ("201", "409"),
}
Sample = tuple[dict[str, str], float, float]
"""The labels, the value at the beginning, and by how much it grows in a step."""


def known() -> list[MetricWrapperBase]:
    """Every metric the kit and the services define."""
    importlib.import_module("shared.observability")
    for found in pkgutil.iter_modules(services.__path__):
        if (Path(services.__path__[0]) / found.name / "metrics.py").exists():
            importlib.import_module(f"services.{found.name}.metrics")
    collectors = {id(one): one for one in REGISTRY._names_to_collectors.values()}
    ours = [one for one in collectors.values() if isinstance(one, MetricWrapperBase) and one._name.startswith("svoy_")]
    return sorted(ours, key=lambda one: one._name)


def names() -> set[str]:
    """Every name under which a sample of ours can appear."""
    return {metric._name + suffix for metric in known() for suffix in SUFFIXES[str(metric._type)]}


def open_metrics(now: datetime) -> str:
    """All samples of the hour before `now`, as `promtool tsdb create-blocks-from openmetrics` takes them."""
    end = int(now.timestamp())
    lines = list(_others(end))
    for metric in known():
        for suffix in SUFFIXES[str(metric._type)]:
            for labels, value, growth in _series(metric, suffix, end):
                lines += _line(metric._name + suffix, labels, value, growth, end)
    return "\n".join([*lines, "# EOF", ""])


def _series(metric: MetricWrapperBase, suffix: str, end: int) -> Iterator[Sample]:
    for number, labels in enumerate(_labels(metric)):
        if suffix == "_bucket":
            for rank, bound in enumerate(BUCKETS, 1):
                yield {**labels, "le": bound}, 0, rank
        elif suffix:
            yield labels, 0, len(BUCKETS)
        elif metric._name.endswith("timestamp_seconds"):
            yield labels, end + 60 * (number + 1), 0
        else:
            yield labels, number + 1, 0


def _labels(metric: MetricWrapperBase) -> Iterator[dict[str, str]]:
    names = ("service", *metric._labelnames)
    pairs = PAIRS if {"clock", "priority"} <= set(names) else ((),)
    rest = [name for name in names if name not in {"clock", "priority"} or not pairs[0]]
    for pair in pairs:
        for values in product(*(VALUES.get(name, (f"some {name}",)) for name in rest)):
            yield dict(zip(rest, values, strict=True)) | dict(zip(("clock", "priority"), pair, strict=False))


def _others(end: int) -> Iterator[str]:
    for service in VALUES["service"]:
        yield from _line("up", {"job": "svoy", "service": service}, 1, 0, end)
    yield from _line("up", {"job": "rabbitmq"}, 1, 0, end)
    for state in ("ready", "unacked"):
        yield from _line(f"rabbitmq_queue_messages_{state}", {"job": "rabbitmq"}, 3, 0, end)


def _line(name: str, labels: dict[str, str], value: float, growth: float, end: int) -> Iterator[str]:
    told = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()))
    for step in range(SECONDS // STEP + 1):
        yield f"{name}{{{told}}} {value + growth * step} {end - SECONDS + step * STEP}"
