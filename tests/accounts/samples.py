"""Managers, clients and proposals to try things on."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.accounts.domain.client import Client, Contact, begin
from services.accounts.domain.manager import Manager
from services.accounts.domain.proposal import HandOver, Loss, Newcomer, NewFee, Proposal, Win
from services.accounts.domain.stay import handed_to

AT = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HIRED = date(2026, 1, 12)
SINCE = date(2026, 9, 1)


def inn(number: int) -> str:
    """The INN of the organisation `number`, its check digit right."""
    digits = f"24{number:07d}"
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    return digits + str(sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11 % 10)


def manager(**over: Any) -> Manager:
    """A manager of ours."""
    return replace(Manager(manager_id="m1", name="Мария Свойская", hired=HIRED), **over)


def contact(**over: Any) -> Contact:
    """An accountant."""
    usual = Contact(contact_id="a1", name="Анна Петровна", phones=("+73912000001",), emails=("anna@school1.ru",))
    return replace(usual, **over)


def client(*, fee: str = "20000.00", manager_id: str = "m1", since: date = SINCE, **over: Any) -> Client:
    """A client of the opening base, held by `m1`."""
    usual = begin(
        client_id="c1",
        name="Школа № 1",
        inn=inn(1),
        zone="Asia/Krasnoyarsk",
        contacts=(contact(),),
        stay=handed_to(manager_id, since=since, fee=Decimal(fee), source="opening"),
    )
    return replace(usual, **over)


def proposal(proposal_id: str = "p1", **over: Any) -> Proposal:
    """Something proposed by m1; `won=`, `lost=`, `handed_over=` or `fee=` says what."""
    usual = Proposal(
        proposal_id=proposal_id,
        client_id="c1",
        client_name="Школа № 1",
        effective=TODAY,
        proposed_by="m1",
        proposed_at=AT,
        concerns=("m1",),
    )
    return replace(usual, **over)


def loss(proposal_id: str = "p1", **over: Any) -> Proposal:
    """A loss."""
    return proposal(proposal_id, lost=Loss(reason="заявку решил конкурент", request_id="r1"), **over)


def hand_over(to: str, proposal_id: str = "p1", **over: Any) -> Proposal:
    """A hand-over to the manager `to`."""
    return proposal(proposal_id, handed_over=HandOver(to), **over)


def new_fee(fee: str, proposal_id: str = "p1", **over: Any) -> Proposal:
    """A change of fee."""
    return proposal(proposal_id, fee=NewFee(Decimal(fee)), **over)


def win(proposal_id: str = "p1", *, effective: date = TODAY, proposed_by: str = "m1", **terms: Any) -> Proposal:
    """A win of a new client by referral, or with `newcomer=None` of one that comes back."""
    usual = Win(
        manager_id="m1",
        fee=Decimal("30000.00"),
        source="referral",
        newcomer=Newcomer(name="Детский сад № 7", inn=inn(7), zone="Asia/Krasnoyarsk", contacts=(contact(),)),
        vouched_by_client_id="fan",
        request_id="r7",
    )
    return proposal(proposal_id, effective=effective, proposed_by=proposed_by, won=replace(usual, **terms))
