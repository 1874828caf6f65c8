"""What confirmed proposals do to a client, and what they tell (R-BASE-2, R-BASE-3, R-PAY-4, R-PAY-5)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.accounts.domain.client import Client
from services.accounts.domain.facts import after, settle
from services.accounts.domain.proposal import Proposal
from services.accounts.domain.refusals import (
    AccountsError,
    ClientNotActive,
    ClientStillActive,
    NothingChanges,
    OwnPay,
    UnknownClient,
    WrongValue,
)
from shared.contracts.accounts import ClientChanged, ClientHandedOver, ClientLost, ClientRegistered, ClientWon
from tests.accounts.samples import AT, SINCE, TODAY, client, contact, hand_over, inn, loss, new_fee, win

OCTOBER = date(2026, 10, 10)
LATER = date(2026, 10, 20)


def lost(day: date = OCTOBER) -> Client:
    return settle(client(), loss("p0", effective=day), "d1", AT).state


def test_a_loss_carries_the_fee_and_the_manager_of_its_day() -> None:
    state = settle(client(), new_fee("25000.00", "p1", effective=OCTOBER), "d1", AT).state
    state = settle(state, hand_over("m2", "p2", effective=OCTOBER), "d1", AT).state
    state = settle(state, new_fee("30000.00", "p3", effective=LATER), "d1", AT).state
    state = settle(state, hand_over("m3", "p4", effective=LATER), "d1", AT).state
    decision = settle(state, loss("p5", effective=date(2026, 10, 19)), "d1", AT)
    changed, told = decision.events
    assert isinstance(changed, ClientChanged)
    assert not changed.active
    assert told == ClientLost(
        at=AT,
        fact_id="p5",
        client_id="c1",
        client_name="Школа № 1",
        manager_id="m2",
        fee=Decimal("25000.00"),
        effective=date(2026, 10, 19),
        proposed_by="m1",
        confirmed_by="d1",
        reason="заявку решил конкурент",
        request_id="r1",
    )


def test_a_win_brings_the_client_onto_the_books_with_its_accountants() -> None:
    registered, told = settle(None, win(), "d1", AT).events
    assert isinstance(registered, ClientRegistered)
    assert (registered.inn, registered.fee, registered.source, registered.since) == (
        inn(7),
        Decimal("30000.00"),
        "referral",
        TODAY,
    )
    assert [card.name for card in registered.contacts] == ["Анна Петровна"]
    assert isinstance(told, ClientWon)
    assert (told.fact_id, told.manager_id, told.vouched_by_client_id, told.request_id) == ("p1", "m1", "fan", "r7")


def test_a_lost_client_may_come_back_to_another_manager() -> None:
    back = win("p9", effective=LATER, newcomer=None, manager_id="m2")
    decision = settle(lost(), back, "d1", AT)
    assert [event.TYPE for event in decision.events] == ["client.changed", "client.won"]
    assert (decision.state.active, decision.state.manager_id, decision.state.since) == (True, "m2", LATER)
    assert [(stay.since, stay.until) for stay in decision.state.stays] == [(SINCE, OCTOBER), (LATER, None)]


def test_won_and_lost_on_one_day_leaves_both_facts() -> None:
    won = settle(None, win("p1"), "d1", AT).state
    gone = settle(won, loss("p2"), "d1", AT)
    assert isinstance(gone.events[-1], ClientLost)
    assert gone.events[-1].fee == Decimal("30000.00")


def test_a_hand_over_names_both_managers() -> None:
    changed, told = settle(client(), hand_over("m2"), "d1", AT).events
    assert isinstance(changed, ClientChanged)
    assert changed.manager_id == "m2"
    assert isinstance(told, ClientHandedOver)
    assert (told.from_manager_id, told.to_manager_id, told.effective) == ("m1", "m2", TODAY)


def test_a_hand_over_known_late_takes_its_place_in_the_history() -> None:
    state = settle(client(), hand_over("m3", "p1", effective=LATER), "d1", AT).state
    decision = settle(state, hand_over("m2", "p2", effective=OCTOBER), "d1", AT)
    told = decision.events[-1]
    assert isinstance(told, ClientHandedOver)
    assert told.from_manager_id == "m1"
    assert [entry.manager_id for entry in decision.state.stays[-1].holders] == ["m1", "m2", "m3"]
    assert decision.state.manager_id == "m3"


def test_a_change_of_fee_is_no_fact_of_its_own() -> None:
    assert [event.TYPE for event in settle(client(), new_fee("25000.00"), "d1", AT).events] == ["client.changed"]


@pytest.mark.parametrize("proposal", [loss(), hand_over("m2"), new_fee("25000.00")])
def test_a_fact_is_taken_once(proposal: Proposal) -> None:
    once = settle(client(), proposal, "d1", AT).state
    again = settle(once, proposal, "d1", AT)
    assert again.state is once
    assert again.events == ()


def test_a_win_is_taken_once() -> None:
    once = settle(None, win(), "d1", AT).state
    assert settle(once, win(), "d1", AT).events == ()


HANDED_ON = settle(client(), hand_over("m2", "p0", effective=LATER), "d1", AT).state
"""Held by m2 since `LATER`, by m1 before."""
EARLY = date(2026, 8, 31)
NOT_POSSIBLE: list[tuple[Client | None, Proposal, type[AccountsError], str]] = [
    (lost(), loss(), ClientNotActive, "потерян"),
    (lost(), hand_over("m2"), ClientNotActive, "потерян"),
    (lost(), new_fee("25000.00"), ClientNotActive, "потерян"),
    (None, loss(), UnknownClient, "клиента нет"),
    (None, win(newcomer=None), UnknownClient, "клиента нет"),
    (client(), win(newcomer=None), ClientStillActive, "и так с нами"),
    (lost(), win(newcomer=None, effective=SINCE), WrongValue, "effective: раньше дня, когда клиент ушёл (10.10.2026)"),
    (client(), loss(effective=EARLY), WrongValue, "effective: раньше дня, с которого клиент с нами (01.09.2026)"),
    (client(), new_fee("25000.00", effective=EARLY), WrongValue, "effective"),
    (client(), hand_over("m2", effective=EARLY), WrongValue, "effective"),
    (client(), new_fee("20000.00"), NothingChanges, "и так платит 20\u00a0000,00 ₽"),
    (client(), hand_over("m1"), NothingChanges, "и так ведёт"),
]


@pytest.mark.parametrize(("state", "proposal", "refusal", "words"), NOT_POSSIBLE)
def test_what_contradicts_the_history_is_refused(
    state: Client | None, proposal: Proposal, refusal: type[AccountsError], words: str
) -> None:
    with pytest.raises(refusal) as refused:
        after(state, proposal)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("state", "proposal", "director"),
    [
        (client(), loss(), "m1"),
        (client(), new_fee("25000.00"), "m1"),
        (client(), hand_over("m2"), "m1"),
        (client(), hand_over("m2"), "m2"),
        (HANDED_ON, new_fee("1.00", "p1", effective=OCTOBER), "m2"),
        (HANDED_ON, loss("p1", effective=OCTOBER), "m2"),
        (None, win(), "m1"),
    ],
)
def test_nobody_confirms_what_changes_their_own_pay(state: Client | None, proposal: Proposal, director: str) -> None:
    with pytest.raises(OwnPay):
        settle(state, proposal, director, AT)


def test_two_accountants_of_one_name_cannot_be_won() -> None:
    new = win().won
    assert new is not None
    assert new.newcomer is not None
    twice = replace(new.newcomer, contacts=(contact(), contact(contact_id="a2", name="анна  петровна")))
    with pytest.raises(WrongValue, match="contacts"):
        after(None, win(newcomer=twice))
