"""Who gets it, and why the others do not (R-COI-2, R-COI-4)."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.assignment import DETAILED, Candidate, Wish, choose, points_of, why_nobody
from services.routing.domain.needs import need_of, product_key
from tests.routing.given import MONDAY, candidate, minutes, wish


def chosen(one: Wish, *candidates: Candidate, **load: int) -> str | None:
    """Who gets it."""
    return choose(one, candidates, Counter(load), MONDAY).winner


@pytest.mark.parametrize(
    ("bar", "one", "who"),
    [
        ("inactive", wish(), candidate(active=False)),
        ("refused", wish(barred=frozenset({"ivan"})), candidate()),
        ("no_product", wish(products=("1С:БГУ",)), candidate()),
        ("low_level", wish(nature="complex"), candidate(level=3)),
        ("not_at_work", wish("urgent"), candidate(at_work=False)),
        ("no_place", wish(), candidate(capacity=1)),
    ],
)
def test_each_hard_condition_stands_against_a_candidate(bar: str, one: Wish, who: Candidate) -> None:
    found = choose(one, [who], {"ivan": 1 if bar == "no_place" else 0}, MONDAY)
    assert found.winner is None
    assert found.barred == {bar: ("ivan",)}
    assert why_nobody(found.counts).startswith("Свободных нет: ")


def test_nobody_there_is_said_in_words() -> None:
    assert why_nobody(choose(wish(), [], {}, MONDAY).counts) == "Специалистов пока нет."


@pytest.mark.parametrize(
    ("one", "candidates", "load", "winner"),
    [
        pytest.param(wish(), [candidate("a", 5), candidate("b", 1)], {}, "b", id="a 5 is not burnt on a 1"),
        pytest.param(wish("urgent"), [candidate("a", 5), candidate("b", 1)], {}, "a", id="urgent goes to the best"),
        pytest.param(
            wish(nature="complex"), [candidate("a", 5), candidate("b", 4)], {}, "a", id="complex goes to the best"
        ),
        pytest.param(wish(), [candidate("a"), candidate("b")], {"a": 5}, "b", id="to whoever has less"),
        pytest.param(wish(), [candidate("a", record=4), candidate("b")], {}, "b", id="to the better record"),
        pytest.param(
            wish(client_id="school"),
            [candidate("a"), candidate("b", clients=frozenset({"school"}))],
            {},
            "b",
            id="to whoever knows the client",
        ),
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


def test_equal_scores_fall_to_whoever_is_given_work_at_the_same_moment() -> None:
    both = [candidate("a", capacity=1000), candidate("b", capacity=1000)]
    assert choose(wish(), both, {"a": 0, "b": 1}, MONDAY, picked={"b"}).winner == "b"
    assert choose(wish(), both, {"a": 0, "b": 40}, MONDAY, picked={"b"}).winner == "a"


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
    found = choose(wish(only="b"), [candidate("a"), candidate("b", record=0)], {"a": 0, "b": 0}, MONDAY)
    assert (found.winner, found.named) == ("b", "b")
    assert points_of(found.scored[0])[0] == "a"


@pytest.mark.parametrize("over", [{"at_work": False}, {"level": 1, "product": "1С:БГУ"}])
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
        at_work=st.booleans(),
        record=st.integers(min_value=0, max_value=20),
    ),
    max_size=80,
    unique_by=lambda one: one.specialist_id,
)


@given(candidates=CANDIDATES, data=st.data())
def test_every_candidate_is_accounted_for_whatever_their_order(
    candidates: list[Candidate], data: st.DataObject
) -> None:
    load = {one.specialist_id: data.draw(st.integers(min_value=0, max_value=5)) for one in candidates}
    found = choose(wish(), candidates, load, MONDAY)
    again = choose(wish(), data.draw(st.permutations(candidates)), load, MONDAY)
    assert (found.winner, found.scored, found.counts) == (again.winner, again.scored, again.counts)
    assert sum(found.counts.values()) == len(candidates)
    listed = len(found.scored) + sum(map(len, found.barred.values()))
    assert listed == min(len(candidates), DETAILED)
    scores = [sum(points_of(line)[1].values()) for line in found.scored]
    assert scores == sorted(scores, reverse=True)
    assert (found.winner is None) == (found.counts["able"] == 0)
