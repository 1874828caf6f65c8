"""Each way to lose the client is a clock: when it starts, warns, breaks, is met, is given up (R-URG-1…5)."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared.contracts.sla_monitor import SlaBreached, SlaMet, SlaWarned
from tests.sla_monitor.telling import (
    ANSWERED,
    MISSED,
    NOON,
    RANG,
    REFUSED,
    RETURNED,
    SATISFIED,
    WITHDRAWN,
    At,
    Telling,
    assigned,
    finished,
    minute,
    progressed,
    promised,
    registered,
    replaced,
    started,
    told,
)


@dataclass(frozen=True)
class Case:
    """A clock of the urgent: it starts with the last of `before`, all of it at noon."""

    clock: str
    before: tuple[At, ...]
    target: float
    warning: float
    met_by: tuple[At, ...]
    cancelled_by: tuple[At, ...]


GIVEN = (registered(), assigned())
BEGUN = (*GIVEN, started())
DONE = (*BEGUN, finished())
CASES = (
    Case("pickup", (RANG,), 20 / 60, 10 / 60, (ANSWERED,), (MISSED,)),
    Case("callback", (RANG, MISSED), 5, 3, (RETURNED,), (ANSWERED,)),
    Case("wait_promise", (registered(),), 10, 5, (promised(60),), (started(), SATISFIED, WITHDRAWN)),
    Case("assign", (registered(),), 5, 3, (assigned(),), (SATISFIED, WITHDRAWN)),
    Case("start", GIVEN, 15, 9, (started(),), (replaced(), SATISFIED, WITHDRAWN)),
    Case("progress", BEGUN, 30, 24, (progressed(), finished()), (replaced(), SATISFIED, WITHDRAWN)),
    Case("finish", BEGUN, 240, 180, (finished(), SATISFIED), (replaced(), WITHDRAWN)),
    Case("verdict", DONE, 60, 30, (SATISFIED,), (replaced(), REFUSED, WITHDRAWN)),
)
MEETINGS = [(case, event) for case in CASES for event in case.met_by]
ENDINGS = [(case, event) for case in CASES for event in case.cancelled_by]
by_clock = pytest.mark.parametrize("case", CASES, ids=lambda case: case.clock)


def running(case: Case) -> Telling:
    return Telling().hear(*case.before)


@by_clock
def test_it_starts_with_its_target(case: Case) -> None:
    (one,) = running(case).of(case.clock)
    assert (one.since, one.due, one.ending) == (NOON, minute(case.target), None)
    assert one.warn_at == minute(case.warning)
    assert one.priority == (None if case.clock in {"pickup", "callback"} else "urgent")


@by_clock
def test_it_warns_and_breaks_once_at_its_own_times(case: Case) -> None:
    telling = running(case).until(case.target + 600)
    said = [event for event in telling.said if getattr(event, "clock", "") == case.clock]
    assert [(type(event), event.at) for event in said] == [
        (SlaWarned, minute(case.warning)),
        (SlaBreached, minute(case.target)),
    ]
    assert telling.standing(case.clock) == ["breached"]


@by_clock
def test_it_stands_open_then_warned_then_breached(case: Case) -> None:
    telling = running(case)
    moment = timedelta(milliseconds=1) / timedelta(minutes=1)
    stood = [telling.until(number).standing(case.clock)[0] for number in
             (case.warning - moment, case.warning, case.target, case.target + moment)]  # fmt: skip
    assert stood == ["open", "warned", "warned", "breached"]


@pytest.mark.parametrize(("case", "event"), MEETINGS)
def test_it_is_met_at_the_very_due_time(case: Case, event: At) -> None:
    telling = running(case).until(case.target).hear(event)
    assert telling.of(case.clock)[0].ending == "met"
    met = [one for one in telling.said if isinstance(one, SlaMet) and one.clock == case.clock]
    assert [(one.at, one.late, one.due) for one in met] == [(minute(case.target), False, minute(case.target))]
    assert telling.about(case.clock) == ["warned", "met"]


@pytest.mark.parametrize(("case", "event"), MEETINGS)
def test_met_late_is_both_breached_and_met_late(case: Case, event: At) -> None:
    telling = running(case).until(case.target + 5).hear(event)
    assert telling.about(case.clock) == ["warned", "breached", "met"]
    met = [one for one in telling.said if isinstance(one, SlaMet) and one.clock == case.clock]
    assert [one.late for one in met] == [True]
    assert telling.of(case.clock)[0].ended_late


@pytest.mark.parametrize(("case", "event"), MEETINGS)
def test_a_late_meeting_heard_of_before_the_breach_fired_is_told_as_both(case: Case, event: At) -> None:
    telling = running(case)
    telling.clock.moment = minute(case.target + 5)
    telling.hear(event)
    assert telling.about(case.clock) == ["breached", "met"]
    telling.fire()
    assert telling.about(case.clock) == ["breached", "met"]


@pytest.mark.parametrize(("case", "event"), ENDINGS)
def test_what_is_given_up_in_time_is_neither_met_nor_breached(case: Case, event: At) -> None:
    telling = running(case).until(case.warning / 2).hear(event)
    ended = telling.of(case.clock)[0]
    assert (ended.ending, ended.ended) == ("cancelled", minute(case.warning / 2))
    assert telling.about(case.clock) == []


@pytest.mark.parametrize(("case", "event"), ENDINGS)
def test_what_is_given_up_late_stays_breached(case: Case, event: At) -> None:
    telling = running(case)
    telling.clock.moment = minute(case.target + 5)
    telling.hear(event)
    assert telling.about(case.clock) == ["breached"]
    assert telling.of(case.clock)[0].ended_late


def test_after_an_outage_what_broke_is_told_at_its_own_time_and_no_stale_warning() -> None:
    telling = Telling().hear(registered())
    telling.clock.moment = minute(24 * 60)
    telling.fire()
    assert [(event.TYPE, event.at) for event in telling.said] == [
        ("sla.breached", minute(5)),
        ("sla.breached", minute(10)),
    ]
    assert telling.state.next_due is None


def test_of_what_broke_a_moment_ago_the_warning_is_told_as_well() -> None:
    telling = Telling().hear(registered())
    telling.clock.moment = minute(5.5)
    telling.fire()
    assert telling.about("assign") == ["warned", "breached"]


def test_every_sign_of_life_starts_the_next_progress_clock() -> None:
    telling = told((0, registered()), (1, assigned()), (2, started()), (20, progressed()), (40, progressed()))
    assert telling.standing("progress") == ["met", "met", "open"]
    assert [one.due for one in telling.of("progress")] == [minute(32), minute(50), minute(70)]
    assert len({one.id for one in telling.state.obligations}) == len(telling.state.obligations)


def test_a_sign_of_life_before_the_start_starts_nothing() -> None:
    assert told((0, registered()), (1, assigned()), (2, progressed())).of("progress") == []


def test_a_call_answered_by_a_colleague_is_not_to_be_called_back() -> None:
    assert told((0, RANG), (0.2, ANSWERED), (1, MISSED)).of("callback") == []


def test_a_missed_call_nobody_heard_ring_is_still_to_be_called_back() -> None:
    assert told((0, MISSED)).standing("callback") == ["open"]


def test_the_events_carry_what_others_need() -> None:
    telling = told((0, registered()), (1, assigned("s7")), (20, started("s7")))
    (breached,) = [event for event in telling.said if isinstance(event, SlaBreached) and event.clock == "start"]
    assert breached.model_dump(exclude={"at", "due"}) == {
        "obligation_id": "r1:start:1",
        "about": "request",
        "about_id": "r1",
        "clock": "start",
        "priority": "urgent",
        "client": {"client_id": "c1", "name": "Гимназия № 3", "zone": "Asia/Krasnoyarsk", "manager_id": "m1"}
        | {"tariff": "standard", "region": None},
        "specialist_id": "s7",
        "promise_broken": False,
    }
