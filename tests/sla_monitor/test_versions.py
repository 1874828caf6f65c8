"""Versions of the policy in the fold: which counts when, and that nothing hangs on the order of facts."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.sla_monitor import metrics
from services.sla_monitor.domain.policies import Calendars
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Outdated, heard, reckoned
from services.sla_monitor.domain.verifying import differences
from shared.contracts import intake
from shared.contracts.base import ClientRef
from shared.contracts.sla_monitor import SlaBreached, SlaWarned
from tests.sla_monitor.policing import clock, own, rules, urgent, version
from tests.sla_monitor.telling import (
    CLIENT,
    DISPLACED,
    DOUBTED,
    FOLLOWED_UP,
    SATISFIED,
    SHIPPED,
    At,
    Telling,
    assigned,
    finished,
    minute,
    promised,
    registered,
    request,
    started,
    told,
)
from tests.sla_monitor.test_any_order import (
    ANYTHING,
    CALLS,
    END,
    but_for_what_was_said,
    events_of,
    shuffled,
    stories,
)

SHORT = (clock("assign", terms=(urgent(2),)), clock("start", terms=(urgent(7), *clock("start").terms[1:])))
PAUSED = own(
    met_by=("work.finished",), paused_by=("request.followed_up",), resumed_by=("request.verdict_doubted",),
    terms=(urgent(60, warnings=(0.5, 0.9)),),
)  # fmt: skip


def telling(known: Rules, *events: tuple[float, At]) -> Telling:
    """A timeline that heard these events, by these rules."""
    found = Telling(known)
    for number, event in events:
        found.until(number) if found.timeline is not None else None
        found.clock.moment = minute(number)
        found.hear(event)
    return found


# --- which version counts ---


def test_a_version_counts_for_what_starts_from_its_time_on() -> None:
    known = rules(version(2, 3, *SHORT))
    found = telling(known, (0, registered()), (4, assigned()))
    assert [(one.due, one.policy) for one in found.of("assign")] == [(minute(5), 1)]
    assert [(one.due, one.policy) for one in found.of("start")] == [(minute(11), 2)]
    assert telling(known, (3, registered())).of("assign")[0].due == minute(5)


def test_asked_to_it_applies_to_what_is_open() -> None:
    known = rules(version(2, 1, *SHORT, clock("wait_promise", terms=(urgent(30),)), applies_to_open=True))
    found = telling(known, (0, registered())).until(1)
    assert [(one.due, one.policy) for one in found.of("wait_promise")] == [(minute(30), 2)]
    assert [(one.due, one.policy) for one in found.of("assign")] == [(minute(2), 2)]


def test_a_shorter_time_that_would_be_over_counts_from_the_change_but_gives_no_more_than_before() -> None:
    found = telling(rules(version(2, 2.5, *SHORT, applies_to_open=True)), (0, registered())).until(3)
    assert found.of("assign")[0].due == minute(4.5)
    late = telling(rules(version(2, 4, *SHORT, applies_to_open=True)), (0, registered())).until(4.5)
    assert late.of("assign")[0].due == minute(5)


def test_what_is_late_already_stays_late_under_its_own_version() -> None:
    known = rules(version(2, 6, clock("assign", terms=(urgent(60),)), applies_to_open=True))
    found = telling(known, (0, registered())).until(7)
    assert found.standing("assign") == ["breached"]
    assert found.of("assign")[0].policy == 1


def test_a_clock_the_new_version_does_not_have_is_given_up_where_it_applies_to_what_is_open() -> None:
    one, two = version(2, 0, own()), version(3, 5, applies_to_open=True)
    found = telling(rules(one, two), (1, registered()))
    assert (found.standing("look"), found.until(5).standing("look")) == (["open"], ["cancelled"])
    plain = replace(two, applies_to_open=False)
    assert telling(rules(one, plain), (1, registered())).until(6).standing("look") == ["open"]


def test_a_version_that_is_not_in_force_yet_changes_nothing() -> None:
    """A fact heard while it is known, and lies ahead, is reckoned by what is in force."""
    shorter = version(2, 30, *SHORT, applies_to_open=True)
    found = telling(rules(shorter), (29, registered()), (29.5, FOLLOWED_UP))
    assert (found.of("assign")[0].due, found.about("assign")) == (minute(34), [])
    assert differences(found.state, found.rules, minute(29.6), applied=1) == []
    assert found.state.reckoned_by == 1
    found.until(30)
    assert (found.of("assign")[0].due, found.state.reckoned_by) == (minute(31), 2)
    assert differences(found.state, found.rules, minute(30), applied=2) == []


def test_a_clock_the_next_version_gives_up_is_broken_until_then() -> None:
    given_up = version(3, 70, applies_to_open=True)
    found = telling(rules(version(2, 0, own(terms=(urgent(40),))), given_up), (10, registered())).until(20)
    found.hear(FOLLOWED_UP).until(51)
    assert (found.about("look"), found.standing("look")) == (["warned", "breached"], ["breached"])


def test_a_clock_nobody_shipped_starts_warns_twice_breaks_and_is_met_late() -> None:
    look = own(terms=(urgent(10, warnings=(0.5, 0.9)),))
    found = telling(rules(version(2, 0, look)), (1, registered())).until(12).hear(started())
    assert found.about("look") == ["warned", "warned", "breached", "met"]
    assert [event.at for event in found.said if isinstance(event, SlaWarned) and event.clock == "look"] == [
        minute(6),
        minute(10),
    ]


@pytest.mark.parametrize(
    ("more", "due"),
    [({}, 480), ({"nature": "complex"}, 10), ({"client": CLIENT.model_copy(update={"tariff": "gold"})}, 3)],
)
def test_the_first_terms_that_fit_priority_nature_and_tariff_count(more: Any, due: float) -> None:
    always: dict[str, Any] = {"priorities": ("important",)}
    terms = (
        replace(urgent(3), tariffs=("gold",), **always),
        replace(urgent(10), natures=("complex",), **always),
        replace(urgent(480), **always),
    )
    found = telling(rules(version(2, 0, clock("assign", terms=terms))), (1, registered("important", **more)))
    assert found.of("assign")[0].due == minute(1 + due)


# --- calendars ---

OMSK = ClientRef(client_id="c2", name="Лицей", zone="Asia/Omsk", manager_id="m1")
IN_THEIR_ZONE = clock("assign", terms=(urgent(60, calendar="client"),))


def test_the_clients_own_zone_is_counted_in() -> None:
    """Noon in Krasnoyarsk is 11 in Omsk: the lunch of both is from 13 to 14 by their own clocks."""
    known = rules(version(2, 0, IN_THEIR_ZONE))
    at_one = (61, registered(client=OMSK))
    assert telling(known, at_one).of("assign")[0].due == minute(180 + 1)
    assert telling(known, (61, registered())).of("assign")[0].due == minute(180)
    assert telling(known, (61, registered(client=None))).of("assign")[0].due == minute(180)


def test_a_client_known_later_moves_what_is_not_late() -> None:
    known = rules(version(2, 0, IN_THEIR_ZONE))
    found = telling(known, (61, registered(client=None)), (70, request(intake.RequestIdentified, client=OMSK, by="m1")))
    assert found.of("assign")[0].due == minute(181)
    assert found.of("assign")[0].place is not None


def test_a_zone_there_is_none_of_is_counted_where_the_company_is() -> None:
    nowhere = OMSK.model_copy(update={"zone": "Mars/Olympus"})
    found = telling(rules(version(2, 0, IN_THEIR_ZONE)), (61, registered(client=nowhere)))
    assert found.of("assign")[0].due == minute(180)


def with_holiday(region: str | None = None) -> Calendars:
    return replace(SHIPPED.calendars, region=region, regional={"16": (date(2026, 11, 23),)})


def test_a_regions_holiday_is_nobodys_working_day_there() -> None:
    by_company = clock("assign", terms=(urgent(60, calendar="company"),))
    at_home = telling(rules(version(2, 0, by_company, calendars=with_holiday("16"))), (1, registered()))
    assert at_home.of("assign")[0].due == minute((24 - 3) * 60 + 60)  # from nine the next morning
    assert telling(rules(version(2, 0, by_company, calendars=with_holiday())), (1, registered())).of("assign")[
        0
    ].due == minute(121)
    there = rules(version(2, 0, IN_THEIR_ZONE, calendars=with_holiday()))
    theirs = CLIENT.model_copy(update={"region": "16"})
    assert telling(there, (1, registered(client=theirs))).of("assign")[0].due == minute(22 * 60)
    assert telling(there, (1, registered())).of("assign")[0].due == minute(121)


# --- pauses ---


def test_no_time_counts_while_it_is_paused() -> None:
    known = rules(version(2, 0, PAUSED))
    found = telling(known, (1, registered()), (21, FOLLOWED_UP))
    assert found.until(400).standing("look") == ["paused"]
    assert found.about("look") == []
    found.hear(DOUBTED)
    assert found.of("look")[0].due == minute(440)
    assert found.until(441).about("look") == ["warned", "warned", "breached"]


def test_met_while_paused_it_is_met_in_time() -> None:
    found = telling(rules(version(2, 0, PAUSED)), (1, registered()), (21, FOLLOWED_UP), (500, finished()))
    assert (found.standing("look"), found.of("look")[0].ended_late) == (["met"], False)


def test_what_is_late_is_not_paused() -> None:
    found = telling(rules(version(2, 0, PAUSED)), (1, registered()), (70, FOLLOWED_UP)).until(80)
    assert found.standing("look") == ["breached"]


def test_a_promise_stands_whatever_pauses() -> None:
    start = clock("start", paused_by=("request.followed_up",), resumed_by=("request.verdict_doubted",))
    found = telling(rules(version(2, 0, start)), (1, registered()), (2, promised(30)), (3, FOLLOWED_UP)).until(31)
    assert found.standing("start") == ["breached"]


def test_without_terms_and_paused_it_runs_from_when_it_has_some() -> None:
    found = telling(
        rules(version(2, 0, PAUSED), version(3, 50, replace(PAUSED, terms=(urgent(60), important()))), ),
        (1, registered("important")), (5, FOLLOWED_UP), (30, request(intake.RequestReprioritised, priority="urgent",
                                                                     reason="так", by="m1")),
        (40, DOUBTED),
    )  # fmt: skip
    assert found.of("look")[0].due == minute(100)


def important() -> Any:
    return replace(urgent(60), priorities=("important",))


# --- any order ---

VERSIONS = (
    version(2, 20, *SHORT, PAUSED),
    version(3, 120, clock("finish", terms=(urgent(30), *clock("finish").terms[1:])), PAUSED, applies_to_open=True),
    version(4, 230, own(terms=(urgent(5),), starts=("work.reopened",)), IN_THEIR_ZONE, applies_to_open=True),
    version(5, 400, *SHORT, applies_to_open=True),
)
MORE = (*ANYTHING, FOLLOWED_UP, DOUBTED, request(intake.RequestIdentified, client=OMSK, by="m1"))


def numbered(wanted: tuple[bool, ...]) -> Rules:
    some = [one for one, is_wanted in zip(VERSIONS, wanted, strict=True) if is_wanted]
    return rules(*(replace(one, number=number) for number, one in enumerate(some, 2)))


versions = st.tuples(*[st.booleans()] * len(VERSIONS)).map(numbered)


def at_the_end(known: Rules, events: Any) -> Telling:
    found = Telling(known)
    found.clock.moment = minute(END)
    for event in events:
        found.take(event)
    return found


@settings(deadline=None)
@given(st.data(), versions, st.one_of(stories(MORE), stories(CALLS)))
def test_any_order_of_facts_with_versions_comes_to_the_same_obligations(
    data: st.DataObject, known: Rules, story: list[tuple[float, At]]
) -> None:
    in_order, mixed = at_the_end(known, events_of(story)), at_the_end(known, data.draw(shuffled(story)))
    assert but_for_what_was_said(mixed) == but_for_what_was_said(in_order)
    mixed.fire()
    assert differences(mixed.state, known, mixed.clock.now()) == []


@settings(deadline=None)
@given(st.data(), versions, st.one_of(stories(MORE), stories(CALLS)))
def test_versions_that_are_learnt_at_any_time_come_to_the_same(
    data: st.DataObject, known: Rules, story: list[tuple[float, At]]
) -> None:
    """A replica that knew less wrote first; whoever knows more reckons anew (policy_book.py)."""
    events = data.draw(shuffled(story))
    learnt = data.draw(st.integers(0, len(events)))
    found = Telling(known.upto(1))
    found.clock.moment = minute(END)
    for event in events[:learnt]:
        found.take(event)
    found.rules = known
    if found.timeline is not None:
        decision = reckoned(found.timeline, now=found.clock.now(), rules=known)
        found.timeline = decision.state
        assert differences(found.state, known, found.clock.now()) == []
    for event in events[learnt:]:
        found.take(event)
    assert found.state.obligations == at_the_end(known, events_of(story)).state.obligations


def test_the_same_fact_heard_again_after_the_client_moved_is_one_fact() -> None:
    found = telling(rules(), (1, registered()))
    (fact,) = found.state.facts
    assert fact.client is not None
    moved = replace(fact, client=replace(fact.client, region="16"))
    assert heard(found.timeline, "request", "r1", moved, now=minute(2), rules=rules()).state is found.timeline


def test_who_knows_less_does_not_write_over_who_knew_more() -> None:
    known = rules(version(2, 0, *SHORT))
    found = telling(known, (1, registered()))
    fact = next(iter(telling(known, (2, started())).state.facts))
    with pytest.raises(Outdated):
        heard(found.timeline, "request", "r1", fact, now=minute(3), rules=rules())


def test_a_fact_ahead_of_its_time_is_reckoned_by_the_version_of_its_own_time() -> None:
    """Five minutes ahead of this machine's clock, past the time of a version nobody knew then."""
    found = told((0, registered())).hear(assigned(), minute_=5)
    known = rules(version(2, 3, *SHORT))
    decision = reckoned(found.timeline, now=minute(4), rules=known)
    (start,) = [one for one in decision.state.obligations if one.clock == "start"]
    assert (start.due, start.policy) == (minute(12), 2)
    assert differences(decision.state, known, minute(4)) == []


def test_verifying_waits_for_a_version_that_has_not_gone_through_yet() -> None:
    found = told((0, registered()))
    known = rules(version(2, 2, *SHORT, applies_to_open=True))
    assert differences(found.state, known, minute(3), applied=1) == []
    assert differences(found.state, known, minute(3), applied=2) != []


def test_displaced_and_satisfied_reach_every_clock() -> None:
    found = telling(rules(version(2, 0, own(met_by=("work.displaced",)))), (1, registered()), (2, DISPLACED))
    assert found.standing("look") == ["met"]
    closed = telling(rules(version(2, 0, own(starts=("request.followed_up",)))), (1, registered()), (2, SATISFIED))
    assert closed.until(3).hear(FOLLOWED_UP).of("look") == []


def test_a_broken_promise_is_kept_over_a_new_version() -> None:
    known = rules(version(2, 10, *SHORT, applies_to_open=True))
    found = telling(known, (0, registered()), (1, promised(30)))
    assert [(one.due, one.promised) for one in found.of("start")] == [(minute(30), True)]


def test_what_was_never_counted_stands_at_nothing_from_the_start() -> None:
    """`increase()` does not see the step from no counter to 1, and of one counter alone there is no difference."""
    urgent_only = clock("start", clock="promise_alone", terms=clock("start").terms[:1])
    metrics.show(rules(version(2, 0, urgent_only)))
    labels = {"clock": "promise_alone", "priority": "routine"}
    assert REGISTRY.get_sample_value("svoy_sla_promises_broken_total", labels) == 0
    found = telling(rules(version(2, 0, own(clock="of_another_version"))), (1, registered())).until(12)
    metrics.count([one for one in found.said if isinstance(one, SlaBreached) and one.clock == "of_another_version"])
    labels = {"clock": "of_another_version", "priority": "urgent"}
    counted = [
        REGISTRY.get_sample_value(f"svoy_sla_{name}_total", labels) for name in ("breached", "breaches_withdrawn")
    ]
    assert counted == [1, 0]


def test_the_longest_time_is_still_within_a_year() -> None:
    assert version(2, 0).since - SHIPPED.since > timedelta(days=365)
