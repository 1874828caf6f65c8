"""Working time: weekly hours in a zone over a production calendar, how to count in it, and how moments are written."""

from shared.calendar.production import BadRegion, NoCalendarYear, ProductionCalendar, russia
from shared.calendar.working import (
    ALWAYS,
    BadHours,
    Calendar,
    Hours,
    Interval,
    NoWorkingTime,
    UnknownZone,
    Week,
    add,
    between,
    counted,
    hours,
    weekdays,
)
from shared.calendar.written import written, written_day

__all__ = [
    "ALWAYS",
    "BadHours",
    "BadRegion",
    "Calendar",
    "Hours",
    "Interval",
    "NoCalendarYear",
    "NoWorkingTime",
    "ProductionCalendar",
    "UnknownZone",
    "Week",
    "add",
    "between",
    "counted",
    "hours",
    "russia",
    "weekdays",
    "written",
    "written_day",
]
