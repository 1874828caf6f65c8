"""What each provider tells of one conversation, in every order and twice over, comes to the same call and tells each
thing once (R-URG-1, R-URG-2)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.channels import mango, megafon
from services.intake.channels.generic import GenericDoor
from services.intake.channels.uis import UisDoor
from services.intake.channels.zadarma import ZadarmaDoor
from services.intake.domain.callers import NOBODY
from services.intake.domain.calls import Call, Fact, Report, from_inside, hear, swept
from services.intake.domain.refusals import Refused
from tests.intake.test_mango import leg, summary

START = datetime(2026, 11, 2, 3, tzinfo=UTC)
LOCAL = "2026-11-02 10:00:{:02}"
"""The same in Krasnoyarsk."""
ZONE = "Asia/Krasnoyarsk"
CLIENT, OURS, MOBILE = "+73912223344", "+73912000000", "+79130000001"
ZADARMA, UIS, GENERIC = ZadarmaDoor(("s",), ZONE), UisDoor(("t",), ZONE), GenericDoor([])


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def of_megafon(second: int, **over: str) -> Report:
    form = {"cmd": "event", "callid": "1", "phone": "73912223344", "telnum": "73912000000", "user": "anna"} | over
    found = megafon.report(form, at(second))
    assert found is not None
    return found


def of_zadarma(second: int, event: str, **over: str) -> Report:
    form = {"event": event, "pbx_call_id": "in_1", "call_start": LOCAL.format(0)}
    sides = {"caller_id": "+73912223344", "called_did": "73912000000"}
    return ZADARMA.report(form | sides | over, at(second))


def of_uis(event: str, second: int, **over: str) -> Report:
    notice = {"event": event, "call_session_id": "77", "contact_phone_number": "73912223344"}
    filled = notice | {"virtual_phone_number": "73912000000", "notification_time": LOCAL.format(second)} | over
    return UIS.report(json.dumps(filled).encode())


def of_generic(event: str, second: int, **over: Any) -> Report:
    news = {"event": event, "call_id": "g1", "phone": CLIENT, "our_phone": OURS, "at": at(second).isoformat()} | over
    return GENERIC.report(json.dumps(news).encode(), at(second))


def of_mango(kind: str, payload: dict[str, Any]) -> Report:
    found = mango.report(kind, json.dumps(payload | {"from": {"number": "73912223344"}}), at(60))
    assert found is not None
    return found


HISTORY = {"cmd": "history", "start": "20261102T030000Z", "direction": "in", "wait": "8"}
MANGO_AT = int(START.timestamp())
STORIES: dict[str, tuple[list[Report], list[str]]] = {
    "megafon answered after a transfer": (
        [
            of_megafon(0, type="INCOMING"),
            of_megafon(8, type="ACCEPTED"),
            of_megafon(8, type="CANCELLED", user="boris"),
            of_megafon(20, type="TRANSFERRED", user="vera"),
            of_megafon(40, type="COMPLETED"),
            of_megafon(41, **HISTORY, status="Success", duration="32", link="https://vats.example/1.mp3"),
        ],
        ["call.answered", "call.ended", "call.rang"],
    ),
    "megafon missed": (
        [
            of_megafon(0, type="INCOMING"),
            of_megafon(30, type="CANCELLED"),
            of_megafon(31, **(HISTORY | {"wait": "30"}), status="Missed", duration="0"),
        ],
        ["call.missed", "call.rang"],
    ),
    "zadarma answered": (
        [
            of_zadarma(0, "NOTIFY_START"),
            of_zadarma(2, "NOTIFY_INTERNAL", internal="101"),
            of_zadarma(8, "NOTIFY_ANSWER", destination="101", internal="101"),
            of_zadarma(40, "NOTIFY_END", disposition="answered", duration="32"),
        ],
        ["call.answered", "call.ended", "call.rang"],
    ),
    "zadarma missed": (
        [of_zadarma(0, "NOTIFY_START"), of_zadarma(30, "NOTIFY_END", disposition="no answer", duration="0")],
        ["call.missed", "call.rang"],
    ),
    "uis answered": (
        [
            of_uis("rang", 0),
            of_uis("answered", 8, employee="Анна"),
            of_uis("ended", 40, talk_time_duration="32"),
            of_uis("recorded", 50, file_link="https://uis.example/77"),
        ],
        ["call.answered", "call.ended", "call.rang"],
    ),
    "uis missed": (
        [of_uis("rang", 0), of_uis("missed", 30), of_uis("ended", 30, talk_time_duration="0")],
        ["call.missed", "call.rang"],
    ),
    "generic answered after a transfer": (
        [
            of_generic("rang", 0),
            of_generic("answered", 8, employee="101"),
            of_generic("answered", 20, employee="102"),
            of_generic("ended", 40, talk_seconds=32, recording="https://pbx.example/g1"),
        ],
        ["call.answered", "call.ended", "call.rang"],
    ),
    "mango answered after a transfer": (
        [
            of_mango("call", leg(1, "Appeared")),
            of_mango("call", leg(8, "Connected")),
            of_mango("call", leg(20, "Disconnected")),
            of_mango("call", leg(21, "Connected", to={"extension": "102"}, call_id="leg2")),
            of_mango("summary", summary(MANGO_AT + 8)),
        ],
        ["call.answered", "call.ended", "call.rang"],
    ),
}


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
