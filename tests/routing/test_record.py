"""What a record leaves of the score: how often counts, not how much (R-COI-1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.record import COSTS, share


@pytest.mark.parametrize(
    ("entries", "works", "left"),
    [
        ({}, 0, 0.8),
        ({}, 90, 0.98),
        ({"finish_refused": 10}, 90, 0.78),
        ({"finish_refused": 1}, 0, 0.6),
        ({"finish_refused": 100}, 10, 0.0),
        ({"cancel_asked": 5, "cancel_wanted": 5}, 90, 0.98),
        ({"cancel_wanted": 5}, 90, 0.98),
        ({"something new": 50}, 90, 0.98),
    ],
)
def test_what_is_left(entries: dict[str, int], works: int, left: float) -> None:
    assert share(entries, works) == pytest.approx(left)


@given(st.sampled_from(sorted(set(COSTS) - {"cancel_wanted"})), st.integers(0, 200), st.integers(0, 500))
@settings(deadline=None)
def test_one_more_entry_never_helps_and_one_more_work_never_harms(kind: str, count: int, works: int) -> None:
    assert 0 <= share({kind: count + 1}, works) <= share({kind: count}, works) <= 1
    assert share({kind: 1}, works + 1) >= share({kind: 1}, works)


def test_who_does_much_does_not_fall_for_it() -> None:
    assert share({"finish_refused": 20}, 200) == pytest.approx(share({"finish_refused": 10}, 95), abs=0.01)
