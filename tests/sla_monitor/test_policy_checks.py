"""A version of the policy that would let a promise be forgotten is refused, by the field that says so."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sla_monitor.domain.checking import faults
from services.sla_monitor.domain.policies import Policy, Version
from shared.calendar import weekdays
from tests.sla_monitor.policing import clock, own, rules, urgent, version
from tests.sla_monitor.telling import SHIPPED, minute
from tests.sla_monitor.test_any_order import ANYTHING, events_of, stories
from tests.sla_monitor.test_versions import at_the_end

LAST = len(SHIPPED.clocks)
EVERY_DAY = tuple(date(2026, 1, 1) + timedelta(days=number) for number in range(365))
NOBODY = weekdays(())
FOLLOWED, DOUBTED = "request.followed_up", "request.verdict_doubted"


def field_of(found: Version) -> list[str]:
    return [fault.field for fault in faults(found)]


def test_what_is_shipped_has_no_fault() -> None:
    assert faults(version(2, 0)) == []
    assert faults(version(2, 0, own())) == []


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ({"met_by": ()}, "met_by", "ничто не исполняет"),
        ({"starts": ()}, "starts", "никогда не пойдут"),
        ({"starts": ("request.satisfied", "request.withdrawn")}, "starts", "никогда не пойдут"),
        ({"starts": ("work.started",)}, "met_by", "тут же исполняет"),
        ({"restarts": ("work.started",), "cancelled_by": ()}, "met_by", "никогда не кончатся"),
        (
            {"starts": ("work.assigned",), "met_by": ("work.assigned",), "restarts": ("work.assigned",)}
            | {"cancelled_by": ("work.assigned",)},
            "met_by",
            "никогда не кончатся",
        ),
        ({"continued_by": ("work.started",), "cancelled_by": ()}, "met_by", "никогда не кончатся"),
        ({"continued_by": ("request.registered",)}, "continued_by", "уже пускает"),
        ({"restarts": ("work.finished",)}, "restarts", "work.finished"),
        ({"cancelled_by": ("work.started",)}, "cancelled_by", "уже исполняет"),
        ({"paused_by": (FOLLOWED,)}, "resumed_by", "никогда не истекут"),
        ({"resumed_by": (FOLLOWED,)}, "paused_by", "нечему остановить"),
        ({"paused_by": (FOLLOWED,), "resumed_by": (FOLLOWED, DOUBTED)}, "resumed_by", "и останавливает"),
        ({"paused_by": ("request.registered",), "resumed_by": (DOUBTED,)}, "paused_by", "и пускает, и стоит"),
        ({"paused_by": ("work.started",), "resumed_by": (DOUBTED,)}, "paused_by", "уже кончаются"),
        ({"paused_by": (FOLLOWED,), "resumed_by": ("work.started",)}, "resumed_by", "уже кончаются"),
        ({"paused_by": ("work.postponed",), "resumed_by": (DOUBTED,)}, "paused_by", "R-REQ-2"),
        ({"cancelled_by": ("work.cancel_asked",)}, "cancelled_by", "R-IMP-5"),
        ({"cancelled_by": ("request.withdrawn",)}, "cancelled_by", "request.satisfied"),
        ({"met_by": ("work.progressed",), "cancelled_by": ()}, "cancelled_by", "request.withdrawn"),
        ({"starts": ("work.started",), "met_by": ("request.registered",)}, "met_by", "в самом начале"),
        ({"met_by": ("call.answered",)}, "met_by", "call.answered"),
        ({"starts": ("request.unmerged",)}, "starts", "request.unmerged"),
        ({"about": "prospect"}, "about", "свои часы"),
        ({"about": "call", "starts": ("call.rang",), "met_by": ("call.answered",)}, "cancelled_by", "request."),
        ({"appointed": True}, "appointed", "weekly_call"),
    ],
)  # fmt: skip
def test_a_clock_that_would_never_end_or_never_run_out_is_refused(over: Any, field: str, words: str) -> None:
    found = faults(version(2, 0, own(**over)))
    assert [fault for fault in found if fault.field == f"clocks.{LAST}.{field}" and words in fault.message], found


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ((urgent(0),), "terms.0.target_seconds"),
        ((urgent(60 * 24 * 367),), "terms.0.target_seconds"),
        ((replace(urgent(5), priorities=(None,)),), "terms.0.priorities"),
        ((urgent(5, warnings=(0.9, 0.5)),), "terms.0.warnings"),
        ((urgent(5, warnings=(0.5, 0.5)),), "terms.0.warnings"),
        ((urgent(5), urgent(9, tariffs=("gold",))), "terms.1"),
        ((urgent(5, natures=("complex", "long")), urgent(9, natures=("long",))), "terms.1"),
        ((urgent(60 * 24 * 366, calendar="company"),), "terms.0.target_seconds"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms: Any, field: str) -> None:
    assert f"clocks.{LAST}.{field}" in field_of(version(2, 0, own(terms=terms)))


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"company": NOBODY}, "calendars.company"),
        ({"client": NOBODY}, "calendars.client"),
        ({"zone": "Mars/Olympus"}, "calendars.company"),
        ({"regional": {"16": (date(2031, 1, 1),)}}, "calendars.regional_holidays.16"),
        ({"regional": {"16": EVERY_DAY}}, "calendars.regional_holidays.16"),
    ],
)
def test_a_calendar_without_working_time_is_refused(over: Any, field: str) -> None:
    assert field in field_of(version(2, 0, calendars=replace(SHIPPED.calendars, **over)))


def test_the_clocks_others_rely_on_stay() -> None:
    whole = version(2, 0)
    assert field_of(replace(whole, clocks=whole.clocks[1:])) == ["clocks"]
    assert field_of(replace(whole, clocks=(*whole.clocks, clock("finish")))) == [f"clocks.{LAST}.clock"]
    assert field_of(version(2, 0, clock("pickup", about="request"))) == ["clocks.0.about"]
    held = clock("weekly_call", met_by=("contact_call.attempted",))
    assert field_of(version(2, 0, held)) == ["clocks.8.met_by"]
    assert "clocks.9.appointed" in field_of(version(2, 0, clock("prospect_contact", appointed=False)))


KINDS = ("request.registered", "work.assigned", "work.started", "work.progressed", "work.finished", "work.replaced",
         "work.reopened", "request.satisfied", "request.withdrawn", FOLLOWED, DOUBTED)  # fmt: skip
some_kinds = st.lists(st.sampled_from(KINDS), max_size=3, unique=True).map(tuple)


@settings(deadline=None)
@given(
    st.builds(own, starts=some_kinds, met_by=some_kinds, restarts=some_kinds, cancelled_by=some_kinds,
              paused_by=some_kinds, resumed_by=some_kinds, continued_by=some_kinds),
    stories(ANYTHING),
)  # fmt: skip
def test_what_is_not_refused_can_end(policy: Policy, story: Any) -> None:
    """Of a policy without faults some event stops the clock for good, and any story comes to something."""
    made = version(2, 0, policy)
    if faults(made):
        return
    stops = {*policy.met_by, *policy.cancelled_by} - {*policy.starts, *policy.restarts, *policy.continued_by}
    assert stops
    telling = at_the_end(rules(made), events_of(story))
    for one in telling.of("look"):
        assert one.since <= one.due
        assert one.ended is None or one.since <= one.ended <= minute(60 * 24 * 60)
