"""How well the manual-work debt foretells losses: `python -m tests.bench.debt`. Two minutes, no servers.

Companies of simulated clients (`losing`) live for a year in four worlds. Each Sunday: who stands in the top tenth by
debt? Recall: of the lost, how many stood there the week before. Precision: of those who stand there, how many are lost
in the next four weeks. Lead time: for how many weeks on end a lost client had stood there.

A loss is drawn by lot, so that nobody could foretell them all: `hidden` is what ranking by the hidden danger of that
Sunday would reach; `counted` is ranking by the mere number of open requests; a tenth drawn by lot finds a tenth. The
policy is ours, or that of `SVOY_CARE_POLICY_FILE`. Our weights were tuned on other seeds
(`debt_tuning`); these here are for reporting alone.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from services.accounts import care_policy
from services.accounts.domain import debt
from services.accounts.domain.care_policy import CarePolicy
from services.accounts.domain.debt import Known
from tests.bench.losing import START, WORLDS, ZONE, How, Life, World, a_week, company
from tests.bench.results import console, keep, table

CLIENTS, WEEKS, SEEDS = 300, 48, (1, 2, 3)
OWN = os.environ.get("SVOY_CARE_POLICY_FILE")
POLICY = care_policy.load(Path(OWN) if OWN else None)
TENTH = 10
AHEAD = 4
"""Weeks within which a loss makes a warning right."""

Ranking = Callable[[Life, datetime], float]


def known(life: Life, now: datetime, policy: CarePolicy = POLICY) -> Known:
    """The facts accounts would have."""
    horizon = now - timedelta(days=policy.horizon_days)
    weighing = tuple(m for m in life.requests.values() if m.weighs_at is not None and m.weighs_at >= horizon)
    return Known(zone=ZONE, matters=weighing, calls=tuple(life.calls))


def points(life: Life, sunday: datetime) -> float:
    """What accounts would say."""
    return debt.total(debt.parts(POLICY, known(life, sunday), sunday))


def counted(life: Life, _: datetime) -> float:
    """What anybody sees without us."""
    return len(life.waiting)


def danger(life: Life, sunday: datetime) -> float:
    """What nobody sees."""
    return sum(probability for _, probability in life.dangers(sunday))


RANKINGS: dict[str, Ranking] = {"points": points, "counted": counted, "hidden": danger}


@dataclass(slots=True)
class Tally:
    """What one ranking came to."""

    flagged: int = 0
    flagged_lost: int = 0
    asked: int = 0
    asked_lost: int = 0
    lost: Counter[How] = field(default_factory=Counter)
    caught: Counter[How] = field(default_factory=Counter)
    leads: list[int] = field(default_factory=list)
    """Of every lost client, 0 where it did not stand there the week before."""
    expected: float = 0.0
    """Losses within a month the policy's probability comes to, of all Sundays."""

    def add(self, tops: Sequence[set[int]], gone: dict[int, tuple[int, How]], clients: int) -> None:
        """One company's year: who stood at the top each Sunday, and who was lost in which week and how."""
        for week, top in enumerate(tops[:-AHEAD]):
            present = [n for n in range(clients) if n not in gone or gone[n][0] > week]
            soon = {n for n in present if n in gone and gone[n][0] <= week + AHEAD}
            self.asked += len(present)
            self.asked_lost += len(soon)
            self.flagged += len(top)
            self.flagged_lost += len(top & soon)
        for number, (week, how) in gone.items():
            if week:
                lead = _lead(number, tops[:week])
                self.lost[how] += 1
                self.caught[how] += lead > 0
                self.leads.append(lead)

    @property
    def base(self) -> float:
        """How many of all clients are lost in four weeks."""
        return self.asked_lost / self.asked

    @property
    def precision(self) -> float:
        """How many of the top tenth are."""
        return self.flagged_lost / self.flagged

    def recall(self, *hows: How) -> float:
        """How many of those lost so stood in the top tenth the week before."""
        return sum(self.caught[how] for how in hows) / max(sum(self.lost[how] for how in hows), 1)


def _lead(number: int, tops: Sequence[set[int]]) -> int:
    weeks = 0
    for top in reversed(tops):
        if number not in top:
            break
        weeks += 1
    return weeks


def simulate(seed: int, world: World, tallies: dict[str, Tally]) -> None:
    """One company's year in one world."""
    lives = company(seed, world, CLIENTS)
    tops: dict[str, list[set[int]]] = {name: [] for name in RANKINGS}
    for week in range(WEEKS):
        sunday = a_week(lives, week)
        present = [life for life in lives if life.lost_at is None]
        scores = {name: {life.number: ranking(life, sunday) for life in present} for name, ranking in RANKINGS.items()}
        for name, found in scores.items():
            tops[name].append(top_tenth(found))
        if week < WEEKS - AHEAD:
            said = (debt.loss_probability(POLICY, score) for score in scores["points"].values())
            tallies["points"].expected += sum(said)
    gone = losses(lives)
    for name, tally in tallies.items():
        tally.add(tops[name], gone, CLIENTS)


def losses(lives: Iterable[Life]) -> dict[int, tuple[int, How]]:
    """In which week, and how, each lost client was lost."""
    return {life.number: ((life.lost_at - START).days // 7, life.how) for life in lives if life.lost_at and life.how}


def top_tenth(scores: dict[int, float]) -> set[int]:
    """Those with the highest scores."""
    ranked = sorted(scores, key=lambda number: -scores[number])
    return set(ranked[: max(len(ranked) // TENTH, 1)])


def figures() -> dict[str, Any]:
    """Every world, and all of them together."""
    began, worlds = perf_counter(), {}
    whole = {name: Tally() for name in RANKINGS}
    for world in WORLDS:
        here = {name: Tally() for name in RANKINGS}
        for seed in SEEDS:
            simulate(seed, world, here)
        for name, tally in here.items():
            _join(whole[name], tally)
        worlds[world.name] = _told(here)
    return {
        "clients_a_world": CLIENTS * len(SEEDS),
        "weeks": WEEKS,
        "seeds": list(SEEDS),
        "policy": POLICY.version,
        **_told(whole),
        "worlds": worlds,
        "took_s": round(perf_counter() - began, 1),
    }


def _join(whole: Tally, part: Tally) -> None:
    for name in ("flagged", "flagged_lost", "asked", "asked_lost", "expected"):
        setattr(whole, name, getattr(whole, name) + getattr(part, name))
    whole.lost += part.lost
    whole.caught += part.caught
    whole.leads += part.leads


def _told(tallies: dict[str, Tally]) -> dict[str, Any]:
    found, leads = tallies["points"], tallies["points"].leads
    caught = [lead for lead in leads if lead]
    return {
        "lost": sum(found.lost.values()),
        **{f"lost_{how}": found.lost[how] for how in ("competitor", "unpaid", "chance")},
        **{f"recall_{name}": _rounded(each.recall("competitor", "unpaid", "chance")) for name, each in tallies.items()},
        **{f"recall_of_{how}": _rounded(found.recall(how)) for how in ("competitor", "unpaid", "chance")},
        "base_rate_four_weeks": round(found.base, 4),
        **{f"precision_{name}": round(each.precision, 4) for name, each in tallies.items()},
        **{f"lift_{name}": round(each.precision / each.base, 2) for name, each in tallies.items()},
        "lead_weeks_median_of_caught": median(caught) if caught else None,
        "lost_warned_2_weeks": _rounded(sum(lead >= 2 for lead in leads) / len(leads)),
        "lost_warned_4_weeks": _rounded(sum(lead >= AHEAD for lead in leads) / len(leads)),
        "losses_foretold_to_losses": round(found.expected / found.asked_lost, 2),
    }


def _rounded(share: float) -> float:
    return round(share, 3)


def main() -> None:
    """Measure, show, keep."""
    found = figures()
    shown = table(
        "Debt against losses (simulated; the loss never sees our points)", "figure", "together", *found["worlds"]
    )
    for name, value in found.items():
        if name != "worlds":
            shown.add_row(name, str(value), *(str(world.get(name, "")) for world in found["worlds"].values()))
    console.print(shown)
    console.print(f"→ {keep('debt', found)}", highlight=False)


if __name__ == "__main__":
    main()
