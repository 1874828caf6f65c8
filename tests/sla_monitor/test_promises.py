"""Promises (R-URG-3, R-URG-4, R-URG-6) and priorities: which time counts, and from when."""

import pytest

from shared.contracts.base import Priority
from shared.contracts.sla_monitor import SlaBreached
from tests.sla_monitor.telling import (
    REFUSED,
    Telling,
    assigned,
    finished,
    minute,
    promised,
    registered,
    replaced,
    reprioritised,
    started,
    told,
)


@pytest.mark.parametrize("order", [(promised(60), assigned()), (assigned(), promised(60))])
def test_the_promised_time_is_when_the_specialist_must_start(order: tuple[object, ...]) -> None:
    telling = Telling().hear(registered(), *order)  # type: ignore[arg-type]
    (start,) = telling.of("start")
    assert (start.due, start.promised, start.specialist_id) == (minute(60), True, "s1")


def test_a_broken_promise_is_said_even_while_nobody_has_the_work() -> None:
    telling = told((0, registered()), (4, promised(30))).until(31)
    (broken,) = [event for event in telling.said if isinstance(event, SlaBreached) and event.promise_broken]
    assert (broken.clock, broken.at, broken.specialist_id) == ("start", minute(30), None)
    telling.hear(assigned()).until(33).hear(started())
    assert telling.about("start") == ["warned", "breached", "met"]


def test_a_start_too_late_without_a_promise_is_not_a_broken_promise() -> None:
    telling = told((0, registered()), (1, assigned())).until(20)
    assert [
        event.promise_broken for event in telling.said if isinstance(event, SlaBreached) if event.clock == "start"
    ] == [False]


def test_a_new_promise_in_time_moves_the_due_time() -> None:
    telling = told((0, registered()), (1, promised(30)), (20, promised(90)))
    assert [one.due for one in telling.of("start")] == [minute(90)]


def test_a_new_promise_after_the_broken_one_is_one_more_to_keep() -> None:
    telling = told((0, registered()), (1, promised(30)), (40, promised(90)), (95, assigned()))
    assert telling.standing("start") == ["cancelled", "breached"]
    assert [event.due for event in telling.said if isinstance(event, SlaBreached) and event.promise_broken] == [
        minute(30),
        minute(90),
    ]


def test_a_promise_kept_until_a_refusal_holds_for_the_next_round() -> None:
    telling = told(
        (0, registered()), (1, assigned()), (2, promised(120)), (3, started()), (20, finished()), (30, REFUSED)
    )
    assert [(one.due, one.promised) for one in telling.of("start")][1:] == [(minute(120), True)]


def test_a_promise_while_the_work_goes_on_starts_nothing() -> None:
    telling = told((0, registered()), (1, assigned()), (2, started()), (3, promised(60)))
    assert telling.standing("start") == ["met"]


def test_a_replacement_after_the_promised_time_has_the_usual_time() -> None:
    telling = told((0, registered()), (1, assigned()), (2, promised(30)), (40, replaced()))
    assert [(one.due, one.promised) for one in telling.of("start")][1:] == [(minute(55), False)]


# --- priorities ---


@pytest.mark.parametrize(
    ("priority", "due", "wait_promises"),
    [
        ("urgent", 5, 1),
        ("important", 60, 0),  # the hour before lunch
        ("routine", 24 * 60, 0),  # eight working hours: until the same time the next day
    ],
)
def test_a_priority_has_its_own_terms(priority: Priority, due: float, wait_promises: int) -> None:
    telling = Telling().hear(registered(priority))
    assert [one.due for one in telling.of("assign")] == [minute(due)]
    assert len(telling.of("wait_promise")) == wait_promises


def test_raised_to_urgent_it_has_the_urgent_time_from_then_on() -> None:
    telling = told((0, registered("routine")), (30, reprioritised("urgent")))
    (one,) = telling.of("assign")
    assert (one.due, one.warn_at, one.priority) == (minute(35), minute(33), "urgent")
    (wait,) = telling.of("wait_promise")
    assert (wait.since, wait.due) == (minute(30), minute(40))


def test_raised_just_before_the_old_due_time_it_has_no_more_time_than_before() -> None:
    telling = told((0, registered("important")), (58, reprioritised("urgent")))
    assert telling.of("assign")[0].due == minute(60)


def test_lowered_it_has_the_longer_time_from_its_own_start() -> None:
    telling = told((0, registered()), (2, reprioritised("important")))
    assert telling.of("assign")[0].due == minute(60)
    assert telling.standing("wait_promise") == ["cancelled"]


def test_lowered_after_the_breach_it_stays_breached() -> None:
    telling = told((0, registered()), (6, reprioritised("routine")))
    assert telling.standing("assign") == ["breached"]
    assert telling.of("assign")[0].priority == "urgent"


def test_raised_in_the_midst_of_the_work_the_progress_clock_starts_then() -> None:
    telling = told((0, registered("routine")), (1, assigned()), (2, started()), (50, reprioritised("urgent")))
    (one,) = telling.of("progress")
    assert (one.since, one.due) == (minute(50), minute(80))


def test_a_promise_is_kept_whatever_the_priority() -> None:
    telling = told((0, registered()), (1, promised(60)), (2, reprioritised("routine")))
    assert telling.of("start")[0].due == minute(60)
