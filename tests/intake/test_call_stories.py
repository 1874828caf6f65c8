"""What each provider tells of one conversation, in every order and twice over, comes to the same call and tells each
thing once (R-URG-1, R-URG-2)."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.channels import mango, megafon
from services.intake.domain.calls import Call, Fact, Report, from_inside, hear, is_returned_by, returned, swept
from services.intake.domain.identity import NOBODY
from services.intake.domain.refusals import Refused
from tests.intake.call_stories import (
    CLIENT,
    GENERIC,
    HISTORY,
    MISSED,
    MOBILE,
    OURS,
    START,
    STORIES,
    TALKED,
    UIS,
    ZADARMA,
    at,
    of_generic,
    of_mango,
    of_megafon,
    of_uis,
    of_zadarma,
)
from tests.intake.test_mango import leg


def played(reports: list[Report]) -> tuple[Call, list[str]]:
    call: Call | None = None
    told: list[str] = []
    for report in reports:
        decision = hear(call, report, lambda _: NOBODY)
        call = decision.state
        told += [event.TYPE for event in decision.events]
    assert call is not None
    return call, told


@pytest.mark.parametrize("story", STORIES)
def test_in_every_order_and_twice_over_it_is_the_same_call(story: str) -> None:
    reports, expected = STORIES[story]
    course = played(reports)[0].course
    assert course.phone == CLIENT
    for order in permutations(reports):
        call, told = played([*order, *order])
        assert call.course == course
        # Whatever came before the final word may have been told as it looked then; each thing at most once.
        assert len(set(told)) == len(told)
        assert set(expected) <= set(told)
    assert sorted(played(reports)[1]) == expected


@pytest.mark.parametrize("missed", MISSED)
@pytest.mark.parametrize("conversation", TALKED)
def test_a_missed_call_is_returned_by_a_conversation_of_any_provider_in_either_direction(
    missed: str, conversation: str
) -> None:
    before = played(STORIES[missed][0])[0]
    talked = played(STORIES[conversation][0])[0]
    later = replace(talked.course, answered_at=at(600))
    assert is_returned_by(before, replace(talked, call_id="another", course=later))
    assert not is_returned_by(before, replace(talked, call_id="another", course=replace(later, answered_at=at(0))))
    assert not is_returned_by(before, replace(talked, call_id="another", course=replace(later, phone="+79990000000")))
    events = returned(before, replace(talked, call_id="another", course=later)).events
    assert [event.TYPE for event in events] == ["call.returned"]


@pytest.mark.parametrize("hidden", ["anonymous", "", "sip:101@pbx", "102"])
def test_a_hidden_number_is_a_call_of_nobody_by_every_provider(hidden: str) -> None:
    calls = [
        played([of_megafon(0, type="INCOMING", phone=hidden)])[0],
        played([of_zadarma(0, "NOTIFY_START", caller_id=hidden)])[0],
        played([of_uis("rang", 0, contact_phone_number=hidden)])[0],
        played([of_generic("rang", 0, phone=hidden)])[0],
        played([mango_hidden(hidden)])[0],
    ]
    assert [(call.course.phone, call.course.status) for call in calls] == [(None, "ringing")] * 5


def mango_hidden(number: str) -> Report:
    found = mango.report("call", json.dumps(leg(1, "Appeared") | {"from": {"number": number}}), at(1))
    assert found is not None
    return found


def test_who_took_part_how_long_and_the_recording_are_kept() -> None:
    course = played(STORIES["megafon answered after a transfer"][0])[0].course
    assert set(course.legs) == {"anna", "boris", "vera"}
    assert (course.talk_seconds, course.recording, course.ours) == (32, "https://vats.example/1.mp3", OURS)
    assert (course.answered_at, course.over_at) == (at(8), at(40))
    assert played(STORIES["generic answered after a transfer"][0])[0].course.legs == ("101", "102")


def test_a_colleague_who_picked_up_does_not_make_it_missed() -> None:
    course = played(STORIES["megafon answered after a transfer"][0][:3])[0].course
    assert course.status == "answered"


def test_a_call_from_a_managers_mobile_to_the_client_is_a_call_of_ours() -> None:
    report = of_generic("answered", 200, phone=MOBILE, our_phone=CLIENT)
    (turned,) = from_inside(report, {MOBILE: "m1"}).facts
    assert (turned.direction, turned.phone, turned.ours) == ("out", CLIENT, MOBILE)
    assert from_inside(report, {}) == report
    between_us = of_generic("answered", 200, phone=MOBILE, our_phone="+79130000002")
    assert from_inside(between_us, {MOBILE: "m1", "+79130000002": "m2"}) == between_us


@pytest.mark.parametrize(("second", "closed"), [(599, False), (600, True)])
def test_a_call_that_only_rang_is_missed_after_ten_minutes(second: int, closed: bool) -> None:  # noqa: FBT001
    decision = swept(played([of_generic("rang", 0)])[0], at(second))
    assert [event.TYPE for event in decision.events] == (["call.missed"] if closed else [])
    assert (decision.state.quiet_at is None) == closed


@pytest.mark.parametrize(
    "heard",
    [
        [of_generic("rang", 0), of_generic("ended", 30)],
        [of_megafon(0, type="INCOMING"), of_megafon(30, type="COMPLETED")],
        [of_mango("call", leg(0, "Appeared")), of_mango("call", leg(30, "Disconnected"))],
    ],
    ids=["generic", "megafon", "mango"],
)
def test_a_call_that_ended_without_anybody_saying_how_is_missed_all_the_same(heard: list[Report]) -> None:
    call = played(heard)[0]
    assert (call.course.status, call.quiet_at) == ("ringing", at(630))
    decision = swept(call, at(630))
    assert [event.TYPE for event in decision.events] == ["call.missed"]
    assert decision.state.quiet_at is None


@pytest.mark.parametrize(
    "recorded",
    [
        of_mango("recording", {"entry_id": "e1", "recording_id": "rec1"}),
        of_zadarma(60, "NOTIFY_RECORD", call_id_with_rec="rec1"),
    ],
    ids=["mango", "zadarma"],
)
def test_a_recording_of_a_call_nobody_told_of_is_no_missed_call(recorded: Report) -> None:
    call = played([recorded])[0]
    decision = swept(call, at(24 * 3600))
    assert (call.quiet_at, decision.state, decision.events) == (None, call, ())


def test_a_recording_heard_of_first_hides_no_missed_call() -> None:
    recorded = of_zadarma(60, "NOTIFY_RECORD", call_id_with_rec="rec1")
    call = played([recorded, of_zadarma(0, "NOTIFY_START")])[0]
    assert [event.TYPE for event in swept(call, at(660)).events] == ["call.missed"]


def test_a_conversation_whose_end_never_came_is_over_after_four_hours() -> None:
    call = played([of_generic("rang", 0), of_generic("answered", 8)])[0]
    assert swept(call, at(4 * 3600)).state is call
    decision = swept(call, at(4 * 3600 + 8))
    assert (decision.state.course.status, decision.state.quiet_at, decision.events) == ("answered", None, ())


def test_an_end_that_comes_after_all_counts_against_the_sweep() -> None:
    closed = swept(played([of_megafon(0, type="INCOMING")])[0], at(600)).state
    late = of_megafon(700, **HISTORY, status="Success", duration="32")
    decision = hear(closed, late, lambda _: NOBODY)
    assert decision.state.course.status == "answered"
    assert [event.TYPE for event in decision.events] == ["call.answered", "call.returned", "call.ended"]


@pytest.mark.parametrize("story", STORIES)
def test_whatever_comes_after_the_sweep_is_told_and_counts_as_if_nobody_had_swept(story: str) -> None:
    reports, expected = STORIES[story]
    whole = played(reports)[0].course
    for until in range(1, len(reports)):
        call, told = played(reports[:until])
        closed = swept(call, call.quiet_at or at(24 * 3600))
        call, told = closed.state, [*told, *(event.TYPE for event in closed.events)]
        for report in reports[until:]:
            decision = hear(call, report, lambda _: NOBODY)
            call, told = decision.state, [*told, *(event.TYPE for event in decision.events)]
        for name in ("status", "answered_at", "ended_at", "over_at", "talk_seconds", "recording", "legs"):
            assert getattr(call.course, name) == getattr(whole, name), (until, name)
        assert set(expected) <= set(told), until
        assert len(set(told)) == len(told), until


READERS: dict[str, Callable[[dict[str, str]], object]] = {
    "megafon": partial(megafon.report, now=START),
    "zadarma": partial(ZADARMA.report, now=START),
    "uis": lambda form: UIS.report(json.dumps(form).encode()),
    "generic": lambda form: GENERIC.report(json.dumps(form).encode(), START),
}
NAMES = st.sampled_from(
    [
        "cmd",
        "type",
        "callid",
        "phone",
        "telnum",
        "start",
        "wait",
        "duration",
        "status",
        "link",
        "direction",
        "event",
        "pbx_call_id",
        "call_start",
        "caller_id",
        "disposition",
        "call_session_id",
        "notification_time",
        "talk_time_duration",
        "call_id",
        "at",
        "talk_seconds",
        "recording",
    ]
)
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "event",
            "history",
            "INCOMING",
            "ACCEPTED",
            "NOTIFY_END",
            "rang",
            "ended",
            "answered",
            "1",
            "-1",
            "²",
            "99999999999",
            "20261102T030000Z",
            "99991231T235959Z",
            "+73912223344",
            "https://x",
            "2026-11-02 10:00:00",
            "0001-01-01 00:00:00",
            "9999-12-31 23:59:59",
        ]
    ),
)


@pytest.mark.parametrize("provider", READERS)
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=12))
def test_whatever_the_fields_say_it_is_read_or_refused(provider: str, form: dict[str, str]) -> None:
    try:
        report = READERS[provider]({"event": "NOTIFY_START"} | form if provider == "zadarma" else form)
    except (Refused, ValidationError):
        return
    for fact in report.facts if isinstance(report, Report) else ():
        assert isinstance(fact, Fact)
        assert fact.at.tzinfo is not None
