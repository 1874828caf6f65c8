"""The tiers of identity: each narrows the ones before it, none contradicts them unseen."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.callers import Caller, KnownClient, told
from services.intake.domain.identity import Candidate, Identity, Said, Tier, Word, candidates, identity
from services.intake.domain.refusals import KnownByCard, UnknownSender
from services.intake.domain.senders import Link, joined, linked, not_against_the_card, taken_back
from services.intake.inns import inns_in
from services.intake.mail_domains import institution_of
from shared.clock import machine_now
from shared.contracts.accounts import ContactCard
from tests.intake.samples import MAIL, PHONE, a_client

INNS = {"a": "7707083893", "b": "7736050003", "c": "7702070139"}
NOW = machine_now()


def client(name: str, *, phone: str | None = None, email: str | None = None, active: bool = True) -> KnownClient:
    """A client of one accountant."""
    card = ContactCard(
        contact_id=f"{name}-1",
        name=f"Иванова {name}",
        phones=(phone,) if phone else (),
        emails=(email,) if email else (),
    )
    return told(None, a_client(name, inn=INNS[name], contacts=(card,), active=active))


def who(found: Identity) -> tuple[str | None, tuple[Tier, ...]]:
    """The client's id and what it is known by."""
    return None if found.client is None else found.client.client_id, found.tiers


def test_each_tier_narrows_what_the_ones_before_it_left() -> None:
    both = [client("a", phone=PHONE), client("b", phone=PHONE)]
    assert identity(Caller(phone=PHONE), both) == Identity(candidates=("a", "b"))
    assert who(identity(Caller(phone=PHONE, inns=(INNS["b"],)), both)) == ("b", ("phone", "inn"))
    said = [Said(Word(f"tel:{PHONE}"), "a", "a-1")]
    found = identity(Caller(phone=PHONE), both, said)
    assert (who(found), found.contact_id, found.link) == (("a", ("phone", "link")), "a-1", Word(f"tel:{PHONE}"))


def test_an_inn_or_a_domain_is_enough_where_nothing_surer_speaks() -> None:
    known = [client("a", email="glavbuh@school5.ru")]
    assert who(identity(Caller(email="zavuch@school5.ru", domain="school5.ru"), known)) == ("a", ("domain",))
    assert who(identity(Caller(email="x@mail.ru", inns=(INNS["a"],)), known)) == ("a", ("inn",))
    assert identity(Caller(email="zavuch@school5.ru", domain="school5.ru"), known).contact_id is None


def test_what_is_less_sure_and_says_otherwise_is_kept_and_not_followed() -> None:
    known = [client("a", phone=PHONE), client("b", email="x@lyceum.ru")]
    found = identity(Caller(phone=PHONE, inns=(INNS["b"],)), known)
    assert (who(found), found.against) == (("a", ("phone",)), (Candidate("b", ("inn",)),))


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        (Caller(phone=PHONE, email=MAIL), []),
        (Caller(phone=PHONE), [Said(Word(f"tel:{PHONE}"), "b")]),
        (Caller(inns=(INNS["a"],), domain="school5.ru"), []),
    ],
    ids=["number and address", "card and a person's word", "INN and domain"],
)
def test_two_that_are_nearly_as_sure_and_disagree_leave_it_to_a_person(caller: Caller, said: list[Said]) -> None:
    found = identity(caller, [client("a", phone=PHONE), client("b", email=MAIL)], said)
    assert (found.client, found.candidates) == (None, ("a", "b"))
    assert found.against == (Candidate("b", found.against[0].tiers),)


def test_who_is_behind_an_extension_is_known_by_the_persons_word() -> None:
    shared = [client("a", phone=PHONE), client("b", phone=PHONE)]
    said = [Said(Word(f"tel:{PHONE};ext=102"), "b", "b-1"), Said(Word(f"tel:{PHONE}"), "a", None)]
    found = identity(Caller(phone=PHONE, extension="102"), shared, said)
    assert (who(found)[0], found.contact_id) == ("b", "b-1")
    assert who(identity(Caller(phone=PHONE), shared, said))[0] == "a"
    assert who(identity(Caller(phone=PHONE, extension="7"), shared, said))[0] == "a"


def test_none_of_ours_is_none_whatever_the_text_says_but_a_card_holds() -> None:
    caller = Caller(email="x@school5.ru", domain="school5.ru", inns=(INNS["a"],))
    said = [Said(Word("mail:x@school5.ru"), None)]
    assert identity(caller, [client("a", email="y@school5.ru")], said).client is None
    assert who(identity(caller, [client("a", email="x@school5.ru")], said))[0] == "a"


def test_a_client_that_left_is_offered_but_never_followed() -> None:
    gone = client("a", phone=PHONE, active=False)
    assert identity(Caller(phone=PHONE), [gone], [Said(Word(f"tel:{PHONE}"), "a")]) == Identity(candidates=("a",))
    assert candidates(Caller(phone=PHONE), [gone]) == [Candidate("a", ("phone",))]


def test_candidates_stand_in_the_order_of_how_sure_they_are() -> None:
    caller = Caller(phone=PHONE, email="z@school5.ru", domain="school5.ru", inns=(INNS["c"],))
    known = [client("a", email=MAIL), client("b", phone=PHONE), client("c")]
    assert [one.client_id for one in candidates(caller, known)] == ["b", "c", "a"]


VOTES = st.fixed_dictionaries({name: st.tuples(st.booleans(), st.booleans(), st.booleans()) for name in INNS})


@given(VOTES, st.sampled_from([None, "a", "b", "c"]), st.sampled_from([(), (INNS["a"],), (INNS["b"], INNS["c"])]))
def test_nobody_is_known_against_the_surest_tier_and_the_order_is_nothing(
    cards: dict[str, tuple[bool, bool, bool]], linked_to: str | None, inns: tuple[str, ...]
) -> None:
    known = [
        client(name, phone=PHONE if phone else None, email=MAIL if mail else "other@school5.ru" if domain else None)
        for name, (phone, mail, domain) in cards.items()
    ]
    caller = Caller(phone=PHONE, email=MAIL, domain="school5.ru", inns=inns)
    said = [Said(Word(f"mail:{MAIL}"), linked_to)] if linked_to else []
    found = identity(caller, known, said)
    for order in permutations(known):
        assert identity(caller, order, said) == found
    holders = {one.client_id for one in known if f"tel:{PHONE}" in one.keys}
    if found.client is not None and holders:
        assert found.client.client_id in holders
    for other in found.against:
        assert other.client_id in {one.client_id for one in candidates(caller, known, said)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("МБОУ СОШ № 5, ИНН 7707083893/КПП 246601001", ("7707083893",)),
        ("ИНН:7707083893.", ("7707083893",)),
        ("0000000000 и 000000000000", ()),
        ("7707083894", ()),
        ("счёт 40702810400000012345, тел. 89131234567", ()),
        ("7707083893 7707083893 500100732259", ("7707083893", "500100732259")),
        ("٧٧٠٧٠٨٣٨٩٣", ()),
        ("", ()),
    ],
)
def test_inns_are_read_from_a_text(text: str, found: tuple[str, ...]) -> None:
    assert inns_in(text) == found


@pytest.mark.parametrize("address", [
    "a@mail.ru", "a@YANDEX.RU", "a@gmail.com", "a@bk.ru", "a@list.ru", "a@inbox.ru", "a@rambler.ru", "a@ya.ru",
    "a@internet.ru", "a@localhost", "nobody", "", None,
])  # fmt: skip
def test_a_public_mail_service_says_nothing(address: str | None) -> None:
    assert institution_of(address) is None


def test_an_institutions_own_domain_is_told() -> None:
    assert institution_of("Buh@School5.Krsk.RU") == "school5.krsk.ru"


@given(st.text(max_size=300))
def test_any_text_may_be_read_for_inns(text: str) -> None:
    assert len(inns_in(text)) <= 20


def test_a_link_is_said_once_and_put_right_and_joining_ends_for_the_word_it_was_begun_with() -> None:
    first = linked(None, "tel:1", Link("a", None, "m1", NOW)).state
    assert linked(first, "tel:1", Link("a", None, "m2", NOW)).state is first
    second = linked(first, "tel:1", Link("b", "b-1", "m2", NOW)).state
    assert [link.client_id for link in second.links] == ["a", "b"]
    assert joined(second, first.word).state.joining
    assert not joined(second, second.word).state.joining
    stranger = linked(second, "tel:1", Link(None, None, "m2", NOW)).state
    assert (stranger.none_of_ours, stranger.joining, stranger.said()) == (True, True, Said(Word("tel:1", 3), None))
    back = taken_back(stranger, "m2", NOW).state
    assert (back.none_of_ours, back.joining, back.said(), back.word) == (False, True, None, Word("tel:1", 4))
    assert taken_back(back, "m1", NOW).state is back
    assert linked(back, "tel:1", Link(None, None, "m2", NOW)).state.none_of_ours
    with pytest.raises(UnknownSender):
        taken_back(None, "m2", NOW)


def test_a_word_against_the_card_is_refused_with_the_cards_name() -> None:
    not_against_the_card("a", {})
    not_against_the_card("a", {"a": "Школа", "b": "Лицей"})
    with pytest.raises(KnownByCard, match="Лицей, Школа"):
        not_against_the_card("c", {"a": "Школа", "b": "Лицей"})
