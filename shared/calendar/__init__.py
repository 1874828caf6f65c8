"""Working time: weekly hours in a zone over a production calendar, and how to count in it."""

from shared.calendar.production import NoCalendarYear, ProductionCalendar, russia
from shared.calendar.working import (
    ALWAYS,
    BadHours,
    Calendar,
    Hours,
    NoWorkingTime,
    UnknownZone,
    add,
    between,
    hours,
    weekdays,
)

__all__ = [
    "ALWAYS",
    "BadHours",
    "Calendar",
    "Hours",
    "NoCalendarYear",
    "NoWorkingTime",
    "ProductionCalendar",
    "UnknownZone",
    "add",
    "between",
    "hours",
    "russia",
    "weekdays",
]
