"""What routing says: specialists and the life of the work."""

from typing import ClassVar

from shared.contracts.base import ClientRef, Event, Moment, Priority


class SpecialistEvent(Event):
    """What all facts about one specialist have in common."""

    SUBJECT: ClassVar[str] = "specialist_id"

    specialist_id: str
    name: str


class SpecialistRegistered(SpecialistEvent):
    """A specialist works for us."""

    TYPE: ClassVar[str] = "specialist.registered"


class SpecialistExcluded(SpecialistEvent):
    """A client or a manager wants this specialist kept away from a client (R-COI-3)."""

    TYPE: ClassVar[str] = "specialist.excluded"

    exclusion_id: str
    client_id: str
    reason: str
    until: Moment | None = None
    by: str


class SpecialistReadmitted(SpecialistEvent):
    """An exclusion was lifted before its time (R-COI-3)."""

    TYPE: ClassVar[str] = "specialist.readmitted"

    exclusion_id: str
    client_id: str
    by: str


class SpecialistChanged(SpecialistEvent):
    """A specialist's products, hours or capacity changed."""

    TYPE: ClassVar[str] = "specialist.changed"


class WorkEvent(Event):
    """What all facts about the work on one request have in common."""

    SUBJECT: ClassVar[str] = "request_id"

    request_id: str
    priority: Priority
    client: ClientRef | None = None
    round: int = 1
    """1 until the accountant refuses a finish; each reopening counts one more."""


class WorkWaiting(WorkEvent):
    """Nobody able is free: the request waits its turn."""

    TYPE: ClassVar[str] = "work.waiting"

    reason: str


class WorkAssigned(WorkEvent):
    """A specialist has it (R-COI-4: why, stands in the assignment)."""

    TYPE: ClassVar[str] = "work.assigned"

    specialist_id: str
    specialist_name: str


class WorkDisplaced(WorkEvent):
    """Urgent work took the place of this, which had not been started: it waits again, ahead of its like."""

    TYPE: ClassVar[str] = "work.displaced"

    specialist_id: str
    by_request_id: str


class BySpecialist(WorkEvent):
    """Something the assigned specialist said. None of it closes a request (R-REQ-2)."""

    specialist_id: str


class WorkStarted(BySpecialist):
    """The specialist started."""

    TYPE: ClassVar[str] = "work.started"


class WorkProgressed(BySpecialist):
    """A sign of life from the specialist (R-URG-4)."""

    TYPE: ClassVar[str] = "work.progressed"

    note: str


class WorkPostponed(BySpecialist):
    """The specialist put it off until `until`."""

    TYPE: ClassVar[str] = "work.postponed"

    until: Moment
    reason: str


class WorkFinished(BySpecialist):
    """The specialist calls it done; the accountant has not spoken yet (R-REQ-2)."""

    TYPE: ClassVar[str] = "work.finished"

    note: str


class WorkCancelAsked(BySpecialist):
    """The specialist wants it cancelled: a finding in itself, without effect (R-IMP-5)."""

    TYPE: ClassVar[str] = "work.cancel_asked"

    reason: str


class WorkForced(WorkEvent):
    """A manager bound the specialist to finish by `finish_by` (R-IMP-3, long)."""

    TYPE: ClassVar[str] = "work.forced"

    specialist_id: str
    finish_by: Moment
    by: str


class WorkOrderLapsed(WorkEvent):
    """A manager ordered it finished by `finish_by`, which passed before anybody could be bound to it."""

    TYPE: ClassVar[str] = "work.order_lapsed"

    finish_by: Moment
    by: str
    """Who ordered it."""
    reason: str


class WorkReplaced(WorkEvent):
    """Another specialist has it instead (R-IMP-3, R-URG-7)."""

    TYPE: ClassVar[str] = "work.replaced"

    from_specialist_id: str
    to_specialist_id: str
    to_specialist_name: str
    reason: str
    by: str


class WorkReopened(WorkEvent):
    """The accountant refused the finish; it goes to somebody else (R-REQ-3, R-COI-2)."""

    TYPE: ClassVar[str] = "work.reopened"

    refused_specialist_id: str | None


class WorkClosed(WorkEvent):
    """The accountant is satisfied (R-REQ-3)."""

    TYPE: ClassVar[str] = "work.closed"

    specialist_id: str | None


class WorkWithdrawn(WorkEvent):
    """The accountant withdrew it; whoever had it is free."""

    TYPE: ClassVar[str] = "work.withdrawn"

    specialist_id: str | None
