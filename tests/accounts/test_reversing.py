"""A correction is a fact of its own: the client is as if the wrong one had never been (R-BASE-3)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.client import Client
from services.accounts.domain.facts import concerned, settle
from services.accounts.domain.proposal import Proposal, Reversing
from services.accounts.domain.refusals import AccountsError, NotReversible, OwnPay, WrongValue
from shared.contracts.accounts import ClientChanged, FactReversed
from tests.accounts.samples import AT, SINCE, client, hand_over, loss, new_fee, proposal, win

OCTOBER = date(2026, 10, 10)
LATER = date(2026, 10, 20)


def reversal(fact_id: str, proposal_id: str = "back", effective: date = OCTOBER) -> Proposal:
    wrong = Reversing(reverses_fact_id=fact_id, reason="ошибка")
    return proposal(proposal_id, effective=effective, reversing=wrong)


def history(*proposals: Proposal, begin: Client | None = None) -> Client:
    state = begin
    for each in proposals:
        state = settle(state, each, "d1", AT).state
    assert state is not None
    return state


def test_a_loss_taken_back_leaves_the_client_with_us_and_tells_whose_it_was() -> None:
    state = history(hand_over("m2", "p1", effective=SINCE), loss("p2", effective=OCTOBER), begin=client())
    decision = settle(state, reversal("p2"), "d1", AT)
    assert (decision.state.active, decision.state.stay.until) == (True, None)
    changed, told = decision.events
    assert isinstance(changed, ClientChanged)
    assert changed.active
    assert isinstance(told, FactReversed)
    assert (told.fact_id, told.reverses_fact_id, told.manager_id, told.reason) == ("back", "p2", "m2", "ошибка")


def test_a_win_taken_back_leaves_a_client_that_is_not_with_us_and_may_be_won_again() -> None:
    state = history(win("p1", effective=OCTOBER), reversal("p1"))
    assert (state.active, state.stays[0].reversed_by) == (False, "back")
    again = settle(state, win("p2", effective=OCTOBER, newcomer=None), "d1", AT).state
    assert (again.active, again.stay.won_by) == (True, "p2")


def test_a_fee_taken_back_is_told_as_a_change_alone_since_it_was_never_told_as_a_fact() -> None:
    state = history(new_fee("25000.00", "p1", effective=OCTOBER), begin=client())
    decision = settle(state, reversal("p1"), "d1", AT)
    assert [event.TYPE for event in decision.events] == ["client.changed"]
    assert decision.state.fee == client().fee


def test_neither_the_reversal_nor_what_it_reverses_is_taken_twice() -> None:
    lost = loss("p1", effective=OCTOBER)
    state = history(lost, reversal("p1"), begin=client())
    for each in (lost, reversal("p1")):
        assert settle(state, each, "d1", AT).state is state


REFUSED: list[tuple[Client, str, type[AccountsError], str]] = [
    (client(), "nobody", WrongValue, "нет такого подтверждённого факта"),
    (history(loss("p1"), reversal("p1"), begin=client()), "p1", NotReversible, "уже отменён"),
    (history(hand_over("m2", "p1"), loss("p2"), begin=client()), "p1", NotReversible, "сначала отмените потерю"),
    (history(win("p1"), loss("p2")), "p1", NotReversible, "сначала отмените потерю"),
    (history(win("p1"), new_fee("25000.00", "p2")), "p1", NotReversible, "меняли плату"),
    (history(loss("p1"), win("p2", newcomer=None), begin=client()), "p1", NotReversible, "приходил снова"),
]


@pytest.mark.parametrize(("state", "fact_id", "refusal", "words"), REFUSED)
def test_a_fact_others_stand_on_is_not_taken_back(
    state: Client, fact_id: str, refusal: type[AccountsError], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        settle(state, reversal(fact_id, "other"), "d1", AT)


def test_nobody_takes_back_what_moves_their_own_pay() -> None:
    state = history(hand_over("m2", "p1", effective=OCTOBER), begin=client())
    assert concerned(state, reversal("p1")) == {"m1", "m2"}
    with pytest.raises(OwnPay):
        settle(state, reversal("p1"), "m1", AT)


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abc"), st.booleans()), max_size=8), st.data())
def test_the_history_is_as_if_the_fact_had_never_been(moves: list[tuple[int, str, bool]], data: st.DataObject) -> None:
    facts = [
        (new_fee(f"1000{number}.00", f"p{number}", effective=SINCE + timedelta(days=day)) if of_fee
         else hand_over(f"{to}{number}", f"p{number}", effective=SINCE + timedelta(days=day)))
        for number, (day, to, of_fee) in enumerate(moves)
    ]  # fmt: skip
    state = history(*facts, begin=client())
    gone = data.draw(st.permutations(facts)) if facts else []
    gone = gone[: data.draw(st.integers(0, len(facts)))]
    for number, wrong in enumerate(gone):
        state = settle(state, reversal(wrong.proposal_id, f"r{number}"), "d1", AT).state
    without = history(*(each for each in facts if each not in gone), begin=client())
    for day in (SINCE + timedelta(days=number) for number in range(62)):
        assert state.stay.fee_on(day) == without.stay.fee_on(day)
        assert state.stay.holder_on(day) == without.stay.holder_on(day)
    assert (state.manager_id, state.fee) == (without.manager_id, without.fee)
