"""How much of a time somebody was at work: their own shifts count, nights and weekends do not."""

from collections.abc import Callable
from datetime import datetime, timedelta

from services.routing.domain.specialists import Profile, Span
from shared.calendar import Calendar, between

Worked = Callable[[datetime, datetime], float]
"""The minutes of somebody's working time between two moments."""
OUT_OF_HOURS = 480.0
"""Minutes at most that what was begun and ended out of hours counts for: nobody works longer than a shift there."""


def real_minutes(start: datetime, end: datetime) -> float:
    """Minutes that passed."""
    return max(0.0, (end - start) / timedelta(minutes=1))


def worked_by(profile: Profile | None) -> Worked:
    """Of somebody with this profile; every minute counts where nobody knows their hours."""
    if profile is None:
        return real_minutes
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(_joined, profile.hours)
    week = (monday, tuesday, wednesday, thursday, friday, saturday, sunday)
    calendar = Calendar(zone=profile.zone, week=week)
    return lambda start, end: between(calendar, start, end) / timedelta(minutes=1) if end > start else 0.0


def spent(spans: tuple[tuple[datetime, datetime], ...], worked: Worked) -> float:
    """Minutes spent in these spans: at work, or really, where all of it was out of hours."""
    inside = sum(worked(start, end) for start, end in spans)
    return inside or min(OUT_OF_HOURS, sum(real_minutes(start, end) for start, end in spans))


def _joined(shifts: tuple[Span, ...]) -> tuple[Span, ...]:
    """In order, and those that touch made one."""
    found: list[Span] = []
    for start, end in sorted(shifts):
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return tuple(found)
