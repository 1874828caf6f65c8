"""A list brings in new clients and completes known ones; it moves no money (R-BASE-1, R-BASE-3)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.contacts import Given, joined, replaced
from services.accounts.domain.facts import settle
from services.accounts.domain.opening import Listed, NotTaken, Taking
from services.accounts.domain.refusals import WrongValue
from tests.accounts.samples import AT, HIRED, SINCE, TODAY, client, contact, inn, loss

LISTED = Listed(
    inn=inn(1),
    name="Школа № 1",
    manager_id="m1",
    fee=Decimal("20000.00"),
    since=SINCE,
    contacts=(Given(name="Анна Петровна", phones=("+73912000001",), emails=("anna@school1.ru",)),),
)


def taking() -> Taking:
    ids = count(1)
    working = {"m1": HIRED, "m2": HIRED}
    return Taking(new_id=lambda: f"n{next(ids)}", at=AT, today=TODAY, zone="Asia/Krasnoyarsk", working=working)


def listed(**over: Any) -> Listed:
    return replace(LISTED, **over)


def test_a_new_client_is_registered_in_the_company_zone() -> None:
    decision = taking().take(None, LISTED, "c1")
    assert decision.state == client(contacts=(contact(contact_id="n1"),))
    assert [event.TYPE for event in decision.events] == ["client.registered"]


def test_only_the_base_handed_over_was_ours_before_its_manager_came() -> None:
    long_ago = date(2025, 1, 1)
    assert taking().take(None, listed(since=long_ago), "c1").state.since == long_ago
    with pytest.raises(NotTaken, match=r"01\.01\.2025.*12\.01\.2026") as refused:
        taking().take(None, listed(since=long_ago, source="advert"), "c1")
    assert refused.value.field == "since"
    assert taking().take(None, listed(since=HIRED, source="advert"), "c1").state.since == HIRED


@given(st.lists(st.sampled_from(["Анна Петровна", "анна петровна", "Пётр", "Петр", "Ольга"]), max_size=6))
def test_the_same_list_again_changes_nothing(names: list[str]) -> None:
    phones = [f"+7391200{number:04d}" for number in range(len(names))]
    given_names = tuple(Given(name=name, phones=(phone,)) for name, phone in zip(names, phones, strict=True))
    first = taking().take(None, listed(contacts=given_names), "c1").state
    assert sorted(phone for each in first.contacts for phone in each.phones) == phones
    again = taking().take(first, listed(contacts=given_names), "c1")
    assert again.state is first
    assert again.events == ()


def test_a_list_completes_a_known_client_and_takes_nothing_away() -> None:
    more = listed(
        name=None, fee=None, manager_id=None, since=None, zone="Asia/Irkutsk",
        contacts=(Given(name="анна петровна", emails=("ap@school1.ru",)), Given(name="Ольга")),
    )  # fmt: skip
    state = taking().take(client(), more, "c1").state
    assert (state.revision, state.name, state.zone) == (2, "Школа № 1", "Asia/Irkutsk")
    assert [(each.contact_id, each.emails) for each in state.contacts] == [
        ("a1", ("anna@school1.ru", "ap@school1.ru")),
        ("n1", ()),
    ]
    assert state.contacts[0].phones == ("+73912000001",)


@pytest.mark.parametrize("field", ["name", "manager_id", "fee", "since"])
def test_a_new_client_needs_its_essentials(field: str) -> None:
    with pytest.raises(NotTaken, match="не указано") as refused:
        taking().take(None, listed(**{field: None}), "c1")
    assert refused.value.field == field.removesuffix("_id")


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ({"fee": Decimal("25000.00")}, "fee", "записана плата 20\u00a0000,00 ₽"),
        ({"manager_id": "m2"}, "manager", "другой менеджер"),
        ({"since": date(2026, 9, 2)}, "since", "01.09.2026"),
        ({"source": "advert"}, "source", "opening"),
    ],
)
def test_a_list_does_not_change_what_moves_money(over: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(NotTaken, match=words) as refused:
        taking().take(client(), listed(**over), "c1")
    assert refused.value.field == field


def test_a_lost_client_does_not_come_back_by_a_list() -> None:
    lost = settle(client(), loss(), "d1", AT).state
    with pytest.raises(NotTaken, match="потерян"):
        taking().take(lost, LISTED, "c1")


def test_a_client_whose_inn_was_put_right_is_not_mistaken_for_another() -> None:
    with pytest.raises(NotTaken, match="исправили ИНН"):
        taking().take(client(inn=inn(2)), LISTED, "c1")


@pytest.mark.parametrize(
    ("over", "field"), [({"since": date(2026, 11, 24)}, "since"), ({"source": "referral"}, "source")]
)
def test_what_is_no_opening_base_is_refused(over: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongValue, match=field):
        taking().take(None, listed(**over), "c1")


def test_an_accountant_given_by_id_may_change_their_name() -> None:
    known = (contact(), contact(contact_id="a2", name="Ольга"))
    changed = replaced(known, [Given(name="Анна Иванова", contact_id="a1"), Given(name="ОЛЬГА")], lambda: "new")
    assert [(each.contact_id, each.name) for each in changed] == [("a1", "Анна Иванова"), ("a2", "ОЛЬГА")]


def test_a_name_left_free_by_a_renaming_is_somebody_new() -> None:
    named = [Given(name="Анна Иванова", contact_id="a1"), Given(name="Анна Петровна")]
    changed = replaced((contact(),), named, lambda: "new")
    assert [(each.contact_id, each.name) for each in changed] == [("a1", "Анна Иванова"), ("new", "Анна Петровна")]


@pytest.mark.parametrize(("ids", "words"), [(["a9"], "нет бухгалтера a9"), (["a1", "a1"], "a1 назван дважды")])
def test_an_id_that_is_nobodys_or_is_given_twice_is_refused(ids: list[str], words: str) -> None:
    named = [Given(name=f"Анна {number}", contact_id=each) for number, each in enumerate(ids)]
    with pytest.raises(WrongValue, match=words):
        replaced((contact(),), named, lambda: "new")


def test_numbers_are_kept_once() -> None:
    (state,) = joined((contact(),), [Given(name="Анна Петровна", phones=("+73912000001", "+73912000002"))], str)
    assert state.phones == ("+73912000001", "+73912000002")
