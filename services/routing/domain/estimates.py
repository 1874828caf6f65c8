"""How long this kind of work takes: from the history of finished works, as a span of working minutes.

The middle is a chain of medians of log-minutes, each of what the one before it left: all works → the product → the
client with that product → the most telling word of the subject → the specialist. A group of n works counts n / (n + 8):
few works say little. How wide the span is comes from later works, which the chain had not seen: the quantiles of what
it missed them by. `calibration` says how true that proved on works later still.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil, exp, log
from statistics import fmean, median

FEWEST = 20
"""Below so many works nothing is said."""
SHRINK = 8
COMMON = 5
"""A word says something once it stood in so many works."""
SEEN = 0.6
"""The share of history (the earliest) the width of the span is not taken from."""
FOLDS = 5
LOW, LIKELY, HIGH = 0.2, 0.5, 0.8
QUANTILES = {"p20": LOW, "p50": LIKELY, "p80": HIGH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is known of a work before it is done."""

    product: str = ""
    client_id: str = ""
    words: frozenset[str] = frozenset()
    specialist_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A finished work: how many working minutes it took, at least one."""

    task: Task
    at: datetime
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Working minutes: one in five takes less than `low`, half take less than `likely`, four in five less than
    `high`."""

    low: float
    likely: float
    high: float
    works: int
    """So many works it was learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What history says, in log-minutes."""

    works: int
    middle: float
    products: Mapping[Hashable, float]
    clients: Mapping[Hashable, float]
    words: Mapping[Hashable, float]
    people: Mapping[Hashable, float]
    missed: Sequence[float] = ()
    """By how much works the chain had not seen were longer, in order."""

    def centre(self, task: Task) -> float:
        """The middle for this task."""
        told = max((self.words.get(word, 0.0) for word in sorted(task.words)), key=abs, default=0.0)
        product, client = self.products.get(task.product, 0.0), self.clients.get((task.client_id, task.product), 0.0)
        return self.middle + product + client + told + self.people.get(task.specialist_id, 0.0)

    def minutes(self, task: Task, q: float = LIKELY) -> float:
        """The working minutes that a share of `q` of such works do not exceed."""
        return exp(self.centre(task) + quantile(self.missed, q))

    def span(self, task: Task) -> Span:
        """How long it takes."""
        low, likely, high = (self.minutes(task, q) for q in QUANTILES.values())
        return Span(low=low, likely=likely, high=high, works=self.works)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How true the spans proved on works later than those they were learnt from."""

    works: int
    at_or_below: Mapping[str, float]
    """The share of works that took no longer than each quantile: 0.2, 0.5 and 0.8 would be perfect."""
    loss: float
    """Mean pinball loss over the three quantiles, in minutes: less is better."""
    loss_of_plain: float
    """The same of the quantiles of all works together."""


def quantile(ordered: Sequence[float], share: float) -> float:
    """The least of `ordered` that at least `share` of new ones are expected not to exceed."""
    place = ceil(share * (len(ordered) + 1)) - 1
    return ordered[min(len(ordered) - 1, max(0, place))]


def learnt(history: Iterable[Done]) -> Model | None:
    """What history says; None where it is too short."""
    ordered = sorted(history, key=lambda one: one.at)
    if len(ordered) < FEWEST:
        return None
    seen = int(len(ordered) * SEEN)
    earlier = _chain(ordered[:seen])
    missed = sorted(log(one.minutes) - earlier.centre(one.task) for one in ordered[seen:])
    return replace(_chain(ordered), missed=missed)


def calibration(history: Iterable[Done]) -> Calibration | None:
    """Learn from what is earlier, look at what is later, four times over; None where history is too short."""
    ordered = sorted(history, key=lambda one: one.at)
    below: dict[str, list[bool]] = {name: [] for name in QUANTILES}
    ours: list[float] = []
    plain: list[float] = []
    for fold in range(1, FOLDS):
        start, end = (len(ordered) * number // FOLDS for number in (fold, fold + 1))
        model, all_before = learnt(ordered[:start]), sorted(one.minutes for one in ordered[:start])
        for one in ordered[start:end] if model else ():
            for name, q in QUANTILES.items():
                said = model.minutes(one.task, q) if model else 0.0
                below[name].append(one.minutes <= said)
                ours.append(_pinball(one.minutes, said, q))
                plain.append(_pinball(one.minutes, quantile(all_before, q), q))
    if not ours:
        return None
    shares = {name: fmean(found) for name, found in below.items()}
    return Calibration(works=len(below["p50"]), at_or_below=shares, loss=fmean(ours), loss_of_plain=fmean(plain))


def _pinball(actual: float, said: float, q: float) -> float:
    return max(q * (actual - said), (q - 1) * (actual - said))


def _chain(history: Sequence[Done]) -> Model:
    left = [log(one.minutes) for one in history]
    middle = median(left)
    left = [one - middle for one in left]
    tasks = [one.task for one in history]
    found: list[Mapping[Hashable, float]] = []
    levels: tuple[tuple[Callable[[Task], Iterable[Hashable]], int], ...] = (
        (lambda task: (task.product,), 1),
        (lambda task: ((task.client_id, task.product),), 1),
        (lambda task: sorted(task.words), COMMON),
        (lambda task: (task.specialist_id,), 1),
    )
    for keys, least in levels:
        offsets = _offsets(tasks, left, keys, least)
        found.append(offsets)
        left = [
            one - max((offsets.get(key, 0.0) for key in keys(task)), key=abs, default=0.0)
            for task, one in zip(tasks, left, strict=True)
        ]
    products, clients, words, people = found
    return Model(works=len(history), middle=middle, products=products, clients=clients, words=words, people=people)


def _offsets(
    tasks: Sequence[Task], left: Sequence[float], keys: Callable[[Task], Iterable[Hashable]], least: int = 1
) -> dict[Hashable, float]:
    """By how much each group is off, its size considered."""
    groups: dict[Hashable, list[float]] = {}
    for task, one in zip(tasks, left, strict=True):
        for key in keys(task):
            groups.setdefault(key, []).append(one)
    return {
        key: median(found) * len(found) / (len(found) + SHRINK) for key, found in groups.items() if len(found) >= least
    }
