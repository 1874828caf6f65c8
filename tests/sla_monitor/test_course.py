"""What the policy table alone cannot say: rounds, handing over, a finish that goes on, merging."""

import pytest

from services.sla_monitor.domain.facts import fact_of
from services.sla_monitor.domain.rules import Span
from services.sla_monitor.domain.timeline import UnknownSubject, fired, heard
from shared.calendar import NoCalendarYear
from shared.contracts import intake, routing
from tests.sla_monitor.telling import (
    CANCEL_ASKED,
    DISPLACED,
    DOUBTED,
    FOLLOWED_UP,
    MERGED,
    NOON,
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
