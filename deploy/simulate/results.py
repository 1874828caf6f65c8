"""What the runs come to: means over the seeds with the span in which they lie, and how much is saved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random  # noqa: TID251 - resampling lives on chance, from a fixed seed
from statistics import fmean

from deploy.simulate.givers import LIMITED, OURS, SKILLED
from deploy.simulate.state import Outcome

RESAMPLES = 2_000
SURE = 0.95


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
    Figure("из них: дать специалиста", "шт.", lambda one: one.broken["urgent"]["assign"]),
    Figure("из них: начать", "шт.", lambda one: one.broken["urgent"]["start"]),
    Figure("из них: дать о себе знать", "шт.", lambda one: one.broken["urgent"]["progress"]),
    Figure("из них: закончить", "шт.", lambda one: one.broken["urgent"]["finish"]),
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
    def best_peer(self) -> str:
        """Whoever of the others breaks the fewest urgent clocks."""
        peers = [name for name in self.outcomes if name not in {OURS, LIMITED}]
        return min(peers, key=lambda name: sum(one.breaches() for one in self.outcomes[name]))

    @property
    def reduction(self) -> Span:
        """By what share ours breaks fewer urgent clocks than the best peer, the same seeds side by side."""
        return self.saved_of(self.best_peer)

    def saved_of(self, peer: str) -> Span:
        """By what share ours breaks fewer urgent clocks than `peer`."""
        return self._fewer(OURS, peer)

    @property
    def by_limits(self) -> Span | None:
        """By what share our limits on postponing alone would lessen the breaches of `SKILLED`; None where that was
        not tried."""
        return self._fewer(LIMITED, SKILLED) if {LIMITED, SKILLED} <= self.outcomes.keys() else None

    def worse(self) -> list[tuple[Figure, str]]:
        """Where another policy is better than ours beyond doubt, seed by seed: the figure, and whose."""
        others = [name for name in self.outcomes if name != OURS]
        return [(figure, name) for figure in FIGURES for name in others if self.gap(name, figure).low > 0]

    def gap(self, name: str, figure: Figure) -> Span:
        """By how much ours is above another, the same seeds side by side."""
        pairs = zip(self.outcomes[OURS], self.outcomes[name], strict=True)
        gaps = [figure.of(ours) - figure.of(other) for ours, other in pairs]
        return _span(gaps, lambda sample: fmean(gaps[at] for at in sample))

    def _fewer(self, name: str, than: str) -> Span:
        ours = [one.breaches() for one in self.outcomes[name]]
        peers = [one.breaches() for one in self.outcomes[than]]
        return _span(ours, lambda sample: 1 - sum(ours[at] for at in sample) / max(1, sum(peers[at] for at in sample)))


def _span(values: Sequence[float], of: Callable[[Sequence[int]], float]) -> Span:
    chance, numbers = Random(len(values)), range(len(values))  # noqa: S311 - repeatable
    sampled = sorted(of(chance.choices(numbers, k=len(values))) for _ in range(RESAMPLES))
    outside = (1 - SURE) / 2
    return Span(of(numbers), sampled[int(outside * RESAMPLES)], sampled[int((1 - outside) * RESAMPLES) - 1])
