"""Facts that come late, early, or out of order: what was told is put right, once."""

from datetime import datetime

import pytest

from services.sla_monitor.domain import timeline
from services.sla_monitor.domain.timeline import SETTLE, FromTheFuture
from shared.contracts.sla_monitor import SlaBreachWithdrawn, SlaMet, SlaMetWithdrawn
from tests.sla_monitor.telling import (
    FOLLOWED_UP,
    NOON,
    RANG,
    WITHDRAWN,
    Telling,
    assigned,
    minute,
    promised,
    registered,
    reprioritised,
    started,
    told,
)


def test_facts_of_an_unknown_request_are_kept_and_count_when_it_is_registered() -> None:
    telling = Telling().hear(assigned(), minute_=1).hear(started(), minute_=2)
    assert telling.state.obligations == ()
    assert telling.state.next_due is None
    telling.clock.moment = minute(3)
    telling.hear(registered(), minute_=0)
    assert telling.standing("assign") == ["met"]
    assert telling.standing("start") == ["met"]
    assert telling.standing("progress") == ["open"]


def test_a_late_fact_with_an_earlier_time_puts_it_right() -> None:
    telling = told((0, registered()), (1, assigned())).until(30)
    assert telling.standing("start") == ["breached"]
    telling.hear(started(), minute_=10)
    assert telling.standing("start") == ["met"]
    assert not telling.of("start")[0].ended_late
    assert telling.about("start") == ["warned", "breached", "breach_withdrawn", "met"]
    withdrawn = [one for one in telling.said if isinstance(one, SlaBreachWithdrawn) and one.clock == "start"][-1]
    assert (withdrawn.at, withdrawn.obligation_id) == (minute(30), "r1:start:1")
    assert withdrawn.reason == "Позже стало известно: специалист начал, 23.11.2026 12:10:00."


def test_a_breach_that_a_late_promise_moves_is_withdrawn_and_may_come_again() -> None:
    telling = told((0, registered()), (1, assigned())).until(30).hear(promised(60), minute_=5)
    assert telling.standing("start") == ["open"]
    telling.until(61)
    assert telling.about("start") == ["warned", "breached", "breach_withdrawn", "warned", "breached"]


def test_a_due_time_that_moved_is_warned_of_again_before_its_new_time() -> None:
    telling = told((0, registered()), (1, assigned())).until(10)
    assert telling.about("start") == ["warned"]
    telling.hear(promised(120)).until(119)
    assert telling.about("start") == ["warned", "warned"]
    telling.hear(FOLLOWED_UP).until(119.5)
    assert telling.about("start") == ["warned", "warned"]


def test_a_clock_that_is_behind_withdraws_no_breach_another_replica_told() -> None:
    telling = told((0, registered())).until(5.01)
    assert telling.about("assign") == ["warned", "breached"]
    telling.clock.moment = minute(4.9999)
    telling.hear(FOLLOWED_UP).until(6)
    assert telling.about("assign") == ["warned", "breached"]


def test_what_was_met_in_time_after_all_is_told_as_that() -> None:
    telling = told((0, registered()), (1, assigned()), (20, started())).hear(started(), minute_=12)
    assert telling.about("start") == ["warned", "breached", "met", "breach_withdrawn", "met_withdrawn", "met"]
    assert [one.late for one in telling.said if isinstance(one, SlaMet) and one.clock == "start"] == [True, False]


def test_what_was_done_late_after_all_stays_broken() -> None:
    telling = told((0, registered()), (1, assigned())).until(30).hear(started(), minute_=20)
    assert telling.about("start") == ["warned", "breached", "met"]


def test_what_was_told_as_met_in_time_and_was_late_is_told_anew() -> None:
    """Raised to urgent before it was assigned, as is heard of only afterwards."""
    telling = told((0, registered("important")), (30, assigned())).hear(reprioritised("urgent"), minute_=1)
    assert telling.about("assign") == ["met", "met_withdrawn", "breached", "met"]
    (back,) = [one for one in telling.said if isinstance(one, SlaMetWithdrawn)]
    assert (back.late, back.reason.split(",")[0]) == (False, "Позже стало известно: приоритет заявки изменён")
    assert [one.late for one in telling.said if isinstance(one, SlaMet)] == [False, True]


def test_why_something_is_taken_back_is_written_only_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons: list[datetime] = []

    def written(moment: datetime, *_: str, **__: bool) -> str:
        reasons.append(moment)
        return "тогда"

    monkeypatch.setattr(timeline, "written", written)
    telling = told((0, registered()), (3, assigned()), (4, started()))
    assert reasons == []
    telling.hear(WITHDRAWN, minute_=1)
    assert set(reasons) == {minute(1)}


def test_what_was_told_as_met_and_was_not_is_taken_back() -> None:
    """Withdrawn before it was assigned, as is heard of only afterwards."""
    telling = told((0, registered()), (3, assigned())).hear(WITHDRAWN, minute_=1)
    assert telling.about("assign") == ["warned", "met", "met_withdrawn"]
    assert telling.standing("assign") == ["cancelled"]


def test_a_met_time_that_is_another_but_in_time_alike_is_not_told_again() -> None:
    telling = told((0, registered()), (1, assigned()), (10, started())).hear(started(), minute_=5)
    assert telling.about("start") == ["warned", "met"]


def test_a_fact_five_minutes_ahead_of_this_clock_counts_at_its_own_time() -> None:
    telling = told((0, registered())).hear(assigned(), minute_=4.9)
    assert telling.standing("assign") == ["met"]
    assert telling.of("start")[0].since == minute(4.9)


def test_a_fact_from_a_machine_whose_clock_is_behind_counts_as_just_after_the_registration() -> None:
    telling = Telling().hear(registered()).hear(assigned(), minute_=-0.001)
    assert telling.standing("assign") == ["met"]
    assert telling.of("start")[0].since == NOON


def test_what_is_overdue_when_it_is_heard_of_waits_a_moment_for_the_fact_that_meets_it() -> None:
    telling = Telling()
    telling.clock.moment = minute(60)
    telling.hear(RANG, minute_=0)
    assert telling.state.next_due == minute(60) + SETTLE
    assert telling.said == []


def test_a_fact_from_further_ahead_than_clocks_differ_waits_for_its_time() -> None:
    """Taken at its word a year ahead, it would put off every promise by a year."""
    telling = Telling()
    with pytest.raises(FromTheFuture, match=r"r1: заявка зарегистрирована, но 23\.11\.2027 12:00:00 ещё .*пришло\.$"):
        telling.hear(registered(), minute_=60 * 24 * 365)
    assert telling.timeline is None
    telling.hear(registered(), minute_=10)
    assert telling.of("assign")[0].due == minute(15)
