"""What is paid, by month: a policy is a version in force from a month on, and a closed month keeps the one it had."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.payroll.domain.facts import Fact
from services.payroll.domain.months import Month
from shared.contracts.accounts import Source
from shared.money import ZERO, rounded

EVER = "2000-01"
WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Policy:
    """How a month is paid (R-PAY-1, R-PAY-4)."""

    base: Decimal
    """Roubles a month, whatever happens."""
    bonus_percent: Decimal = WHOLE
    """How much of a growth above zero is paid."""
    paying: tuple[Source, ...] = ("referral",)
    """How a client has to have come for its fee to count."""
    carries: bool = True
    """Whether what does not fit above the base is left to the months after (R-PAY-6), or forgiven."""
    effective: Month = EVER
    """The first month it is in force for."""
    version: int = 0
    """0 is what the service was set up with; each later one is the next number."""
    by: str | None = None
    at: datetime | None = None
    reason: str | None = None

    def amount(self, fact: Fact) -> Decimal:
        """What `fact` adds to the growth of its month, in roubles: minus for a loss, nothing for what does not pay."""
        kind = fact.undoes or fact.kind
        if fact.fee is None or kind == "handed_over" or (kind == "won" and fact.source not in self.paying):
            return ZERO
        return fact.fee * fact.sign if kind == "won" else -fact.fee * fact.sign

    def bonus(self, growth: Decimal) -> Decimal:
        """What is paid above the base for this growth; never below zero (R-PAY-2)."""
        return rounded(max(growth, ZERO) * self.bonus_percent / WHOLE)


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy of every month."""

    usual: Policy
    """In force where no version says otherwise."""
    versions: tuple[Policy, ...] = ()
    kept: Mapping[Month, Policy] = field(default_factory=dict)
    """Those that months being closed or closed were, or are, settled by."""

    def of(self, month: Month) -> Policy:
        """The policy of `month`: as it was closed, else the newest of the latest month not after it."""
        kept = self.kept.get(month)
        if kept is not None:
            return kept
        in_force = [each for each in self.versions if each.effective <= month]
        return max(in_force, key=lambda each: (each.effective, each.version), default=self.usual)
