"""What sla_monitor says: clocks warned, broken and kept."""

from typing import ClassVar, Literal

from shared.contracts.base import ClientRef, Event, Moment, Priority

ClockName = str
"""The name a policy gives its clock. There are always `pickup`, `callback`, `wait_promise`, `assign`, `start`,
`progress`, `finish`, `verdict`, `weekly_call` and `prospect_contact`."""
About = Literal["request", "call", "contact_call", "prospect"]


class SlaEvent(Event):
    """What all facts about one obligation have in common."""

    SUBJECT: ClassVar[str] = "obligation_id"

    obligation_id: str
    about: About
    about_id: str
    """The id of the request, the call, the weekly call or the prospect."""
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


class SlaBreachWithdrawn(SlaEvent):
    """A breach that was announced had not happened: a fact with an earlier time was heard of late."""

    TYPE: ClassVar[str] = "sla.breach_withdrawn"

    reason: str


class SlaMetWithdrawn(SlaEvent):
    """What was announced as met was not, or not at such a time: a fact with an earlier time was heard of late. Where
    it is met all the same, `sla.met` says so anew."""

    TYPE: ClassVar[str] = "sla.met_withdrawn"

    late: bool = False
    """As it had been announced."""
    reason: str


class EscalationEvent(Event):
    """What all facts about one escalation have in common: one ladder climbed for one broken obligation."""

    SUBJECT: ClassVar[str] = "escalation_id"

    escalation_id: str
    obligation_id: str
    about: About
    about_id: str
    clock: ClockName
    client: ClientRef | None = None
    step: int
    """1 manager, 2 lead, 3 director."""
    role: Literal["manager", "lead", "director"]


class EscalationRaised(EscalationEvent):
    """Somebody is called to act."""

    TYPE: ClassVar[str] = "escalation.raised"

    promise_broken: bool = False
    person_ids: tuple[str, ...] = ()


class EscalationAcknowledged(EscalationEvent):
    """A person took it upon themselves, until `until`: forgotten by then, it returns."""

    TYPE: ClassVar[str] = "escalation.acknowledged"

    by: str
    until: Moment
