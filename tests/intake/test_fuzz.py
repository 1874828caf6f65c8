"""Ten thousand broken letters and webhooks: each is read or refused by name, and none raises anything else.

They are the corpus and proper webhooks with bytes turned, cut out, doubled, and mixed with each other.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same inputs on every machine
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from services.intake.channels import email, mailgun, mango, quotes
from services.intake.channels.generic import CallNews, GenericDoor
from services.intake.domain.refusals import Refused
from services.intake.domain.threads import only_thanks, thread
from shared.clock import machine_now
from tests.intake.corpus import generate

LETTERS = 5_000
WEBHOOKS = 5_000
SPICE = [
    b"\r\n\r\n",
    b"\x00",
    b"\xff\xfe",
    b"=?koi8-r?B?",
    b"?=",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"--b\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"charset*0*=utf-8''%",
    b'"' * 50,
    b"(" * 200,
    b"<" * 200,
    b"References: <a@b> <",
    b"Content-Type: multipart/report; report-type=delivery-status\r\n",
    b"\nFrom: mailer-daemon@x\r\n",
    b"{",
    b"]",
    b"&",
    b"%",
    b"99999999999999999999",
    b"null",
    b"-1",
    b"\xd0",
    b"Content-Transfer-Encoding: x-uuencode\r\n",
    b">" * 100,
    b"-- \n",
]


def broken(good: list[bytes], chance: Random) -> bytes:
    """One of them, damaged a few times."""
    raw = bytearray(chance.choice(good))
    for _ in range(chance.randint(1, 8)):
        at, till = sorted((chance.randrange(len(raw) + 1), chance.randrange(len(raw) + 1)))
        match chance.randrange(5):
            case 0 if raw:
                raw[at % len(raw)] = chance.randrange(256)
            case 1:
                del raw[at : min(till, at + 300)]
            case 2:
                raw[at:at] = raw[at : min(till, at + 300)]
            case 3:
                other = chance.choice(good)
                raw[at:] = other[chance.randrange(len(other) + 1) :]
            case _:
                raw[at:at] = chance.choice(SPICE)
    return bytes(raw)


def test_five_thousand_broken_letters_are_letters() -> None:
    chance, good = Random(3), [path.read_bytes() for path in sorted(Path(generate.FOLDER, "letters").glob("*.eml"))]
    for _ in range(LETTERS):
        raw = broken(good, chance)
        read = email.read(raw)
        assert "".join(block.text for block in quotes.folded(read.text)) == read.text
        kept = [read.subject, read.text, read.sender or "", read.sender_name or "", *read.references, read.recipients]
        for text in [
            *kept,
            *(one.name for one in read.attachments),
            *(one.content_id or "" for one in read.attachments),
        ]:
            assert text.encode().decode() == text
            assert "\x00" not in text
        assert [len(content) for content in email.attachments(raw)] == [one.size for one in read.attachments]
        assert len(email.identity_of(raw)) == 2
        thread(read.subject, read.references, read.recipients)
        only_thanks(quotes.said(read.text))


def mango_form(payload: bytes) -> bytes:
    """Mango's form, rightly signed: what is broken is inside."""
    sign = sha256(b"key" + payload + b"salt").hexdigest()
    return urlencode({"vpbx_api_key": "key", "sign": sign, "json": payload}).encode()


MANGO = [
    {"entry_id": "e", "seq": 1, "timestamp": 1_700_000_000, "call_state": "Appeared", "from": {"number": "79131234567"},
     "to": {"extension": "101"}},
    {"entry_id": "e", "call_direction": 1, "create_time": 1_700_000_000, "talk_time": 0, "end_time": 1_700_000_100,
     "from": {"number": "79131234567"}, "to": {"extension": "101"}},
]  # fmt: skip
NEWS = [
    {"event": "rang", "call_id": "c", "phone": "+79131234567", "direction": "in", "at": "2026-11-02T09:00:00+07:00"}
]
FORMS = [
    b"timestamp=1&token=t&signature=s&body-mime=x",
    (
        b'--b\r\nContent-Disposition: form-data; name="timestamp"\r\n\r\n1\r\n--b\r\n'
        b'Content-Disposition: form-data; name="body-mime"\r\n\r\nFrom: a@b\r\n\r\n--b--\r\n'
    ),
]


def through_mango(payload: bytes) -> None:
    """As the door does it."""
    door = mango.MangoDoor("key", "salt")
    for kind in ("call", "summary"):
        mango.report(kind, door.payload(mango_form(payload)))


def through_generic(payload: bytes) -> None:
    """As the door does it, its signature left out."""
    GenericDoor(None).report(payload, machine_now())


def through_mailgun(payload: bytes) -> None:
    """As the door does it, in both kinds of form."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        with pytest.raises(Refused):
            mailgun.MailgunDoor(["key"]).letter(kind, payload)


@pytest.mark.parametrize(
    ("through", "good"),
    [
        (through_mango, [json.dumps(one).encode() for one in MANGO]),
        (through_generic, [json.dumps(one).encode() for one in NEWS]),
        (through_mailgun, FORMS),
    ],
)
def test_broken_webhooks_are_read_or_refused_by_name(through: Callable[[bytes], None], good: list[bytes]) -> None:
    chance = Random(5)
    for _ in range(WEBHOOKS // 3 + 1):
        try:
            through(broken(good, chance))
        except (Refused, ValidationError):
            continue


def test_the_generic_news_that_are_broken_were_good_before() -> None:
    assert [CallNews.model_validate(one).event for one in NEWS] == ["rang"]
