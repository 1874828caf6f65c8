"""The state of the work is told from its facts: the same for any order of arrival (R-REQ-2, R-REQ-3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.facts import ROUTING, Client, Registration, Word
from services.routing.domain.life import ENDED, HOLDING
from services.routing.domain.steps import Order, displaced, replaced, spoken
from services.routing.domain.work import Work, heard, held, next_moment, registered
from shared.contracts.base import Event
from shared.contracts.routing import WorkClosed, WorkReopened, WorkWithdrawn
from tests.routing.given import MONDAY, given_to, minutes, place, registration, waiting, word

TIMES = st.sampled_from([minutes(count) for count in range(1, 60, 2) if count % 10 != 5])
OTHER = Client(client_id="clinic", name="Поликлиника", zone="Asia/Novosibirsk", manager_id="m2")
WORDS = st.one_of(
    st.builds(word, st.sampled_from(["accept", "refuse", "withdraw"]), TIMES),
    st.builds(lambda at: word("identified", at, client=OTHER), TIMES),
    st.builds(lambda at: word("promised", at, until=at + timedelta(hours=2)), TIMES),
    st.builds(
        lambda said, at, clock: word(said, at, specialist_id="ivan", clock=clock),
        st.sampled_from(["lost", "not_lost"]),
        TIMES,
        st.sampled_from(["start 1", "start 2"]),
    ),
    st.builds(
        lambda at, priority: word("reprioritised", at, priority=priority),
        TIMES,
        st.sampled_from(["urgent", "important", "routine"]),
    ),
)
SETS_OF_WORDS = st.lists(WORDS, max_size=6, unique_by=lambda one: one.at)
VERDICTS = st.lists(
    st.builds(word, st.sampled_from(["accept", "refuse"]), TIMES), max_size=6, unique_by=lambda one: one.at
)

Message = Registration | Word


def hear(work: Work | None, message: Message) -> tuple[Work, tuple[Event, ...]]:
    """The work after one message, and what was told."""
    decision = heard(work, "r1", message) if isinstance(message, Word) else registered(work, "r1", message)
    return decision.state, decision.events


def hear_all(work: Work | None, messages: Sequence[Message]) -> Work:
    """The work after all of them."""
    for message in messages:
        work, _ = hear(work, message)
    assert work is not None
    return work


@given(words=SETS_OF_WORDS, data=st.data())
@settings(deadline=None)
def test_messages_in_any_order_and_repeated_end_in_the_same_state(words: list[Word], data: st.DataObject) -> None:
    story: list[Message] = [registration(), *words]
    shuffled = data.draw(st.permutations(story + data.draw(st.lists(st.sampled_from(story), max_size=4))))
    assert hear_all(None, shuffled) == hear_all(None, story)


def life(work: Work, deeds: Sequence[str]) -> Work:
    """`work` after these deeds, ten minutes apart, off the words' beat; those not allowed are left out."""
    for index, did in enumerate(deeds):
        at = next_moment(work, minutes(5 + index * 10))
        if did in {"ivan", "olga"}:
            work = given_to(work, did, at)
        elif did == "replace" and work.tale.stage in HOLDING:
            order = Order(by="m1", now=at, name="Олег", place=place(work, "oleg", at), reason="пропал")
            work = replaced(work, order).state
        elif work.tale.specialist_id is not None and did in {"start", "progress", "finish", "ask_cancel"}:
            work = _try(work, did, at)
    return work


def _try(work: Work, did: str, at: datetime) -> Work:
    try:
        return spoken(work, did, work.tale.specialist_id or "", at, text="…").state  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - the table does not allow it
        return work


DEEDS = st.lists(st.sampled_from(["ivan", "start", "progress", "finish", "ask_cancel", "replace"]), max_size=8)


@given(deeds=DEEDS, words=SETS_OF_WORDS, data=st.data())
@settings(max_examples=300, deadline=None)
def test_words_about_a_life_lived_end_in_the_same_state_in_any_order(
    deeds: list[str], words: list[Word], data: st.DataObject
) -> None:
    lived = life(waiting(), deeds)
    shuffled = data.draw(st.permutations([*words, *words]))
    one, other = hear_all(lived, [*words]), hear_all(lived, shuffled)
    assert (one.tale.stage in ENDED, one.tale.priority, one.tale.client, one.tale.due) == (
        other.tale.stage in ENDED, other.tale.priority, other.tale.client, other.tale.due,
    )  # fmt: skip
    assert {w.at for w in one.words} == {w.at for w in other.words}
    if "lapse" not in {deed.did for deed in (*one.deeds, *other.deeds)}:
        assert one == other


@given(deeds=DEEDS, words=VERDICTS, later=DEEDS)
@settings(max_examples=300, deadline=None)
def test_a_word_never_gives_anybody_a_place(deeds: list[str], words: list[Word], later: list[str]) -> None:
    work = life(waiting(), deeds)
    for one in words:
        before, work = held(work), heard(work, "r1", one).state
        assert held(work) in {None, before}
        work = life(work, later)


def test_the_accountants_satisfied_word_alone_closes_it() -> None:
    work = life(waiting(), ["ivan", "start", "finish"])
    assert work.tale.stage == "finished"
    state, events = hear(work, word("accept", minutes(60)))
    assert (state.tale.stage, state.tale.ended_at) == ("closed", minutes(60))
    assert [(event.TYPE, event.at) for event in events] == [("work.closed", minutes(60))]
    assert isinstance(events[0], WorkClosed)
    assert events[0].specialist_id == "ivan"


def test_a_refused_finish_reopens_it_without_the_one_who_finished() -> None:
    work = life(waiting(), ["ivan", "start", "finish"])
    state, events = hear(work, word("refuse", minutes(60)))
    assert (state.tale.stage, state.tale.round, state.tale.specialist_id) == ("waiting", 2, None)
    assert isinstance(events[0], WorkReopened)
    assert (events[0].refused_specialist_id, events[0].round) == ("ivan", 2)
    assert [mark.kind for mark in state.tale.marks] == ["finish_refused"]


def test_a_refusal_heard_after_the_specialist_was_replaced_leaves_the_new_one_at_work() -> None:
    work = life(waiting(), ["ivan", "start", "finish"])
    order = Order(by="m1", now=minutes(40), name="Олег", place=place(work, "oleg"), reason="сложная")
    work = replaced(work, order).state
    state, events = hear(work, word("refuse", minutes(30)))
    assert (state.tale.stage, state.tale.specialist_id, state.tale.round) == ("assigned", "oleg", 2)
    assert [event.TYPE for event in events] == ["work.reopened"]


def test_a_word_of_discontent_before_anybody_started_takes_it_from_nobody() -> None:
    work = life(waiting(), ["ivan"])
    state, events = hear(work, word("refuse", minutes(60)))
    assert (state.tale.stage, state.tale.specialist_id, state.tale.round, events) == ("assigned", "ivan", 1, ())


def test_a_word_whose_clock_is_a_little_behind_still_counts_for_what_it_was_about() -> None:
    work = life(waiting(), ["ivan", "start", "finish"])
    finished_at = work.deeds[-1].at
    state, _ = hear(work, word("refuse", finished_at - timedelta(milliseconds=400)))
    assert [mark.kind for mark in state.tale.marks] == ["finish_refused"]


def test_a_deed_comes_after_everything_known_even_where_another_clock_is_ahead() -> None:
    work = hear_all(None, [registration(at=minutes(10))])
    assert given_to(work, "ivan", MONDAY).deeds[0].at == minutes(10) + timedelta(milliseconds=1)


@given(data=st.data())
@settings(deadline=None)
def test_a_breach_withdrawn_leaves_no_mark_in_whatever_order_it_is_heard(data: st.DataObject) -> None:
    words = [
        word("lost", minutes(15), specialist_id="ivan", clock="start 15"),
        word("not_lost", minutes(20), specialist_id="ivan", clock="start 15"),
        word("lost", minutes(30), specialist_id="ivan", clock="start 30"),
    ]
    tale = hear_all(life(waiting(), ["ivan"]), data.draw(st.permutations(words))).tale
    assert [(mark.kind, mark.at) for mark in tale.marks] == [("lost", minutes(30))]
    assert tale.pending is not None
    assert hear_all(life(waiting(), ["ivan"]), words[:2]).tale.pending is None


def test_whoever_gets_it_after_it_was_taken_from_the_lost_one_is_not_replaced_in_turn() -> None:
    caught = [word("lost", minutes(8), specialist_id="ivan", clock="start 8")]
    work = hear_all(life(waiting(priority="routine"), ["ivan"]), caught)
    work = given_to(displaced(work, "ivan", "urgent", minutes(9), 1).state, "olga", minutes(10))
    assert (work.tale.pending, [mark.kind for mark in work.tale.marks]) == (None, ["lost"])


def test_an_order_to_replace_is_fulfilled_by_whoever_else_gets_it() -> None:
    work = hear_all(life(waiting(), ["ivan", "start", "finish"]), [word("ordered", minutes(40), action="replace")])
    assert work.tale.pending is not None
    refused = hear_all(work, [word("refuse", minutes(50))])
    assert refused.tale.pending == work.tale.pending
    assert given_to(refused, "ivan", minutes(60)).tale.pending == work.tale.pending
    assert given_to(refused, "olga", minutes(60)).tale.pending is None


def test_who_was_replaced_for_a_breach_that_had_not_been_is_not_blamed_for_it() -> None:
    caught = hear_all(life(waiting(), ["ivan"]), [word("lost", minutes(15), specialist_id="ivan", clock="start 15")])
    order = Order(by=ROUTING, now=minutes(16), name="Олег", place=place(caught, "oleg"), reason="не начал")
    after = replaced(caught, order).state
    assert [mark.kind for mark in after.tale.marks] == ["lost", "replaced"]
    righted = hear_all(after, [word("not_lost", minutes(20), specialist_id="ivan", clock="start 15")]).tale
    assert (righted.marks, righted.specialist_id) == ((), "oleg")


def test_a_withdrawal_ends_it_and_credits_the_cancellation_asked() -> None:
    work = life(waiting(), ["ivan", "ask_cancel"])
    assert work.tale.stage == "cancel_asked"
    state, events = hear(work, word("withdraw", minutes(60)))
    assert state.tale.stage == "withdrawn"
    assert isinstance(events[0], WorkWithdrawn)
    assert [mark.kind for mark in state.tale.marks] == ["cancel_asked", "cancel_wanted"]


def test_a_registration_that_comes_after_the_verdict_is_closed_at_once() -> None:
    early, told = hear(None, word("accept", minutes(30)))
    assert (early.tale.stage, told) == ("expected", ())
    state, events = hear(early, registration())
    assert (state.tale.stage, [event.TYPE for event in events]) == ("closed", ["work.closed"])


def test_words_that_revive_an_assignment_let_it_lapse() -> None:
    work = life(waiting(), ["ivan"])
    closed, _ = hear(work, word("accept", minutes(1)))
    assert (closed.tale.stage, held(closed)) == ("closed", None)
    revived, _ = hear(closed, word("refuse", minutes(2)))
    assert (revived.tale.stage, held(revived), revived.deeds[-1].did) == ("waiting", None, "lapse")
