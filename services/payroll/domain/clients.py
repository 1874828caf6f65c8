"""A client as pay needs to know it: whose it is, what it pays, and how likely it is to be lost (R-PAY-8)."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from shared.contracts.accounts import Band, ClientEvent, DebtChanged
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A client as accounts last told of it."""

    revision: int
    name: str
    manager_id: str
    fee: Decimal
    since: date
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The client's manual-work debt as last told (R-IMP-6)."""

    revision: int
    band: Band
    probability: float
    """Of being lost within a month, 0…1."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client; what was told of it may come in any order."""

    client_id: str
    card: Card | None = None
    risk: Risk | None = None
    first_since: date | None = None
    """The earliest day it was told to be ours from."""
    manager_id: str | None = None
    """Whose it is, for queries; None where that is not known or it is not ours any more."""


def told(client: Client | None, event: ClientEvent) -> Decision[Client]:
    """The client is on our books, or changed; the higher revision counts."""
    known = client or Client(client_id=event.client_id)
    since = min(known.first_since or event.since, event.since)
    card = known.card
    if card is None or card.revision < event.revision:
        card = Card(
            revision=event.revision,
            name=event.name,
            manager_id=event.manager_id,
            fee=event.fee,
            since=event.since,
            active=event.active,
        )
    after = replace(known, card=card, first_since=since, manager_id=card.manager_id if card.active else None)
    return Decision(known if after == known else after)


def indebted(client: Client | None, event: DebtChanged) -> Decision[Client]:
    """The client's debt changed; the higher revision counts."""
    known = client or Client(client_id=event.client_id)
    if known.risk is not None and known.risk.revision >= event.revision:
        return Decision(known)
    risk = Risk(
        revision=event.revision,
        band=event.band,
        probability=min(1.0, max(0.0, event.loss_probability)),
        reasons=tuple(part.reason for part in event.parts),
    )
    return Decision(replace(known, risk=risk))
