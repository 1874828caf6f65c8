"""What people are shown of requests, letters and calls."""

from datetime import datetime
from typing import Literal

from services.intake.api.fields import View
from services.intake.channels.charsets import clean
from services.intake.domain.callers import Caller, Client
from services.intake.domain.calls import Call, Fact, Status
from services.intake.domain.conversation import Doubt, FollowUp, Merge
from services.intake.domain.identity import Candidate, Tier
from services.intake.domain.mails import Attachment
from services.intake.domain.mails import Kind as MailKind
from services.intake.domain.requests import (
    Correction,
    Identification,
    PossibleDuplicate,
    Promise,
    ServiceRequest,
    State,
    Verdict,
    Withdrawal,
)
from services.intake.domain.triage import Reason
from services.intake.domain.webhooks import State as WebhookState
from services.intake.domain.webhooks import Webhook
from shared.contracts.base import Channel, Direction, Nature, Priority


class Registered(View):
    """The answer to a registration, the same for ever."""

    request_id: str
    number: str
    client_id: str | None
    priority: Priority
    priority_reasons: tuple[Reason, ...]
    identified: bool


class RequestCard(View):
    """A request in a list."""

    request_id: str
    number: str
    state: State
    channel: Channel
    subject: str
    client: Client | None
    contact_id: str | None
    priority: Priority
    nature: Nature | None
    products: tuple[str, ...]
    discovered: bool
    trial: bool
    registered_at: datetime
    attention: tuple[str, ...]
    """What a person should look at, in words."""


class RequestView(RequestCard):
    """A request, whole."""

    text: str
    caller: Caller
    identified: bool
    candidates: tuple[str, ...]
    priority_reasons: tuple[Reason, ...]
    due: datetime | None
    """The earliest moment the client's words name."""
    known_by: tuple[Tier, ...]
    """How its client was known; empty where nobody is, or a person said so of this request."""
    against: tuple[Candidate, ...]
    """What spoke for other clients, and was not followed: to be looked at."""
    external_id: str | None
    call_id: str | None
    message_id: str | None
    registered_by: str
    promises: tuple[Promise, ...]
    verdicts: tuple[Verdict, ...]
    withdrawal: Withdrawal | None
    corrections: tuple[Correction, ...]
    identifications: tuple[Identification, ...]
    follows: str | None
    follow_ups: tuple[FollowUp, ...]
    possible_duplicates: tuple[PossibleDuplicate, ...]
    """As it looked when it was registered; `duplicates` tells how it looks now."""
    merged_into: str | None
    merges: tuple[Merge, ...]
    doubts: tuple[Doubt, ...]

    @classmethod
    def of(cls, request: ServiceRequest) -> "RequestView":
        """`request` as it is now."""
        beside = {
            "identified": request.client is not None,
            "priority_reasons": request.triage.reasons,
            "due": request.triage.due,
        }
        known = {name: getattr(request, name) for name in cls.model_fields if name not in beside}
        return cls.model_validate(known | beside)


class Received(View):
    """The answer to a letter, the same for ever; without a request where it neither opened nor joined one."""

    message_id: str
    kind: MailKind
    request_id: str | None = None
    number: str | None = None
    client_id: str | None = None
    priority: Priority | None = None
    priority_reasons: tuple[Reason, ...] = ()
    identified: bool = False


class BlockView(View):
    """A run of lines of a letter: what is said is shown, the others are folded."""

    kind: Literal["said", "quote", "signature", "forwarded"]
    text: str


class ProposalView(View):
    """A request that could be the same matter, and why."""

    request: RequestCard
    reasons: tuple[str, ...]


class MailView(View):
    """A letter, and what could be read of it."""

    message_id: str
    header_id: str | None
    request_id: str | None
    kind: MailKind
    answered: bool
    sender: str | None
    sender_name: str | None
    subject: str
    text: str
    blocks: tuple[BlockView, ...]
    """The text as it is to be shown; the blocks one after another are the text."""
    attachments: tuple[Attachment, ...]
    faults: tuple[str, ...]
    client: Client | None
    size: int
    received_at: datetime


class Kept(View):
    """The answer to a webhook: it is kept."""

    webhook_id: str
    call_id: str | None
    """The call it tells of."""
    repeated: bool
    not_understood: str | None
    """What is wrong with it, where something is: it is kept all the same, and a person looks at it."""


class Known(View):
    """Who is calling; nothing where nobody knows."""

    contact_name: str | None = None
    responsible: str | None = None
    """The login of the manager in the VATS."""


class WebhookView(View):
    """A webhook as it came, and what became of it."""

    webhook_id: str
    provider: str
    kind: str
    state: WebhookState
    received_at: datetime
    why: str | None
    call_id: str | None
    payload: str

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookView":
        """What a person is shown of it; bytes that are no text are replaced."""
        fields = {name: getattr(webhook, name) for name in cls.model_fields}
        return cls.model_validate(fields | {"payload": clean(webhook.payload.decode("utf-8", "replace"))})


class CallView(View):
    """A call."""

    call_id: str
    provider: str
    provider_call_id: str
    status: Status
    direction: Direction
    phone: str | None
    began_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    missed_at: datetime | None
    returned_at: datetime | None
    returned_by: str | None
    ended_at: datetime | None
    client: Client | None
    contact_id: str | None
    manager_id: str | None
    legs: tuple[str, ...]
    talk_seconds: int | None
    recording: str | None
    facts: tuple[Fact, ...]

    @classmethod
    def of(cls, call: Call) -> "CallView":
        """`call` as far as it has gone."""
        own = {"call_id", "provider", "provider_call_id", "client", "contact_id", "manager_id", "facts"}
        return cls.model_validate(
            {name: getattr(call if name in own else call.course, name) for name in cls.model_fields}
        )
