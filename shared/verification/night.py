"""The verification of a night: one replica's, which another takes over where it was left. `Difference` is a service's
own: one thing that is kept otherwise than it comes to."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from shared.contracts.base import Decision

Difference = TypeVar("Difference")

LEFT_AFTER = timedelta(hours=1)
"""A verification without a sign of life this long was left by a replica that died."""
TOLD = 50
"""Differences a verification keeps; the number of all of them is kept as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Difference]):
    """What was found among some of what is verified."""

    checked: int
    differences: tuple[Difference, ...]
    next: str | None
    """The last key looked at; None where there is nothing after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Generic[Difference]):
    """One night's verification."""

    day: str
    began: datetime
    alive: datetime
    checked: int = 0
    different: int = 0
    differences: tuple[Difference, ...] = ()
    """The first of them."""
    ended: datetime | None = None


def claimed(night: Verification[Difference] | None, *, day: str, now: datetime) -> Decision[Verification[Difference]]:
    """One replica's: nobody else's, unless it has been left."""
    if night is not None and (night.ended is not None or now - night.alive < LEFT_AFTER):
        return Decision(night)
    return Decision(Verification(day=day, began=now, alive=now))


def verified(
    night: Verification[Difference] | None, *, mine: Verification[Difference], page: Page[Difference], now: datetime
) -> Decision[Verification[Difference]]:
    """One page more of the night as this replica began it (`mine`); nothing where another has taken it over since."""
    if night is not None and night.began != mine.began:
        return Decision(night)
    before = night or mine
    after = replace(
        before,
        alive=now,
        checked=before.checked + page.checked,
        different=before.different + len(page.differences),
        differences=(*before.differences, *page.differences)[:TOLD],
        ended=now if page.next is None else None,
    )
    return Decision(after)
