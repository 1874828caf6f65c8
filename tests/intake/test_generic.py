"""The generic telephony's signed webhooks, and what they say."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook

from services.intake.channels.doors import BadSignature, FromTheFuture, NotSetUp, none_from_the_future
from services.intake.channels.generic import GenericDoor
from services.intake.settings import IntakeSettings
from services.intake.telephony_settings import SECRETS
from shared.clock import machine_now

SECRET = "whsec_" + b64encode(b"a secret of the tests only").decode()
OLD = "whsec_" + b64encode(b"the secret before that one").decode()
DOOR = GenericDoor([SECRET, OLD])
NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
RANG = {"event": "rang", "call_id": "7f3", "phone": "8 391 222-33-44", "at": "2026-11-02T10:00:00.1239+07:00"}


def signed(body: bytes, webhook_id: str = "w1", age: timedelta = timedelta(), secret: str = SECRET) -> dict[str, str]:
    """The headers of a webhook sent `age` ago."""
    sent = machine_now() - age
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(sent.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, sent, body.decode()),
    }


def body(**over: Any) -> bytes:
    return json.dumps(RANG | over).encode()


def test_a_webhook_with_its_signature_is_let_in() -> None:
    assert DOOR.webhook_id(body(), signed(body())) == "w1"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(body()) | {"webhook-signature": "v1,AAAA"},
        signed(body()) | {"webhook-signature": "nonsense"},
        signed(body()) | {"webhook-signature": "v1,!!!"},
        signed(body()) | {"webhook-id": "w2"},
        signed(body()) | {"webhook-timestamp": "nan"},
        signed(body(), age=timedelta(minutes=6)),
        signed(body(), age=timedelta(hours=-1)),
        signed(body(phone="+79131234567")),
    ],
    ids=["none", "wrong", "no scheme", "no base64", "other id", "no time", "old", "from the future", "other body"],
)
def test_a_wrong_signature_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        DOOR.webhook_id(body(), headers)


@given(st.binary(max_size=200), st.text(max_size=50), st.text(max_size=50))
def test_whatever_comes_unsigned_is_refused(content: bytes, signature: str, timestamp: str) -> None:
    headers = {"webhook-id": "w1", "webhook-timestamp": timestamp, "webhook-signature": signature}
    with pytest.raises(BadSignature):
        DOOR.webhook_id(content, headers)


def test_the_window_is_five_minutes() -> None:
    assert DOOR.webhook_id(body(), signed(body(), age=timedelta(minutes=4, seconds=50))) == "w1"


def test_two_secrets_are_good_while_one_is_replaced_and_no_third() -> None:
    assert DOOR.webhook_id(body(), signed(body(), secret=OLD)) == "w1"
    with pytest.raises(BadSignature):
        DOOR.webhook_id(body(), signed(body(), secret="whsec_" + b64encode(b"another secret").decode()))


def test_without_a_secret_the_door_says_it_is_not_set_up() -> None:
    with pytest.raises(NotSetUp):
        GenericDoor([]).webhook_id(body(), signed(body()))


def test_what_it_says_becomes_a_fact_to_the_millisecond() -> None:
    report = DOOR.report(body(), NOW)
    (fact,) = report.facts
    assert report.call_id == "7f3"
    assert (fact.kind, fact.phone, fact.direction) == ("rang", "+73912223344", "in")
    assert fact.at == datetime(2026, 11, 2, 3, 0, 0, 123000, tzinfo=UTC)


def test_a_hidden_number_is_no_reason_to_refuse_a_call() -> None:
    for phone in ("anonymous", None, "102"):
        assert DOOR.report(body(phone=phone), NOW).facts[0].phone is None


def test_without_a_time_it_happened_now() -> None:
    assert DOOR.report(body(at=None), NOW).facts[0].at == NOW


def test_a_return_names_the_conversation() -> None:
    report = DOOR.report(body(event="returned", by_call_id="7f9"), NOW)
    assert report.facts[0].by_call_id == "7f9"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", "exploded"),
        ("direction", "up"),
        ("call_id", ""),
        ("call_id", "x" * 201),
        ("call_id", "a/b"),
        ("at", "2026-11-02T03:00:00"),
    ],
)
def test_an_unknown_value_names_its_field(field: str, value: str) -> None:
    with pytest.raises(ValidationError, match=field):
        DOOR.report(body(**{field: value}), NOW)


def test_a_telephony_whose_clock_runs_ahead_is_told_so() -> None:
    with pytest.raises(FromTheFuture):
        none_from_the_future(DOOR.report(body(at="2026-11-02T03:06:00Z"), NOW).facts, NOW)
    none_from_the_future(DOOR.report(body(at="2026-11-02T03:04:00Z"), NOW).facts, NOW)


def test_a_secret_that_is_none_does_not_start_the_service() -> None:
    known = {"amqp_url": "amqp://", "mongo_url": "mongodb://", "jwt_public_key": "{}"}
    with pytest.raises(ValidationError, match="webhook_secret"):
        IntakeSettings.model_validate(known | {"webhook_secret": "whsec_?"})
    assert IntakeSettings.model_validate(known | {"webhook_secret": " "}).webhook_secret == ()
    with pytest.raises(ValidationError, match="webhook_secret"):
        IntakeSettings.model_validate(known | {"webhook_secret": f"{SECRET},{OLD},{SECRET}"})


@pytest.mark.parametrize("name", [*SECRETS, "mailgun_keys"])
def test_a_secret_that_can_be_guessed_does_not_start_the_service_in_production(name: str) -> None:
    known = {"amqp_url": "amqp://", "mongo_url": "mongodb://", "jwt_public_key": "{}"}
    short, long = ("whsec_c2hvcnQ=", SECRET) if name == "webhook_secret" else ("fifteen-symbols", "sixteen-symbols-")
    with pytest.raises(ValidationError, match=f"SVOY_{name.upper()}"):
        IntakeSettings.model_validate(known | {name: f"{long},{short}"})
    assert len(getattr(IntakeSettings.model_validate(known | {name: f"{long} {long}"}), name)) == 2
    assert getattr(IntakeSettings.model_validate(known | {name: short, "mode": "development"}), name)
