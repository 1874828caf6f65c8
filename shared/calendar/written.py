"""A moment as people of the company read it: `28.11.2026 14:05`."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MOSCOW = "Europe/Moscow"
HOUR = timedelta(hours=1)


def written(moment: datetime, zone: str, *, seconds: bool = False, reader: str | None = None) -> str:
    """`moment` by the clocks of `zone`, an IANA name.

    The zone is named, as `МСК+4`, only where it may be misread: where the clocks of `reader` show another time. Where
    `zone` is none, the reader's is taken; where that is none either, or the calendar ends before it is that late there,
    UTC, and it says so.
    """
    others = _zone(reader or zone)
    clocks = _zone(zone) or others
    shape = "%d.%m.%Y %H:%M:%S" if seconds else "%d.%m.%Y %H:%M"
    if clocks is None:
        return f"{moment.astimezone(UTC):{shape}} (UTC)"
    try:
        local = moment.astimezone(clocks)
        same = local.utcoffset() == moment.astimezone(others).utcoffset()
        return f"{local:{shape}}" if same else f"{local:{shape}} ({_named(local)})"
    except OverflowError:
        return f"{moment:{shape}} (UTC)"


def written_day(moment: datetime, zone: str) -> str:
    """The day of `moment` alone, `28.11.2026`, by the clocks of `zone`, an IANA name; by UTC where that is none, or the
    calendar ends before it is that late there."""
    try:
        return f"{moment.astimezone(_zone(zone) or UTC):%d.%m.%Y}"
    except OverflowError:
        return f"{moment:%d.%m.%Y}"


def _named(local: datetime) -> str:
    here, moscow = local.utcoffset(), local.astimezone(ZoneInfo(MOSCOW)).utcoffset()
    ahead, rest = divmod((here or timedelta()) - (moscow or timedelta()), HOUR)
    return local.tzname() or "UTC" if rest else f"МСК{ahead:+d}" if ahead else "МСК"


@lru_cache(maxsize=128)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
