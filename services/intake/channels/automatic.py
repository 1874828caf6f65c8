"""Letters no person wrote to us: answering machines, bounces, lists. They are kept, and neither open nor are answered.

(RFC 3834, RFC 3464, RFC 2919, and what Russian mail programs write in plain text.)
"""

import re
from collections.abc import Mapping
from email.message import Message
from typing import Any, Literal, TypeAlias

from flufl.bounce import all_failures

Part: TypeAlias = "Message[Any, Any]"
Origin = Literal["person", "auto_reply", "bounce", "bulk"]

_PRECEDENCE = frozenset({"bulk", "list", "junk", "auto_reply"})
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|bounce[sd]?)(?:[+=-][^@]*)?@", re.IGNORECASE)
_ROBOT = re.compile(r"(?:no-?reply|do-?not-?reply|noreply)[^@]*@", re.IGNORECASE)
_AWAY = re.compile(
    r"\s*(?:автоответ(?:чик)?|автоматический ответ|вне офиса|out of office|auto(?:matic)?[- ]?(?:reply|response)|"
    r"нет на месте|я в отпуске|уведомление об отсутствии)\s*(?:[:.!(]|$)",
    re.IGNORECASE,
)
"""The whole subject, or what stands before the colon: people begin a sentence with the same words."""
_UNDELIVERED = re.compile(
    r"\s*(?:undeliver|delivery status notification|mail delivery (?:failed|failure)|returned mail|"
    r"недоставленное|не ?доставлено|сообщение не доставлено|ошибка доставки|недоставка)",
    re.IGNORECASE,
)
SCANNED = 200_000
"""Bytes of a letter up to which it is looked through for a report of failure."""


def origin(message: Part, headers: Mapping[str, str], sender: str | None, subject: str, size: int) -> Origin:
    """Who or what wrote it. `headers` have lower-case names. Never raises."""
    if _bounced(message, headers, sender, subject, size):
        return "bounce"
    if _announced_automatic(headers) or _AWAY.match(subject):
        return "auto_reply"
    if "list-id" in headers or "list-unsubscribe" in headers or _word(headers, "precedence") in _PRECEDENCE:
        return "bulk"
    return "person"


def answerable(headers: Mapping[str, str], sender: str | None) -> bool:
    """Whether an automatic answer may go to who wrote it."""
    suppressed = headers.get("x-auto-response-suppress", "").lower()
    robot = sender is None or _ROBOT.match(sender) or _DAEMON.match(sender)
    nowhere = headers.get("return-path", "x").strip() == "<>"
    return not (robot or nowhere) and not any(word in suppressed for word in ("all", "oof", "autoreply"))


def _bounced(message: Part, headers: Mapping[str, str], sender: str | None, subject: str, size: int) -> bool:
    daemon = _DAEMON.match(sender or "") is not None or headers.get("return-path", "x").strip() == "<>"
    report = headers.get("content-type", "").lower()
    if "multipart/report" in report and "delivery-status" in report:
        return True
    if not daemon:
        return False
    return _UNDELIVERED.match(subject) is not None or (size <= SCANNED and _failures(message))


def _failures(message: Part) -> bool:
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - a malformed report is none
        return False
    return bool(temporary or permanent)


def _announced_automatic(headers: Mapping[str, str]) -> bool:
    submitted = _word(headers, "auto-submitted")
    named = any(name in headers for name in ("x-autoreply", "x-autorespond", "x-autoresponder"))
    return submitted not in {"", "no"} or named or _word(headers, "precedence") == "auto_reply"


def _word(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "").partition(";")[0].strip().lower()
