"""Who gets it, and why the others do not (R-COI-2, R-COI-4)."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.assignment import DETAILED, Explained, choose, points_of, why_nobody
from services.routing.domain.candidates import Board, Candidate, Pool, Wish, kind_of, starts_in
from services.routing.domain.needs import need_of, product_key
from services.routing.policy_file import shipped
from tests.routing.given import MONDAY, candidate, minutes, wish

POLICY = shipped()


def explained(one: Wish, candidates: Iterable[Candidate], load: Mapping[str, int], **board: Any) -> Explained:
    """Who gets it, and why."""
    everybody = list(candidates)
    held = {who.specialist_id: load.get(who.specialist_id, 0) for who in everybody}
    return choose(one, Pool(kind_of(one), everybody, POLICY, MONDAY), Board(now=MONDAY, held=held, **board))


def chosen(one: Wish, *candidates: Candidate, **load: int) -> str | None:
    """Who gets it."""
    return explained(one, candidates, load).winner


@pytest.mark.parametrize(
    ("bar", "one", "who"),
    [
        ("inactive", wish(), candidate(active=False)),
        ("refused", wish(barred=frozenset({"ivan"})), candidate()),
        ("no_product", wish(products=("1С:БГУ",)), candidate()),
        ("low_level", wish(nature="complex"), candidate(level=3)),
        ("not_at_work", wish("urgent"), candidate(begins=minutes(60))),
        ("no_place", wish(), candidate(capacity=1)),
    ],
)
def test_each_hard_condition_stands_against_a_candidate(bar: str, one: Wish, who: Candidate) -> None:
    found = explained(one, [who], {"ivan": 1 if bar == "no_place" else 0})
    assert found.winner is None
    assert found.barred == {bar: ("ivan",)}
    assert why_nobody(found.counts).startswith("Свободных нет: ")


def test_nobody_there_is_said_in_words() -> None:
    assert why_nobody(explained(wish(), [], {}).counts) == "Специалистов пока нет."


@pytest.mark.parametrize(
    ("one", "candidates", "load", "winner"),
    [
        pytest.param(wish(), [candidate("a", 5), candidate("b", 1)], {}, "b", id="a 5 is not burnt on a 1"),
        pytest.param(wish("urgent"), [candidate("a", 5), candidate("b", 1)], {}, "a", id="urgent goes to the best"),
        pytest.param(
            wish(nature="complex"), [candidate("a", 5), candidate("b", 4)], {}, "a", id="complex goes to the best"
        ),
        pytest.param(wish(), [candidate("a"), candidate("b")], {"a": 5}, "b", id="to whoever has less"),
        pytest.param(wish(), [candidate("a", record=0.2), candidate("b")], {}, "b", id="to the better record"),
        pytest.param(wish(), [candidate("b"), candidate("a")], {}, "a", id="equal scores fall to the lower id"),
        pytest.param(
            wish(),
            [candidate("a", capacity=1000), candidate("b", capacity=1000)],
            {"a": 1},
            "b",
            id="equal scores fall to whoever holds less",
        ),
    ],
)
def test_the_score_decides(one: Wish, candidates: list[Candidate], load: dict[str, int], winner: str) -> None:
    assert chosen(one, *candidates, **load) == winner


def test_whoever_knows_the_client_is_preferred() -> None:
    both = [candidate("a"), candidate("b")]
    found = explained(wish(client_id="school"), both, {}, knows={"school": {"b"}})
    assert (found.winner, points_of(found.scored[0])[1]["client"]) == ("b", 10)


def test_who_is_kept_away_from_the_client_does_not_get_it_by_order_either() -> None:
    both = [candidate("a"), candidate("b")]
    kept_away = {"school": {"a"}}
    assert explained(wish(client_id="school"), both, {}, excluded=kept_away).winner == "b"
    named = explained(wish(client_id="school", only="a", overruled=True), both, {}, excluded=kept_away)
    assert (named.winner, named.barred["excluded"]) == (None, ("a",))


def test_who_begins_work_before_the_client_expects_them_is_in_time() -> None:
    soon = candidate("a", begins=minutes(50))
    assert chosen(wish("urgent", due=minutes(30)), soon) is None
    assert chosen(wish("urgent", due=minutes(40)), soon) == "a"
    assert chosen(wish("urgent", due=minutes(40)), soon, candidate("b", 2)) == "b"


def test_lesser_work_takes_no_more_than_its_share_of_the_places() -> None:
    who = candidate("a", capacity=3, limits=(2, 1))
    for priority, taken, winner in [("urgent", (2, 1), "a"), ("important", (2, 1), None), ("important", (1, 1), "a"),
                                    ("routine", (1, 1), None), ("routine", (1, 0), "a")]:  # fmt: skip
        found = explained(wish(priority), [who], {"a": taken[0]}, lesser={"a": taken})  # type: ignore[arg-type]
        assert found.winner == winner


def test_who_has_been_without_work_for_long_is_preferred_among_equals() -> None:
    assert chosen(wish(), candidate("a", idle=0.0), candidate("b", idle=1.0)) == "b"


def test_a_bad_record_leaves_its_floor() -> None:
    found = explained(wish(), [candidate("a", record=0.0)], {})
    assert points_of(found.scored[0])[1]["record"] == round(POLICY.weights.record * POLICY.record_floor)


def test_who_may_not_have_it_at_all_is_not_said_to_be_full_or_away() -> None:
    one = wish("urgent", client_id="school", barred=frozenset({"full", "free"}))
    staff = [candidate(key) for key in ("full", "free", "busy")]
    staff += [candidate("away", begins=minutes(600)), candidate("gone", begins=None), candidate("late", begins=None)]
    found = explained(one, staff, {"full": 10, "busy": 10}, excluded={"school": {"away", "gone"}})
    assert found.winner is None
    assert {bar: set(ids) for bar, ids in found.barred.items()} == {
        "refused": {"full", "free"}, "excluded": {"away", "gone"}, "no_place": {"busy"}, "not_at_work": {"late"},
    }  # fmt: skip


def test_whose_shift_ends_before_they_get_to_it_is_expected_to_start_in_the_next_one() -> None:
    tomorrow = (minutes(24 * 60), minutes(32 * 60))
    shifts = (minutes(-60), minutes(30)), tomorrow
    for ahead, start in ((0, 0), (29, 29), (30, 24 * 60), (45, 24 * 60 + 15), (30 + 8 * 60 + 5, 32 * 60 + 5)):
        assert starts_in(candidate(shifts=shifts), MONDAY, ahead) == start
    assert starts_in(candidate(begins=minutes(24 * 60), shifts=(tomorrow,)), MONDAY, 10) == 24 * 60 + 10
    assert starts_in(candidate(begins=None), MONDAY, 10) == 10
    assert starts_in(candidate(shifts=shifts), MONDAY, 0, 30) == 0
    assert starts_in(candidate(shifts=shifts), MONDAY, 0, 31) == 24 * 60
    assert starts_in(candidate(shifts=shifts), MONDAY, 10, 31) == 24 * 60
    busy = {"a": (60.0, 60.0, 60.0), "b": (90.0, 90.0, 90.0)}
    two = [candidate("a", shifts=shifts), candidate("b", shifts=((MONDAY, minutes(300)),))]
    assert explained(wish("important"), two, {"a": 1, "b": 1}, busy=busy).winner == "b"


def test_urgent_work_goes_to_whom_the_end_of_the_shift_leaves_time_to_finish_it() -> None:
    soon_over, fresh = candidate("a", shifts=((MONDAY, minutes(30)),)), candidate("b", shifts=((MONDAY, minutes(300)),))
    assert chosen(wish("urgent"), soon_over, fresh) == "b"
    assert chosen(wish("routine"), soon_over, fresh) == "a"
    assert chosen(wish("urgent"), soon_over) == "a"


def test_an_assignment_of_before_there_was_a_policy_can_be_read() -> None:
    assert points_of("ivan 40 30 20 10", 0) == ("ivan", {"skill": 40, "load": 30, "record": 20, "client": 10})


def test_equal_scores_fall_to_whoever_is_given_work_at_the_same_moment() -> None:
    both = [candidate("a", capacity=1000), candidate("b", capacity=1000)]
    assert explained(wish(), both, {"a": 100, "b": 101}, picked={"b"}).winner == "b"
    assert explained(wish(), both, {"a": 100, "b": 140}, picked={"b"}).winner == "a"


def test_several_products_are_all_needed_and_the_weakest_counts() -> None:
    both = candidate("a", skills={"згу": 5, "бгу": 2})
    assert chosen(wish(products=("1С:ЗГУ", "1С:БГУ")), both, candidate("b", 5)) == "a"
    assert both.level(("бгу", "згу")) == 2
    assert both.level(("документооборот",)) == 0


def test_a_request_about_nobody_knows_what_may_go_to_anybody() -> None:
    assert chosen(wish(products=()), candidate("a", 3)) == "a"


@pytest.mark.parametrize("name", ["1С:ЗГУ", "1c: згу", "1C ЗГУ", " ЗГУ ", "1с:  згу"])
def test_spellings_of_a_product_are_one(name: str) -> None:
    assert product_key(name) == "згу"


def test_needs_are_equal_whatever_the_order_of_the_products() -> None:
    assert need_of(("1С:ЗГУ", "БГУ"), None) == need_of(("1С:БГУ", "згу", "ЗГУ"), None)


def test_whom_the_manager_names_gets_it_though_others_score_better() -> None:
    found = explained(wish(only="b"), [candidate("a"), candidate("b", record=0)], {})
    assert (found.winner, found.named) == ("b", "b")
    assert points_of(found.scored[0])[0] == "a"


@pytest.mark.parametrize("over", [{"begins": None}, {"level": 1, "product": "1С:БГУ"}])
def test_a_manager_may_answer_for_product_and_hours_but_not_for_a_place(over: dict[str, Any]) -> None:
    who = candidate("b", **over)
    assert chosen(wish(only="b"), who) is None
    assert chosen(wish(only="b", overruled=True), who) == "b"
    assert chosen(wish(only="b", overruled=True), who, b=10) is None
    assert chosen(wish(only="b", overruled=True, barred=frozenset({"b"})), who) is None


def test_the_queue_goes_by_priority_then_by_when_the_client_expects_somebody() -> None:
    queue = [
        wish("routine", due=minutes(0), request_id="d"),
        wish("urgent", due=minutes(90), request_id="b"),
        wish("important", due=minutes(1), request_id="c"),
        wish("urgent", due=minutes(30), request_id="a"),
    ]
    assert [one.request_id for one in sorted(queue, key=lambda one: one.order)] == ["a", "b", "c", "d"]


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.integers(min_value=0, max_value=10_000).map(str),
        st.integers(min_value=1, max_value=5),
        capacity=st.integers(min_value=1, max_value=5),
        active=st.booleans(),
        begins=st.sampled_from([MONDAY, minutes(30), minutes(600), None]),
        record=st.floats(0, 1),
    ),
    max_size=80,
    unique_by=lambda one: one.specialist_id,
)


@given(candidates=CANDIDATES, data=st.data())
@settings(deadline=None)
def test_every_candidate_is_accounted_for_whatever_their_order(
    candidates: list[Candidate], data: st.DataObject
) -> None:
    load = {one.specialist_id: data.draw(st.integers(min_value=0, max_value=5)) for one in candidates}
    found = explained(wish(), candidates, load)
    again = explained(wish(), data.draw(st.permutations(candidates)), load)
    assert (found.winner, found.scored, found.counts) == (again.winner, again.scored, again.counts)
    assert sum(found.counts.values()) == len(candidates)
    listed = len(found.scored) + sum(map(len, found.barred.values()))
    assert listed == min(len(candidates), DETAILED)
    scores = [sum(points_of(line)[1].values()) for line in found.scored]
    assert scores == sorted(scores, reverse=True)
    assert (found.winner is None) == (found.counts["able"] == 0)
