"""How well the manual-work debt foretells losses: `python -m tests.bench.debt`. A minute, no servers.

Clients are simulated day by day for a year. Each accountant has a resentment of their own that nobody sees: it grows
with what hurts *this* person (some hate waiting, others being refused; some forgive, others do not), fades, and is
shaken by chance; a competitor is near at times. Losses are drawn from that resentment, never from our points: the
debt sees the facts alone. A fifth of the losses happen for no reason of ours (budget cuts, a closed school).

Asked each Sunday: who stands in the top tenth by debt? Precision: of those who stand there, how many are lost in the
next four weeks. Recall: of the lost, how many stood there the week before. Lead time: for how many weeks on end.
"""

from __future__ import annotations

import random  # noqa: TID251 - a simulation draws lots, from a seed that is told
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from services.accounts import care_policy
from services.accounts.domain import debt, matters
from services.accounts.domain.debt import Known, MissedCall
from services.accounts.domain.matters import Fact, Matter, Party, Registration
from tests.bench.results import console, keep, table

CLIENTS, WEEKS, SEEDS = 300, 48, (1, 2, 3)
START = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)
POLICY = care_policy.load()
ZONE = "Asia/Krasnoyarsk"
TENTH = 10
AHEAD = 4


@dataclass(slots=True)
class Person:
    """A client's accountant: what hurts, how it fades, and the history so far."""

    number: int
    luck: random.Random
    hates_waiting: float = 0.0
    hates_refusals: float = 0.0
    forgives: float = 0.0
    resentment: float = 0.0
    sloppy: float = 0.0
    requests: list[Matter] = field(default_factory=list)
    calls: list[MissedCall] = field(default_factory=list)
    lost_at: datetime | None = None
    by_chance: bool = False

    def __post_init__(self) -> None:
        draw = self.luck
        self.hates_waiting = draw.lognormvariate(0, 0.6)
        self.hates_refusals = draw.lognormvariate(0, 0.6)
        self.forgives = draw.uniform(0.82, 0.97)
        self.sloppy = draw.betavariate(1.2, 6)

    def known(self, now: datetime) -> Known:
        """The facts accounts would have."""
        horizon = now - timedelta(days=POLICY.horizon_days)
        weighing = tuple(m for m in self.requests if m.weighs_at is not None and m.weighs_at >= horizon)
        return Known(zone=ZONE, matters=weighing, calls=tuple(self.calls))


def live(person: Person, day: datetime) -> None:
    """One working day of one client."""
    draw = person.luck
    for place, matter in enumerate(person.requests):
        if matter.open:
            person.requests[place] = _work(person, matter, day)
    if draw.random() < 0.22:
        person.requests.append(_new(person, day))
    if draw.random() < 0.02 + 0.1 * person.sloppy:
        person.calls.append(MissedCall(call_id=f"k{day:%j}", client_id="c", missed_at=day))
        person.resentment += draw.uniform(0.3, 1.5)
    person.resentment = max(person.resentment * person.forgives + draw.gauss(0, 0.35), 0.0)
    person.resentment += 0.35 * person.hates_waiting * sum(m.open for m in person.requests[-20:])
    _leave(person, day)


def _leave(person: Person, day: datetime) -> None:
    """A competitor at the door takes who resents enough; now and then somebody goes for reasons of their own."""
    draw = person.luck
    if draw.random() < 0.00008:
        person.lost_at, person.by_chance = day, True
    elif draw.random() < min((person.resentment / 60) ** 2.5 * 0.02, 0.05):
        person.lost_at = day


def _new(person: Person, day: datetime) -> Matter:
    kinds = ("urgent", "important", "routine")
    first = Registration(
        at=day,
        number=f"{len(person.requests)}",
        priority=person.luck.choices(kinds, (2, 3, 5))[0],  # type: ignore[arg-type]
        subject="",
        party=Party(client_id=f"c{person.number}", name="", zone=ZONE),
        contact_id=f"a{person.number}",
    )
    return matters.registered(None, f"{person.number}:{len(person.requests)}", first).state


def _work(person: Person, matter: Matter, day: datetime) -> Matter:
    draw = person.luck
    patience = {"urgent": 0.75, "important": 0.4, "routine": 0.3}[matter.priority] * (1 - person.sloppy)
    facts: list[Fact] = []
    if draw.random() < 0.04 * (1 + 6 * person.sloppy):
        facts.append(Fact(kind="breached", at=day, ref=f"{matter.request_id}:{day:%j}"))
        person.resentment += 0.6 * person.hates_waiting
    if draw.random() < 0.01 + 0.08 * person.sloppy:
        facts.append(Fact(kind="cancel_asked", at=day, by="s"))
        person.resentment += 1.2 * person.hates_refusals
    if draw.random() < patience:
        facts.append(Fact(kind="finished", at=day, ref=f"{day:%j}"))
        content = draw.random() > 0.05 + 0.5 * person.sloppy
        facts.append(Fact(kind="satisfied" if content else "refused", at=day + timedelta(hours=2)))
        person.resentment += 0 if content else 2.5 * person.hates_refusals
    return matters.heard(matter, matter.request_id, *facts).state if facts else matter


@dataclass(slots=True)
class Tally:
    """What was asked each Sunday, added up. Each set is of (seed, client)."""

    flagged: int = 0
    flagged_lost: int = 0
    asked: int = 0
    asked_lost: int = 0
    lost: int = 0
    lost_by_chance: int = 0
    caught: int = 0
    caught_with_cause: int = 0
    leads: list[int] = field(default_factory=list)


def simulate(seed: int, tally: Tally) -> None:
    """One company's year."""
    lots = random.Random(seed)
    people = [Person(number, random.Random(lots.random())) for number in range(CLIENTS)]
    tops: list[set[int]] = []
    for week in range(WEEKS):
        for weekday in range(5):
            day = START + timedelta(weeks=week, days=weekday)
            for person in people:
                if person.lost_at is None:
                    live(person, day)
        tops.append(_top_tenth(people, START + timedelta(weeks=week, days=6)))
    _count(people, tops, tally)


def _top_tenth(people: list[Person], sunday: datetime) -> set[int]:
    present = [person for person in people if person.lost_at is None]
    points = {p.number: debt.total(debt.parts(POLICY, p.known(sunday), sunday)) for p in present}
    ranked = sorted(points, key=lambda number: -points[number])
    return set(ranked[: max(len(ranked) // TENTH, 1)])


def _count(people: list[Person], tops: list[set[int]], tally: Tally) -> None:
    gone = {p.number: (p.lost_at - START).days // 7 for p in people if p.lost_at is not None}
    chance = {p.number for p in people if p.by_chance}
    tally.lost_by_chance += sum(gone[number] > 0 for number in chance)
    for week, top in enumerate(tops[:-AHEAD]):
        present = [p.number for p in people if gone.get(p.number, WEEKS) > week]
        soon = {number for number in present if gone.get(number, WEEKS + AHEAD) <= week + AHEAD}
        tally.asked += len(present)
        tally.asked_lost += len(soon)
        tally.flagged += len(top)
        tally.flagged_lost += len(top & soon)
    for number, week in gone.items():
        if week == 0:
            continue
        tally.lost += 1
        lead = 0
        while week - 1 - lead >= 0 and number in tops[week - 1 - lead]:
            lead += 1
        tally.caught += lead > 0
        tally.caught_with_cause += lead > 0 and number not in chance
        tally.leads += [lead] if lead else []


def figures() -> dict[str, Any]:
    """Every seed, added up."""
    began, tally = perf_counter(), Tally()
    for seed in SEEDS:
        simulate(seed, tally)
    base = tally.asked_lost / tally.asked
    precision = tally.flagged_lost / tally.flagged
    return {
        "clients": CLIENTS * len(SEEDS),
        "weeks": WEEKS,
        "seeds": list(SEEDS),
        "policy": POLICY.version,
        "lost": tally.lost,
        "lost_by_chance": tally.lost_by_chance,
        "recall_week_before": round(tally.caught / tally.lost, 3) if tally.lost else None,
        "recall_week_before_with_cause": round(tally.caught_with_cause / max(tally.lost - tally.lost_by_chance, 1), 3),
        "precision_four_weeks": round(precision, 3),
        "base_rate_four_weeks": round(base, 3),
        "lift": round(precision / base, 2) if base else None,
        "lead_weeks_median": median(tally.leads) if tally.leads else None,
        "took_s": round(perf_counter() - began, 1),
    }


def main() -> None:
    """Measure, show, keep."""
    found = figures()
    shown = table("Debt against losses (simulated; the loss never sees our points)", "figure", "value")
    for name, value in found.items():
        shown.add_row(name, str(value))
    console.print(shown)
    console.print(f"→ {keep('debt', found)}", highlight=False)


if __name__ == "__main__":
    main()
