"""Five thousand broken letters: each is read, and none raises anything.

They are the corpus with bytes turned, cut out, doubled, and mixed with each other. The other five thousand inputs of a
run are webhooks (`test_fuzz_webhooks`).
"""

from pathlib import Path
from random import Random  # noqa: TID251 - seeded: the same inputs on every machine

from services.intake.channels import email, quotes
from services.intake.domain.threads import only_thanks, thread
from tests.intake.corpus import generate

LETTERS = 5_000
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
