"""A ladder: who is called when, taken upon oneself, forgotten, at night, after an outage."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.sla_monitor.domain.escalation import (
    BadTerm,
    EscalationEnded,
    UnknownEscalation,
    acknowledged,
    begun,
    climbed,
    common,
    ended,
    hours_after,
    opening,
    told,
)
from services.sla_monitor.domain.ladder import PROMISE, BadLadder, Ladder, Step, usual
from shared.calendar import ALWAYS
from shared.contracts.sla_monitor import EscalationAcknowledged, EscalationRaised
from tests.sla_monitor.climbing import COMPANY, PEOPLE, Climbing, escalation, local, working
from tests.sla_monitor.telling import NOON, minute

EVENING = 5 * 60 + 50
"""17:50 in Krasnoyarsk, in minutes after noon."""


def test_it_climbs_from_the_manager_to_the_lead_to_the_director_and_repeats_there() -> None:
    climbing = Climbing(escalation()).until(91)
    assert climbing.calls == [(0, "manager"), (10, "lead"), (30, "director"), (60, "director"), (90, "director")]


def test_every_call_is_told_with_its_people() -> None:
    raised = Climbing(escalation()).until(10).said
    assert all(isinstance(event, EscalationRaised) for event in raised)
    assert [event.model_dump()["person_ids"] for event in raised] == [("m1",), ("l1", "l2")]


def test_a_repeat_on_a_step_does_not_put_off_the_next_one() -> None:
    ladder = Ladder(
        steps=(Step("manager", timedelta()), Step("lead", timedelta(minutes=50))), repeat_every=timedelta(minutes=20)
    )
    calls = Climbing(escalation(ladder=ladder)).until(75).calls
    assert calls == [(0, "manager"), (20, "manager"), (40, "manager"), (50, "lead"), (70, "lead")]


def test_a_broken_promise_climbs_faster_than_anything_else() -> None:
    usual_one, promise = Climbing(escalation()).until(16), Climbing(escalation()).to(PROMISE).until(16)
    assert [role for _, role in promise.calls] == ["manager", "lead", "director"]
    assert len(usual_one.calls) < len(promise.calls)
    assert usual(always=False, promise_broken=True) == usual(always=True, promise_broken=True) == PROMISE


def test_who_takes_it_upon_themselves_is_left_alone_until_their_term() -> None:
    climbing = Climbing(escalation()).until(2).acknowledge(45)
    assert climbing.state.state == "acknowledged"
    assert climbing.until(46).calls == [(0, "manager")]


def test_what_was_forgotten_returns_to_its_own_step_and_climbs_on_from_there() -> None:
    climbing = Climbing(escalation()).until(12).acknowledge(30, by="l1").until(70)
    assert climbing.calls == [(0, "manager"), (10, "lead"), (42, "lead"), (62, "director")]
    assert climbing.state.state == "raised"


def test_who_says_so_last_has_it() -> None:
    climbing = Climbing(escalation()).until(1).acknowledge(30).acknowledge(10, by="l1")
    assert climbing.state.acknowledged_until == minute(11)
    said = [event for event in climbing.said if isinstance(event, EscalationAcknowledged)]
    assert [(event.by, event.until) for event in said] == [("m1", minute(31)), ("l1", minute(11))]


def test_saying_it_twice_changes_nothing() -> None:
    climbing = Climbing(escalation()).until(1).acknowledge(30)
    again = acknowledged(climbing.state, by="m1", until=minute(31), note=None, now=climbing.now)
    assert (again.state, again.events) == (climbing.state, ())


def test_it_can_be_taken_before_anybody_was_called() -> None:
    climbing = Climbing(escalation(next_due=minute(5))).acknowledge(20).until(21)
    assert climbing.calls == [(20, "manager")]


@pytest.mark.parametrize("minutes", [0, -1, 24 * 60 + 1])
def test_a_term_is_some_time_and_not_for_ever(minutes: int) -> None:
    with pytest.raises(BadTerm, match="24 час"):
        Climbing(escalation()).acknowledge(minutes)


def test_nobody_is_called_to_what_is_done() -> None:
    climbing = Climbing(escalation()).until(5).end()
    assert climbing.until(600).calls == [(0, "manager")]
    assert (climbing.state.next_due, climbing.state.untold, climbing.state.state) == (None, (), "ended")
    with pytest.raises(EscalationEnded):
        climbing.acknowledge(10)
    assert ended(climbing.state, ending="withdrawn", at=minute(6)).state.ending == "met"


def test_what_breaks_anew_after_its_end_begins_anew() -> None:
    over = Climbing(escalation()).until(5).end().state
    again = escalation(due=minute(100), began=minute(100))
    assert begun(over, again).state is again
    assert begun(again, escalation()).state is again
    assert begun(None, again).state is again


def test_broken_anew_before_the_withdrawal_of_the_first_breach_is_heard_it_begins_anew() -> None:
    first, again = escalation(step=2, count=5), escalation(due=minute(20), began=minute(21), promise_broken=True)
    assert begun(first, again).state == again
    assert begun(again, first).state == again


def test_the_hours_of_a_bundle_are_those_of_all_that_is_in_it() -> None:
    day = hours_after(COMPANY, NOON)
    assert [(local(begins), local(ends)) for begins, ends in day[:3]] == [
        ("Mon 12:00", "Mon 13:00"), ("Mon 14:00", "Mon 18:00"), ("Tue 09:00", "Tue 13:00"),
    ]  # fmt: skip
    later = hours_after(replace(COMPANY, zone="Asia/Omsk"), NOON)  # an hour behind: 12 there is 13 here
    assert [(local(begins), local(ends)) for begins, ends in common([day, later])[:4]] == [
        ("Mon 12:00", "Mon 13:00"), ("Mon 15:00", "Mon 18:00"), ("Tue 10:00", "Tue 13:00"), ("Tue 15:00", "Tue 18:00"),
    ]  # fmt: skip
    assert hours_after(ALWAYS, NOON) == common([day, ()]) == common([]) == ()


def test_at_night_nobody_is_called_for_a_clock_that_does_not_run_at_night() -> None:
    climbing = Climbing(working(next_due=minute(8 * 60)), COMPANY)
    climbing.late(8 * 60)
    assert climbing.calls == []
    assert local(climbing.state.next_due) == "Tue 09:00"
    climbing.until(21 * 60)
    assert [role for _, role in climbing.calls] == ["manager"]


def test_the_steps_of_such_a_clock_are_working_time_apart() -> None:
    climbing = Climbing(working(), COMPANY).until(48 * 60)
    assert [(local(call.at), call.role) for call in climbing.state.calls] == [
        ("Mon 12:00", "manager"),
        ("Mon 15:00", "lead"),
        ("Tue 12:00", "director"),
        ("Wed 12:00", "director"),
    ]


def test_an_acknowledgement_that_runs_out_at_night_returns_in_the_morning() -> None:
    climbing = Climbing(working(), COMPANY).until(EVENING)
    before = len(climbing.calls)
    climbing.acknowledge(60).until(20 * 60)
    assert len(climbing.calls) == before
    climbing.until(21 * 60)
    assert local(climbing.state.calls[before].at) == "Tue 09:00"


def test_after_an_outage_the_steps_do_not_come_all_at_once() -> None:
    climbing = Climbing(escalation()).late(120)
    climbing.climb()
    assert climbing.calls == [(120, "manager")]
    assert climbing.until(131).calls == [(120, "manager"), (130, "lead")]


def test_a_call_is_told_to_each_of_its_people_once() -> None:
    climbing = Climbing(escalation()).until(10)
    assert climbing.state.untold == (*PEOPLE["lead"], "m1"), "the manager was not told of the first call"
    state = told(climbing.state, count=2, person_id="m1").state
    after = told(state, count=2, person_id="l1").state
    assert after.untold == ("l2",)
    assert told(after, count=2, person_id="l1").state is after
    assert told(after, count=1, person_id="l2").state is after


def test_where_there_is_no_escalation_nothing_happens_to_it() -> None:
    with pytest.raises(UnknownEscalation):
        climbed(None, now=NOON, calendar=ALWAYS, called=lambda _: ())
    with pytest.raises(UnknownEscalation):
        acknowledged(None, by="m1", until=minute(1), note=None, now=NOON)
    with pytest.raises(UnknownEscalation):
        ended(None, ending="met", at=NOON)
    with pytest.raises(UnknownEscalation):
        told(None, count=1, person_id="m1")


@pytest.mark.parametrize(
    ("after", "expected"),
    [(0, "Mon 12:00"), (60, "Mon 14:00"), (6 * 60, "Tue 09:00"), (24 * 60 * 5, "Mon 09:00")],
)
def test_the_doors_open_when_somebody_works(after: int, expected: str) -> None:
    assert local(opening(COMPANY, minute(after))) == expected
    assert opening(ALWAYS, minute(after)) == minute(after)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("steps", "repeat"),
    [
        ((), HOUR),
        ((Step("manager", -HOUR),), HOUR),
        ((Step("manager", HOUR), Step("lead", timedelta())), HOUR),
        ((Step("manager", timedelta(days=32)),), HOUR),
        ((Step("manager", timedelta()),), timedelta(seconds=59)),
        ((Step("manager", timedelta()),), timedelta(days=32)),
        ((Step("manager", timedelta()),) * 11, HOUR),
    ],
)
def test_a_ladder_nobody_can_climb_is_refused(steps: tuple[Step, ...], repeat: timedelta) -> None:
    with pytest.raises(BadLadder, match="Лестница"):
        Ladder(steps=steps, repeat_every=repeat)
