"""Mailgun's route for whole letters (a `forward` to an address that ends in `mime`): a form with `body-mime`.

Signed: `signature` is the HMAC-SHA256 of `timestamp` + `token`, in hex, under the account's signing key.
"""

from collections.abc import Sequence
from email.message import Message
from email.parser import BytesParser
from hashlib import sha256
from hmac import compare_digest, new
from urllib.parse import parse_qsl

from services.intake.channels.doors import BadSignature, NotSetUp, Unreadable
from services.intake.channels.email import BOUNDED
from shared.clock import machine_now

PROVIDER = "mailgun"
WINDOW = 300
"""Seconds a signature is good for, as this machine counts."""
FIELDS_LIMIT = 100
SIGNED = ("timestamp", "token", "signature")
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": [*SIGNED, "body-mime"],
                    "properties": {name: {"type": "string"} for name in (*SIGNED, "body-mime")},
                }
            }
        },
    }
}


class MailgunDoor:
    """Takes letters from Mailgun; two keys are good while one is being changed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in keys]

    def letter(self, content_type: str, body: bytes) -> bytes:
        """The letter in a form that is really from Mailgun. Raises `NotSetUp`, `Unreadable` or `BadSignature`."""
        if not self._keys:
            raise NotSetUp
        fields = _fields(content_type, body)
        if not fields.keys() >= set(SIGNED):
            raise Unreadable("Форма Mailgun: нужны поля timestamp, token, signature, body-mime.")
        self._verify(*(fields[name] for name in SIGNED))
        if not fields.get("body-mime"):
            raise Unreadable("Форма Mailgun: нет body-mime. Адрес маршрута должен кончаться на mime.")
        return fields["body-mime"]

    def _verify(self, timestamp: bytes, token: bytes, signature: bytes) -> None:
        signed = [new(key, timestamp + token, sha256).hexdigest().encode() for key in self._keys]
        if not any([compare_digest(one, signature) for one in signed]):  # noqa: C419 - each is compared, always
            raise BadSignature
        sent = int(timestamp) if timestamp.isdigit() and len(timestamp) < 12 else 0  # noqa: PLR2004
        if abs(machine_now().timestamp() - sent) > WINDOW:
            raise BadSignature("Подпись не принята: она старше пяти минут.")


def _fields(content_type: str, body: bytes) -> dict[str, bytes]:
    """The form's fields as bytes: a letter is in no charset of the form's."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            pairs = parse_qsl(body.decode("latin-1"), encoding="latin-1", max_num_fields=FIELDS_LIMIT)
        except ValueError:
            raise Unreadable from None
        return {name: value.encode("latin-1", "replace") for name, value in pairs}
    if kind == "multipart/form-data":
        return _parts(content_type, body)
    raise Unreadable("Форма Mailgun: нужна application/x-www-form-urlencoded или multipart/form-data.")


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    try:
        parts = BytesParser(policy=BOUNDED).parsebytes(head + body).get_payload()
        found = {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
            for part in (parts if isinstance(parts, list) else [])
            if isinstance(part, Message)
        }
    except Exception:  # noqa: BLE001 - the parser fails in ways it does not name
        raise Unreadable from None
    return {name: value for name, value in found.items() if isinstance(value, bytes)}
