"""The facts of which pay is made (R-PAY-1, R-PAY-4). A fact is confirmed elsewhere, and never changes."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from services.payroll.domain.months import Month, month_of
from services.payroll.domain.refusals import BadFact
from shared.contracts.accounts import ClientHandedOver, ClientLost, ClientWon, FactReversed, Source
from shared.money import ZERO, roubles_text

Kind = Literal["won", "lost", "handed_over", "reversed"]

EARLIEST = date(2000, 1, 1)
AHEAD = timedelta(days=366)
"""A fact may be confirmed this long before the day it takes effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to a client on its `effective` day, in the company's time zone (R-PAY-5)."""

    fact_id: str
    kind: Kind
    at: datetime
    """When a director confirmed it."""
    effective: date
    client_id: str
    client_name: str | None = None
    fee: Decimal | None = None
    """Roubles a month, in force on the effective day; a hand-over has none."""
    source: Source | None = None
    """How a client that was won came."""
    reason: str | None = None
    """Why a client was lost, or a fact reversed."""
    request_id: str | None = None
    """The request that cost us the client, or the trial request that convinced it (R-PAY-7)."""
    vouched_by_client_id: str | None = None
    """The fan whose word brought the client (R-PAY-7)."""
    from_manager_id: str | None = None
    to_manager_id: str | None = None
    proposed_by: str
    confirmed_by: str
    reverses_fact_id: str | None = None
    """The fact that counts as if it had never been."""
    undoes: Kind | None = None
    """What the reversed fact was."""
    sign: int = 1
    """-1 where it undoes a fact, 1 again where it undoes the undoing."""
    missed: Month | None = None
    """The month that was being closed when it came: it counts from the one after on."""
    order: int = field(default=0, compare=False)
    """Which of its ledger's facts it was to come: no part of what it says."""

    @property
    def month(self) -> Month:
        """The month it belongs to (R-PAY-5)."""
        return month_of(self.effective)

    @property
    def of_money(self) -> bool:
        """Whether it can pay or cost, by any policy."""
        return bool(self.fee) and (self.undoes or self.kind) != "handed_over"

    def says_the_same(self, other: "Fact") -> bool:
        """Whether both move the same money in the same month."""
        names = ("kind", "client_id", "fee", "effective", "source", "reverses_fact_id")
        return all(getattr(self, name) == getattr(other, name) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """The word that a fact was wrong, which has come before the fact itself."""

    fact_id: str
    reverses_fact_id: str
    at: datetime
    reason: str
    proposed_by: str
    confirmed_by: str
    missed: Month | None = None
    """The month that was being closed when it came."""

    def of(self, first: Fact) -> Fact:
        """The fact that undoes `first`: of the same day, so that it moves the month which `first` had moved; never
        counted before `first` is."""
        return replace(
            first,
            fact_id=self.fact_id,
            kind="reversed",
            at=self.at,
            reason=self.reason,
            proposed_by=self.proposed_by,
            confirmed_by=self.confirmed_by,
            reverses_fact_id=first.fact_id,
            undoes=first.undoes or first.kind,
            sign=-first.sign,
            missed=max(self.missed or "", first.missed or "") or None,
        )


def won(event: ClientWon) -> Fact:
    """A client came. Raises `BadFact` for a fee below zero or a day that cannot be."""
    return replace(_priced("won", event), source=event.source, vouched_by_client_id=event.vouched_by_client_id)


def lost(event: ClientLost) -> Fact:
    """A client is gone. Raises `BadFact` for a fee below zero or a day that cannot be."""
    return replace(_priced("lost", event), reason=event.reason)


def handed_over(event: ClientHandedOver) -> Fact:
    """Another manager holds the client: kept by both, moves no money. Raises `BadFact` for a day that cannot be."""
    _check_day(event)
    return Fact(
        fact_id=event.fact_id,
        kind="handed_over",
        at=event.at,
        effective=event.effective,
        client_id=event.client_id,
        from_manager_id=event.from_manager_id,
        to_manager_id=event.to_manager_id,
        proposed_by=event.proposed_by,
        confirmed_by=event.confirmed_by,
    )


def reversal(event: FactReversed) -> Reversal:
    """A fact was wrong. Raises `BadFact` where it reverses itself."""
    if event.fact_id == event.reverses_fact_id:
        raise BadFact(event.fact_id, "он отменяет сам себя")
    return Reversal(
        fact_id=event.fact_id,
        reverses_fact_id=event.reverses_fact_id,
        at=event.at,
        reason=event.reason,
        proposed_by=event.proposed_by,
        confirmed_by=event.confirmed_by,
    )


def _priced(kind: Kind, event: ClientWon | ClientLost) -> Fact:
    if event.fee < ZERO:
        raise BadFact(event.fact_id, f"абонентская плата {roubles_text(event.fee)} ₽ меньше нуля")
    _check_day(event)
    return Fact(
        fact_id=event.fact_id,
        kind=kind,
        at=event.at,
        effective=event.effective,
        client_id=event.client_id,
        client_name=event.client_name,
        fee=event.fee,
        request_id=event.request_id,
        proposed_by=event.proposed_by,
        confirmed_by=event.confirmed_by,
    )


def _check_day(event: ClientWon | ClientLost | ClientHandedOver) -> None:
    if not event.effective >= EARLIEST or event.effective - event.at.date() > AHEAD:
        wrong = f"его день {event.effective:%d.%m.%Y}, а бывает не раньше {EARLIEST:%d.%m.%Y} и не позже чем через "
        raise BadFact(event.fact_id, f"{wrong}{AHEAD.days} дней после подтверждения")
