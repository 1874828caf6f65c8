"""A moment is written by the clocks of the one who reads it; a zone is named where it may be misread."""

from datetime import UTC, datetime

import pytest

from shared.calendar import written, written_day

MOMENT = datetime(2026, 11, 28, 7, 5, 9, tzinfo=UTC)
COMPANY = "Asia/Krasnoyarsk"


@pytest.mark.parametrize(
    ("zone", "reader", "said"),
    [
        (COMPANY, None, "28.11.2026 14:05"),
        (COMPANY, COMPANY, "28.11.2026 14:05"),
        ("Asia/Novosibirsk", COMPANY, "28.11.2026 14:05"),
        ("Europe/Moscow", COMPANY, "28.11.2026 10:05 (МСК)"),
        ("Asia/Kamchatka", COMPANY, "28.11.2026 19:05 (МСК+9)"),
        ("Europe/Kaliningrad", COMPANY, "28.11.2026 09:05 (МСК-1)"),
        ("Asia/Kolkata", COMPANY, "28.11.2026 12:35 (IST)"),
        ("Mars/Olympus", COMPANY, "28.11.2026 14:05"),
        ("../etc/passwd", COMPANY, "28.11.2026 14:05"),
        ("Mars/Olympus", None, "28.11.2026 07:05 (UTC)"),
        ("", None, "28.11.2026 07:05 (UTC)"),
        (COMPANY, "Mars/Olympus", "28.11.2026 14:05 (МСК+4)"),
    ],
)
def test_the_zone_is_named_only_where_clocks_differ(zone: str, reader: str | None, said: str) -> None:
    assert written(MOMENT, zone, reader=reader) == said


def test_seconds_stand_where_they_are_asked_for() -> None:
    assert written(MOMENT, COMPANY, seconds=True) == "28.11.2026 14:05:09"


def test_a_moment_past_the_end_of_the_calendar_is_said_in_utc() -> None:
    assert written(datetime(9999, 12, 31, 23, 0, tzinfo=UTC), COMPANY) == "31.12.9999 23:00 (UTC)"


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Asia/Kamchatka", "29.11.2026"), ("Europe/Moscow", "28.11.2026"), ("Mars/Olympus", "28.11.2026")],
)
def test_a_day_is_that_of_the_zone(zone: str, said: str) -> None:
    assert written_day(datetime(2026, 11, 28, 13, 0, tzinfo=UTC), zone) == said


def test_a_day_past_the_end_of_the_calendar_is_said_in_utc() -> None:
    assert written_day(datetime(9999, 12, 31, 23, 0, tzinfo=UTC), COMPANY) == "31.12.9999"
