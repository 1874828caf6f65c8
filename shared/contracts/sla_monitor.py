"""What sla_monitor says: clocks warned, broken and kept."""

from typing import ClassVar, Literal

from shared.contracts.base import ClientRef, Event, Moment, Priority

ClockName = Literal["pickup", "callback", "wait_promise", "assign", "start", "progress", "finish", "verdict"]


class SlaEvent(Event):
    """What all facts about one obligation have in common."""

    SUBJECT: ClassVar[str] = "obligation_id"

    obligation_id: str
    about: Literal["request", "call"]
    about_id: str
    """The id of the request or the call."""
    clock: ClockName
    priority: Priority | None = None
    client: ClientRef | None = None
    specialist_id: str | None = None
    due: Moment


class SlaWarned(SlaEvent):
    """Most of the time allowed has passed."""

    TYPE: ClassVar[str] = "sla.warned"


class SlaBreached(SlaEvent):
    """The due time passed and what was promised had not happened. `at` is the due time."""

    TYPE: ClassVar[str] = "sla.breached"

    promise_broken: bool = False
    """The contact waited until the promised time for nothing: outranks every other breach (R-URG-6)."""


class SlaMet(SlaEvent):
    """What was promised happened; `late` where that was after the due time."""

    TYPE: ClassVar[str] = "sla.met"

    late: bool = False
