"""One stretch of time a client spends with us: what it pays and who holds it, day by day (R-PAY-4, R-PAY-5).

Entries are never taken out. One that a later fact reversed says so (`reversed_by`), and counts as if it had never been.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from services.accounts.domain.refusals import WrongValue
from shared.contracts.accounts import Source
from shared.money import roubles_text

USUAL_FEES = (Decimal(6_900), Decimal(250_000))
"""Roubles a month; a fee beyond them is likelier a slip of the hand, and has to be confirmed."""


class Dated(Protocol):
    """Something in force from a day on, unless it was reversed."""

    @property
    def effective(self) -> date: ...

    @property
    def reversed_by(self) -> str | None: ...


Entry = TypeVar("Entry", bound=Dated)


@dataclass(frozen=True, slots=True)
class FeeFrom:
    """Roubles a month from `effective` on. `fact_id` is the confirmed proposal behind it, where there was one."""

    effective: date
    fee: Decimal
    fact_id: str | None = None
    reversed_by: str | None = None


@dataclass(frozen=True, slots=True)
class HeldFrom:
    """Who holds the client from `effective` on."""

    effective: date
    manager_id: str
    fact_id: str | None = None
    reversed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Fees and holders stand in order of effective date, the first of each at `since`; of two with the same date the
    later confirmed stands last, and is in force."""

    since: date
    source: Source
    fees: tuple[FeeFrom, ...]
    holders: tuple[HeldFrom, ...]
    until: date | None = None
    lost_by: str | None = None
    """The fact that ended it."""
    reversed_by: str | None = None
    """The fact by which the win that began it was reversed: it counts for nothing."""

    @property
    def won_by(self) -> str | None:
        """The fact that began it, where it was won."""
        return self.holders[0].fact_id

    @property
    def fee(self) -> Decimal:
        """The last fee known of."""
        return standing(self.fees)[-1].fee

    @property
    def manager_id(self) -> str:
        """The last holder known of."""
        return standing(self.holders)[-1].manager_id

    def fee_on(self, day: date) -> Decimal:
        """The fee in force on `day`, which is not before `since` (R-PAY-4)."""
        return in_force(self.fees, day).fee

    def holder_on(self, day: date) -> str:
        """The manager who holds the client on `day`, which is not before `since` (R-PAY-5)."""
        return in_force(self.holders, day).manager_id

    def holders_from(self, day: date) -> frozenset[str]:
        """The managers who hold the client on `day`, which is not before `since`, or after it."""
        later = {each.manager_id for each in standing(self.holders) if each.effective > day}
        return frozenset({self.holder_on(day)} | later)

    def covers(self, day: date) -> bool:
        """Whether the client is with us at the end of `day`: on the day of its loss it is not any more."""
        return self.reversed_by is None and self.since <= day and (self.until is None or day < self.until)

    def has(self, fact_id: str) -> bool:
        """Whether this confirmed fact is part of it, reversed or not."""
        of_fees = {entry.fact_id for entry in self.fees}
        of_holders = {entry.fact_id for entry in self.holders}
        return fact_id in of_fees | of_holders | {self.lost_by}

    def days(self) -> frozenset[date]:
        """The days on which something about it changes."""
        entries = {each.effective for each in self.fees} | {each.effective for each in self.holders}
        return frozenset(entries | {self.since} | ({self.until} if self.until else set()))


def handed_to(manager_id: str, *, since: date, fee: Decimal, source: Source, fact_id: str | None = None) -> Stay:
    """A stay that begins: `manager_id` holds the client from `since` on, for `fee` roubles a month."""
    return Stay(
        since=since,
        source=source,
        fees=(FeeFrom(since, fee, fact_id),),
        holders=(HeldFrom(since, manager_id, fact_id),),
    )


def inserted(entries: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """`entries` with `entry` at its place by effective date, after those of the same date."""
    return tuple(sorted((*entries, entry), key=lambda each: each.effective))


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Those that were not reversed. The first of a stay always stands: it goes with the stay."""
    return [entry for entry in entries if entry.reversed_by is None] or list(entries[:1])


def in_force(entries: Sequence[Entry], day: date) -> Entry:
    """The entry that counts on `day`."""
    return [entry for entry in standing(entries) if entry.effective <= day][-1]


def check_fee(fee: Decimal, *, confirmed: bool) -> None:
    """Raises `WrongValue` for an unusual fee nobody said is meant."""
    least, most = USUAL_FEES
    if not confirmed and not least <= fee <= most:
        usual = f"от {roubles_text(least)} до {roubles_text(most)} ₽"
        raise WrongValue("fee", f"обычная плата — {usual}; если сумма верна, подтвердите это: unusual_fee")
