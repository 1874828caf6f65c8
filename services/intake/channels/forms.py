"""What the doors of form-posting telephonies share: fields, secrets with rotation, local times, numbers."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from operator import itemgetter
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from services.intake.channels.doors import BadSignature, NotSetUp, Unreadable
from services.intake.phones import phone_in
from shared.contracts.base import to_milliseconds

FIELDS_LIMIT = 60
LONGEST_ID = 200
FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST_SECONDS = 7 * 24 * 3600


def pairs(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in the order of their names. Raises `Unreadable`."""
    try:
        found = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_LIMIT, errors="strict")
    except ValueError:
        raise Unreadable("Нужна форма (application/x-www-form-urlencoded) в UTF-8.") from None
    return sorted(found, key=itemgetter(0))


def written(fields: Iterable[tuple[str, str]]) -> bytes:
    """The form that has these fields."""
    return urlencode(list(fields)).encode()


def fields(body: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name. Raises `Unreadable`."""
    found: dict[str, str] = {}
    for name, value in pairs(body):
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
    except ValueError:
        raise Unreadable(f"Поле {name}: время не разобрать.") from None
    if not FIRST_YEAR <= found.year < LAST_YEAR:
        raise Unreadable(f"Поле {name}: такого года быть не может.")
    return to_milliseconds(found.astimezone(UTC))


def number(text: str | None) -> str | None:
    """The E.164 number a field says, if it says one."""
    found = phone_in(text or "")
    return None if found is None else found.number


def link(text: str | None) -> str | None:
    """A link to a recording; whatever is no http link is left out."""
    found = (text or "").strip()
    return found if found.startswith(("http://", "https://")) and len(found) <= 2_000 else None  # noqa: PLR2004
