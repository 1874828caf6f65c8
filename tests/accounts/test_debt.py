"""Manual-work debt: points with reasons, bands with hysteresis, all of it a function of facts (R-IMP-6)."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.accounts import care_policy
from services.accounts.care_policy import BadPolicy
from services.accounts.domain import debt
from services.accounts.domain.debt import Known, MissedCall
from services.accounts.domain.working_days import count, works
from shared.calendar import NoCalendarYear
from shared.contracts.base import Decision
from tests.accounts.care_samples import NOON, POLICY, fact, matter, registration

ZONE = "Asia/Krasnoyarsk"


def known(*found: Any, calls: tuple[MissedCall, ...] = ()) -> Known:
    """A client with these requests."""
    return Known(zone=ZONE, matters=found, calls=calls)


def scores(facts: Known, moment: datetime) -> dict[str, float]:
    """Points by part."""
    return {part.part: part.score for part in debt.parts(POLICY, facts, moment)}


def test_an_open_request_weighs_its_priority_each_working_day() -> None:
    # Monday to the next Monday: six working days, both counted
    monday = NOON + timedelta(days=7)
    for priority, weight in (("urgent", 10.0), ("important", 5.0), ("routine", 1.0)):
        facts = known(matter(first=registration(priority=priority)))
        assert scores(facts, NOON) == {"open": weight}
        assert scores(facts, monday) == {"open": weight * 6}
        assert scores(facts, NOON + timedelta(days=5)) == {"open": weight * 5}  # nobody works on Saturday


def test_a_missed_call_counts_from_when_it_was_missed_whenever_and_however_often_it_is_said_whose_it_is() -> None:
    later, much_later = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    told = MissedCall(call_id="k1", client_id="c1", contact_id="a1", missed_at=NOON, returned_at=later)
    right = replace(told, client_id="c2", contact_id="a2")
    unheard = MissedCall(call_id="k1", client_id="c1")
    steps: list[Callable[[MissedCall | None], Decision[MissedCall]]] = [
        lambda state: debt.identified(state or told, told, later),
        lambda state: debt.identified(state or right, right, much_later),
        lambda state: debt.missed(state or unheard, unheard, NOON),
        lambda state: debt.returned(state or unheard, unheard, later),
    ]
    for order in permutations([*steps, steps[0]]):
        state: MissedCall | None = None
        for step in order:
            state = step(state).state
        assert state == replace(right, identified_at=much_later)


def test_every_sign_of_resentment_has_its_part_and_its_reason() -> None:
    facts = (
        fact("cancel_asked", 1),
        fact("breached", 2, ref="o1"),
        fact("breached", 3, ref="o2", promise_broken=True),
        fact("refused", 4),
        fact("finished", 5),
    )
    call = MissedCall(call_id="k1", client_id="c1", contact_id="a1", missed_at=NOON)
    found = debt.parts(POLICY, known(matter(*facts), calls=(call,)), NOON + timedelta(days=7))
    assert {part.part: part.score for part in found} == {
        "open": 30.0,
        "reopened": 8.0,
        "missed_call": 6.0,
        "cancellation": 5.0,
        "silence": 4.0,
        "promise_broken": 3.0,
        "unhappy": 2.0,
        "breached": 1.0,
    }
    assert all(part.reason for part in found)
    assert debt.by_contact(found) == {"a1": debt.total(found)}
    solved = known(matter(*facts, fact("satisfied", 6)), calls=(replace(call, returned_at=NOON),))
    assert set(scores(solved, NOON + timedelta(days=7))) == {"unhappy", "breached", "promise_broken"}
    assert scores(solved, NOON + timedelta(days=91)) == {}


def test_a_breach_taken_back_weighs_nothing() -> None:
    facts = known(matter(fact("breached", 1, ref="o"), fact("breach_withdrawn", 2, ref="o"), fact("satisfied", 3)))
    assert scores(facts, NOON + timedelta(hours=4)) == {}


def test_a_merged_request_weighs_nothing() -> None:
    assert scores(known(matter(fact("merged", 1, ref="r0"))), NOON + timedelta(days=3)) == {}


def test_a_band_is_left_below_where_it_was_entered() -> None:
    def with_points(opened: int, closed: int) -> Known:
        urgent = registration(priority="urgent")
        return known(
            *(matter(request_id=f"o{n}", first=urgent) for n in range(opened)),
            *(matter(fact("satisfied", 30), request_id=f"c{n}", first=urgent) for n in range(closed)),
        )

    first, second = NOON + timedelta(hours=4), NOON + timedelta(days=1, hours=8)
    rising = with_points(opened=2, closed=0)  # 20 points at first, 40 on the second day
    assert [debt.band(POLICY, rising, when) for when in (first, second)] == ["watch", "watch"]
    fallen = with_points(opened=2, closed=4)  # 60 at first, 40 after four were solved
    assert [debt.total(debt.parts(POLICY, fallen, when)) for when in (first, second)] == [60.0, 40.0]
    assert [debt.band(POLICY, fallen, when) for when in (first, second)] == ["risk", "risk"]
    late = NOON + timedelta(days=60)
    assert debt.band(POLICY, known(), late) == "calm"
    calm = with_points(opened=0, closed=1)
    assert [debt.band(POLICY, calm, when) for when in (first, second)] == ["calm", "calm"]


def test_what_changed_since_last_week_says_why() -> None:
    facts = known(matter(fact("refused", 150)), matter(fact("satisfied", 26), request_id="r2"))
    changed = debt.changes(POLICY, facts, NOON + timedelta(days=7))
    assert {(c.part, c.about): (c.before, c.after) for c in changed} == {
        ("open", "r1"): (5.0, 30.0),
        ("open", "r2"): (5.0, 0.0),
        ("unhappy", "r1"): (0.0, 2.0),
        ("reopened", "r1"): (0.0, 8.0),
    }


def test_the_probability_of_a_loss_grows_with_the_points() -> None:
    found = [debt.loss_probability(POLICY, points) for points in (0, 60, POLICY.loss.midpoint, 100_000)]
    assert found == sorted(found)
    assert (found[2], found[3]) == (0.5, 1.0)


def test_working_days_are_those_of_the_production_calendar() -> None:
    day = date(2026, 1, 1)
    for span in (0, 1, 30, 365, 700):
        last = day + timedelta(days=span)
        assert count(day, last) == sum(works(day + timedelta(days=n)) for n in range(span + 1))
    assert count(date(2026, 12, 31), date(2026, 1, 1)) == 0
    assert count(date(2026, 1, 1), date(2026, 1, 11)) == 0  # the New Year's holidays
    with pytest.raises(NoCalendarYear):
        count(date(2031, 1, 1), date(2031, 1, 2))


def test_a_request_of_a_year_without_a_calendar_is_refused_not_guessed() -> None:
    late = datetime(2031, 1, 9, tzinfo=UTC)
    with pytest.raises(NoCalendarYear):
        debt.parts(POLICY, known(matter(first=registration(late))), late)


WRONG: list[tuple[str, str, Any]] = [
    ("open", "urgent", -1.0),
    ("open", "urgent", "many"),
    ("open", "important", 11.0),
    ("signals", "silence", float("nan")),
    ("signals", "promise_broken", 0.5),
    ("windows", "unhappy_days", 1.5),
    ("bands", "watch_out", 30.0),
    ("loss", "scale", 0.0),
    ("fans", "unknown", 1),
]


@pytest.mark.parametrize(("part", "name", "value"), WRONG)
def test_a_policy_that_does_not_hold_together_is_refused(part: str, name: str, value: Any) -> None:
    raw = _raw()
    raw[part][name] = value
    with pytest.raises(BadPolicy):
        care_policy.parsed(raw)


def test_a_policy_with_something_missing_is_refused() -> None:
    for part in ("version", "bands"):
        raw = _raw()
        del raw[part]
        with pytest.raises(BadPolicy, match=part):
            care_policy.parsed(raw)


def _raw() -> dict[str, Any]:
    return asdict(POLICY)
