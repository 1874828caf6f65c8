"""A manager's month as paid: base, growth, adjustments, carry (R-PAY-1…4, R-PAY-6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from services.payroll.domain.facts import Fact
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policy
from shared.money import ZERO

Status = Literal["open", "closed"]

SEALED_BY = 2
"""The formula statements are sealed by now."""
SEED = Policy(Decimal("70000.00"))
"""What statements were settled by that do not say by what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What a closed month owes, or is owed, for one fact it did not know (R-PAY-6).

    Without a `fact` it is the month itself: that the manager worked in it was known only after its close, or (`base` 0)
    that they did not.
    """

    month: Month
    """The closed month it belongs to."""
    fact: Fact | None
    base: Decimal
    """The month's base; 0 where the manager did not work in it: then it pays nothing."""
    growth: Decimal
    """The month's growth with the fact."""
    paid: Decimal
    """What the month paid so far, earlier adjustments counted."""
    pays: Decimal
    """What it pays with the fact."""
    forgiven: Decimal = ZERO
    """What it was let off before by a policy that does not carry, and so is not paid once more."""
    dismissal_proposed: bool
    """The month's own growth is negative with the fact, and with all that is known of the month: a dismissal is
    proposed for it. Said once a month."""
    policy: Policy = SEED
    """The one the closed month was settled by."""

    @property
    def amount(self) -> Decimal:
        """Roubles to add to the month in which the fact became known."""
        return self.pays - self.paid - self.forgiven

    @property
    def moved(self) -> Decimal:
        """What its fact adds to the closed month's growth."""
        return ZERO if self.fact is None else self.policy.amount(self.fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One manager's month, in roubles. Closed, it never changes; open, it is the month so far."""

    manager_id: str
    manager_name: str
    month: Month
    status: Status = "open"
    base: Decimal
    """0 in a month after the manager's last, in which only adjustments are paid."""
    won: tuple[Fact, ...]
    """Clients won that pay."""
    lost: tuple[Fact, ...]
    without_pay: tuple[Fact, ...]
    """Facts of the month that move no money: clients won in another way, hand-overs (R-PAY-4)."""
    reversed: tuple[Fact, ...] = ()
    """What turned out wrong, and counts as if it had never been."""
    adjustments: tuple[Adjustment, ...]
    growth: Decimal
    """The month's own: fees won minus fees lost."""
    bonus: Decimal
    """The growth where it is not negative, else 0 (R-PAY-2)."""
    carried_in: Decimal
    """What did not fit before, not above 0."""
    carried: Decimal
    """What does not fit again, not above 0: left to the months after (R-PAY-6)."""
    total: Decimal
    """To be paid; never below the base."""
    dismissal_proposed: bool
    """The month's own growth is negative (R-PAY-2). Proposed when the month is closed."""
    closed_at: datetime | None = None
    policy: Policy = SEED
    seal: str = ""
    """The hash of everything it was made of; empty while open."""
    sealed_by: int = 1
    """The version of the formula of that hash."""

    @property
    def statement_id(self) -> str:
        """The same for the same manager and month, on every machine."""
        return f"{self.manager_id}:{self.month}"

    @property
    def adjusted(self) -> Decimal:
        """The sum of the adjustments."""
        return total_of(adjustment.amount for adjustment in self.adjustments)

    @property
    def full(self) -> Decimal:
        """What its lines add up to, before the floor."""
        return self.base + self.bonus + self.adjusted + self.carried_in

    @property
    def forgiven(self) -> Decimal:
        """What does not fit and is not carried either, not above 0: nobody gives it back."""
        return self.full - self.total - self.carried

    @property
    def own(self) -> tuple[Fact, ...]:
        """The facts of the month itself."""
        return (*self.won, *self.lost, *self.reversed, *self.without_pay)

    @property
    def fact_ids(self) -> tuple[str, ...]:
        """Every fact settled in it."""
        late = (adjustment.fact for adjustment in self.adjustments)
        return tuple(fact.fact_id for fact in (*self.own, *late) if fact is not None)


def settle(
    *,
    manager_id: str,
    manager_name: str,
    month: Month,
    policy: Policy,
    works: bool,
    facts: tuple[Fact, ...],
    adjustments: tuple[Adjustment, ...],
    carried_in: Decimal,
) -> Statement:
    """The month that has these facts of its own, these adjustments, and this much left over from before.

    Where the manager does not work any more there is no base, and no fact of its own.
    """
    base = policy.base if works else ZERO
    growth = total_of(map(policy.amount, facts))
    bonus = policy.bonus(growth)
    full = base + bonus + total_of(adjustment.amount for adjustment in adjustments) + carried_in
    total = max(full, base)
    sorted_out = _sorted_out(policy, facts)
    return Statement(
        manager_id=manager_id,
        manager_name=manager_name,
        month=month,
        base=base,
        won=sorted_out["won"],
        lost=sorted_out["lost"],
        reversed=sorted_out["reversed"],
        without_pay=sorted_out["without_pay"],
        adjustments=adjustments,
        growth=growth,
        bonus=bonus,
        carried_in=carried_in,
        carried=full - total if policy.carries else ZERO,
        total=total,
        dismissal_proposed=growth < ZERO,
        policy=policy,
        sealed_by=SEALED_BY,
    )


def _sorted_out(policy: Policy, facts: tuple[Fact, ...]) -> dict[str, tuple[Fact, ...]]:
    """The facts of a month by what they do to it."""
    found: dict[str, list[Fact]] = {"won": [], "lost": [], "reversed": [], "without_pay": []}
    for fact in facts:
        pays = fact.kind != "handed_over" and (fact.kind != "won" or fact.source in policy.paying)
        found[fact.kind if pays else "without_pay"].append(fact)
    return {name: tuple(each) for name, each in found.items()}


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """Their sum, in roubles and kopecks."""
    return sum(amounts, ZERO)
