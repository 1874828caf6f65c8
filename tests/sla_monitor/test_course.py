"""What the policy table alone cannot say: rounds, promises, priorities, and facts that come out of order."""

import pytest

from services.sla_monitor.domain.facts import fact_of
from services.sla_monitor.domain.rules import Span
from services.sla_monitor.domain.timeline import SETTLE, FromTheFuture, UnknownSubject, fired, heard
from shared.calendar import NoCalendarYear
from shared.contracts import intake, routing
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import SlaBreached, SlaBreachWithdrawn, SlaMet, SlaMetWithdrawn
from tests.sla_monitor.telling import (
    CANCEL_ASKED,
    DISPLACED,
    DOUBTED,
    FOLLOWED_UP,
    MERGED,
    NOON,
    RANG,
    REFUSED,
    RULES,
    SATISFIED,
    UNMERGED,
    WITHDRAWN,
    At,
    Telling,
    assigned,
    call,
    finished,
    forced,
    minute,
    postponed,
    progressed,
    promised,
    registered,
    reopened,
    replaced,
    reprioritised,
    request,
    started,
    told,
    work,
)

ROUND = ((0, registered()), (1, assigned()), (2, started()), (60, finished()))


def test_a_refused_finish_runs_the_clocks_again_for_the_new_round() -> None:
    telling = told(*ROUND, (70, REFUSED))
    assert telling.standing("verdict") == ["cancelled"]
    assert telling.standing("assign") == ["met", "open"]
    assert telling.of("assign")[1].due == minute(75)
    for at, event in ((72, assigned("s2", 2)), (73, started("s2", 2)), (90, finished(2)), (95, SATISFIED)):
        telling.until(at).hear(event)
    for clock in ("assign", "start", "finish"):
        assert telling.standing(clock) == ["met", "met"], clock
    assert telling.standing("verdict") == ["cancelled", "met"]
    assert [one.id for one in telling.of("verdict")] == ["r1:verdict:1", "r1:verdict:2"]


@pytest.mark.parametrize("reopening_at", [69.999, 70, 70.001])
def test_routings_word_of_the_same_reopening_adds_nothing(reopening_at: float) -> None:
    """Whatever the difference between the clocks of intake's and routing's machines."""
    telling = told(*ROUND)
    telling.until(71).hear(REFUSED, minute_=70).hear(reopened(), assigned("s2", 2), minute_=reopening_at)
    assert telling.standing("assign") == ["met", "met"]
    assert telling.standing("start") == ["met", "open"]
    assert telling.standing("verdict") == ["cancelled"]


def test_a_verdict_after_the_closing_opens_it_again() -> None:
    telling = told(*ROUND, (70, SATISFIED), (80, REFUSED))
    assert telling.standing("verdict") == ["met"]
    assert telling.standing("assign") == ["met", "open"]


def test_a_refusal_in_the_midst_of_the_work_waits_for_routings_word() -> None:
    telling = told((0, registered()), (1, assigned()), (2, started()), (10, REFUSED))
    assert telling.standing("finish") == ["open"]
    telling.hear(reopened())
    assert telling.standing("finish") == ["cancelled", "open"]
    assert [one.due for one in telling.of("finish")] == [minute(242), minute(242)]
    assert telling.standing("assign") == ["met", "open"]


def test_what_an_earlier_rounds_specialist_still_says_is_nothing() -> None:
    telling = told(*ROUND, (70, REFUSED), (71, reopened()), (72, finished(1)), (73, progressed(1)))
    assert telling.standing("verdict") == ["cancelled"]
    assert telling.standing("progress") == ["met"]


def test_after_the_end_nothing_starts() -> None:
    for end in (SATISFIED, WITHDRAWN):
        telling = told((0, registered()), (1, end), (2, assigned()), (3, started()), (4, promised(60)))
        assert {one.standing(minute(5)) for one in telling.state.obligations} == {"cancelled"}
        assert telling.state.nearest is None
        assert telling.state.next_due is None


@pytest.mark.parametrize("word", [postponed(300), CANCEL_ASKED])
def test_the_specialists_word_relieves_no_clock(word: object) -> None:
    """R-REQ-2, R-IMP-5: neither postponing nor asking to cancel is a sign of life, let alone an end."""
    telling = told((0, registered()), (1, assigned()), (2, started()), (20, word), (40, postponed(600)))  # type: ignore[arg-type]
    assert telling.standing("progress") == ["breached"]
    assert telling.standing("finish") == ["open"]


def test_a_replacement_has_the_time_to_start_anew() -> None:
    telling = told((0, registered()), (1, assigned()), (10, replaced("s2")))
    assert telling.standing("start") == ["cancelled", "open"]
    assert [(one.specialist_id, one.due) for one in telling.of("start")] == [("s1", minute(16)), ("s2", minute(25))]


def test_assigned_once_more_is_a_handing_over() -> None:
    telling = told((0, registered()), (1, assigned()), (2, started()), (10, assigned("s2")))
    assert telling.standing("finish") == ["cancelled"]
    assert [(one.specialist_id, one.due) for one in telling.of("start")][1:] == [("s2", minute(25))]


def test_forced_after_the_finish_starts_again_and_in_the_work_changes_nothing() -> None:
    assert told(*ROUND[:3], (10, forced())).standing("start") == ["met"]
    telling = told(*ROUND, (70, forced()))
    assert telling.standing("start") == ["met", "open"]
    assert telling.standing("verdict") == ["cancelled"]


# --- the finish goes on (R-URG-5) ---

HALF = (*ROUND[:3], (122, finished()))
"""Two of the four hours are used."""


def test_a_refusal_sets_the_finish_going_again_with_what_was_left() -> None:
    telling = told(*HALF, (200, REFUSED))
    assert [(one.id, one.due) for one in telling.of("finish")] == [
        ("r1:finish:1", minute(242)),
        ("r1:finish:2", minute(320)),
    ]
    assert telling.of("finish")[1].since == minute(200)
    assert telling.of("finish")[1].earlier == (Span(minute(2), minute(122)),)


def test_whoever_has_it_then_the_accountant_waits_on() -> None:
    telling = told(*HALF, (200, REFUSED), (205, assigned("s2", 2)), (219, replaced("s3", 2)), (230, started("s3", 2)))
    assert telling.standing("finish") == ["met", "cancelled", "open"]
    assert telling.of("finish")[2].due == minute(320)


def test_refused_again_and_again_it_all_adds_up() -> None:
    more = ((205, assigned("s2", 2)), (210, started("s2", 2)), (260, finished(2)), (300, REFUSED))
    telling = told(*HALF, (200, REFUSED), *more)
    assert telling.of("finish")[2].due == minute(300 + 240 - 120 - 60)


def test_where_nothing_is_left_it_is_late_from_the_refusal_on() -> None:
    telling = told(*ROUND[:3], (300, finished()), (400, REFUSED)).until(401)
    assert telling.standing("finish") == ["met", "breached"]
    assert telling.of("finish")[1].due == minute(400)
    assert telling.about("finish") == ["warned", "breached", "met", "warned", "breached"]


def test_closed_and_opened_again_it_goes_on_as_well() -> None:
    assert told(*HALF, (130, SATISFIED), (1000, REFUSED)).of("finish")[1].due == minute(1120)


def test_what_nobody_began_does_not_go_on() -> None:
    telling = told((0, registered()), (1, assigned()), (5, finished()), (9, REFUSED))
    assert telling.of("finish") == []


# --- promises (R-URG-3, R-URG-4, R-URG-6) ---


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


# --- facts that come out of order ---


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
    assert "work.started" in withdrawn.reason


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
    assert (back.late, back.reason.split(",")[0]) == (False, "Позже стало известно: request.reprioritised")
    assert [one.late for one in telling.said if isinstance(one, SlaMet)] == [False, True]


def test_what_was_told_as_met_and_was_not_is_taken_back() -> None:
    """Withdrawn before it was assigned, as is heard of only afterwards."""
    telling = told((0, registered()), (3, assigned())).hear(WITHDRAWN, minute_=1)
    assert telling.about("assign") == ["warned", "met", "met_withdrawn"]
    assert telling.standing("assign") == ["cancelled"]


def test_a_met_time_that_is_another_but_in_time_alike_is_not_told_again() -> None:
    telling = told((0, registered()), (1, assigned()), (10, started())).hear(started(), minute_=5)
    assert telling.about("start") == ["warned", "met"]


def test_merged_into_another_nothing_is_owed_any_more() -> None:
    telling = told((0, registered()), (1, assigned()), (5, MERGED)).hear(started(), minute_=6)
    assert {one.ending for one in telling.state.obligations} == {"met", "cancelled"}
    assert telling.until(600).about("finish") == []


def test_unmerged_it_is_as_if_it_had_never_been_merged() -> None:
    plain = told((0, registered()), (1, assigned()), (8, started()))
    undone = told((0, registered()), (1, assigned()), (5, MERGED), (8, started()), (9, UNMERGED))
    assert undone.state.obligations == plain.state.obligations


def test_what_urgent_work_displaced_waits_for_somebody_again() -> None:
    telling = told((0, registered("important")), (5, assigned()), (10, DISPLACED))
    assert (telling.standing("assign"), telling.standing("start")) == (["met", "open"], ["cancelled"])
    telling.until(20).hear(assigned("s2"))
    assert (telling.standing("assign"), telling.standing("start")) == (["met", "met"], ["cancelled", "open"])


@pytest.mark.parametrize("shown", [FOLLOWED_UP, DOUBTED], ids=["followed up", "verdict doubted"])
def test_what_is_only_shown_changes_no_clock(shown: At) -> None:
    plain = told((0, registered()), (1, assigned()), (20, started()))
    with_it = told((0, registered()), (1, assigned()), (3, shown), (20, started()))
    assert with_it.state.obligations == plain.state.obligations
    assert len(with_it.state.facts) == 4


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


def test_the_same_fact_again_changes_nothing() -> None:
    telling = told((0, registered()), (1, assigned()))
    again = fact_of(assigned()(minute(1)))
    assert again is not None
    assert heard(telling.timeline, "request", "r1", again, now=minute(9), rules=RULES).state is telling.timeline


def test_firing_with_nothing_due_changes_nothing() -> None:
    telling = Telling().hear(registered())
    assert fired(telling.timeline, now=minute(1)).state is telling.timeline


def test_firing_what_is_gone_is_refused() -> None:
    with pytest.raises(UnknownSubject):
        fired(None, now=NOON)


# --- the rest ---


def test_who_and_what_it_is_about_is_the_latest_known() -> None:
    other = intake.RequestIdentified
    telling = Telling().hear(registered(client=None))
    assert (telling.state.client, telling.state.number) == (None, "100 245")
    ref = {"client_id": "c9", "name": "Лицей", "zone": "Asia/Omsk", "manager_id": "m9"}
    telling.hear(request(other, client=ref, by="m9"))
    assert telling.state.client is not None
    assert telling.state.client.client_id == "c9"
    assert telling.until(6).said[-1].client == telling.state.client.ref()  # type: ignore[attr-defined]


def test_our_own_outgoing_calls_are_no_business_of_the_clocks() -> None:
    for kind in (intake.CallRang, intake.CallAnswered, intake.CallMissed):
        assert fact_of(call(kind, direction="out")(NOON)) is None


def test_a_call_identified_later_counts_from_its_own_beginning_and_the_last_word_holds() -> None:
    telling = Telling().hear(call(intake.CallRang, client=None)).until(1)
    telling.hear(call(intake.CallMissed, client=None)).until(30)
    before = telling.state.obligations
    for client_id in ("c9", "c2"):
        whose = {"client_id": client_id, "name": "Лицей", "zone": "Asia/Omsk", "manager_id": "m9"}
        telling.hear(call(intake.CallIdentified, client=whose, by="m1", missed_at=minute(1))).until(40)
    assert telling.state.obligations == before
    assert telling.state.client is not None
    assert telling.state.client.client_id == "c2"
    assert fact_of(call(intake.CallIdentified, by="m1", direction="out")(NOON)) is None


def test_long_words_are_cut_for_the_timeline() -> None:
    fact = fact_of(work(routing.WorkProgressed, specialist_id="s1", note="я" * 5000)(NOON))
    assert fact is not None
    assert fact.note == "я" * 299 + "…"


def test_working_time_beyond_the_production_calendar_is_refused_by_name() -> None:
    telling = Telling()
    telling.clock.moment = minute(60 * 24 * 402)
    with pytest.raises(NoCalendarYear, match="2028"):
        telling.hear(registered("routine"))


def test_a_fact_from_further_ahead_than_clocks_differ_waits_for_its_time() -> None:
    """Taken at its word a year ahead, it would put off every promise by a year."""
    telling = Telling()
    with pytest.raises(FromTheFuture, match=r"request.registered r1: время 23.11.2027"):
        telling.hear(registered(), minute_=60 * 24 * 365)
    assert telling.timeline is None
    telling.hear(registered(), minute_=10)
    assert telling.of("assign")[0].due == minute(15)
