"""What a confirmed proposal does to its client, and what is told about it (R-BASE-2, R-BASE-3, R-PAY-4, R-PAY-5).

The client owns the effect: history and events are one write of its document, and each fact is taken once.
"""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from services.accounts.domain import reversing
from services.accounts.domain.client import Client, begin, check_contacts, told, with_stay
from services.accounts.domain.proposal import HandOver, Loss, NewFee, Proposal, Reversing, Win
from services.accounts.domain.refusals import (
    ClientNotActive,
    ClientStillActive,
    NothingChanges,
    OwnPay,
    UnknownClient,
    WrongValue,
)
from services.accounts.domain.stay import FeeFrom, HeldFrom, Stay, handed_to, inserted, standing
from shared.contracts.accounts import (
    ClientChanged,
    ClientHandedOver,
    ClientLost,
    ClientRegistered,
    ClientWon,
    FactReversed,
)
from shared.contracts.base import Decision, Event
from shared.money import roubles_text


def settle(client: Client | None, proposal: Proposal, by: str, at: datetime) -> Decision[Client]:
    """The client after `proposal`, confirmed `by` a director `at` a moment; nothing where it was taken before.

    Raises what `after` raises, and `OwnPay` where it would move the director's own pay as a manager.
    """
    if client is not None and client.knows(proposal.proposal_id):
        return Decision(client)
    changed = after(client, proposal)
    if by in concerned(client, proposal):
        raise OwnPay
    card = told(ClientRegistered if client is None else ClientChanged, changed, at)
    return Decision(changed, (card, *_facts(client, changed, proposal, by, at)))


def after(client: Client | None, proposal: Proposal) -> Client:
    """The client as `proposal` would leave it.

    Raises `ClientNotActive`, `ClientStillActive`, `NothingChanges`, `NotReversible`, `UnknownClient`, or `WrongValue`
    naming the field.
    """
    match proposal.terms:
        case Win() as win:
            return _won(client, proposal, win)
        case Loss():
            return _lost(_known(client), proposal)
        case HandOver() as hand_over:
            return _handed_over(_known(client), proposal, hand_over)
        case NewFee() as new:
            return _paying(_known(client), proposal, new)
        case Reversing() as wrong:
            return reversing.without(_known(client), wrong.reverses_fact_id, proposal.proposal_id)


def concerned(client: Client | None, proposal: Proposal) -> frozenset[str]:
    """The managers whose base or pay `proposal` touches: who holds the client that day or after it, who gets it."""
    if proposal.won is not None:
        return frozenset({proposal.won.manager_id})
    if proposal.reversing is not None:
        fact = reversing.find(_known(client), proposal.reversing.reverses_fact_id)
        then = _held_by(after(client, proposal), fact.effective)
        return fact.stay.holders_from(fact.effective) | {fact.manager_id} | then
    holders = _stay_on(_known(client), proposal.effective).holders_from(proposal.effective)
    return holders | {proposal.handed_over.to_manager_id} if proposal.handed_over else holders


def fee_that_day(client: Client | None, proposal: Proposal) -> Decimal:
    """What the client pays on the proposal's day as things stand: what a loss would cost, what a win brings."""
    if proposal.won is not None:
        return proposal.won.fee
    if proposal.reversing is not None:
        fact = reversing.find(_known(client), proposal.reversing.reverses_fact_id)
        return fact.stay.fee_on(fact.effective)
    return _stay_on(_known(client), proposal.effective).fee_on(proposal.effective)


def _won(client: Client | None, proposal: Proposal, win: Win) -> Client:
    stay = handed_to(
        win.manager_id, since=proposal.effective, fee=win.fee, source=win.source, fact_id=proposal.proposal_id
    )
    if client is None:
        return _newcomer(proposal, win, stay)
    if client.active:
        raise ClientStillActive
    left = client.stay.until
    if left is not None and proposal.effective < left:
        raise WrongValue("effective", f"раньше дня, когда клиент ушёл ({_day(left)})")
    return with_stay(client, stay, another=True)


def _newcomer(proposal: Proposal, win: Win, stay: Stay) -> Client:
    if win.newcomer is None:
        raise UnknownClient
    new = win.newcomer
    check_contacts(new.contacts)
    return begin(
        client_id=proposal.client_id,
        name=new.name,
        inn=new.inn,
        zone=new.zone,
        contacts=new.contacts,
        stay=stay,
        kpp=new.kpp,
        region=new.region,
        tariff=new.tariff,
        apart=new.apart,
    )


def _lost(client: Client, proposal: Proposal) -> Client:
    stay = _stay_on(client, proposal.effective)
    return with_stay(client, replace(stay, until=proposal.effective, lost_by=proposal.proposal_id))


def _handed_over(client: Client, proposal: Proposal, hand_over: HandOver) -> Client:
    stay = _stay_on(client, proposal.effective)
    if stay.holder_on(proposal.effective) == hand_over.to_manager_id:
        raise NothingChanges("Этот менеджер и так ведёт клиента в этот день.")
    entry = HeldFrom(proposal.effective, hand_over.to_manager_id, proposal.proposal_id)
    return with_stay(client, replace(stay, holders=inserted(stay.holders, entry)))


def _paying(client: Client, proposal: Proposal, new: NewFee) -> Client:
    stay = _stay_on(client, proposal.effective)
    if stay.fee_on(proposal.effective) == new.fee:
        raise NothingChanges(f"Клиент и так платит {roubles_text(new.fee)} ₽ в этот день.")
    entry = FeeFrom(proposal.effective, new.fee, proposal.proposal_id)
    return with_stay(client, replace(stay, fees=inserted(stay.fees, entry)))


def _known(client: Client | None) -> Client:
    if client is None:
        raise UnknownClient
    return client


def _stay_on(client: Client, day: date) -> Stay:
    """The present stay. A stay that ended is settled for good: its loss was told with the fee and the manager then."""
    stay = client.stay
    if not client.active:
        raise ClientNotActive
    if day < stay.since:
        raise WrongValue("effective", f"раньше дня, с которого клиент с нами ({_day(stay.since)})")
    return stay


def _facts(client: Client | None, changed: Client, proposal: Proposal, by: str, at: datetime) -> tuple[Event, ...]:
    """A change of fee is no fact of its own: it pays nothing (R-PAY-4), and a later loss carries the fee then."""
    match proposal.terms:
        case Win() as win:
            return (_client_won(changed, proposal, win, by, at),)
        case Loss() as loss:
            return (_client_lost(changed, proposal, loss, by, at),)
        case HandOver() as hand_over:
            return (_client_handed_over(changed, proposal, hand_over, by, at),)
        case NewFee():
            return ()
        case Reversing() as wrong:
            return _reversed(_known(client), proposal, wrong, by, at)


def _reversed(client: Client, proposal: Proposal, wrong: Reversing, by: str, at: datetime) -> tuple[Event, ...]:
    """Nothing where the fact itself had not been told."""
    fact = reversing.find(client, wrong.reverses_fact_id)
    if fact.kind == "fee":
        return ()
    told_of = FactReversed(
        at=at,
        fact_id=proposal.proposal_id,
        reverses_fact_id=fact.fact_id,
        manager_id=fact.manager_id,
        reason=wrong.reason,
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
    )
    return (told_of,)


def _client_won(changed: Client, proposal: Proposal, win: Win, by: str, at: datetime) -> ClientWon:
    return ClientWon(
        at=at,
        fact_id=proposal.proposal_id,
        client_id=changed.client_id,
        client_name=changed.name,
        manager_id=win.manager_id,
        fee=win.fee,
        effective=proposal.effective,
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
        source=win.source,
        vouched_by_client_id=win.vouched_by_client_id,
        request_id=win.request_id,
    )


def _client_lost(changed: Client, proposal: Proposal, loss: Loss, by: str, at: datetime) -> ClientLost:
    stay = changed.stay
    return ClientLost(
        at=at,
        fact_id=proposal.proposal_id,
        client_id=changed.client_id,
        client_name=changed.name,
        manager_id=stay.holder_on(proposal.effective),
        fee=stay.fee_on(proposal.effective),
        effective=proposal.effective,
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
        reason=loss.reason,
        request_id=loss.request_id,
    )


def _client_handed_over(
    changed: Client, proposal: Proposal, hand_over: HandOver, by: str, at: datetime
) -> ClientHandedOver:
    holders = standing(changed.stay.holders)
    place = [entry.fact_id for entry in holders].index(proposal.proposal_id)
    return ClientHandedOver(
        at=at,
        fact_id=proposal.proposal_id,
        client_id=changed.client_id,
        from_manager_id=holders[place - 1].manager_id,
        to_manager_id=hand_over.to_manager_id,
        effective=proposal.effective,
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
    )


def _held_by(client: Client, day: date) -> frozenset[str]:
    return client.stay.holders_from(day) if day >= client.stay.since else frozenset()


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"
