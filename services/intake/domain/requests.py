"""The life of a request as the client sees it (R-REQ-1…3).

What closes it is the accountant's word alone; what a specialist says about the work is routing's. The states and what
leads from one to the next stand in `NEXT`: what is missing there is impossible.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.intake.domain.callers import Caller, Client
from services.intake.domain.conversation import Ask, Doubt, FollowUp, Merge, WorkStep
from services.intake.domain.identity import NOBODY, Candidate, Identity, Tier, Word
from services.intake.domain.refusals import ForeignRequest, NatureWithoutImportance, NotPossibleNow, UnknownRequest
from services.intake.domain.triage import GIVEN, RANK, Triage
from shared.contracts.base import Channel, Decision, Nature, Priority
from shared.contracts.intake import RequestRegistered

State = Literal["open", "closed", "withdrawn", "merged"]
Step = Literal[
    "promise",
    "satisfied",
    "dissatisfied",
    "withdraw",
    "reprioritise",
    "identify",
    "follow_up",
    "doubt",
    "merge",
    "unmerge",
]

NEXT: dict[tuple[State, Step], State] = {
    ("open", "promise"): "open",
    ("open", "reprioritise"): "open",
    ("open", "identify"): "open",
    ("open", "dissatisfied"): "open",
    ("open", "follow_up"): "open",
    ("open", "doubt"): "open",
    ("open", "satisfied"): "closed",
    ("open", "withdraw"): "withdrawn",
    ("open", "merge"): "merged",
    ("closed", "dissatisfied"): "open",
    ("closed", "identify"): "closed",
    ("withdrawn", "identify"): "withdrawn",
    ("merged", "follow_up"): "merged",
    ("merged", "identify"): "merged",
    ("merged", "unmerge"): "open",
}

_PRESSING: dict[Priority, str] = {"urgent": "срочно", "important": "важно", "routine": "не срочно"}
NOTHING = "nothing"
"""What a request waits for whose caller is known by nothing: a person."""
RUSSIAN: dict[State, str] = {
    "open": "открыта",
    "closed": "закрыта",
    "withdrawn": "отозвана",
    "merged": "объединена с другой",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """The contact promised to wait until `until` (R-URG-3)."""

    until: datetime
    words: str
    recorded_by: str
    at: datetime
    said_by: str | None = None
    """The accountant who said so, as the recorder names them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The accountant's word on the result (R-REQ-3)."""

    satisfied: bool
    words: str
    taken_by: str
    at: datetime
    said_by: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The accountant does not want it any more (R-REQ-3)."""

    reason: str
    taken_by: str
    at: datetime
    said_by: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A person saw the priority otherwise."""

    priority: Priority
    nature: Nature | None
    reason: str
    by: str
    at: datetime
    was: Priority | None = None
    """What it was before: by the rules, where nobody had corrected it yet."""


@dataclass(frozen=True, slots=True)
class Identification:
    """A person, or the projection of clients, said whose request it is."""

    client_id: str
    contact_id: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A request that could be the same matter, and why."""

    request_id: str
    number: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A client wants something solved."""

    channel: Channel
    subject: str
    text: str
    caller: Caller
    identity: Identity = NOBODY
    triage: Triage
    nature: Nature | None = None
    products: tuple[str, ...] = ()
    external_id: str | None = None
    call_id: str | None = None
    message_id: str | None = None
    follows: str | None = None
    discovered: bool = False
    trial: bool = False
    origin_id: str | None = None
    """The weekly call it was discovered on, or the prospect whose trial it is."""
    by: str

    def repeats(self, request: "ServiceRequest") -> bool:
        """Whether it says what the request says already."""
        return (self.channel, self.subject, self.text) == (request.channel, request.subject, request.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """A request, from the client's first word to the last."""

    request_id: str
    number: str
    """What people call it on the phone: `100 245`."""
    state: State = "open"
    channel: Channel
    subject: str
    text: str
    caller: Caller
    client: Client | None
    contact_id: str | None
    candidates: tuple[str, ...]
    priority: Priority
    nature: Nature | None
    triage: Triage
    """The priority it was registered with, and why; corrections stand beside it."""
    products: tuple[str, ...]
    external_id: str | None
    call_id: str | None
    message_id: str | None
    discovered: bool
    trial: bool
    registered_by: str
    registered_for: str | None
    """The client's id as it was known at registration."""
    registered_at: datetime
    promises: tuple[Promise, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    withdrawal: Withdrawal | None = None
    corrections: tuple[Correction, ...] = ()
    identifications: tuple[Identification, ...] = ()
    unclaimed: tuple[str, ...] = ()
    """While nobody knows whose it is: what a client must have for it to be theirs. Never empty then."""
    known_by: tuple[Tier, ...] = ()
    """How its client was known; empty where nobody is, or a person said so of this request."""
    link: Word | None = None
    """The word on its sender it was given to its client by: put right there, it goes along."""
    against: tuple[Candidate, ...] = ()
    """What spoke for other clients and was not followed: a person should look."""
    disowned: bool = False
    """Whether the word on its sender, by which it was given to its client, was taken back or is «не наш» now."""
    origin_id: str | None = None
    follows: str | None = None
    """The request that was over when the client answered a letter about it, and so opened this one."""
    follow_ups: tuple[FollowUp, ...] = ()
    merged_into: str | None = None
    merge_unchecked: bool = False
    """Whether it has still to be looked whether the mergers lead round in a circle."""
    merges: tuple[Merge, ...] = ()
    distinct_from: tuple[str, ...] = ()
    """Requests a person said it is not the same matter as."""
    possible_duplicates: tuple[PossibleDuplicate, ...] = ()
    """Requests that could be the same matter, as it looked when it was registered."""
    asks: tuple[Ask, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    finished_by: tuple[str, ...] = ()
    """Specialists who called it finished: none of them takes the accountant's word, whatever their role."""
    round: int = 1
    """The newest round of work heard of: closing letters of earlier ones are void."""
    steps: tuple[WorkStep, ...] = ()
    """Of the work, in their order."""

    @property
    def attention(self) -> tuple[str, ...]:
        """What a person should look at, in words; nothing where the request is over."""
        if self.state != "open":
            return ()
        said = max((verdict.at for verdict in self.verdicts), default=self.registered_at)
        alike = [one.number for one in self.possible_duplicates if one.request_id not in self.distinct_from]
        return (
            *([] if self.urged is None else [f"клиент торопит: {_PRESSING[self.urged]}"]),
            *(["ответ противоречит сам себе: уточните"] if any(one.at > said for one in self.doubts) else []),
            *(["опознана не без сомнений: проверьте клиента"] if self.against else []),
            *(["отправитель больше не за этим клиентом: проверьте, чья она"] if self.disowned else []),
            *(f"похожа на заявку {number}" for number in alike),
        )

    @property
    def urged(self) -> Priority | None:
        """The most pressing the client called for since a person set the priority, where it presses more than that."""
        seen = max((one.at for one in self.corrections), default=self.registered_at)
        pressing = [one.pressing for one in self.follow_ups if one.pressing is not None and one.at >= seen]
        urged = [one.priority for one in pressing if not one.raised and RANK[one.priority] < RANK[self.priority]]
        return min(urged, key=lambda one: RANK[one], default=None)

    @property
    def set_by_person(self) -> bool:
        """Whether somebody, not the rules, set the priority: the client's words alone do not change it then."""
        return bool(self.corrections) or any(reason.rule == GIVEN for reason in self.triage.reasons)


def register(
    request: ServiceRequest | None, command: Register, request_id: str, number: str, now: datetime
) -> Decision[ServiceRequest]:
    """A new request; one that is there already stays as it is."""
    if request is not None:
        return Decision(request)
    if command.nature is not None and command.triage.priority != "important":
        raise NatureWithoutImportance
    client = command.identity.client
    new = ServiceRequest(
        request_id=request_id,
        number=number,
        channel=command.channel,
        subject=command.subject,
        text=command.text,
        caller=command.caller,
        client=client,
        contact_id=command.identity.contact_id,
        candidates=command.identity.candidates,
        priority=command.triage.priority,
        nature=command.nature,
        triage=command.triage,
        products=command.products,
        external_id=command.external_id,
        call_id=command.call_id,
        message_id=command.message_id,
        follows=command.follows,
        discovered=command.discovered,
        trial=command.trial,
        origin_id=command.origin_id,
        registered_by=command.by,
        registered_for=None if client is None else client.client_id,
        registered_at=now,
        unclaimed=command.caller.waits_for() or (NOTHING,) if client is None else (),
        known_by=command.identity.tiers,
        link=command.identity.link,
        against=command.identity.against,
    )
    return Decision(new, (_registered(new),))


def answer(request: ServiceRequest) -> dict[str, Any]:
    """What the registration was answered with: the same for ever, whatever became of the request."""
    return {
        "request_id": request.request_id,
        "number": request.number,
        "client_id": request.registered_for,
        "priority": request.triage.priority,
        "priority_reasons": [{"rule": reason.rule, "evidence": reason.evidence} for reason in request.triage.shown],
        "identified": request.registered_for is not None,
    }


def within(request: ServiceRequest | None, base: frozenset[str] | None) -> ServiceRequest:
    """The request, for somebody who may see the clients in `base` and what is nobody's yet; None sees everything."""
    known = existing(request)
    if base is not None and known.client is not None and known.client.client_id not in base:
        raise ForeignRequest
    return known


def existing(request: ServiceRequest | None) -> ServiceRequest:
    """The request; raises `UnknownRequest` where there is none."""
    if request is None:
        raise UnknownRequest
    return request


def next_state(request: ServiceRequest, step: Step) -> State:
    """Where `step` leads; raises `NotPossibleNow` where the table knows no such way."""
    state = NEXT.get((request.state, step))
    if state is None:
        raise NotPossibleNow(f"Заявка {request.number} {RUSSIAN[request.state]}: это действие уже невозможно.")
    return state


def _registered(request: ServiceRequest) -> RequestRegistered:
    return RequestRegistered(
        at=request.registered_at,
        request_id=request.request_id,
        number=request.number,
        channel=request.channel,
        priority=request.priority,
        priority_reasons=tuple(reason.contract() for reason in request.triage.reasons),
        nature=request.nature,
        subject_text=request.subject,
        products=request.products,
        client=None if request.client is None else request.client.ref(),
        contact_id=request.contact_id,
        discovered=request.discovered,
        trial=request.trial,
        origin_id=request.origin_id,
    )
