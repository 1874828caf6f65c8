"""One telephone conversation, whatever the order its events arrive in (R-URG-1, R-URG-2)."""

from datetime import UTC, datetime, timedelta
from functools import partial, reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.callers import Client
from services.intake.domain.calls import (
    Call,
    Fact,
    Kind,
    Report,
    course,
    hear,
    identify,
    is_returned_by,
    join,
    paired,
    returned,
)
from services.intake.domain.identity import NOBODY, Identity, Word
from services.intake.domain.refusals import UnknownCall
from shared.contracts.base import Direction, Event
from shared.contracts.intake import CallMissed, CallReturned

START = datetime(2026, 11, 2, 3, tzinfo=UTC)
PHONE = "+73912223344"
SCHOOL = Identity(Client("c1", "Школа № 5", "Asia/Krasnoyarsk", "m1"), "a1")


def fact(kind: Kind, second: int = 0, *, final: bool = False, direction: Direction = "in") -> Fact:
    return Fact(
        kind=kind, at=START + timedelta(seconds=second), order=second, phone=PHONE, final=final, direction=direction
    )


def report(*facts: Fact, call_id: str = "k1") -> Report:
    raw = " ".join(f"{one.kind}@{one.order}" for one in facts)
    return Report(call_id=call_id, provider="generic", provider_call_id="7", facts=facts, raw=raw)


def after(*reports: Report, identity: Identity = NOBODY) -> tuple[Call, list[Event]]:
    """The call after these reports, and all that was told."""
    call: Call | None = None
    told: list[Event] = []
    for one in reports:
        decision = hear(call, one, lambda _: identity)
        call = decision.state
        told += decision.events
    assert call is not None
    return call, told


def types(events: list[Event]) -> list[str]:
    return [event.TYPE for event in events]


def test_an_answered_call_rang_and_was_answered() -> None:
    call, told = after(report(fact("rang")), report(fact("answered", 8)), identity=SCHOOL)
    assert types(told) == ["call.rang", "call.answered"]
    assert call.course.status == "answered"
    assert call.course.answered_at == START + timedelta(seconds=8)
    assert call.client == SCHOOL.client
    assert call.contact_id == "a1"


def test_a_missed_call_was_missed() -> None:
    call, told = after(report(fact("rang")), report(fact("missed", 30)))
    assert types(told) == ["call.rang", "call.missed"]
    assert call.course.status == "missed"


def test_our_own_unanswered_call_is_not_a_missed_one() -> None:
    rang, missed = fact("rang", direction="out"), fact("missed", 30, direction="out")
    assert after(report(rang), report(missed))[1] == []


def test_a_call_told_missed_that_was_answered_after_all_has_thereby_been_returned() -> None:
    call, told = after(report(fact("missed", 30)), report(fact("answered", 8)))
    assert types(told) == ["call.missed", "call.answered", "call.returned"]
    assert isinstance(told[-1], CallReturned)
    assert told[-1].by_call_id == call.call_id


def test_a_return_heard_of_before_the_miss_is_told_after_it() -> None:
    _, told = after(report(fact("returned", 90)), report(fact("missed", 30)))
    assert types(told) == ["call.missed", "call.returned"]


def test_whoever_saw_the_whole_call_decides_whether_it_was_answered() -> None:
    call, told = after(report(fact("rang"), fact("answered", 8)), report(fact("missed", 30, final=True)))
    assert call.course.status == "missed"
    assert types(told) == ["call.rang", "call.answered", "call.missed"]


def test_a_repeated_report_changes_nothing() -> None:
    call, _ = after(report(fact("rang")))
    decision = hear(call, report(fact("rang")), lambda _: NOBODY)
    assert decision.state is call
    assert decision.events == ()


FACTS = [fact("rang"), fact("answered", 8), fact("ended", 60), fact("missed", 61), fact("returned", 90)]


@pytest.mark.parametrize("facts", [FACTS[:3], [FACTS[0], *FACTS[3:]], FACTS])
def test_any_order_and_repetition_ends_in_the_same_course_and_tells_everything_once(facts: list[Fact]) -> None:
    for order in permutations(facts):
        call, told = after(*(report(one) for one in [*order, *order]))
        assert call.course == course(facts)
        assert len(set(types(told))) == len(told)
        assert ("call.rang" in types(told), "call.answered" in types(told)) == (True, FACTS[1] in facts)


@given(
    st.lists(
        st.builds(
            fact,
            st.sampled_from(["rang", "answered", "missed", "returned", "ended"]),
            st.integers(0, 100),
            final=st.booleans(),
            direction=st.sampled_from(["in", "out"]),
        ),
        max_size=8,
    ).flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts * 2)))
)
def test_a_course_is_a_function_of_the_set_of_facts(case: tuple[list[Fact], list[Fact]]) -> None:
    facts, shuffled = case
    once: Call | None = reduce(_heard, facts, None)
    again: Call | None = reduce(_heard, shuffled, None)
    if once is None or again is None:
        assert once is again
    else:
        assert (once.course, once.facts, once.raw) == (again.course, again.facts, again.raw)


def _heard(call: Call | None, one: Fact) -> Call:
    return hear(call, report(one), lambda _: NOBODY).state


def a_call(call_id: str, *facts: Fact) -> Call:
    return after(report(*facts, call_id=call_id))[0]


def test_a_missed_call_is_returned_by_a_later_conversation_in_either_direction() -> None:
    missed = a_call("k1", fact("rang"), fact("missed", 30))
    for direction in ("in", "out"):
        conversation = a_call("k2", fact("answered", 200, direction=direction))
        (event,) = returned(missed, conversation).events
        assert isinstance(event, CallReturned)
        assert (event.call_id, event.by_call_id, event.at) == ("k1", "k2", START + timedelta(seconds=200))


def test_a_missed_call_is_returned_once() -> None:
    missed = a_call("k1", fact("missed", 30))
    state = returned(missed, a_call("k2", fact("answered", 200))).state
    assert returned(state, a_call("k3", fact("answered", 300))).state is state


@pytest.mark.parametrize(
    "other",
    [
        a_call("k2", fact("answered", 10)),
        a_call("k2", fact("missed", 200)),
        a_call("k2", Fact(kind="answered", at=START + timedelta(seconds=200), phone="+79131234567")),
    ],
    ids=["an earlier conversation", "no conversation", "another number"],
)
def test_nothing_else_returns_it(other: Call) -> None:
    missed = a_call("k1", fact("missed", 30))
    assert not is_returned_by(missed, other)
    assert returned(missed, other).state is missed


def test_what_could_pair_waits_for_pairing_until_it_is_done() -> None:
    missed, ringing = a_call("k1", fact("missed", 30)), a_call("k2", fact("rang"))
    assert (missed.unpaired, ringing.unpaired) == (True, False)
    assert not paired(missed).state.unpaired
    assert paired(ringing).state is ringing
    with pytest.raises(UnknownCall):
        paired(None)


def test_a_hidden_number_is_never_paired() -> None:
    hidden = after(report(Fact(kind="missed", at=START)))[0]
    assert hidden.course.phone is None
    assert not hidden.unpaired


def test_what_a_person_said_of_one_call_alone_a_newer_word_on_its_number_does_not_move() -> None:
    word, newer, other = Word("tel:1", 1), Word("tel:1", 2), Client("c2", "Лицей", "Asia/Krasnoyarsk")
    by_word: dict[str, Any] = {"client": SCHOOL.client, "contact_id": "a1", "by": "m1", "now": START}
    given = join(a_call("k1", fact("missed", 30)), word=word, **by_word).state
    confirmed = identify(given, **by_word)
    assert (confirmed.state.link, confirmed.events) == (None, ())
    assert identify(confirmed.state, **by_word).state is confirmed.state
    move = partial(join, word=newer, client=other, contact_id=None, by="m1", now=START)
    assert [move(call).state.client for call in (given, confirmed.state)] == [other, SCHOOL.client]


def test_the_client_is_told_with_every_event_and_the_one_found_first_stays() -> None:
    first, _ = after(report(fact("rang")), identity=SCHOOL)
    decision = hear(first, report(fact("missed", 30)), lambda _: NOBODY)
    (event,) = decision.events
    assert isinstance(event, CallMissed)
    assert event.client is not None
    assert (event.client.client_id, event.contact_id) == ("c1", "a1")
