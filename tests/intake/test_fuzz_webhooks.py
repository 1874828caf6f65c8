"""Five thousand webhooks, each rightly signed and wrong inside: fields that miss, of another type, huge, nested,
repeated, with control characters, and bytes turned. Each is understood, or refused by name, and what is understood can
be kept.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import new
from random import Random  # noqa: TID251 - seeded: the same inputs on every machine
from typing import Any
from urllib.parse import urlencode

import bson
import httpx
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Signer

from services.intake.channels import email, forms, generic, mailgun, mango, megafon, uis, zadarma
from services.intake.channels.doors import none_from_the_future
from services.intake.domain import webhooks
from services.intake.domain.calls import hear
from services.intake.domain.identity import NOBODY
from services.intake.domain.refusals import Refused
from services.intake.domain.webhooks import Webhook
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from services.intake.telephony import Doors
from shared.clock import machine_now
from shared.store.codec import CODEC_OPTIONS, to_fields
from tests.conftest import SettingsFor
from tests.intake.conftest import DIRECTOR, MANGO_KEY, MANGO_SALT, SECRET
from tests.intake.test_fuzz import broken
from tests.kit import eventually, serving

EACH = 850
OVER_HTTP = 40
TOKEN = "token-of-the-tests"
NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)
ZONE = "Asia/Krasnoyarsk"
DOORS = Doors(
    generic=generic.GenericDoor([SECRET]),
    mango=mango.MangoDoor([MANGO_KEY], [MANGO_SALT]),
    megafon=megafon.MegafonDoor((TOKEN,)),
    zadarma=zadarma.ZadarmaDoor((TOKEN,), ZONE),
    uis=uis.UisDoor((TOKEN,), ZONE),
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LEG = {
    "entry_id": "e", "call_id": "l", "seq": 1, "timestamp": 1_793_588_400, "call_state": "Appeared",
    "location": "abonent", "from": {"number": "79131234567"}, "to": {"extension": "101"},
}  # fmt: skip
SUMMARY = {
    "entry_id": "e", "call_direction": 1, "create_time": 1_793_588_400, "talk_time": 0, "end_time": 1_793_588_460,
    "from": {"number": "79131234567"}, "to": {"extension": "101"},
}  # fmt: skip
GOOD: dict[str, list[dict[str, Any]]] = {
    "generic": [
        {"event": "rang", "call_id": "c", "phone": "+79131234567", "at": "2026-11-02T09:00:00+07:00"},
        {"event": "ended", "call_id": "c", "talk_seconds": 32, "recording": "https://pbx.example/c", "employee": "101"},
        {"event": "returned", "call_id": "c", "by_call_id": "d", "direction": "in", "our_phone": "+73912000000"},
    ],
    "mango": [LEG, SUMMARY, {"entry_id": "e", "recording_id": "r"}],
    "megafon": [
        {"cmd": "event", "type": "INCOMING", "callid": "1", "phone": "79131234567", "telnum": "73912000000"},
        {"cmd": "history", "callid": "1", "start": "20261102T030000Z", "status": "Success", "wait": "8",
         "duration": "32", "link": "https://vats.example/1", "type": "in", "phone": "79131234567"},
        {"cmd": "contact", "phone": "79131234567", "callid": "1"},
    ],
    "zadarma": [
        {"event": event, "pbx_call_id": "in_1", "caller_id": "+79131234567", "called_did": "73912000000",
         "destination": "101", "internal": "101", "call_start": "2026-11-02 10:00:00", "duration": "32",
         "disposition": "answered", "call_id_with_rec": "r"}
        for event in zadarma.SIGNED
    ],
    "uis": [
        {"event": event, "call_session_id": "7", "contact_phone_number": "79131234567",
         "notification_time": "2026-11-02 10:00:00", "talk_time_duration": "32"}
        for event in ("rang", "answered", "missed", "ended")
    ],
    "mailgun": [{"recipient": "help@svoy.example", "body-mime": "From: a@b.ru\r\nSubject: 1\r\n\r\nНе сдаётся отчёт"}],
}  # fmt: skip
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**40, -(10**40), "", " ", "\x00", "\x1b[2J\u202e", "9" * 5_000, "я" * 300, "\ufffe",
    [], {}, [[[]]], {"number": {"number": {}}}, {"$gt": ""}, "2026-02-30 25:61:61", "0001-01-01 00:00:00",
    "9999-12-31 23:59:59", "99991231T235959Z", "2026-11-02T09:00:00+99:00", "²", "1e9", "nan", "javascript:alert(1)",
]  # fmt: skip


def spoilt(good: Mapping[str, Any], chance: Random) -> dict[str, Any]:
    """The fields, some of them gone, turned into something else, or new."""
    fields = dict(good)
    for _ in range(chance.randint(1, 4)):
        name = chance.choice([*good, "новое", "$set", "a.b", "__proto__"])
        match chance.randrange(4):
            case 0:
                fields.pop(name, None)
            case 1:
                fields[name] = chance.choice(list(good.values()))
            case _:
                fields[name] = chance.choice(ODD)
    return fields


def as_json(fields: Mapping[str, Any], chance: Random) -> bytes:
    """A body of JSON, now and then with bytes turned."""
    body = json.dumps(fields, ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")
    return broken([body], chance) if chance.random() < 0.3 else body


def as_form(fields: Mapping[str, Any], chance: Random) -> bytes:
    """A form, fields repeated now and then."""
    pairs = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in fields.items()]
    for _ in range(chance.randrange(3)):
        pairs.insert(chance.randrange(len(pairs) + 1), (chance.choice(list(fields) or ["x"]), str(chance.choice(ODD))))
    return urlencode(pairs).encode()


@dataclass(frozen=True)
class Sent:
    """A webhook on its way."""

    path: str
    body: bytes
    headers: dict[str, str]


def of_generic(fields: Mapping[str, Any], chance: Random) -> Sent:
    body, named, now = as_json(fields, chance), f"w{chance.random()}", machine_now()
    signature = Signer(SECRET).sign(named, now, body.decode("utf-8", "replace"))
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": named, "webhook-timestamp": stamp, "webhook-signature": signature}
    return Sent("/v1/calls/generic", body, headers)


def of_mango(fields: Mapping[str, Any], chance: Random) -> Sent:
    told = as_json(fields, chance)
    sign = sha256(MANGO_KEY.encode() + told + MANGO_SALT.encode()).hexdigest()
    form = [("vpbx_api_key", MANGO_KEY), ("sign", sign), ("json", told), ("json", b"{}")]
    kind = "summary" if "create_time" in fields else chance.choice(["call", "recording", "ct/1", "sms"])
    return Sent(f"/v1/calls/mango/events/{kind}", urlencode(form).encode(), FORM)


def of_megafon(fields: Mapping[str, Any], chance: Random) -> Sent:
    return Sent("/v1/calls/megafon", as_form({"crm_token": TOKEN, **fields}, Random(chance.random())), FORM)


def of_zadarma(fields: Mapping[str, Any], chance: Random) -> Sent:
    body = as_form(fields, chance)
    try:
        first = forms.fields(body)
    except Refused:
        first = {}
    signed = "".join(first.get(name, "") for name in zadarma.SIGNED.get(first.get("event", ""), ()))
    return Sent("/v1/calls/zadarma", body, FORM | {"Signature": zadarma.sign(TOKEN, signed)})


def of_uis(fields: Mapping[str, Any], chance: Random) -> Sent:
    return Sent(f"/v1/calls/uis/{TOKEN}", as_json(fields, chance), {})


def of_mailgun(fields: Mapping[str, Any], chance: Random) -> Sent:
    stamp = str(int(machine_now().timestamp()))
    signed = {
        "timestamp": stamp,
        "token": "t",
        "signature": new(TOKEN.encode(), f"{stamp}t".encode(), sha256).hexdigest(),
    }
    return Sent("/v1/emails/mailgun/mime", as_form({**signed, **fields}, Random(chance.random())), FORM)


SENDERS: dict[str, Callable[[Mapping[str, Any], Random], Sent]] = {
    "generic": of_generic,
    "mango": of_mango,
    "megafon": of_megafon,
    "zadarma": of_zadarma,
    "uis": of_uis,
    "mailgun": of_mailgun,
}


def let_in(provider: str, sent: Sent) -> bytes:
    """As the door does it. Raises `Refused`."""
    match provider:
        case "generic":
            DOORS.generic.webhook_id(sent.body, sent.headers)
            return sent.body
        case "mango":
            return DOORS.mango.payload(sent.body)
        case "megafon":
            return DOORS.megafon.payload(sent.body)
        case "zadarma":
            return DOORS.zadarma.payload(sent.body, sent.headers["Signature"])
        case "uis":
            return sent.body
    return mailgun.MailgunDoor([TOKEN]).letter(FORM["Content-Type"], sent.body)


def taken_in(provider: str, sent: Sent) -> bool:
    """Whether it was understood, as the house does it after the door."""
    payload = let_in(provider, sent)
    if provider == "mailgun":
        return bool(email.read(payload))
    kind = sent.path.partition("/events/")[2]
    webhook = Webhook(webhook_id="w", provider=provider, kind=kind, payload=payload, urgency=0, received_at=NOW)
    bson.encode(to_fields(webhook), codec_options=CODEC_OPTIONS)
    report = DOORS.read(webhook)
    if report is None:
        return True
    none_from_the_future(report.facts, NOW)
    assert webhooks.MOST <= webhooks.urgency(report.facts) <= webhooks.LEAST
    call = hear(None, report, lambda _: NOBODY).state
    bson.encode(to_fields(call) | {"_id": call.call_id}, codec_options=CODEC_OPTIONS)
    return True


@pytest.mark.parametrize("provider", GOOD)
def test_what_is_signed_and_wrong_inside_is_understood_or_refused_by_name(provider: str) -> None:
    chance, understood, refused = Random(7), 0, 0
    for _ in range(EACH):
        sent = SENDERS[provider](spoilt(chance.choice(GOOD[provider]), chance), chance)
        try:
            understood += taken_in(provider, sent)
        except (Refused, ValidationError):
            refused += 1
    assert understood > EACH // 20
    assert refused > EACH // 20


@pytest.mark.parametrize("provider", GOOD)
def test_what_is_right_is_understood(provider: str) -> None:
    for fields in GOOD[provider]:
        assert taken_in(provider, SENDERS[provider](fields, _Calm()))


class _Calm(Random):
    """Leaves everything as it is."""

    def random(self) -> float:
        return 0.9

    def randrange(self, *_: Any) -> int:
        return 0


@pytest.fixture
async def http(settings_for: SettingsFor) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_for(
        IntakeSettings,
        webhook_secret=SECRET,
        mango_api_key=MANGO_KEY,
        mango_api_salt=MANGO_SALT,
        megafon_tokens=TOKEN,
        zadarma_secrets=TOKEN,
        uis_tokens=TOKEN,
        mailgun_keys=TOKEN,
    )
    async with serving(build_app(settings)) as client:
        yield client


async def test_over_the_doors_each_is_answered_and_comes_to_an_end(http: httpx.AsyncClient) -> None:
    chance = Random(11)
    sent = [
        SENDERS[provider](spoilt(chance.choice(GOOD[provider]), chance), chance)
        for provider in GOOD
        for _ in range(OVER_HTTP)
    ]
    answers = await asyncio.gather(*(http.post(one.path, content=one.body, headers=one.headers) for one in sent))
    statuses = {(one.path, answer.status_code) for one, answer in zip(sent, answers, strict=True)}
    odd = [(path, status) for path, status in statuses if status > 401]
    assert odd == []
    kept = {answer.json()["webhook_id"] for answer in answers if "webhook_id" in answer.text}
    assert len(kept) > OVER_HTTP

    async def nothing_waits() -> bool:
        waiting = await http.get("/v1/webhooks", params={"state": "waiting"}, headers=DIRECTOR)
        return not waiting.json()["items"]

    await eventually(nothing_waits)
    shown: set[str] = set()
    for state in ("done", "not_understood"):
        page = await http.get("/v1/webhooks", params={"state": state, "limit": 200}, headers=DIRECTOR)
        shown |= {one["webhook_id"] for one in page.json()["items"]}
        assert all(one["why"] != "Ошибка в программе; она записана." for one in page.json()["items"])
    assert shown == kept
