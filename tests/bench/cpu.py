"""How much CPU each process used meanwhile."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter

import psutil


@dataclass(slots=True)
class Usage:
    """CPU seconds by name of process, over `seconds` of time; children included, but for this process, whose children
    are what it measures."""

    seconds: float = 0.0
    used: dict[str, float] = field(default_factory=dict)
    others: float = 0.0
    """CPU seconds of everything else on the machine: what the measured processes could not have."""

    @property
    def total(self) -> float:
        """CPU seconds of all."""
        return sum(self.used.values())

    @property
    def cores_of_others(self) -> float:
        """How many cores something else kept busy."""
        return self.others / self.seconds if self.seconds else 0.0

    def per(self, count: int) -> dict[str, float]:
        """Microseconds of CPU by process for each of `count` things done."""
        return {name: round(1e6 * used / count, 1) for name, used in self.used.items()} if count else {}

    def add(self, more: "Usage") -> None:
        """Another stretch of time."""
        self.seconds += more.seconds
        self.others += more.others
        for name, used in more.used.items():
            self.used[name] = self.used.get(name, 0.0) + used


@contextmanager
def metered(pids: Mapping[str, int]) -> Iterator[Usage]:
    """The usage of the processes `pids`, by name, between entering and leaving; complete after leaving."""
    usage = Usage()
    before, busy, began = _times(pids), _machine(), perf_counter()
    yield usage
    usage.seconds = perf_counter() - began
    after = _times(pids)
    usage.used = {name: after[name] - before[name] for name in pids}
    usage.others = max(0.0, _machine() - busy - usage.total)


def _machine() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _times(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: _time(pid) for name, pid in pids.items()}


def _time(pid: int) -> float:
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        children = [] if pid == os.getpid() else process.children(recursive=True)
        for one in (process, *children):
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                total += times.user + times.system
    return total
