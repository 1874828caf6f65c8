"""Mango Office: signed forms, and the calls they tell of."""

import json
from datetime import UTC, datetime
from functools import reduce
from hashlib import sha256
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.channels.doors import BadSignature, NotSetUp, Unreadable
from services.intake.channels.mango import MangoDoor, report
from services.intake.domain.calls import Call, Course, hear
from services.intake.domain.identity import NOBODY
from shared.contracts.base import Event
from shared.ids import derived_id

KEY, SALT = "vpbx-of-the-tests", "salt-of-the-tests"
OLD_KEY, OLD_SALT = "the-vpbx-before", "the-salt-before"
DOOR = MangoDoor([KEY, OLD_KEY], [SALT, OLD_SALT])
BEGAN = 1_793_588_400
PHONE = "+79131234567"


def form(payload: str, **over: str) -> bytes:
    """The body Mango posts."""
    sign = sha256(f"{KEY}{payload}{SALT}".encode()).hexdigest()
    return urlencode({"vpbx_api_key": KEY, "sign": sign, "json": payload} | over).encode()


def leg(seq: int, state: str, **over: Any) -> dict[str, Any]:
    """An `events/call`, a second a step."""
    return {
        "entry_id": "e1",
        "call_id": "leg1",
        "timestamp": BEGAN + seq,
        "seq": seq,
        "call_state": state,
        "location": "abonent",
        "from": {"number": "79131234567"},
        "to": {"extension": "101", "number": "73912000000", "line_number": "73912000000"},
    } | over


def summary(talk_time: int, **over: Any) -> dict[str, Any]:
    """An `events/summary`; `entry_result` says something else than the truth."""
    return {
        "entry_id": "e1",
        "call_direction": 1,
        "from": {"number": 79131234567},
        "to": {"extension": "101", "number": "73912000000"},
        "line_number": "73912000000",
        "create_time": BEGAN,
        "forward_time": BEGAN + 2,
        "talk_time": talk_time,
        "end_time": BEGAN + 60,
        "entry_result": 0 if talk_time else 1,
        "disconnect_reason": 1100,
    } | over


def told(*news: tuple[str, dict[str, Any]]) -> tuple[Call, list[Event]]:
    """The call these events make, and what is told of it."""
    events: list[Event] = []

    def take(call: Call | None, one: tuple[str, dict[str, Any]]) -> Call | None:
        heard = report(one[0], json.dumps(one[1]), at(0))
        if heard is None:
            return call
        decision = hear(call, heard, lambda _: NOBODY)
        events.extend(decision.events)
        return decision.state

    call: Call | None = reduce(take, news, None)
    assert call is not None
    return call, events


def at(second: int) -> datetime:
    return datetime.fromtimestamp(BEGAN + second, UTC)


def test_a_form_with_its_signature_gives_its_json_as_it_came() -> None:
    payload = '{"entry_id":  "e1", "имя": "Ольга"}'
    assert DOOR.payload(form(payload)).decode() == payload


@pytest.mark.parametrize(
    "over",
    [
        {"sign": "0" * 64},
        {"sign": ""},
        {"vpbx_api_key": "another"},
        {"json": '{"entry_id": "e1"} '},
        {"sign": "подпись"},
    ],
    ids=["wrong", "empty", "another account", "another body", "no hex"],
)
def test_a_wrong_signature_is_refused(over: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        DOOR.payload(form('{"entry_id": "e1"}', **over))


@pytest.mark.parametrize("body", [b"", b"{}", b"json=1", b"\xff\xfe", b"&".join(b"a=1" for _ in range(100))])
def test_what_is_no_form_of_mango_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        DOOR.payload(body)


@pytest.mark.parametrize(("key", "salt"), [(KEY, OLD_SALT), (OLD_KEY, SALT), (OLD_KEY, OLD_SALT)])
def test_two_codes_and_keys_are_good_while_one_is_replaced(key: str, salt: str) -> None:
    sign = sha256(f"{key}{{}}{salt}".encode()).hexdigest()
    assert DOOR.payload(form("{}", vpbx_api_key=key, sign=sign)) == b"{}"
    with pytest.raises(BadSignature):
        DOOR.payload(form("{}", vpbx_api_key="third", sign=sha256(f"third{{}}{salt}".encode()).hexdigest()))


@pytest.mark.parametrize("door", [MangoDoor([], [SALT]), MangoDoor([KEY], [])])
def test_without_key_and_salt_the_door_says_it_is_not_set_up(door: MangoDoor) -> None:
    with pytest.raises(NotSetUp):
        door.payload(form("{}"))


@given(st.binary(max_size=300))
def test_whatever_comes_unsigned_is_refused(body: bytes) -> None:
    with pytest.raises((BadSignature, Unreadable)):
        DOOR.payload(body)


ANSWERED = [
    ("call", leg(1, "Appeared", location="ivr")),
    ("call", leg(2, "Connected", location="ivr")),
    ("call", leg(3, "Appeared")),
    ("call", leg(9, "Connected")),
    ("call", leg(20, "OnHold")),
    ("call", leg(60, "Disconnected")),
    ("summary", summary(BEGAN + 9)),
]
MISSED = [("call", leg(1, "Appeared")), ("call", leg(60, "Disconnected")), ("summary", summary(0))]


def test_a_robot_that_picks_up_answers_nothing() -> None:
    call, events = told(*ANSWERED[:3])
    assert call.course.status == "ringing"
    assert [event.TYPE for event in events] == ["call.rang"]


def test_a_person_who_picks_up_answers_it_at_once() -> None:
    call, events = told(*ANSWERED[:4])
    assert call.course.answered_at == at(9)
    assert [event.TYPE for event in events] == ["call.rang", "call.answered"]


@pytest.mark.parametrize("news", [ANSWERED, MISSED], ids=["answered", "missed"])
def test_events_in_any_order_make_the_same_call(news: list[tuple[str, dict[str, Any]]]) -> None:
    expected = told(*news)[0]
    for order in list(permutations(news))[::7]:
        call, events = told(*order, *order)
        assert (call.course, call.facts, call.raw) == (expected.course, expected.facts, expected.raw)
        assert len({event.TYPE for event in events}) == len(events)


def test_without_talk_it_is_missed_whatever_the_result_says() -> None:
    call, events = told(*MISSED)
    assert call.course == Course(
        status="missed",
        phone=PHONE,
        began_at=at(0),
        rang_at=at(0),
        missed_at=at(60),
        ended_at=at(60),
        over_at=at(60),
        legs=("101",),
        talk_seconds=0,
    )
    assert [event.TYPE for event in events] == ["call.rang", "call.missed"]


def test_our_own_call_is_a_conversation_once_the_summary_says_they_talked() -> None:
    sides = {"from": {"extension": "101"}, "to": {"number": PHONE}}
    ringing = [("call", leg(1, "Appeared", **sides)), ("call", leg(2, "Connected", **sides))]
    assert told(*ringing)[1] == []
    call, events = told(*ringing, ("summary", summary(BEGAN + 15, call_direction=2, **sides)))
    assert (call.course.direction, call.course.phone, call.course.answered_at) == ("out", PHONE, at(15))
    assert [event.TYPE for event in events] == ["call.answered", "call.ended"]


def test_a_call_among_ourselves_is_none_of_a_clients() -> None:
    inside = {"from": {"extension": "101"}, "to": {"extension": "102"}}
    assert report("call", json.dumps(leg(1, "Appeared", **inside)), at(0)) is None
    assert report("summary", json.dumps(summary(0, call_direction=0)), at(0)) is None


@pytest.mark.parametrize("number", [None, "sip:102@pbx", "anonymous", 102])
def test_a_number_that_is_none_leaves_the_call_without_one(number: object) -> None:
    call, _ = told(("call", leg(1, "Appeared", **{"from": {"number": number}})))
    assert call.course.phone is None


def test_a_recording_is_kept_with_its_call_under_ids_that_are_numbers() -> None:
    by_number = report("recording", json.dumps({"entry_id": 77, "recording_id": 5}), at(70))
    by_text = report("recording", json.dumps({"entry_id": "77", "recording_id": "5"}), at(70))
    assert by_number is not None
    assert by_text is not None
    assert (by_number.call_id, by_number.facts) == (by_text.call_id, by_text.facts)
    assert by_number.facts[0].recording == "mango:5"
    assert report("recording", json.dumps({"entry_id": True, "recording_id": 5}), at(70)) is None


def test_a_recording_is_kept_with_its_call() -> None:
    recording = {"entry_id": "e1", "recording_id": "abc", "recording_state": "Completed"}
    heard = report("recording", json.dumps(recording), at(70))
    assert heard is not None
    assert heard.call_id == derived_id("call", "mango", "e1")
    call, _ = told(*ANSWERED, ("record/added", recording))
    assert call.course.recording == "mango:abc"
    assert report("sms", '{"sms_id": "1"}', at(0)) is None
    for broken in ("no json", "[" * 30_000, '{"entry_id": "\\ud800"}', "1"):
        with pytest.raises(Unreadable):
            report("sms", broken, at(0))


@pytest.mark.parametrize(
    ("kind", "news", "field"),
    [
        ("call", leg(1, "Appeared", timestamp=-1), "timestamp"),
        ("call", leg(1, "Appeared", entry_id=""), "entry_id"),
        ("summary", summary(0, call_direction=7), "call_direction"),
        ("summary", summary(0, end_time=10**15), "end_time"),
        ("call", leg(1, "Appeared") | {"seq": 10**30}, "seq"),
    ],
)
def test_an_unknown_value_names_its_field(kind: str, news: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        report(kind, json.dumps(news), at(0))
