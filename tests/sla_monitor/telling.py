"""Helpers of the sla_monitor tests: facts by the minute, and a timeline that hears them while a clock is moved."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.sla_monitor.domain.built_in import shipped
from services.sla_monitor.domain.facts import about_of, fact_of
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.rules import Edition, Rules
from services.sla_monitor.domain.timeline import Timeline, fired, heard, reckoned
from shared.calendar import hours
from shared.clock import FixedClock
from shared.contracts import intake, routing
from shared.contracts.base import ClientRef, Event, Priority
from shared.contracts.sla_monitor import About

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""A Monday, 12:00 in Krasnoyarsk."""
ZONE = "Asia/Krasnoyarsk"
CLIENT = ClientRef(client_id="c1", name="Гимназия № 3", zone=ZONE, manager_id="m1")
SHIPPED = shipped(ZONE, hours("09:00-13:00,14:00-18:00"))
RULES = Rules([Edition(SHIPPED)])

At = Callable[[datetime], Event]
"""An event that waits for its time."""


def minute(number: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=number)


def call(kind: type[intake.CallEvent], **more: Any) -> At:
    """A fact about the call `k1`."""
    about: dict[str, Any] = {"call_id": "k1", "phone": "+73912000000", "direction": "in", "client": CLIENT}
    return lambda at: kind(at=at, **(about | more))


def request(kind: type[intake.RequestEvent], **more: Any) -> At:
    """A fact about the request `r1` from intake."""
    return lambda at: kind(at=at, **({"request_id": "r1"} | more))


def work(kind: type[routing.WorkEvent], **more: Any) -> At:
    """A fact about the request `r1` from routing."""
    about: dict[str, Any] = {"request_id": "r1", "priority": "urgent", "client": CLIENT, "round": 1}
    return lambda at: kind(at=at, **(about | more))


RANG = call(intake.CallRang)
ANSWERED = call(intake.CallAnswered)
MISSED = call(intake.CallMissed)
RETURNED = call(intake.CallReturned, by_call_id="k2")


def registered(priority: Priority = "urgent", **more: Any) -> At:
    """The client wants something solved."""
    about: dict[str, Any] = {"number": "100 245", "channel": "phone", "subject_text": "Не сдаётся отчёт"}
    return request(intake.RequestRegistered, **(about | {"priority": priority, "client": CLIENT} | more))


def reprioritised(priority: Priority) -> At:
    """A person saw it otherwise."""
    return request(intake.RequestReprioritised, priority=priority, reason="так", by="m1")


def promised(until: float) -> At:
    """The contact waits until so many minutes after noon."""
    words = "подожду до двух"
    return request(intake.WaitPromised, until=minute(until), words=words, recorded_by="m1")


def assigned(who: str = "s1", number: int = 1) -> At:
    """The specialist `who` has it, in round `number`."""
    return work(routing.WorkAssigned, specialist_id=who, specialist_name="Иванов", round=number)


def replaced(to: str = "s2", number: int = 1) -> At:
    """Somebody else has it."""
    names = {"from_specialist_id": "s1", "to_specialist_id": to, "to_specialist_name": "Петров"}
    return work(routing.WorkReplaced, reason="потерялся", by="m1", round=number, **names)


def started(who: str = "s1", number: int = 1) -> At:
    """The specialist started."""
    return work(routing.WorkStarted, specialist_id=who, round=number)


def progressed(number: int = 1) -> At:
    """A sign of life."""
    return work(routing.WorkProgressed, specialist_id="s1", note="ищу причину", round=number)


def postponed(until: float) -> At:
    """The specialist put it off."""
    return work(routing.WorkPostponed, specialist_id="s1", until=minute(until), reason="занят")


def lapsed(by: str) -> At:
    """Nobody could be bound to the date somebody ordered."""
    return work(routing.WorkOrderLapsed, finish_by=minute(600), by=by, reason="некому было")


def finished(number: int = 1) -> At:
    """«Готово»."""
    return work(routing.WorkFinished, specialist_id="s1", note="готово", round=number)


def forced(number: int = 1) -> At:
    """A manager bound the specialist to finish."""
    return work(routing.WorkForced, specialist_id="s1", finish_by=minute(600), by="m1", round=number)


def reopened(number: int = 2) -> At:
    """Routing gives it to somebody else."""
    return work(routing.WorkReopened, refused_specialist_id="s1", round=number)


CANCEL_ASKED = work(routing.WorkCancelAsked, specialist_id="s1", reason="не воспроизводится")
SATISFIED = request(intake.VerdictGiven, satisfied=True, words="спасибо", taken_by="m1")
REFUSED = request(intake.VerdictGiven, satisfied=False, words="не работает", taken_by="m1")
MERGED = request(intake.RequestMerged, into_request_id="r2", by="m1")
UNMERGED = request(intake.RequestUnmerged, from_request_id="r2", by="m1")
FOLLOWED_UP = request(intake.RequestFollowedUp, channel="email", words="когда уже?")
DOUBTED = request(intake.VerdictDoubted, pressed=True, words="не решено")
DISPLACED = work(routing.WorkDisplaced, specialist_id="s1", by_request_id="r2")
WITHDRAWN = request(intake.RequestWithdrawn, reason="сами справились", taken_by="m1")


class Telling:
    """One timeline under a clock that starts at noon; everything it says is in `said`."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.clock = FixedClock(NOON)
        self.rules = rules
        self.timeline: Timeline | None = None
        self.said: list[Event] = []

    def hear(self, *told: At, minute_: float | None = None) -> "Telling":
        """Hear events that happen at once now, or happened at `minute_`."""
        for event in told:
            self.take(event(self.clock.now() if minute_ is None else minute(minute_)))
        return self

    def take(self, event: Event) -> None:
        """Hear one event."""
        fact = fact_of(event)
        assert fact is not None
        decision = heard(self.timeline, about_of(event), event.subject, fact, now=self.clock.now(), rules=self.rules)
        self.timeline = decision.state
        self.said += decision.events

    def until(self, number: float) -> "Telling":
        """Let time pass until so many minutes after noon, firing what becomes due on the way; versions of the policy
        that come into force meanwhile go through."""
        goal = minute(number)
        for edition in self.rules.turns:
            if self.clock.now() < edition.since <= goal:
                self._pass(edition.since)
                self.reckon()
        self._pass(goal)
        return self

    def _pass(self, goal: datetime) -> None:
        while self.timeline is not None and (due := self.timeline.next_due) is not None and due <= goal:
            self.clock.moment = max(due, self.clock.moment)
            self.fire()
        self.clock.moment = goal

    def reckon(self) -> None:
        """What the sweep of a version does."""
        if self.timeline is not None:
            decision = reckoned(self.timeline, now=self.clock.now(), rules=self.rules)
            self.timeline = decision.state
            self.said += decision.events

    def fire(self) -> None:
        """What the ticker does."""
        decision = fired(self.timeline, now=self.clock.now())
        self.timeline = decision.state
        self.said += decision.events

    @property
    def state(self) -> Timeline:
        """The document."""
        assert self.timeline is not None
        return self.timeline

    def of(self, clock: str) -> list[Obligation]:
        """The obligations of one clock, in order."""
        return [one for one in self.state.obligations if one.clock == clock]

    def standing(self, clock: str) -> list[str]:
        """How they stand now."""
        return [one.standing(self.clock.now()) for one in self.of(clock)]

    def about(self, clock: str) -> list[str]:
        """What was said of one clock, in order: `warned`, `breached`, `met`."""
        return [event.TYPE.removeprefix("sla.") for event in self.said if getattr(event, "clock", "") == clock]


def told(*events: tuple[float, At]) -> Telling:
    """A timeline that heard events, each at its minute after noon, with what became due between them fired."""
    telling = Telling()
    for number, event in events:
        if telling.timeline is not None:
            telling.until(number)
        else:
            telling.clock.moment = minute(number)
        telling.hear(event)
    return telling


def about(event: Event) -> tuple[About, str]:
    """The subject of an event."""
    return about_of(event), event.subject
