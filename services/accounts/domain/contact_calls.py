"""The weekly call with one accountant: attempts, and the conversation with what was found (R-IMP-1, R-IMP-2).

A conversation is one submission: findings about the open important requests and the requests nobody had registered
are written together, or not at all. What follows from it (control, orders) is done after, and again after a crash.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.accounts.domain.care_refusals import AlreadyHeld, FindingsMissing
from services.accounts.domain.matters import Matter, Party
from services.accounts.domain.trail import BOOKKEEPING, UNTOUCHED, Trail
from shared.contracts.accounts import (
    Action,
    ContactCallAttempted,
    ContactCallHeld,
    DiscoveredOnCall,
    Finding,
    FoundOnCall,
)
from shared.contracts.base import Decision, Nature, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Nobody was reached."""

    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the manager demands for a bad finding (R-IMP-3). `finish_by` stands with `force` alone."""

    action: Action
    reason: str
    finish_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the accountant said about one request."""

    request_id: str
    finding: Finding
    cancelled_by: str | None = None
    words: str = ""
    order: Order | None = None
    verdict: bool = False
    """These words are the accountant's satisfied verdict on a request they had withdrawn (R-IMP-4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A request nobody had registered; intake registers it under this id."""

    request_id: str
    subject: str
    text: str = ""
    priority: Priority = "important"
    nature: Nature | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The conversation, as it was submitted. `asked_as` is its fingerprint: tells a repeat from a clash."""

    at: datetime
    by: str
    findings: tuple[Found, ...] = ()
    discovered: tuple[Discovered, ...] = ()
    note: str = ""
    asked_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCall:
    """One accountant and one week. `settled` where what follows from the conversation has been done."""

    call_id: str
    contact_id: str
    client_id: str
    party: Party
    manager_id: str
    week: str
    attempts: tuple[Attempt, ...] = ()
    talk: Talk | None = None
    held_at: datetime | None = None
    discovered: int = 0
    settled: bool = field(default=True, metadata=BOOKKEEPING)
    trail: Trail = UNTOUCHED


def attempt(state: ContactCall | None, new: ContactCall, tried: Attempt) -> Decision[ContactCall]:
    """Nobody was reached: the attempt is kept, the accountant stays in the plan. Raises `AlreadyHeld`."""
    call = state or new
    if call.talk is not None:
        raise AlreadyHeld
    if tried in call.attempts:
        return Decision(call)
    event = ContactCallAttempted(**_about(call, tried.at), by=tried.by)
    return Decision(replace(call, attempts=(*call.attempts, tried)), (event,))


def needs_finding(matter: Matter, others: Collection[str]) -> bool:
    """Whether a conversation must come to a finding about the request (R-IMP-2). `others` are the client's other
    accountants: what is theirs waits for their own call; what is nobody's, or of one who has left, is asked of all."""
    return matter.open and matter.priority == "important" and matter.contact_id not in others


def hold(state: ContactCall | None, new: ContactCall, talk: Talk, important: Collection[str]) -> Decision[ContactCall]:
    """The accountant was spoken with. The same submission again changes nothing.

    `important` are the requests that need a finding from this conversation (R-IMP-2). Raises
    `FindingsMissing` naming those without one, `AlreadyHeld` for another conversation in the same week.
    """
    call = state or new
    if call.talk is not None:
        if call.talk.asked_as == talk.asked_as:
            return Decision(call)
        raise AlreadyHeld
    missing = sorted(set(important) - {found.request_id for found in talk.findings})
    if missing:
        raise FindingsMissing(missing)
    follows = bool(talk.findings)
    held = replace(
        call, talk=talk, held_at=talk.at, discovered=len(talk.discovered), settled=not follows,
        manager_id=new.manager_id, party=new.party,
    )  # fmt: skip
    event = ContactCallHeld(
        **_about(held, talk.at),
        by=talk.by,
        findings=tuple(
            FoundOnCall(request_id=f.request_id, finding=f.finding, cancelled_by=f.cancelled_by, words=f.words)
            for f in talk.findings
        ),
        discovered=tuple(
            DiscoveredOnCall(
                request_id=d.request_id, subject_text=d.subject, text=d.text, priority=d.priority,
                nature=d.nature, products=d.products,
            )
            for d in talk.discovered
        ),
    )  # fmt: skip
    return Decision(held, (event,))


def settled(state: ContactCall) -> Decision[ContactCall]:
    """What follows from the conversation has been done."""
    return Decision(state if state.settled else replace(state, settled=True))


def _about(call: ContactCall, at: datetime) -> dict[str, object]:
    return {
        "at": at,
        "contact_call_id": call.call_id,
        "contact_id": call.contact_id,
        "client": call.party.ref(),
        "manager_id": call.manager_id,
        "week": call.week,
    }
