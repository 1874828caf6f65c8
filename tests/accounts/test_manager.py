"""Managers come, change and leave."""

from datetime import date

import pytest

from services.accounts.domain.manager import change, register
from services.accounts.domain.refusals import ManagerExists, OwnPay, WrongValue
from shared.contracts.accounts import ManagerChanged, ManagerRegistered
from tests.accounts.samples import AT, HIRED, manager

LEFT = date(2026, 12, 31)


def test_a_manager_is_registered_once() -> None:
    decision = register(None, manager(), AT)
    assert decision.events == (
        ManagerRegistered(at=AT, manager_id="m1", revision=1, name="Мария Свойская", hired=HIRED),
    )
    again = register(decision.state, manager(), AT)
    assert again.state is decision.state
    assert again.events == ()


def test_another_request_does_not_take_the_id() -> None:
    with pytest.raises(ManagerExists, match="m1 уже есть"):
        register(manager(asked_as="one"), manager(asked_as="two"), AT)


def test_a_change_makes_a_new_revision_and_is_told() -> None:
    decision = change(manager(), manager(name="Мария Своя", left=LEFT), AT, "d1")
    assert decision.events == (
        ManagerChanged(at=AT, manager_id="m1", revision=2, name="Мария Своя", hired=HIRED, left=LEFT),
    )


def test_a_change_that_changes_nothing_is_none() -> None:
    state = manager()
    assert change(state, state, AT, "d1").state is state


@pytest.mark.parametrize("left", [date(2026, 1, 11), date(1999, 1, 1)])
def test_nobody_leaves_before_they_came(left: date) -> None:
    with pytest.raises(WrongValue, match="left"):
        register(None, manager(left=left), AT)
    with pytest.raises(WrongValue, match="left"):
        change(manager(), manager(left=left), AT, "d1")


def test_nobody_moves_their_own_first_or_last_day_of_work() -> None:
    for changed in (manager(left=LEFT), manager(hired=date(2026, 1, 13))):
        with pytest.raises(OwnPay):
            change(manager(), changed, AT, "m1")
        assert change(manager(), changed, AT, "d1").events
    assert change(manager(), manager(name="Мария Своя"), AT, "m1").events


@pytest.mark.parametrize("day", [HIRED, LEFT])
def test_the_first_and_the_last_day_are_days_of_work(day: date) -> None:
    assert manager(left=LEFT).works_on(day)


@pytest.mark.parametrize("day", [date(2026, 1, 11), date(2027, 1, 1)])
def test_a_day_before_the_first_or_after_the_last_is_none(day: date) -> None:
    assert not manager(left=LEFT).works_on(day)
