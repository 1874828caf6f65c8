"""What a request comes to is a function of the set of its facts; control ends with the accountant alone."""

from dataclasses import replace

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


@settings(deadline=None, max_examples=60)
@given(facts=st.lists(st.sampled_from([f for f in EVERY if f.kind != "merged"]), unique=True, max_size=9))
def test_nothing_but_a_satisfied_verdict_takes_a_request_off_the_list(facts: list[Fact]) -> None:
    for each in sorted(facts, key=lambda each: each.at):
        before = matter(*[f for f in facts if f.at < each.at])
        after = matter(*[f for f in facts if f.at <= each.at])
        if before.controlled and not after.controlled:
            assert "satisfied" in {f.kind for f in facts if f.at == each.at}


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
    shown = control.item(withdrawn, NOON)
    assert shown is not None
    assert (shown.withdrawn, "«сделали сами»" in shown.next_step, "довольна ли" in shown.next_step) == (True,) * 3
    found = fact("found", 3, ref="call", finding="fine")
    assert matters.heard(withdrawn, "r1", found).state.controlled, "what a manager notes is nobody's verdict"
    done = matters.heard(withdrawn, "r1", fact("satisfied", 3, ref="call", by="m1", text="да, всё"))
    assert [event.TYPE for event in done.events] == ["control.closed"]
    assert (done.state.controlled, done.state.open, done.state.praised, done.state.flawless) == (False,) * 4


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
    with pytest.raises(BadVerdict, match="слова"):
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
