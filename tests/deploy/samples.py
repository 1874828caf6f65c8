"""Every metric the kit and the services define, by name."""

import importlib
import pkgutil

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import services

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def known() -> list[MetricWrapperBase]:
    """Every metric the kit and the services define."""
    importlib.import_module("shared.observability")
    importlib.import_module("shared.delivery")
    for found in pkgutil.iter_modules(services.__path__):
        importlib.import_module(f"services.{found.name}.main")
    collectors = {id(one): one for one in REGISTRY._names_to_collectors.values()}
    ours = [one for one in collectors.values() if isinstance(one, MetricWrapperBase) and one._name.startswith("svoy_")]
    return sorted(ours, key=lambda one: one._name)


def names() -> set[str]:
    """Every name under which a sample of ours can appear."""
    return {metric._name + suffix for metric in known() for suffix in SUFFIXES[str(metric._type)]}
