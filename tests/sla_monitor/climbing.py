"""Helpers of the escalation tests: one ladder under a clock that is moved, and whom it called."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.sla_monitor.domain.escalation import (
    Escalation,
    acknowledged,
    climbed,
    ended,
)
from services.sla_monitor.domain.ladder import ROUND_THE_CLOCK, WORKING_TIME, Ladder, Role
from shared.calendar import ALWAYS, Calendar, hours, russia, weekdays
from shared.contracts.base import Event
from tests.sla_monitor.telling import NOON, ZONE, minute

COMPANY = Calendar(zone=ZONE, week=weekdays(hours("09:00-13:00,14:00-18:00")), production=russia())
PEOPLE: dict[Role, tuple[str, ...]] = {"manager": ("m1",), "lead": ("l1", "l2"), "director": ("d1",)}


def escalation(**over: Any) -> Escalation:
    """Of the urgent request r1, whose specialist did not start; broken at noon."""
    usual: dict[str, Any] = {
        "escalation_id": "r1:start:1",
        "about": "request",
        "about_id": "r1",
        "clock": "start",
        "title": "специалист не начал",
        "priority": "urgent",
        "number": "100 245",
        "due": NOON,
        "began": NOON,
        "ladder": ROUND_THE_CLOCK,
        "step_since": NOON,
        "next_due": NOON,
    }
    return Escalation(**{**usual, **over})


def working(**over: Any) -> Escalation:
    """Of an important request, whose clocks count working time."""
    return escalation(priority="important", ladder=WORKING_TIME, **over)


class Climbing:
    """One ladder; `said` is what it published, `calls` when it called whom, in minutes after noon."""

    def __init__(self, state: Escalation, calendar: Calendar = ALWAYS) -> None:
        self.state = state
        self.calendar = calendar
        self.now = NOON
        self.said: list[Event] = []

    def until(self, number: float) -> "Climbing":
        """Let time pass, climbing whenever something is due."""
        goal = minute(number)
        while self.state.next_due is not None and self.state.next_due <= goal:
            self.now = max(self.state.next_due, self.now)
            self.climb()
        self.now = goal
        return self

    def late(self, number: float) -> "Climbing":
        """Nobody looked until then: an outage."""
        self.now = minute(number)
        self.climb()
        return self

    def climb(self) -> None:
        """What the loop does."""
        decision = climbed(self.state, now=self.now, calendar=self.calendar, called=lambda role: PEOPLE[role])
        self._take(decision.state, decision.events)

    def acknowledge(self, minutes: float, by: str = "m1") -> "Climbing":
        """Somebody takes it upon themselves."""
        until = self.now + timedelta(minutes=minutes)
        decision = acknowledged(self.state, by=by, until=until, note=None, now=self.now)
        self._take(decision.state, decision.events)
        return self

    def end(self) -> "Climbing":
        """It is done."""
        self.state = ended(self.state, ending="met", at=self.now).state
        return self

    def to(self, ladder: Ladder) -> "Climbing":
        """With another ladder."""
        self.state = replace(self.state, ladder=ladder)
        return self

    @property
    def calls(self) -> list[tuple[float, Role]]:
        """Minutes after noon, and whose step."""
        return [((call.at - NOON) / timedelta(minutes=1), call.role) for call in self.state.calls]

    def _take(self, state: Escalation, events: tuple[Event, ...]) -> None:
        self.state = state
        self.said += events


def local(moment: datetime | None) -> str:
    """As the clock on the wall in Krasnoyarsk shows it."""
    assert moment is not None
    return f"{moment + timedelta(hours=7):%a %H:%M}"
