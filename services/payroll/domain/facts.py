"""The facts of which pay is made (R-PAY-1, R-PAY-4). A fact is confirmed elsewhere, and never changes."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from services.payroll.domain.months import Month, month_of
from services.payroll.domain.refusals import BadFact
from shared.contracts.accounts import ClientHandedOver, ClientLost, ClientWon, Source
from shared.money import ZERO

Kind = Literal["won", "lost", "handed_over"]


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
    """Why a client was lost."""
    request_id: str | None = None
    """The request that cost us the client, or the trial request that convinced it (R-PAY-7)."""
    vouched_by_client_id: str | None = None
    """The fan whose word brought the client (R-PAY-7)."""
    from_manager_id: str | None = None
    to_manager_id: str | None = None
    proposed_by: str
    confirmed_by: str

    @property
    def month(self) -> Month:
        """The month it belongs to (R-PAY-5)."""
        return month_of(self.effective)

    @property
    def amount(self) -> Decimal:
        """What it adds to the growth, in roubles: a referral's fee, minus a lost client's, otherwise nothing."""
        if self.fee is None or (self.kind == "won" and self.source != "referral"):
            return ZERO
        return self.fee if self.kind == "won" else -self.fee

    def says_the_same(self, other: "Fact") -> bool:
        """Whether both move the same money in the same month."""
        return all(
            getattr(self, name) == getattr(other, name) for name in ("kind", "client_id", "fee", "effective")
        ) and (self.amount == other.amount)


def won(event: ClientWon) -> Fact:
    """A client came. Raises `BadFact` for a fee below zero."""
    return replace(_priced("won", event), source=event.source, vouched_by_client_id=event.vouched_by_client_id)


def lost(event: ClientLost) -> Fact:
    """A client is gone. Raises `BadFact` for a fee below zero."""
    return replace(_priced("lost", event), reason=event.reason)


def handed_over(event: ClientHandedOver) -> Fact:
    """Another manager holds the client: kept by both, moves no money."""
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


def _priced(kind: Kind, event: ClientWon | ClientLost) -> Fact:
    if event.fee < ZERO:
        raise BadFact(f"fact {event.fact_id}: the fee {event.fee} is below zero")
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
