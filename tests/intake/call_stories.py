"""Scripted stories of calls, as each provider tells them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from services.intake.channels import mango, megafon
from services.intake.channels.generic import GenericDoor
from services.intake.channels.uis import UisDoor
from services.intake.channels.zadarma import ZadarmaDoor
from services.intake.domain.calls import Report
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


def of_mango_out(kind: str, payload: dict[str, Any]) -> Report:
    sides = {"from": {"extension": "101"}, "to": {"number": "73912223344"}}
    found = mango.report(kind, json.dumps(payload | sides), at(60))
    assert found is not None
    return found


def of_zadarma_out(second: int, event: str, **over: str) -> Report:
    sides = {"internal": "101", "destination": "+73912223344", "caller_id": "73912000000", "called_did": ""}
    return of_zadarma(second, event, **(sides | over))


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
    "megafon out": (
        [
            of_megafon(0, type="OUTGOING", direction="out"),
            of_megafon(8, type="ACCEPTED", direction="out"),
            of_megafon(40, type="COMPLETED", direction="out"),
            of_megafon(41, **(HISTORY | {"direction": "out"}), status="Success", duration="32"),
        ],
        ["call.answered", "call.ended"],
    ),
    "megafon out and nobody there": (
        [
            of_megafon(0, type="OUTGOING", direction="out"),
            of_megafon(31, **(HISTORY | {"direction": "out"}), status="NotAvailable", duration="0"),
        ],
        [],
    ),
    "zadarma answered after a transfer": (
        [
            of_zadarma(0, "NOTIFY_START"),
            of_zadarma(8, "NOTIFY_ANSWER", destination="101", internal="101"),
            of_zadarma(20, "NOTIFY_INTERNAL", internal="102"),
            of_zadarma(25, "NOTIFY_ANSWER", destination="102", internal="102"),
            of_zadarma(40, "NOTIFY_END", disposition="answered", duration="32"),
            of_zadarma(60, "NOTIFY_RECORD", call_id_with_rec="rec1"),
        ],
        ["call.answered", "call.ended", "call.rang"],
    ),
    "zadarma out": (
        [
            of_zadarma_out(0, "NOTIFY_OUT_START"),
            of_zadarma_out(40, "NOTIFY_OUT_END", disposition="answered", duration="32"),
        ],
        ["call.answered", "call.ended"],
    ),
    "zadarma out and busy": (
        [
            of_zadarma_out(0, "NOTIFY_OUT_START"),
            of_zadarma_out(9, "NOTIFY_OUT_END", disposition="busy", duration="0"),
        ],
        [],
    ),
    "uis answered after a transfer": (
        [
            of_uis("rang", 0),
            of_uis("answered", 8, employee="Анна"),
            of_uis("answered", 20, employee="Борис", direction="in"),
            of_uis("ended", 40, talk_time_duration="32", direction="in"),
        ],
        ["call.answered", "call.ended", "call.rang"],
    ),
    "uis out": (
        [
            of_uis("rang", 0, direction="out"),
            of_uis("answered", 8, direction="out", employee="Анна"),
            of_uis("ended", 40, direction="out", talk_time_duration="32"),
        ],
        ["call.answered", "call.ended"],
    ),
    "generic missed": (
        [of_generic("rang", 0), of_generic("missed", 30), of_generic("ended", 30, talk_seconds=0)],
        ["call.missed", "call.rang"],
    ),
    "generic out": (
        [
            of_generic("rang", 0, direction="out"),
            of_generic("answered", 8, direction="out"),
            of_generic("ended", 40, direction="out", talk_seconds=32),
        ],
        ["call.answered", "call.ended"],
    ),
    "mango missed": (
        [
            of_mango("call", leg(1, "Appeared", location="ivr")),
            of_mango("call", leg(3, "Appeared")),
            of_mango("call", leg(30, "Disconnected")),
            of_mango("summary", summary(0)),
        ],
        ["call.missed", "call.rang"],
    ),
    "mango out": (
        [
            of_mango_out("call", leg(1, "Appeared")),
            of_mango_out("call", leg(8, "Connected")),
            of_mango_out("summary", summary(MANGO_AT + 8, call_direction=2)),
            of_mango("recording", {"entry_id": "e1", "recording_id": "rec1"}),
        ],
        ["call.answered", "call.ended"],
    ),
}
MISSED = [name for name in STORIES if name.endswith("missed")]
TALKED = [name for name in STORIES if "call.answered" in STORIES[name][1]]
