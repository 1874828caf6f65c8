"""Working time: hours, holidays, short days, zones; adding and measuring are inverse."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import (
    ALWAYS,
    BadHours,
    BadRegion,
    Calendar,
    NoCalendarYear,
    NoWorkingTime,
    UnknownZone,
    add,
    between,
    counted,
    hours,
    russia,
    weekdays,
)
from shared.calendar.production import from_snapshot
from shared.calendar.snapshot import FIRST, LAST, snapshot
from shared.calendar.working import DAY, Week

ZONE = "Asia/Krasnoyarsk"
OFFICE = Calendar(zone=ZONE, week=weekdays(hours("09:00-13:00,14:00-18:00")), production=russia())
SECOND = timedelta(seconds=1)
RUSSIAN = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk", ZONE,
    "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
)  # fmt: skip
"""Each of the eleven times of Russia, Krasnoyarsk's twice."""


def local(text: str, zone: str = ZONE) -> datetime:
    """`2026-11-23 17:30` in the office's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-23 10:00", 60, "2026-11-23 11:00"),
        ("2026-11-23 12:30", 60, "2026-11-23 14:30"),  # lunch
        ("2026-11-23 17:30", 60, "2026-11-24 09:30"),  # night
        ("2026-11-20 17:30", 60, "2026-11-23 09:30"),  # weekend
        ("2026-11-21 12:00", 30, "2026-11-23 09:30"),  # from a day off
        ("2026-11-23 03:00", 30, "2026-11-23 09:30"),  # from the night before
        ("2026-11-23 17:00", 60, "2026-11-23 18:00"),  # the last minute of a day is still that day
        ("2026-11-03 16:30", 60, "2026-11-05 09:30"),  # a short day before a holiday
        ("2026-12-30 17:30", 60, "2027-01-11 09:30"),  # the holidays of two years
        ("2024-11-01 17:30", 60, "2024-11-02 09:30"),  # a Saturday that is worked
        ("2024-11-02 16:30", 60, "2024-11-05 09:30"),  # and is short, as the eve of a holiday it stands for
        ("2024-12-28 17:30", 60, "2025-01-09 09:30"),  # worked instead of an ordinary Monday: whole
    ],
)
def test_working_minutes_are_added_over_lunch_nights_weekends_and_holidays(start: str, minutes: int, due: str) -> None:
    assert add(OFFICE, local(start), timedelta(minutes=minutes)) == local(due)
    assert between(OFFICE, local(start), local(due)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("year", "days", "norm"), [(2024, 248, 1979), (2025, 247, 1972), (2026, 247, 1972), (2027, 247, 1972)]
)
def test_a_forty_hour_week_has_the_official_norm_of_days_and_hours(year: int, days: int, norm: int) -> None:
    everyday = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    worked = [OFFICE.hours(day) for day in everyday if day.year == year and OFFICE.hours(day)]
    assert len(worked) == days
    assert sum(end - start for day in worked for start, end in day) == norm * 60


def test_the_data_file_says_what_the_library_says() -> None:
    now = from_snapshot(snapshot(FIRST, LAST))
    kept = russia()
    assert (kept.years, kept.off, kept.worked, kept.short) == (now.years, now.off, now.worked, now.short)


def test_a_year_without_data_is_refused_by_name() -> None:
    with pytest.raises(NoCalendarYear, match="нет данных за 2028 год, есть 2024–2027"):
        add(OFFICE, local("2027-12-30 17:00"), timedelta(hours=2))
    with pytest.raises(NoCalendarYear, match="2023"):
        between(OFFICE, local("2023-12-29 10:00"), local("2024-01-09 10:00"))


def test_a_calendar_without_working_time_is_refused() -> None:
    with pytest.raises(NoWorkingTime):
        Calendar(zone=ZONE, week=((),) * 7)


def test_a_zone_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownZone, match="Mars/Olympus"):
        Calendar(zone="Mars/Olympus", week=ALWAYS.week)


@pytest.mark.parametrize("text", ["", "9-18", "18:00-09:00", "09:00-13:00,12:00-18:00", "09:00-24:30", "09:75-10:00"])
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(BadHours):
        hours(text)


def test_the_round_the_clock_calendar_is_plain_time() -> None:
    start = datetime(1990, 12, 31, 23, 59, tzinfo=UTC)
    assert add(ALWAYS, start, timedelta(seconds=90)) == start + timedelta(seconds=90)
    assert between(ALWAYS, start, start + SECOND) == SECOND


def test_hours_across_a_change_of_the_clock_count_what_really_passed() -> None:
    nights = Calendar(zone="Europe/Berlin", week=(((60, 240),),) * 7)  # 01:00-04:00 by the clock on the wall
    start = local("2026-03-28 12:00", "Europe/Berlin")
    assert add(nights, start, timedelta(hours=3)) == local("2026-03-30 02:00", "Europe/Berlin")  # 2 h, and 1 h more
    back = local("2026-10-24 12:00", "Europe/Berlin")
    assert add(nights, back, timedelta(hours=4)) == local("2026-10-25 04:00", "Europe/Berlin")


def test_time_is_not_taken_away() -> None:
    now = local("2026-11-23 10:00")
    with pytest.raises(ValueError, match="never taken away"):
        add(OFFICE, now, -SECOND)
    with pytest.raises(ValueError, match="before the start"):
        between(OFFICE, now, now - SECOND)


def days() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """Any hours of a day."""

    def paired(edges: Sequence[int]) -> tuple[tuple[int, int], ...]:
        ordered = sorted(edges)
        return tuple(zip(ordered[::2], ordered[1::2], strict=False))

    return st.lists(st.integers(0, DAY), unique=True, max_size=6).map(paired)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any calendar with some working time, by the year's holidays or not."""
    week: Week = draw(st.tuples(*[days()] * 7).filter(any))
    zone = draw(st.sampled_from([*RUSSIAN, "America/New_York", "Australia/Lord_Howe"]))
    workdays = any(week[:5])
    return Calendar(zone=zone, week=week, production=draw(st.sampled_from([None, russia()])) if workdays else None)


moments = st.datetimes(datetime(2024, 3, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
spans = st.integers(0, 40 * 3600).map(lambda seconds: timedelta(seconds=seconds))


def enough(calendar: Calendar, span: timedelta) -> timedelta:
    """`span`, cut to what the calendar works in some weeks, so that the data's years suffice."""
    minutes = sum(max(end - start - 60, 1) for day in calendar.week[:5] for start, end in day)
    return span if calendar.production is None else min(span, timedelta(minutes=20 * minutes))


@given(calendars(), moments, spans)
def test_what_is_added_is_measured_again(calendar: Calendar, start: datetime, span: timedelta) -> None:
    span = enough(calendar, span)
    assert between(calendar, start, add(calendar, start, span)) == span


@given(calendars(), moments, spans)
def test_the_moment_found_is_the_earliest(calendar: Calendar, start: datetime, span: timedelta) -> None:
    span = max(enough(calendar, span), SECOND)
    due = add(calendar, start, span)
    assert between(calendar, start, max(due - SECOND, start)) < span


@given(calendars(), moments, spans, spans)
def test_adding_twice_is_adding_the_sum(calendar: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    one, two = enough(calendar, one) / 2, enough(calendar, two) / 2
    assert add(calendar, add(calendar, start, one), two) == add(calendar, start, one + two)


@given(calendars(), moments, spans)
def test_a_due_time_is_explained_by_the_intervals_counted(calendar: Calendar, start: datetime, span: timedelta) -> None:
    span = enough(calendar, span)
    found = counted(calendar, start, span)
    assert sum((end - begin for begin, end in found), timedelta()) == span
    assert all(begin < end for begin, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert not found or (start <= found[0][0] and found[-1][1] == add(calendar, start, span))


def test_the_explanation_names_what_was_counted_and_what_was_not() -> None:
    found = counted(OFFICE, local("2026-11-20 12:30"), timedelta(hours=5))
    assert found == (
        (local("2026-11-20 12:30"), local("2026-11-20 13:00")),
        (local("2026-11-20 14:00"), local("2026-11-20 18:00")),
        (local("2026-11-23 09:00"), local("2026-11-23 09:30")),
    )


def test_a_regions_holidays_are_an_addition() -> None:
    tatarstan = russia().with_region("Татарстан", [date(2026, 11, 6)])
    office = Calendar(zone="Europe/Moscow", week=OFFICE.week, production=tatarstan)
    assert office.hours(date(2026, 11, 6)) == ()
    assert OFFICE.hours(date(2026, 11, 6))
    assert "Татарстан" in tatarstan.version
    with pytest.raises(BadRegion, match="2030-08-30"):
        russia().with_region("Татарстан", [date(2030, 8, 30)])


CASES = 100_000


def test_adding_and_measuring_are_inverse_to_the_second_in_a_hundred_thousand_cases() -> None:
    """In every zone of Russia, evenly over three years, by steps that meet every second of the day: no chance in it."""
    first = datetime(2024, 1, 9, 1, 0, 1, tzinfo=UTC)
    offices = [replace(OFFICE, zone=zone) for zone in RUSSIAN]
    for number in range(CASES):
        office = offices[number % len(offices)]
        start = first + timedelta(seconds=number * 877 % (1060 * 24 * 3600))
        span = timedelta(seconds=1 + number * 7919 % (20 * 3600))
        due = add(office, start, span)
        assert between(office, start, due) == span
        assert between(office, start, max(due - SECOND, start)) == span - SECOND
