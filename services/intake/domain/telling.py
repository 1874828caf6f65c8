"""The conversation about a request, in the order in which it went: calls, letters in and out, every word said, what a
person decided, and the steps of the work intake hears of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from services.intake.domain.calls import Call, Status
from services.intake.domain.mails import Kind as MailKind
from services.intake.domain.mails import Mail
from services.intake.domain.requests import ServiceRequest
from shared.contracts.base import Channel, Direction, Nature, Priority

Kind = Literal[
    "call",
    "registered",
    "identified",
    "follow_up",
    "mail",
    "our_letter",
    "promise",
    "priority",
    "finished",
    "answered",
    "verdict",
    "doubt",
    "reopened",
    "closed",
    "withdrawn",
    "merged",
    "unmerged",
]
"""In the order in which they stand where they happened at the same moment."""
_RANK = {kind: rank for rank, kind in enumerate(get_args(Kind))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that was said or done."""

    at: datetime
    kind: Kind
    request_id: str
    """The request itself, or one that is merged into it."""
    number: str
    who: str | None = None
    """Who wrote it down or did it."""
    said_by: str | None = None
    """The accountant, as the recorder names them, or the sender of a letter."""
    words: str | None = None
    channel: Channel | None = None
    until: datetime | None = None
    satisfied: bool | None = None
    priority: Priority | None = None
    nature: Nature | None = None
    client_id: str | None = None
    contact_id: str | None = None
    other_request_id: str | None = None
    round: int | None = None
    message_id: str | None = None
    mail_kind: MailKind | None = None
    call_id: str | None = None
    call_status: Status | None = None
    direction: Direction | None = None
    talk_seconds: int | None = None
    delivery_id: str | None = None
    standing: str | None = None
    """Whether a letter of ours has arrived."""

    @property
    def place(self) -> str:
        """Where it stands in the conversation; unique in it."""
        beside = self.message_id or self.call_id or self.delivery_id or ""
        return f"{self.at.isoformat(timespec='milliseconds')} {_RANK[self.kind]:02} {self.request_id} {beside}"


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter of ours. Its text stays out: its links are the accountant's alone."""

    delivery_id: str
    request_id: str
    at: datetime
    subject: str
    to: str
    standing: str


def told(
    requests: Iterable[ServiceRequest], calls: Iterable[Call], mails: Iterable[Mail], sent: Iterable[Sent]
) -> list[Item]:
    """The conversation about these requests (one, and what is merged into it) in its order."""
    known, letters = {request.request_id: request for request in requests}, list(mails)
    by_id = {call.call_id: call for call in calls}
    senders = {mail.message_id: mail.sender for mail in letters}
    items: list[Item] = []
    for request in known.values():
        items += [*_registered(request), *_said(request, senders), *_decided(request), *_work(request)]
        items += [_call(request, by_id[call_id]) for call_id in call_ids(request) if call_id in by_id]
    items = _once(items)
    items += [
        _mail(known[mail.request_id], mail) for mail in letters if mail.request_id in known and _apart(known, mail)
    ]
    items += [_sent(known[one.request_id], one) for one in sent if one.request_id in known]
    return sorted(items, key=lambda item: item.place)


def _once(items: Iterable[Item]) -> list[Item]:
    """A follow-up to a merged request stands on what it is merged into as well: it was said once."""
    said: set[tuple[datetime, str | None]] = set()
    kept = []
    for item in items:
        if item.kind == "follow_up" and (item.at, item.words) in said:
            continue
        said.add((item.at, item.words))
        kept.append(item)
    return kept


def call_ids(request: ServiceRequest) -> list[str]:
    """The calls it was spoken of in."""
    ids = (request.call_id, *(one.call_id for one in request.follow_ups))
    return list(dict.fromkeys(one for one in ids if one is not None))


def _registered(request: ServiceRequest) -> Iterator[Item]:
    yield _item(
        request,
        "registered",
        request.registered_at,
        who=request.registered_by,
        said_by=request.caller.name or request.caller.email or request.caller.phone,
        words=f"{request.subject}\n{request.text}".strip(),
        channel=request.channel,
        contact_id=request.contact_id,
        priority=request.triage.priority,
        message_id=request.message_id,
        call_id=request.call_id,
    )
    for one in request.identifications:
        yield _item(request, "identified", one.at, who=one.by, client_id=one.client_id, contact_id=one.contact_id)


def _said(request: ServiceRequest, senders: Mapping[str, str | None]) -> Iterator[Item]:
    for one in request.follow_ups:
        pressing = one.pressing.priority if one.pressing is not None and one.pressing.raised else None
        yield _item(
            request,
            "follow_up",
            one.at,
            who=one.by,
            said_by=senders.get(one.message_id or ""),
            words=one.words,
            channel=one.channel,
            priority=pressing,
            message_id=one.message_id,
            call_id=one.call_id,
        )
    for promise in request.promises:
        yield _item(
            request,
            "promise",
            promise.at,
            who=promise.recorded_by,
            said_by=promise.said_by,
            words=promise.words,
            until=promise.until,
        )
    for verdict in request.verdicts:
        yield _item(
            request,
            "verdict",
            verdict.at,
            who=verdict.taken_by,
            said_by=verdict.said_by,
            words=verdict.words,
            satisfied=verdict.satisfied,
        )
    for ask in request.asks:
        if ask.answer is not None:
            yield _item(
                request,
                "answered",
                ask.answer.at,
                said_by=ask.to,
                words=ask.answer.words,
                satisfied=ask.answer.solved,
                round=ask.round,
            )
    for doubt in request.doubts:
        yield _item(request, "doubt", doubt.at, words=doubt.words, satisfied=doubt.solved)
    if (gone := request.withdrawal) is not None:
        yield _item(request, "withdrawn", gone.at, who=gone.taken_by, said_by=gone.said_by, words=gone.reason)


def _decided(request: ServiceRequest) -> Iterator[Item]:
    for one in request.corrections:
        yield _item(request, "priority", one.at, who=one.by, words=one.reason, priority=one.priority, nature=one.nature)
    for merge in request.merges:
        yield _item(request, "merged", merge.at, who=merge.by, other_request_id=merge.into)
        if merge.undone_at is not None:
            undone = {"who": merge.undone_by, "words": merge.broken, "other_request_id": merge.into}
            yield _item(request, "unmerged", merge.undone_at, **undone)


def _work(request: ServiceRequest) -> Iterator[Item]:
    for step in request.steps:
        yield _item(request, step.kind, step.at, who=step.who, words=step.note, round=step.round)


def _call(request: ServiceRequest, call: Call) -> Item:
    return _item(
        request,
        "call",
        call.course.began_at or request.registered_at,
        who=call.manager_id,
        channel="phone",
        call_id=call.call_id,
        call_status=call.course.status,
        direction=call.course.direction,
        talk_seconds=call.course.talk_seconds,
        contact_id=call.contact_id,
    )


def _mail(request: ServiceRequest, mail: Mail) -> Item:
    return _item(
        request,
        "mail",
        mail.received_at,
        said_by=mail.sender,
        words=mail.subject,
        channel="email",
        message_id=mail.message_id,
        mail_kind=mail.kind,
    )


def _apart(known: dict[str, ServiceRequest], mail: Mail) -> bool:
    """Whether the letter is not there already as what opened a request or joined one."""
    request = known[mail.request_id or ""]
    return mail.message_id not in {request.message_id, *(one.message_id for one in request.follow_ups)}


def _sent(request: ServiceRequest, sent: Sent) -> Item:
    return _item(
        request,
        "our_letter",
        sent.at,
        said_by=sent.to,
        words=sent.subject,
        channel="email",
        delivery_id=sent.delivery_id,
        standing=sent.standing,
    )


def _item(request: ServiceRequest, kind: Kind, at: datetime, **told: object) -> Item:
    return Item(at=at, kind=kind, request_id=request.request_id, number=request.number, **told)  # type: ignore[arg-type]  # each caller names fields of Item
