"""What the runs come to: means over the seeds with the span in which they lie, and how much is saved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from random import Random  # noqa: TID251 - resampling lives on chance, from a fixed seed
from statistics import fmean

from deploy.simulate.givers import LIMITED, OURS, SKILLED
from deploy.simulate.state import Outcome

RESAMPLES = 2_000
SURE = 0.95
ENOUGH = 20
"""Seeds: with fewer the interval is not worth its 95 %."""


@dataclass(frozen=True, slots=True)
class Span:
    """A mean over the seeds and the interval that holds it with 95 % confidence (bootstrap over seeds)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is compared, of which less is better: what it is called, its unit, how it is read off a run."""

    title: str
    unit: str
    of: Callable[[Outcome], float]


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


FIGURES: Sequence[Figure] = (
    Figure("нарушенные сроки срочных", "шт.", lambda one: one.breaches()),
    Figure("нарушен срок срочных «дать специалиста»", "шт.", lambda one: one.broken["urgent"]["assign"]),
    Figure("нарушен срок срочных «начать»", "шт.", lambda one: one.broken["urgent"]["start"]),
    Figure("нарушен срок срочных «дать о себе знать»", "шт.", lambda one: one.broken["urgent"]["progress"]),
    Figure("нарушен срок срочных «закончить»", "шт.", lambda one: one.broken["urgent"]["finish"]),
    Figure("нарушенные сроки важных", "шт.", lambda one: one.breaches("important")),
    Figure("нарушенные сроки обычных", "шт.", lambda one: one.breaches("routine")),
    Figure("срочная: до начала, p50", "мин", lambda one: quantile(one.start_minutes["urgent"], 0.5)),
    Figure("срочная: до начала, p95", "мин", lambda one: quantile(one.start_minutes["urgent"], 0.95)),
    Figure("важная: до начала, p50", "мин", lambda one: quantile(one.start_minutes["important"], 0.5)),
    Figure("важная: до начала, p95", "мин", lambda one: quantile(one.start_minutes["important"], 0.95)),
    Figure("обычная: до начала, p50", "мин", lambda one: quantile(one.start_minutes["routine"], 0.5)),
    Figure("обычная: до начала, p95", "мин", lambda one: quantile(one.start_minutes["routine"], 0.95)),
    Figure("срочная: до «решено», p50", "мин", lambda one: quantile(one.solved_minutes["urgent"], 0.5)),
    Figure("срочная: до «решено», p95", "мин", lambda one: quantile(one.solved_minutes["urgent"], 0.95)),
    Figure("важная: до «решено», p50", "мин", lambda one: quantile(one.solved_minutes["important"], 0.5)),
    Figure("важная: до «решено», p95", "мин", lambda one: quantile(one.solved_minutes["important"], 0.95)),
    Figure("обычная: до «решено», p50", "мин", lambda one: quantile(one.solved_minutes["routine"], 0.5)),
    Figure("обычная: до «решено», p95", "мин", lambda one: quantile(one.solved_minutes["routine"], 0.95)),
    Figure("«готово», не принятое бухгалтером", "шт.", lambda one: one.refused),
    Figure("не решено к концу", "шт.", lambda one: one.unsolved),
    Figure("простой специалистов", "%", lambda one: 100 * one.idle_share),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """Everybody's outcomes, seed by seed in the same order."""

    outcomes: Mapping[str, Sequence[Outcome]]

    def span(self, name: str, figure: Figure) -> Span:
        """One figure of one policy."""
        values = [figure.of(one) for one in self.outcomes[name]]
        return _span(values, lambda sample: fmean(values[at] for at in sample))

    @property
    def few(self) -> bool:
        """Whether there are too few seeds for the intervals to be relied upon."""
        return len(self.outcomes[OURS]) < ENOUGH

    @property
    def best_peer(self) -> str:
        """Whoever of the others breaks the fewest urgent clocks."""
        peers = [name for name in self.outcomes if name not in {OURS, LIMITED}]
        return min(peers, key=lambda name: sum(one.breaches() for one in self.outcomes[name]))

    @property
    def reduction(self) -> Span | None:
        """By what share ours breaks fewer urgent clocks than the best peer, the same seeds side by side; below 0 where
        it breaks more, None where the peer breaks none."""
        return self.saved_of(self.best_peer)

    def saved_of(self, peer: str) -> Span | None:
        """By what share ours breaks fewer urgent clocks than `peer`; None where that breaks none."""
        return self._fewer(OURS, peer)

    @property
    def by_limits(self) -> Span | None:
        """By what share our limits on postponing alone would lessen the breaches of `SKILLED`; None where that was
        not tried or none are broken."""
        return self._fewer(LIMITED, SKILLED) if {LIMITED, SKILLED} <= self.outcomes.keys() else None

    def worse(self) -> list[tuple[Figure, list[str]]]:
        """Where others are probably better than ours, seed by seed: the figure, and whose. There are many comparisons
        and nothing is done about that: among a hundred two or three may stand here by chance."""
        others = [name for name in self.outcomes if name != OURS]
        found = [(figure, [name for name in others if self.gap(name, figure).low > 0]) for figure in FIGURES]
        return [(figure, names) for figure, names in found if names]

    def gap(self, name: str, figure: Figure) -> Span:
        """By how much ours is above another, the same seeds side by side."""
        pairs = zip(self.outcomes[OURS], self.outcomes[name], strict=True)
        gaps = [figure.of(ours) - figure.of(other) for ours, other in pairs]
        return _span(gaps, lambda sample: fmean(gaps[at] for at in sample))

    def _fewer(self, name: str, than: str) -> Span | None:
        ours = [one.breaches() for one in self.outcomes[name]]
        peers = [one.breaches() for one in self.outcomes[than]]
        return _ratio(ours, peers) if any(peers) else None


def _ratio(ours: Sequence[int], peers: Sequence[int]) -> Span:
    """By what share ours are fewer; samples in which the peers have none say nothing and are left out."""

    def fewer(sample: Sequence[int]) -> float:
        theirs = sum(peers[at] for at in sample)
        return 1 - sum(ours[at] for at in sample) / theirs if theirs else nan

    return _span(ours, fewer)


def _span(values: Sequence[float], of: Callable[[Sequence[int]], float]) -> Span:
    chance, numbers = Random(len(values)), range(len(values))  # noqa: S311 - repeatable
    drawn = (of(chance.choices(numbers, k=len(values))) for _ in range(RESAMPLES))
    sampled = sorted(one for one in drawn if not isnan(one))
    outside = (1 - SURE) / 2
    return Span(of(numbers), sampled[int(outside * len(sampled))], sampled[int((1 - outside) * len(sampled)) - 1])
