"""Whom a step calls: by role, with those who are away replaced, and nobody who left."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.sla_monitor.domain.ladder import Role
from services.sla_monitor.domain.people import Absence, Person, Roll, set_by_hand, told_of
from shared.contracts.accounts import ManagerChanged
from tests.sla_monitor.telling import NOON, minute

TODAY = date(2026, 11, 23)


def away(substitute: str | None = None, hours: float = 1) -> tuple[Absence, ...]:
    """Away around noon."""
    return (Absence(since=minute(-60), until=NOON + timedelta(hours=hours), substitute_id=substitute),)


def person(person_id: str, role: Role, **more: Any) -> Person:
    """Somebody."""
    return Person(person_id=person_id, role=role, name=person_id, **more)


def called(role: Role, *people: Person, manager_id: str | None = "m1") -> tuple[str, ...]:
    """Whom the step calls at noon."""
    return Roll({one.person_id: one for one in people}, NOON, TODAY).called(role, manager_id)


MANAGER, LEAD, DIRECTOR = person("m1", "manager"), person("l1", "lead"), person("d1", "director")
ALL = (MANAGER, person("m2", "manager"), LEAD, person("l2", "lead"), DIRECTOR)


@pytest.mark.parametrize(("role", "expected"), [("manager", ("m1",)), ("lead", ("l1", "l2")), ("director", ("d1",))])
def test_a_step_calls_the_clients_manager_all_leads_all_directors(role: Role, expected: tuple[str, ...]) -> None:
    assert called(role, *ALL) == expected


def test_who_is_away_is_replaced_by_their_substitute_and_theirs() -> None:
    gone = person("m1", "manager", absences=away("m2"))
    assert called("manager", gone, *ALL[1:]) == ("m2",)
    gone_too = person("m2", "manager", absences=away("l2"))
    assert called("manager", gone, gone_too, *ALL[2:]) == ("l2",)


def test_substitutes_that_name_each_other_call_the_next_step() -> None:
    one, other = person("m1", "manager", absences=away("m2")), person("m2", "manager", absences=away("m1"))
    assert called("manager", one, other, LEAD) == ("l1",)


def test_who_comes_back_gets_their_own_again() -> None:
    back = person("m1", "manager", absences=away("l1", hours=0))
    assert called("manager", back, LEAD) == ("m1",)


@pytest.mark.parametrize(
    "people",
    [
        (LEAD,),
        (person("m1", "manager", absences=away()), LEAD),
        (person("m1", "manager", absences=away("nobody")), LEAD),
        (person("m1", "manager", left=TODAY - timedelta(days=1)), LEAD),
    ],
)
def test_a_step_without_anybody_calls_the_next_one_up(people: tuple[Person, ...]) -> None:
    assert called("manager", *people) == ("l1",)


def test_whose_last_day_it_is_works_still() -> None:
    assert called("manager", person("m1", "manager", left=TODAY), LEAD) == ("m1",)


def test_a_client_without_a_manager_calls_the_lead() -> None:
    assert called("manager", *ALL, manager_id=None) == ("l1", "l2")


def test_where_there_is_nobody_at_all_nobody_is_called() -> None:
    assert called("lead", MANAGER) == ()


def manager(revision: int, **over: Any) -> ManagerChanged:
    """As accounts says."""
    usual: dict[str, Any] = {
        "manager_id": "m1",
        "name": "Вера",
        "hired": date(2026, 1, 1),
        "email": "vera@svoy.example",
    }
    return ManagerChanged(at=NOON, revision=revision, **{**usual, **over})


def test_a_manager_is_as_accounts_says_last() -> None:
    first = told_of(None, manager(1)).state
    assert (first.role, first.name, first.email) == ("manager", "Вера", "vera@svoy.example")
    later = told_of(first, manager(3, name="Вера Павловна", left=TODAY)).state
    assert (later.name, later.left) == ("Вера Павловна", TODAY)
    assert told_of(later, manager(2)).state is later


def test_what_a_director_set_stands() -> None:
    by_hand = set_by_hand(
        told_of(None, manager(1)).state,
        person_id="m1",
        role="lead",
        name="Вера (старшая)",
        email="lead@svoy.example",
        hook_url=None,
        absences=away("l1"),
        by="d1",
    ).state
    after = told_of(by_hand, manager(2, left=TODAY)).state
    assert (after.role, after.name, after.email, after.left) == ("lead", "Вера (старшая)", "lead@svoy.example", TODAY)
    assert after.absences == away("l1")
