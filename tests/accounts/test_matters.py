"""What a request comes to is a function of the set of its facts; control ends with the accountant alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounts.domain import control, matters
from services.accounts.domain.care_refusals import BadVerdict, NotUnderControl
from services.accounts.domain.contact_calls import Found, Order
from services.accounts.domain.matters import FOR_EVER, Fact, Matter
from tests.accounts.care_samples import NOON, PARTY, fact, matter, registration

EVERY: tuple[Fact, ...] = (
    fact("finished", 1, ref="1", by="s1"),
    fact("cancel_asked", 2, by="s1", text="не нужно"),
    fact("refused", 3, text="не то"),
    fact("breached", 3, ref="r1:finish:1"),
    fact("breach_withdrawn", 4, ref="r1:finish:1"),
    fact("found", 5, ref="call1", finding="unfinished"),
    fact("reprioritised", 6, priority="urgent"),
    fact("merged", 7, ref="r0"),
    fact("unmerged", 8, ref="r0"),
    fact("satisfied", 9),
    fact("withdrawn", 10),
    fact("found", 11, ref="call2", finding="fine"),
    fact("replaced", 4, ref="s1"),
)


@settings(deadline=None, max_examples=60)
@given(facts=st.lists(st.sampled_from(EVERY), unique=True, max_size=9), data=st.data())
def test_any_order_and_any_repetition_come_to_the_same(facts: list[Fact], data: st.DataObject) -> None:
    expected = matter(*facts)
    messages: list[Fact | None] = data.draw(st.permutations([*facts, *facts, None, None]))
    state: Matter | None = None
    for message in messages:
        if message is None:
            state = matters.registered(state, "r1", registration()).state
        else:
            state = matters.heard(state, "r1", message).state
    assert state == expected


@settings(deadline=None, max_examples=150)
@given(facts=st.lists(st.sampled_from(EVERY), unique=True, max_size=9))
def test_nothing_but_a_satisfied_verdict_takes_a_request_off_the_list(facts: list[Fact]) -> None:
    """Merged into another, it is that one that stands there for it."""
    state, into = matter(), matter(fact("satisfied", 6), fact("refused", 6.5), request_id="r0")
    listed = False
    for moment in sorted({each.at for each in facts}):
        said = [each for each in facts if each.at == moment]
        state = matters.heard(state, "r1", *said).state
        into = matters.inherits(into, "r0", "r1", matters.heirs(state).get("r0", ())).state
        before, listed = listed, state.controlled or into.controlled
        assert listed or not before or "satisfied" in {each.kind for each in said}


def left(state: Matter, to: str) -> tuple[Fact, ...]:
    """What a request merged into `to` leaves there."""
    return matters.heirs(state)[to]


def test_each_bad_thing_is_passed_on_by_its_own_name_and_no_verdict_of_before_the_merge_answers_it() -> None:
    merged = matter(fact("cancel_asked", 2, ref="1", by="s1", text="не моё"), fact("merged", 7, ref="r0"))
    first = left(merged, "r0")
    assert [(each.at, each.ref.split()[0]) for each in first] == [(NOON + timedelta(hours=7), "r1")]
    before = matter(fact("satisfied", 5), fact("refused", 6), request_id="r0")
    into = matters.inherits(before, "r0", "r1", first).state
    assert into.controlled
    answered = matters.heard(into, "r0", fact("satisfied", 8)).state
    assert not matters.inherits(answered, "r0", "r1", first).state.controlled, "said again, what was answered stays so"
    again = matters.heard(merged, "r1", fact("cancel_asked", 9, ref="2", by="s1", text="не моё")).state
    assert matters.inherits(answered, "r0", "r1", left(again, "r0")).state.controlled
    chained = matters.heard(into, "r0", fact("merged", 10, ref="r00")).state
    assert [(each.at, each.ref) for each in left(chained, "r00")] == [(NOON + timedelta(hours=10), first[0].ref)]


def test_what_was_left_to_a_request_is_taken_back_when_it_turns_out_answered_or_a_matter_of_its_own() -> None:
    merged = matter(fact("cancel_asked", 2, by="s1"), fact("merged", 7, ref="r0"))
    into = matters.inherits(matter(request_id="r0"), "r0", "r1", left(merged, "r0")).state
    own = matters.heard(into, "r0", fact("found", 8, ref="call", finding="unfinished")).state
    for late in (fact("satisfied", 3), fact("unmerged", 9, ref="r0")):
        after = matters.heard(merged, "r1", late).state
        assert left(after, "r0") == ()
        assert matters.inherits(into, "r0", "r1", ()).state == matter(request_id="r0")
        assert matters.inherits(own, "r0", "r1", ()).state.controlled, "what is its own stays"
        assert after.controlled == (late.kind == "unmerged")


def test_nothing_of_its_own_comes_back_to_a_request_that_was_merged_in_a_circle() -> None:
    one = matter(fact("cancel_asked", 2, by="s1"), fact("merged", 7, ref="r2"))
    two = matters.inherits(matter(fact("merged", 7, ref="r1"), request_id="r2"), "r2", "r1", left(one, "r2")).state
    assert matters.inherits(one, "r1", "r2", left(two, "r1")).state is one
    assert [one.controlled, two.controlled] == [False, False]
    begun = matters.in_circle(one, circled=True)
    assert [event.TYPE for event in begun.events] == ["control.opened"]
    assert matters.in_circle(begun.state, circled=True).state is begun.state
    assert matters.in_circle(begun.state, circled=False).state == one


@pytest.mark.parametrize(
    ("into", "back"),
    [
        ({"a": None}, ""),
        ({"a": "b", "b": None}, ""),
        ({"a": "b", "b": "a"}, "ab"),
        ({"a": "b", "b": "c", "c": "b"}, "bc"),
        ({"a": "b", "b": "c", "c": "a"}, "abc"),
        ({"a": "unheard"}, ""),
    ],
)
def test_who_is_in_a_circle_and_who_only_leads_into_one(into: dict[str, str | None], back: str) -> None:
    assert "".join(each for each in into if matters.leads_back(each, into)) == back


def test_whose_request_it_is_say_those_who_identified_it_whatever_others_had_not_heard_yet() -> None:
    other, renamed = replace(PARTY, client_id="c2", name="Школа № 2"), replace(PARTY, name="Гимназия")
    late = fact("cancel_asked", 9, by="s1", party=PARTY)
    assert matter(late).party == PARTY
    assert matter(fact("identified", 1, party=other), late).party == other
    assert matter(fact("identified", 1, party=other), fact("identified", 2, party=PARTY), late).client_id == "c1"
    assert matter(late, fact("found", 10, finding="fine", party=renamed)).party == renamed
    assert matter(fact("cancel_asked", 9, party=other), first=registration(party=None)).party == other


def test_flawless_is_satisfied_at_once_on_time_by_the_same_hands() -> None:
    assert matter(fact("satisfied", 1)).flawless
    spoilt = [fact("refused", 0.5), fact("breached", 0.5, ref="o1"), fact("replaced", 0.5, ref="s1")]
    assert not any(matter(one, fact("satisfied", 1)).flawless for one in spoilt)
    assert matter(spoilt[1], fact("breach_withdrawn", 2, ref="o1"), fact("satisfied", 1)).flawless


def test_control_is_told_when_it_begins_and_when_the_accountant_ends_it() -> None:
    begun = matters.heard(matter(), "r1", fact("cancel_asked", 1, by="s1", finding="cancelled", cancelled_by="s1"))
    assert [event.TYPE for event in begun.events] == ["control.opened"]
    again = matters.heard(begun.state, "r1", fact("cancel_asked", 1, by="s1", finding="cancelled", cancelled_by="s1"))
    assert (again.state is begun.state, again.events) == (True, ())
    done = matters.heard(begun.state, "r1", fact("satisfied", 2))
    assert [event.TYPE for event in done.events] == ["control.closed"]


def test_a_withdrawn_request_stays_on_the_list_until_the_accountant_is_content_with_it() -> None:
    withdrawn = matter(fact("cancel_asked", 1, by="s1"), fact("withdrawn", 2, text="сделали сами"))
    assert (withdrawn.open, withdrawn.withdrawn, withdrawn.controlled) == (False, True, True)
    shown = control.item(withdrawn, NOON, "Asia/Krasnoyarsk")
    assert shown is not None
    assert (shown.withdrawn, "«сделали сами»" in shown.next_step, "доволен ли" in shown.next_step) == (True,) * 3
    found = fact("found", 3, ref="call", finding="fine")
    assert matters.heard(withdrawn, "r1", found).state.controlled, "what a manager notes is nobody's verdict"
    done = matters.heard(withdrawn, "r1", fact("satisfied", 3, ref="call", by="m1", text="да, всё"))
    assert [event.TYPE for event in done.events] == ["control.closed"]
    assert (done.state.controlled, done.state.open, done.state.praised, done.state.flawless) == (False,) * 4


def test_a_missed_date_is_said_by_the_clocks_of_the_company() -> None:
    late = matter(
        fact("cancel_asked", 1, by="s1"),
        fact("ordered", 2, action="force", text="довести", finish_by=NOON + timedelta(hours=3)),
    )
    shown = control.item(late, NOON + timedelta(hours=4), "Asia/Krasnoyarsk")
    assert shown is not None
    assert f"Срок {NOON:%d.%m.%Y} 15:00 прошёл" in shown.next_step


def test_fine_is_a_verdict_only_of_what_was_withdrawn_in_the_words_of_whose_request_it_is() -> None:
    fine = Found(request_id="r1", finding="fine", words="да, не нужна")
    withdrawn = matter(fact("cancel_asked", 1, by="s1"), fact("withdrawn", 2))
    assert control.as_verdict(withdrawn, fine, by="m1", theirs=True).verdict
    for about, theirs in (
        (withdrawn, False),
        (matter(fact("cancel_asked", 1)), True),
        (matter(fact("withdrawn")), True),
    ):
        assert not control.as_verdict(about, fine, by="m1", theirs=theirs).verdict
    assert not control.as_verdict(withdrawn, replace(fine, finding="unfinished"), by="m1", theirs=True).verdict
    with pytest.raises(BadVerdict, match=r"нужны слова бухгалтера \(words\): доволен ли он результатом\."):
        control.as_verdict(withdrawn, replace(fine, words=" "), by="m1", theirs=True)
    with pytest.raises(BadVerdict, match="кто её делал"):
        control.as_verdict(withdrawn, fine, by="s1", theirs=True)
    keep = Order(action="keep", reason="подождём")
    with pytest.raises(NotUnderControl, match="отозвана"):
        control.as_verdict(withdrawn, replace(fine, finding="unfinished", order=keep), by="m1", theirs=True)
    with pytest.raises(NotUnderControl, match="отозвана"):
        control.ordered(withdrawn, keep, order_id="o1", by="m1", at=NOON, party=PARTY)


def test_a_request_solved_on_the_day_it_came_weighs_nothing_afterwards() -> None:
    assert matter().weighs_at == FOR_EVER
    assert matter(fact("satisfied", 1)).weighs_at is None
    assert matter(fact("refused", 1), fact("satisfied", 2)).weighs_at == NOON.replace(hour=6)
    assert matter(fact("satisfied", 24)).weighs_at == NOON.replace(day=24)
