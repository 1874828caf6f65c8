"""The one place where time comes from. All times are aware and UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class ServiceClock:
    """The clock of a running service: this machine's time, put right by the database server's (`skew`),
    and in development moved at will (`offset`), so that a month can be played in a minute. It counts in
    milliseconds, as documents do."""

    def __init__(self) -> None:
        self.skew = timedelta()
        self.offset = timedelta()

    def now(self) -> datetime:
        moment = machine_now() + self.skew + self.offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class FixedClock:
    """A clock that stands until it is moved: for tests of what depends on time alone."""

    def __init__(self, now: datetime) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> datetime:
        """Move forward by `timedelta(**by)` and tell the new time."""
        self.moment += timedelta(**by)
        return self.moment


def machine_now() -> datetime:
    """This machine's time: for signatures and tokens, which a moved clock must not touch."""
    return datetime.now(UTC)


def local_date(moment: datetime, zone: str) -> date:
    """The calendar day of `moment` in the IANA zone `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()
