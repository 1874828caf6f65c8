"""What intake says: calls and requests as the client sees them."""

from typing import ClassVar

from shared.contracts.base import Channel, ClientRef, Contract, Direction, Event, Moment, Nature, Priority


class CallEvent(Event):
    """What all facts about one call have in common."""

    SUBJECT: ClassVar[str] = "call_id"

    call_id: str
    phone: str | None
    """The other side's number in E.164, or None where it is hidden."""
    direction: Direction
    client: ClientRef | None = None
    contact_id: str | None = None
    manager_id: str | None = None
    """Our side of the conversation, where the provider told."""


class CallRang(CallEvent):
    """A client's call began to ring: the `pickup` clock starts (R-URG-1)."""

    TYPE: ClassVar[str] = "call.rang"


class CallAnswered(CallEvent):
    """A person picked the call up (R-URG-1)."""

    TYPE: ClassVar[str] = "call.answered"


class CallEnded(CallEvent):
    """A conversation is over."""

    TYPE: ClassVar[str] = "call.ended"

    talk_seconds: int
    recording: str | None = None
    """A link to the recording at the provider."""


class CallMissed(CallEvent):
    """The call ended and nobody had picked it up: the `callback` clock starts (R-URG-2)."""

    TYPE: ClassVar[str] = "call.missed"


class CallReturned(CallEvent):
    """A missed call was followed by a conversation with that number, in either direction (R-URG-2)."""

    TYPE: ClassVar[str] = "call.returned"

    by_call_id: str
    """The conversation that returned it."""


class CallIdentified(CallEvent):
    """Whose call it was became known, or was put right, after it had been told. `at` is when; the call's own times
    stand beside it, since nobody may have counted it while it was nobody's."""

    TYPE: ClassVar[str] = "call.identified"

    client: ClientRef
    by: str
    missed_at: Moment | None = None
    returned_at: Moment | None = None


class PriorityReason(Contract):
    """Why a request has the priority it has."""

    rule: str
    evidence: str
    """The words or the field that spoke for it."""


class PossibleDuplicate(Contract):
    """An open request that could be the same matter, and why."""

    request_id: str
    reasons: tuple[str, ...] = ()


class RequestEvent(Event):
    """What all facts about one request have in common."""

    SUBJECT: ClassVar[str] = "request_id"

    request_id: str


class RequestRegistered(RequestEvent):
    """A client wants something solved (R-REQ-1). `at` is when the client said so."""

    TYPE: ClassVar[str] = "request.registered"

    number: str
    """What people call it on the phone."""
    channel: Channel
    priority: Priority
    priority_reasons: tuple[PriorityReason, ...] = ()
    nature: Nature | None = None
    subject_text: str
    products: tuple[str, ...] = ()
    """Names of the 1C products it is about; empty where nobody knows yet."""
    client: ClientRef | None = None
    contact_id: str | None = None
    discovered: bool = False
    trial: bool = False
    origin_id: str | None = None
    """The weekly call it was discovered on, or the prospect whose trial it is (R-IMP-2, R-REF-3)."""
    possible_duplicates: tuple[PossibleDuplicate, ...] = ()
    """Open requests that could be the same matter; a person decides."""


class RequestIdentified(RequestEvent):
    """Whose request it is became known, or was put right. `at` is when: the clocks go on from the registration."""

    TYPE: ClassVar[str] = "request.identified"

    client: ClientRef
    contact_id: str | None = None
    by: str


class RequestReprioritised(RequestEvent):
    """A person changed the priority or the nature, or the client's next words raised it (`by` is then `intake`)."""

    TYPE: ClassVar[str] = "request.reprioritised"

    priority: Priority
    nature: Nature | None = None
    reason: str
    by: str


class WaitPromised(RequestEvent):
    """The contact promised to wait for a specialist until `until` (R-URG-3)."""

    TYPE: ClassVar[str] = "request.wait_promised"

    until: Moment
    words: str
    recorded_by: str
    said_by: str | None = None
    """The accountant, as the recorder names them."""


class VerdictGiven(RequestEvent):
    """The accountant said whether it is solved: the only thing that closes a request (R-REQ-3)."""

    TYPE: ClassVar[str] = "request.verdict_given"

    satisfied: bool
    words: str
    taken_by: str
    said_by: str | None = None
    """The accountant, as whoever took it names them; of a letter's link, the address it was sent to."""


class RequestWithdrawn(RequestEvent):
    """The accountant does not want it any more (R-REQ-3)."""

    TYPE: ClassVar[str] = "request.withdrawn"

    reason: str
    taken_by: str
    said_by: str | None = None


class RequestFollowedUp(RequestEvent):
    """The client spoke again about a request that is open: it joined the request instead of opening another."""

    TYPE: ClassVar[str] = "request.followed_up"

    channel: Channel
    message_id: str | None = None
    call_id: str | None = None
    words: str
    urges: Priority | None = None
    """What the words call for where it presses more than what a person had set: that person has to look."""


class RequestMerged(RequestEvent):
    """A person said that it is the same matter as another request: only that one is worked on and watched."""

    TYPE: ClassVar[str] = "request.merged"

    into_request_id: str
    by: str


class RequestUnmerged(RequestEvent):
    """A person said that it is a matter of its own after all: as if it had never been merged."""

    TYPE: ClassVar[str] = "request.unmerged"

    from_request_id: str
    by: str


class VerdictDoubted(RequestEvent):
    """What the client pressed and what the client wrote contradict each other: a person has to ask. Closes nothing."""

    TYPE: ClassVar[str] = "request.verdict_doubted"

    pressed: bool
    """True for «решено»."""
    words: str


class MessageReceived(Event):
    """A mail arrived and is kept."""

    TYPE: ClassVar[str] = "message.received"
    SUBJECT: ClassVar[str] = "message_id"

    message_id: str
    request_id: str | None
    client: ClientRef | None = None
    contact_id: str | None = None
    subject_text: str
    kind: str = "request"
    """request, follow_up, thanks, auto_reply, bounce, bulk, own: only the first opened a request."""


class MessageIdentified(Event):
    """Whose mail it was became known, or was put right, after it had been told."""

    TYPE: ClassVar[str] = "message.identified"
    SUBJECT: ClassVar[str] = "message_id"

    message_id: str
    request_id: str | None
    client: ClientRef
    contact_id: str | None = None
    by: str
