"""Looks for weights of the debt that foretell losses better: `python -m tests.bench.debt_tuning`. Some minutes.

Tuned on seeds of its own in all worlds, tried on others (`TRIED_ON`), reported on others again (`debt`). What is found
is shown beside the policy in force; nothing is written: a person rounds it, and gives the policy a new version. The
weights of the policy need not be the best found: near the top many are as good, and round ones with every sign of
R-IMP-6 in them are to be preferred.
"""

import random  # noqa: TID251 - a search draws lots, from a seed that is told
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import exp
from statistics import mean

from services.accounts.domain import debt
from services.accounts.domain.care_policy import CarePolicy, OpenWeights, SignalWeights
from tests.bench.debt import CLIENTS, POLICY, TENTH, WEEKS, known, losses
from tests.bench.losing import WORLDS, Life, World, a_week, company
from tests.bench.results import console, step, table

TUNED_ON, TRIED_ON = (11, 12), (13,)
TRIES = 400
OPEN = tuple(each.name for each in fields(OpenWeights))
SIGNALS = tuple(each.name for each in fields(SignalWeights))
NAMES = (*OPEN, *SIGNALS)
Weights = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sunday:
    """One world's clients on a Sunday: how much of each part everybody has, and who is lost in the week after."""

    world: str
    amounts: dict[int, Weights]
    lost: tuple[int, ...]


def ones() -> CarePolicy:
    """A policy under which the points of a part are its mere amount."""
    return replace(
        POLICY, open=OpenWeights(**dict.fromkeys(OPEN, 1.0)), signals=SignalWeights(**dict.fromkeys(SIGNALS, 1.0))
    )


def sundays(seed: int, world: World) -> list[Sunday]:
    """Those after which somebody was lost for a reason of ours."""
    lives, policy = company(seed, world, CLIENTS), ones()
    weeks: list[dict[int, Weights]] = []
    for week in range(WEEKS):
        sunday = a_week(lives, week)
        weeks.append(
            {
                life.number: _amounts(life, debt.parts(policy, known(life, sunday, policy), sunday))
                for life in lives
                if life.lost_at is None
            }
        )
    gone = {number: week for number, (week, how) in losses(lives).items() if how != "chance"}
    found = []
    for week, amounts in enumerate(weeks):
        lost = tuple(number for number, when in gone.items() if when == week + 1)
        if lost:
            found.append(Sunday(world.name, amounts, lost))
    return found


def _amounts(life: Life, parts: Sequence[debt.Part]) -> Weights:
    sums = dict.fromkeys(NAMES, 0.0)
    for part in parts:
        name = life.requests[part.about].priority if part.part == "open" else part.part
        sums[name] += part.score
    return tuple(sums.values())


def worth(found: Sequence[Sunday], weights: Weights) -> tuple[float, float]:
    """Of the lost, what share stood in the top tenth the week before; at which share of all they stood on average.
    Each world counts alike."""
    places: dict[str, list[float]] = {}
    for sunday in found:
        scores = {n: sum(w * a for w, a in zip(weights, amounts, strict=True)) for n, amounts in sunday.amounts.items()}
        ranked = sorted(scores, key=lambda number: -scores[number])
        places.setdefault(sunday.world, []).extend(ranked.index(number) / len(ranked) for number in sunday.lost)
    recall = mean(mean(place < 1 / TENTH for place in some) for some in places.values())
    return recall, mean(mean(some) for some in places.values())


def tuned(found: Sequence[Sunday], start: Weights, luck: random.Random) -> Weights:
    """One weight after another is changed by chance; what is better stays."""
    best, reached = start, _aim(found, start)
    for _ in range(TRIES):
        place = luck.randrange(len(best))
        tried = tuple(w * exp(luck.gauss(0, 0.7)) if n == place else w for n, w in enumerate(best))
        if tried[0] >= tried[1] >= tried[2] and (aim := _aim(found, tried)) > reached:
            best, reached = tried, aim
    return best


def _aim(found: Sequence[Sunday], weights: Weights) -> float:
    recall, place = worth(found, weights)
    return recall - place


def main() -> None:
    """Tune, try, show."""
    step("living through a year in every world")
    learnt = [each for world in WORLDS for seed in TUNED_ON for each in sundays(seed, world)]
    kept = [each for world in WORLDS for seed in TRIED_ON for each in sundays(seed, world)]
    step("tuning")
    present: Weights = tuple(getattr(POLICY.open, n) for n in OPEN) + tuple(getattr(POLICY.signals, n) for n in SIGNALS)
    best = tuned(learnt, present, random.Random(5))
    shown = table("Weights of the debt", "weight", f"policy {POLICY.version}", "found")
    for name, now, found in zip(NAMES, present, best, strict=True):
        shown.add_row(name, f"{now:g}", f"{found * present[0] / best[0]:.1f}")
    for name, some in (("tuned on", learnt), ("tried on", kept)):
        values = [worth(some, weights) for weights in (present, best)]
        shown.add_row(f"recall {name}", *(f"{recall:.3f}" for recall, _ in values))
        shown.add_row(f"mean place {name}", *(f"{place:.3f}" for _, place in values))
    console.print(shown)


if __name__ == "__main__":
    main()
