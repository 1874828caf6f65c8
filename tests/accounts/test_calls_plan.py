"""The week's plan: every accountant once, by debt, around absences; weeks at the year's turn (R-IMP-1)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.accounts.domain import calls_plan
from services.accounts.domain.calls_plan import Callee, CallPlan, Planning, returns_on
from services.accounts.domain.weeks import NoSuchWeek, Week
from tests.accounts.care_samples import NOON, PARTY

ZONE = "Asia/Krasnoyarsk"
W48 = Week(2026, 48)


def callee(contact_id: str, **over: Any) -> Callee:
    """An accountant of c1."""
    usual: dict[str, Any] = {"contact_id": contact_id, "name": contact_id, "party": PARTY}
    return Callee(**(usual | over))


def planning(callees: list[Callee], today: date = date(2026, 11, 23), week: Week = W48, **over: Any) -> Planning:
    """A planning of the week on `today`."""
    usual: dict[str, Any] = {
        "week": week,
        "zone": ZONE,
        "at": NOON,
        "today": {ZONE: today},
        "call_ids": {each.contact_id: f"call-{each.contact_id}" for each in callees},
    }
    return Planning(**(usual | over))


def planned(callees: list[Callee], known: CallPlan | None = None, **over: Any) -> CallPlan:
    """The plan of these."""
    return calls_plan.plan(known, "m1", callees, planning(callees, **over)).state


def test_everybody_is_there_once_in_order_of_debt_then_of_silence() -> None:
    old, new = NOON - timedelta(days=20), NOON - timedelta(days=3)
    callees = [
        callee("a", last_held=new),
        callee("b", last_held=old),
        callee("c", client_debt=5.0, own_debt=1.0, last_held=new),
        callee("d", client_debt=5.0, own_debt=2.0, last_held=new),
        callee("e"),
    ]
    plan = planned(callees)
    assert [entry.contact_id for entry in plan.entries] == ["d", "c", "e", "b", "a"]
    assert [entry.place for entry in plan.entries] == [1, 2, 3, 4, 5]
    assert [entry.day for entry in plan.entries] == list(W48.days[:5])


def test_calls_are_spread_evenly_over_the_working_days_that_are_left() -> None:
    callees = [callee(f"a{n:02d}") for n in range(30)]
    days = [entry.day for entry in planned(callees).entries]
    assert {day: days.count(day) for day in days} == dict.fromkeys(W48.days[:5], 6)
    late = planned(callees, today=date(2026, 11, 26))
    assert {entry.day for entry in late.entries} == {date(2026, 11, 26), date(2026, 11, 27)}
    assert len(late.entries) == 30


def test_a_day_that_is_over_in_the_clients_zone_is_not_planned() -> None:
    east = replace(PARTY, client_id="c2", zone="Asia/Kamchatka")
    callees = [callee("west"), callee("east", party=east)]
    monday, tuesday = W48.days[:2]
    late = replace(planning(callees), today={ZONE: monday, east.zone: tuesday})  # 23:00 here is 4:00 there
    days = {entry.contact_id: entry.day for entry in calls_plan.plan(None, "m1", callees, late).state.entries}
    assert days == {"east": tuesday, "west": monday}


def test_absences_are_gone_round_and_who_is_away_all_week_is_owed_no_call() -> None:
    callees = [callee("here"), callee("back", away_until=date(2026, 11, 25)), callee("away", away_until=W48.days[6])]
    days = {entry.contact_id: entry.day for entry in planned(callees).entries}
    assert set(days) == {"here", "back"}
    assert days["back"] >= date(2026, 11, 26)


def test_a_day_planned_stays_and_only_what_moved_is_told_again() -> None:
    callees = [callee("a"), callee("b")]
    first = planned(callees)
    told = calls_plan.told(first, ZONE)
    assert [event.TYPE for event in told.events] == ["contact_call.planned"] * 2
    calm = calls_plan.plan(told.state, "m1", callees, planning(callees, today=date(2026, 11, 24)))
    assert calm.state is told.state
    moved = [callees[0], replace(callees[1], away_until=date(2026, 11, 25)), callee("c")]
    again = calls_plan.plan(told.state, "m1", moved, planning(moved, today=date(2026, 11, 24)))
    assert {each.contact_id for each in again.state.untold} == {"b", "c"}


def test_the_order_within_a_day_is_that_of_the_debts_of_now_and_the_days_stay() -> None:
    plan = planned([callee("a"), callee("b", party=replace(PARTY, client_id="c2")), callee("c")])
    now = calls_plan.in_order(plan.entries, {"c2": 30.0, "c1": 5.0}, {"c": 5.0})
    assert [(entry.contact_id, entry.debt) for entry in now] == [("b", 30.0), ("c", 5.0), ("a", 5.0)]
    assert [entry.place for entry in now] == [1, 2, 3]
    assert {entry.contact_id: entry.day for entry in now} == {entry.contact_id: entry.day for entry in plan.entries}
    assert calls_plan.in_order(plan.entries, {}, {}) == plan.entries


def test_who_left_is_called_off_and_who_was_handed_over_is_not() -> None:
    callees = [callee("a"), callee("b"), callee("c")]
    known = calls_plan.told(planned(callees), ZONE).state
    after = planned(callees[:1], known, elsewhere=frozenset({"b"}))
    events = calls_plan.told(after, ZONE).events
    assert [(event.TYPE, event.subject) for event in events] == [("contact_call.cancelled", "call-c")]


def test_a_contact_not_reached_returns_on_the_next_working_day_of_the_week() -> None:
    entry = planned([callee("a")]).entries[0]
    assert returns_on(entry, date(2026, 11, 23), None, W48) == date(2026, 11, 24)
    assert returns_on(entry, date(2026, 11, 23), date(2026, 11, 25), W48) == date(2026, 11, 26)
    assert returns_on(entry, date(2026, 11, 27), None, W48) == date(2026, 11, 27)
    assert returns_on(entry, None, None, W48) == entry.day


def test_a_call_not_made_on_its_day_is_still_owed_at_the_weekend() -> None:
    known = planned([callee("a")])
    assert planned([callee("a")], known, today=date(2026, 11, 29)).entries == known.entries


def test_the_turn_of_the_year_lies_in_week_53() -> None:
    assert str(Week.of(date(2027, 1, 1))) == str(Week.of(date(2026, 12, 28))) == "2026-W53"
    assert Week.of(date(2027, 1, 3)) == Week.parse("2026-W53")
    assert Week.of(date(2027, 1, 4)) == Week.parse("2026-W53").later(1) == Week.parse("2027-W01")
    turn = planned([callee(f"a{n}") for n in range(9)], today=date(2026, 12, 28), week=Week.parse("2026-W53"))
    assert {entry.day for entry in turn.entries} == {date(2026, 12, 28), date(2026, 12, 29), date(2026, 12, 30)}
    assert Week(2026, 53).warn_at(ZONE) == datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert Week(2026, 53).ends(ZONE) == datetime(2027, 1, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-W54", "2027-W53", "2026-W00", "2026-48", "W48", "9999-W53", "0000-W01", ""])
def test_a_week_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(NoSuchWeek):
        Week.parse(text)
