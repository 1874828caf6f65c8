"""The states of a proposal (R-BASE-3)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.proposal import (
    MOVES,
    Decided,
    Proposal,
    Standing,
    confirm,
    propose,
    refuse,
    reopened,
    settled,
)
from services.accounts.domain.refusals import AccountsError, AlreadyDecided, KeyReused, OwnPay, OwnProposal, WrongValue
from tests.accounts.samples import AT, TODAY, loss, win

YES = Decided(by="d1", at=AT)
REACHABLE = {(before, after) for (before, _), after in MOVES.items()}


def test_a_confirmed_proposal_waits_for_its_client_and_is_settled() -> None:
    waiting = confirm(loss(), "d1", AT).state
    assert (waiting.state, waiting.decided) == ("confirming", YES)
    assert settled(waiting).state.state == "confirmed"


def test_who_proposed_it_does_not_confirm_it() -> None:
    with pytest.raises(OwnProposal):
        confirm(loss(), "m1", AT)


def test_the_first_yes_stands() -> None:
    waiting = confirm(loss(), "d1", AT).state
    assert confirm(waiting, "d2", AT + timedelta(hours=1)).state is waiting


def test_a_proposal_whose_client_cannot_follow_is_open_again() -> None:
    waiting = confirm(loss(), "d1", AT).state
    assert reopened(waiting, YES).state == loss()


def test_an_older_decision_does_not_reopen_a_newer_one() -> None:
    waiting = confirm(loss(), "d2", AT).state
    assert reopened(waiting, YES).state is waiting


def test_a_settled_proposal_stays_settled() -> None:
    done = settled(confirm(loss(), "d1", AT).state).state
    assert settled(done).state is done
    assert reopened(done, YES).state is done


def test_a_refusal_says_why_and_may_be_said_twice() -> None:
    no = refuse(loss(), "d1", AT, "клиент остаётся").state
    assert (no.state, no.decided) == ("refused", Decided(by="d1", at=AT, reason="клиент остаётся"))
    assert refuse(no, "d1", AT + timedelta(1), "клиент остаётся").state is no


def test_nobody_refuses_what_changes_their_own_pay() -> None:
    with pytest.raises(OwnPay):
        refuse(loss(), "m1", AT, "не согласен")


@pytest.mark.parametrize("state", ["confirming", "confirmed", "refused"])
def test_what_is_decided_is_not_refused_anew(state: Standing) -> None:
    with pytest.raises(AlreadyDecided, match="уже есть решение"):
        refuse(loss(state=state, decided=YES), "d2", AT, "передумали")


def test_a_refused_proposal_is_not_confirmed() -> None:
    with pytest.raises(AlreadyDecided, match="отклонено"):
        confirm(loss(state="refused", decided=YES), "d2", AT)


@given(st.lists(st.sampled_from(["confirm", "settle", "reopen", "refuse"]), max_size=12))
def test_no_sequence_of_moves_leaves_the_table(moves: list[str]) -> None:
    state = loss()
    for move in moves:
        before = state.state
        if move == "settle" and before != "confirming":
            continue
        state = _tried(state, move)
        assert state.state == before or (before, state.state) in REACHABLE


def _tried(state: Proposal, move: str) -> Proposal:
    try:
        match move:
            case "confirm":
                return confirm(state, "d1", AT).state
            case "refuse":
                return refuse(state, "d1", AT, "нет").state
            case "reopen":
                return reopened(state, YES).state
            case _:
                return settled(state).state
    except AccountsError:
        return state


def test_a_day_to_come_is_not_proposed() -> None:
    with pytest.raises(WrongValue, match="effective: день ещё не наступил"):
        propose(None, loss(effective=TODAY + timedelta(1)), TODAY)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"source": "opening", "vouched_by_client_id": None}, "source"),
        ({"source": "referral", "vouched_by_client_id": None}, "vouched_by_client_id"),
        ({"source": "advert", "vouched_by_client_id": "fan"}, "source"),
        ({"vouched_by_client_id": "c1"}, "vouched_by_client_id"),
    ],
)
def test_a_referral_names_who_vouched_and_only_a_referral_does(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongValue, match=field):
        propose(None, win(**terms), TODAY)


def test_the_same_request_finds_the_first_and_another_one_is_refused() -> None:
    first = propose(None, loss(asked_as="one"), TODAY).state
    assert propose(first, loss(asked_as="one"), TODAY).state is first
    with pytest.raises(KeyReused):
        propose(first, loss(asked_as="two"), TODAY)
