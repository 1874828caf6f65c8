"""What a request comes to is a function of the set of its facts; control ends with the accountant alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.accounts.domain import matters
from services.accounts.domain.matters import FOR_EVER, Fact, Matter
from tests.accounts.care_samples import NOON, fact, matter, registration

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
def test_nothing_but_the_accountants_word_takes_a_request_off_the_list(facts: list[Fact]) -> None:
    under, last = False, False
    for each in sorted(facts, key=lambda each: each.at):
        before = matter(*[f for f in facts if f.at < each.at])
        last = before.controlled
        after = matter(*[f for f in facts if f.at <= each.at])
        under = after.controlled
        if last and not under:
            kinds = {f.kind for f in facts if f.at == each.at}
            fine = any(f.finding == "fine" for f in facts if f.at == each.at)
            assert "satisfied" in kinds or (before.withdrawn and fine)


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


def test_a_withdrawn_request_stays_on_the_list_until_a_call_finds_it_fine() -> None:
    withdrawn = matter(fact("cancel_asked", 1), fact("withdrawn", 2))
    assert (withdrawn.open, withdrawn.controlled) == (False, True)
    assert not matters.heard(withdrawn, "r1", fact("found", 3, ref="call", finding="fine")).state.controlled


def test_a_request_solved_on_the_day_it_came_weighs_nothing_afterwards() -> None:
    assert matter().weighs_at == FOR_EVER
    assert matter(fact("satisfied", 1)).weighs_at is None
    assert matter(fact("refused", 1), fact("satisfied", 2)).weighs_at == NOON.replace(hour=6)
    assert matter(fact("satisfied", 24)).weighs_at == NOON.replace(day=24)
