"""Working time: weekly hours in a zone over a production calendar, and how to count in it."""

from shared.calendar.production import BadRegion, NoCalendarYear, ProductionCalendar, russia
from shared.calendar.working import (
    ALWAYS,
    BadHours,
    Calendar,
    Hours,
    NoWorkingTime,
    UnknownZone,
    add,
    between,
    counted,
    hours,
    weekdays,
)

__all__ = [
    "ALWAYS",
    "BadHours",
    "BadRegion",
    "Calendar",
    "Hours",
    "NoCalendarYear",
    "NoWorkingTime",
    "ProductionCalendar",
    "UnknownZone",
    "add",
    "between",
    "counted",
    "hours",
    "russia",
    "weekdays",
]
