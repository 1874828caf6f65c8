"""Who is calling or writing."""

from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.callers import Caller, KnownClient, told
from services.intake.domain.identity import NOBODY, Candidate, Identity, identity
from shared.contracts.accounts import ContactCard
from tests.intake.samples import MAIL, MOBILE, PHONE, a_client


def known(client_id: str = "c1", **over: Any) -> KnownClient:
    return told(None, a_client(client_id, **over))


def test_a_caller_is_found_by_phone() -> None:
    found = identity(Caller(phone=PHONE), [known()])
    assert found == Identity(known().client(), "c1-a", tiers=("phone",))


def test_a_writer_is_found_by_address_whatever_the_case() -> None:
    shouting = (ContactCard(contact_id="c1-a", name="Иванова", emails=("BUH@School5.RU",)),)
    assert identity(Caller(email="Buh@school5.ru"), [known(contacts=shouting)]).contact_id == "c1-a"


def test_a_number_two_clients_share_leaves_the_choice_to_a_person() -> None:
    found = identity(Caller(phone=PHONE), [known("c2"), known("c1")])
    assert found == Identity(candidates=("c1", "c2"))


def test_a_client_that_left_is_only_a_candidate() -> None:
    assert identity(Caller(phone=PHONE), [known(active=False)]) == Identity(candidates=("c1",))
    assert identity(Caller(phone=PHONE), [known(active=False), known("c2")]).client == known("c2").client()


def test_the_client_an_integration_names_holds_against_the_number() -> None:
    found = identity(Caller(phone=PHONE, claimed_client_id="c2"), [known("c1"), known("c2", contacts=())])
    against = (Candidate("c1", ("phone",)),)
    assert found == Identity(known("c2").client(), None, tiers=("claimed",), against=against)


def test_a_named_client_nobody_knows_is_left_to_a_person() -> None:
    found = identity(Caller(phone=PHONE, claimed_client_id="c9"), [known("c1")])
    assert found == Identity(candidates=("c1",))


def test_two_accountants_with_one_number_name_the_client_but_neither_of_them() -> None:
    contacts = tuple(ContactCard(contact_id=name, name=name, phones=(PHONE,)) for name in ("a", "b"))
    found = identity(Caller(phone=PHONE), [known(contacts=contacts)])
    assert found == Identity(known().client(), None, tiers=("phone",))


def test_nobody_is_found_by_nothing() -> None:
    assert identity(Caller(name="Иванова"), []) == NOBODY


def test_the_newest_revision_holds_whatever_the_order() -> None:
    events = [a_client(revision=1), a_client(revision=2, name="Лицей"), a_client(revision=3, contacts=())]
    for order in permutations(events):
        state: KnownClient | None = None
        for event in [*order, *order]:
            state = told(state, event)
        assert state == told(None, events[-1])


def test_an_event_already_known_changes_nothing() -> None:
    state = known()
    assert told(state, a_client()) is state


@given(st.sets(st.sampled_from([PHONE, MOBILE]), max_size=2), st.sets(st.sampled_from([MAIL, "x@y.ru"]), max_size=2))
def test_a_client_is_found_by_every_key_it_has(phones: set[str], emails: set[str]) -> None:
    client = known(contacts=(ContactCard(contact_id="a", name="a", phones=tuple(phones), emails=tuple(emails)),))
    for caller in [*(Caller(phone=phone) for phone in phones), *(Caller(email=address) for address in emails)]:
        assert set(caller.looked_up_by()) <= set(client.keys)
        found = identity(caller, [client])
        assert (found.client, found.contact_id) == (client.client(), "a")
