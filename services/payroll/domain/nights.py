"""The verification of a night: one replica's, which another takes over where it was left."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.payroll.domain.verifying import Difference
from shared.contracts.base import Decision

LEFT_AFTER = timedelta(hours=1)
"""A verification without a sign of life this long was left by a replica that died."""
TOLD = 50
"""Differences a verification keeps; the number of all of them is kept as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was found among the statements of some managers; on the first page among the months themselves, too."""

    checked: int
    """Statements."""
    differences: tuple[Difference, ...]
    next: str | None
    """The last manager looked at; None where there is none after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One night's verification."""

    day: str
    began: datetime
    alive: datetime
    checked: int = 0
    different: int = 0
    differences: tuple[Difference, ...] = ()
    """The first of them."""
    ended: datetime | None = None


def claimed(night: Verification | None, *, day: str, now: datetime) -> Decision[Verification]:
    """One replica's: nobody else's, unless it has been left."""
    if night is not None and (night.ended is not None or now - night.alive < LEFT_AFTER):
        return Decision(night)
    return Decision(Verification(day=day, began=now, alive=now))


def verified(night: Verification | None, *, page: Page, now: datetime) -> Decision[Verification]:
    """One page more."""
    before = night or Verification(day="", began=now, alive=now)
    after = replace(
        before,
        alive=now,
        checked=before.checked + page.checked,
        different=before.different + len(page.differences),
        differences=(*before.differences, *page.differences)[:TOLD],
        ended=now if page.next is None else None,
    )
    return Decision(after)
