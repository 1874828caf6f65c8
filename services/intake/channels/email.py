"""A raw letter (RFC 5322 and MIME) into what it says. Whatever the bytes, there is a `Letter`; nothing here raises.

The structure is the standard library's to parse, under its older policy: the newer one takes 12 s for a Content-Type
of 200 KB. Words are decoded by `charsets`, because the library fails on raw 8-bit headers and on charset names it does
not know. What cannot be read is named in `Letter.faults`, and the raw letter is kept for a person.
"""

import re
from contextlib import suppress
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parseaddr
from hashlib import sha256
from typing import Any, TypeAlias

from services.intake.channels import automatic, markup
from services.intake.channels.charsets import decoded, header_text
from services.intake.domain.mails import Attachment, Letter

Part: TypeAlias = "Message[Any, Any]"

ATTACHMENTS = 500
"""How many are listed; the others are in the raw letter."""
LONGEST_NAME = 200
LONGEST_SUBJECT = 500
LONGEST_ID = 998
LONGEST_HEADER = 10_000
"""Characters of a header that are looked at."""
MULTIPARTS = 50
"""A letter that speaks of more is not taken apart: nested, they would cost minutes. A person finds it whole."""
PARAMETERS, SHORTENED = 64, 200
"""A header with more parameters is hostile: only its first characters are looked at."""

REFERENCES = 100
SCANNED = 200_000
RECIPIENTS = ("to", "cc", "delivered-to")
_MESSAGE_ID = re.compile(r"<[^<>@\s]{1,400}@[^<>@\s]{1,255}>")
_RISKY = re.compile(
    r"\.(?:exe|scr|com|bat|cmd|pif|js|jse|vbs|vbe|wsf|hta|msi|lnk|ps1|jar|docm|xlsm|pptm|reg|iso)$", re.IGNORECASE
)
_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}", re.ASCII)
_ADDRESS = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,255}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
"""Also what turns the direction of writing, and so hides a name's true ending."""


class _Bounded(policy.Compat32):
    """Headers as they are, but not so long, nor with so many parameters, that reading them takes minutes."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: LONGEST_HEADER if value.count(";") <= PARAMETERS else SHORTENED]


BOUNDED = _Bounded()


def read(raw: bytes) -> Letter:
    """What the letter says, as far as it can be read."""
    faults: set[str] = set()
    message = _parsed(raw, faults)
    headers = _headers(message)
    leaves = _leaves(message, faults)
    name, address = _sender(headers.get("from", ""), faults)
    subject = _text(headers.get("subject", ""), "subject", faults)[:LONGEST_SUBJECT]
    origin = automatic.origin(message, headers, address, subject, len(raw))
    return Letter(
        header_id=_plain(headers.get("message-id", ""))[:LONGEST_ID] or None,
        sender=address,
        sender_name=name,
        subject=subject,
        text=_body(leaves, faults),
        attachments=_listed([part for part in leaves if not _is_text(part)], faults),
        faults=tuple(sorted(faults)),
        origin=origin,
        answerable=origin == "person" and automatic.answerable(headers, address),
        references=_references(headers, raw if origin == "bounce" else b""),
        recipients=" ".join(_plain(headers.get(name, "")) for name in RECIPIENTS)[:LONGEST_HEADER].strip(),
    )


def _references(headers: dict[str, str], returned: bytes) -> tuple[str, ...]:
    """The Message-IDs it answers; a bounce names the letter it returns anywhere in its text."""
    named = f"{headers.get('in-reply-to', '')} {headers.get('references', '')}"
    inside = returned[:SCANNED].decode("ascii", "replace")
    return tuple(dict.fromkeys(_plain(one) for one in _MESSAGE_ID.findall(f"{named} {inside}")))[-REFERENCES:]


def attachment(raw: bytes, number: int) -> bytes | None:
    """The bytes of the attachment with this number (from 1), or None where there is none."""
    parts = [part for part in _leaves(_parsed(raw, set()), set()) if not _is_text(part)]
    return _payload(parts[number - 1]) if 0 < number <= min(len(parts), ATTACHMENTS) else None


def attachments(raw: bytes) -> list[bytes]:
    """The bytes of all attachments, in order."""
    parts = [part for part in _leaves(_parsed(raw, set()), set()) if not _is_text(part)]
    return [_payload(part) for part in parts[:ATTACHMENTS]]


def identity_of(raw: bytes) -> tuple[str, str]:
    """What makes a letter this letter, whichever way it came: its Message-ID and the hash of who says what, when.

    Headers added on the way do not count.
    """
    message = _headers_alone(raw)
    headers = _headers(message)
    said = "\n".join(headers.get(name, "") for name in ("from", "date", "subject"))
    body = str(message.get_payload()).replace("\r\n", "\n").rstrip("\n")
    digest = sha256(f"{said}\n\n{body}".encode("utf-8", "surrogateescape"))
    return _plain(headers.get("message-id", "")), digest.hexdigest()


def _parsed(raw: bytes, faults: set[str]) -> Part:
    """The letter in its parts; the library compares every line with every multipart around it."""
    if raw.lower().count(b"multipart/") <= MULTIPARTS:
        with suppress(Exception):  # the parser fails in ways it does not name, and no letter may get lost
            return BytesParser(policy=BOUNDED).parsebytes(raw)
    faults.add("structure")
    return _headers_alone(raw)


def _headers_alone(raw: bytes) -> Part:
    """The letter with its body as one unread piece."""
    try:
        return BytesHeaderParser(policy=BOUNDED).parsebytes(raw)
    except Exception:  # noqa: BLE001 - see _parsed
        message: Part = Message(policy=BOUNDED)
        message.set_payload(raw.decode("ascii", "surrogateescape"))
        return message


def _headers(message: Part) -> dict[str, str]:
    """The raw headers by lower-case name; of several of one name, the first."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), str(value))
    return found


def _text(raw: str, where: str, faults: set[str]) -> str:
    text, as_announced = header_text(raw)
    if not as_announced:
        faults.add(where)
    return text


def _plain(raw: str) -> str:
    return header_text(raw)[0]


def _sender(raw: str, faults: set[str]) -> tuple[str | None, str | None]:
    try:
        name, address = parseaddr(raw.replace("\r", " ").replace("\n", " "))
    except Exception:  # noqa: BLE001 - nested comments exhaust the stack
        name, address = "", ""
    if not _ADDRESS.fullmatch(_plain(address)):
        faults.add("from")
        return _text(name or raw, "from", faults)[:LONGEST_NAME] or None, None
    return _text(name, "from", faults)[:LONGEST_NAME] or None, _plain(address).lower()


def _leaves(message: Part, faults: set[str]) -> list[Part]:
    """The parts that hold something, in order; a forwarded letter is one of them, whole."""
    found: list[Part] = []
    waiting = [message]
    while waiting:
        part = waiting.pop()
        children = part.get_payload()
        if isinstance(children, list) and _kind(part, faults).startswith("multipart/"):
            waiting.extend(child for child in reversed(children) if isinstance(child, Message))
        else:
            found.append(part)
    return found


def _kind(part: Part, faults: set[str] | None = None) -> str:
    try:
        kind = part.get_content_type()
    except Exception:  # noqa: BLE001 - malformed parameters raise whatever they hit on
        if faults is not None:
            faults.add("content-type")
        return "text/plain"
    if kind.startswith("multipart/") and not isinstance(part.get_payload(), list):
        return "text/plain"  # no boundary to be found: all of it is read as text
    return kind if _TYPE.fullmatch(kind) else "application/octet-stream"


def _is_text(part: Part) -> bool:
    if _kind(part) not in {"text/plain", "text/html"}:
        return False
    return _disposition(part) != "attachment" and not _file_name(part)


def _disposition(part: Part) -> str | None:
    try:
        return part.get_content_disposition()
    except Exception:  # noqa: BLE001 - see _kind
        return None


def _file_name(part: Part) -> str:
    try:
        found = part.get_param("filename", header="content-disposition") or part.get_param("name") or ""
    except Exception:  # noqa: BLE001 - see _kind
        return ""
    if isinstance(found, tuple):
        charset, _, value = found
        name, _ = decoded(value.encode("latin-1", "replace"), charset)
    else:
        name = _plain(found)
    return _UNSAFE.sub("_", name).strip(" .")[-LONGEST_NAME:]


def _body(leaves: list[Part], faults: set[str]) -> str:
    texts = [part for part in leaves if _is_text(part)]
    plain = [_words(part, faults) for part in texts if _kind(part) == "text/plain"]
    if any(text.strip() for text in plain):
        return "\n".join(plain).strip()
    return "\n".join(markup.words(_words(part, faults)) for part in texts if _kind(part) == "text/html").strip()


def _words(part: Part, faults: set[str]) -> str:
    text, as_announced = decoded(_payload(part), _charset(part))
    if not as_announced:
        faults.add("charset")
    return text.replace("\r\n", "\n")


def _charset(part: Part) -> str | None:
    try:
        found = part.get_param("charset")
    except Exception:  # noqa: BLE001 - see _kind
        return None
    return found if isinstance(found, str) else None


def _payload(part: Part) -> bytes:
    """The bytes of a part: decoded, or, of a forwarded letter, as they are."""
    inner = part.get_payload()
    try:
        if isinstance(inner, list):
            return b"".join(child.as_bytes() for child in inner if isinstance(child, Message))
        payload = part.get_payload(decode=True)
        return payload if isinstance(payload, bytes) else b""
    except Exception:  # noqa: BLE001 - a transfer encoding that is none: as it came
        return inner.encode("utf-8", "surrogateescape") if isinstance(inner, str) else b""


def _listed(parts: list[Part], faults: set[str]) -> tuple[Attachment, ...]:
    if len(parts) > ATTACHMENTS:
        faults.add("attachments")
    return tuple(_attachment(number, part) for number, part in enumerate(parts[:ATTACHMENTS], 1))


def _attachment(number: int, part: Part) -> Attachment:
    name = _file_name(part) or f"вложение-{number}"
    content = _payload(part)
    identity = _plain(str(part.get("content-id", "")))[:LONGEST_NAME] or None
    return Attachment(
        number=number,
        name=name,
        content_type=_kind(part),
        size=len(content),
        inline=identity is not None and _disposition(part) != "attachment",
        content_id=identity,
        risky=_RISKY.search(name) is not None or content[:2] == b"MZ",
    )
