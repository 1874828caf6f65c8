"""What the doors of form-posting telephonies share: fields, secrets with rotation, local times, numbers."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from services.intake.channels.doors import BadSignature, NotSetUp, Unreadable, within_limit
from services.intake.phones import phone_in
from shared.contracts.base import to_milliseconds

FIELDS_LIMIT = 60
LONGEST_ID = 200
LONGEST_SECONDS = 7 * 24 * 3600


def fields(body: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name. Raises `TooLong`, `Unreadable`."""
    try:
        pairs = parse_qsl(
            within_limit(body).decode(), keep_blank_values=True, max_num_fields=FIELDS_LIMIT, errors="strict"
        )
    except ValueError:
        raise Unreadable("Нужна форма (application/x-www-form-urlencoded) в UTF-8.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def one_of(given: str, secrets: Iterable[str]) -> None:
    """`given` is one of the secrets, compared in constant time. Raises `NotSetUp` where there are none,
    `BadSignature`."""
    known = tuple(secrets)
    if not known:
        raise NotSetUp
    sent = given.encode("utf-8", "replace")
    alike = [compare_digest(sent, secret.encode()) for secret in known]
    if True not in alike:
        raise BadSignature


def call_named(form: Mapping[str, str], name: str) -> str:
    """The provider's own id of the call. Raises `Unreadable`."""
    found = form.get(name, "").strip()
    if not 0 < len(found) <= LONGEST_ID:
        raise Unreadable(f"Поле {name}: нужен номер разговора, не длиннее {LONGEST_ID} знаков.")
    return found


def seconds(form: Mapping[str, str], name: str) -> int:
    """A number of seconds, 0 where there is none. Raises `Unreadable`."""
    written = form.get(name, "").strip() or "0"
    if not written.isascii() or not written.isdecimal() or len(written) > 9 or int(written) > LONGEST_SECONDS:  # noqa: PLR2004
        raise Unreadable(f"Поле {name}: нужно целое число секунд.")
    return int(written)


def moment(written: str, shape: str, zone: ZoneInfo, name: str) -> datetime:
    """A time as the provider writes it, in UTC. Raises `Unreadable` naming the field."""
    try:
        found = datetime.strptime(written, shape).replace(tzinfo=zone)
        return to_milliseconds(found.astimezone(UTC))
    except (ValueError, OverflowError):
        raise Unreadable(f"Поле {name}: время не разобрать.") from None


def number(text: str | None) -> str | None:
    """The E.164 number a field says, if it says one."""
    found = phone_in(text or "")
    return None if found is None else found.number


def link(text: str | None) -> str | None:
    """A link to a recording; whatever is no http link is left out."""
    found = (text or "").strip()
    return found if found.startswith(("http://", "https://")) and len(found) <= 2_000 else None  # noqa: PLR2004
