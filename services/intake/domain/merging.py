"""The same matter twice: proposed by likeness, merged by a person, taken apart again without loss."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.domain.conversation import FollowUp, Merge
from services.intake.domain.refusals import NotMerged, NotTheSameMatter
from services.intake.domain.requests import ServiceRequest, existing, next_state
from shared.contracts.base import Decision
from shared.contracts.intake import RequestFollowedUp, RequestMerged, RequestUnmerged

WITHIN = timedelta(hours=24)
"""How far apart the same matter is told by phone and by mail."""
LIKE = 0.34
"""Share of words in common from which texts are taken to be about the same."""
STEM = 5
"""Letters of a word that are compared: Russian endings differ."""
SHORTEST = 4
WORDS_KEPT = 2_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two requests that could be one, and why."""

    request: ServiceRequest
    reasons: tuple[str, ...]


def proposals(request: ServiceRequest, others: Iterable[ServiceRequest]) -> list[Proposal]:
    """Which of `others` could be the same matter as `request`, the likeliest first."""
    found = [Proposal(other, reasons) for other in others if (reasons := _reasons(request, other))]
    return sorted(found, key=lambda one: (-len(one.reasons), one.request.request_id))


def follow_up(request: ServiceRequest | None, said: FollowUp) -> Decision[ServiceRequest]:
    """The client spoke again: it joins the request. The same letter or call counts once."""
    known = existing(request)
    if said.cause is not None and any(one.cause == said.cause for one in known.follow_ups):
        return Decision(known)
    state = next_state(known, "follow_up")
    kept = replace(said, words=said.words[:WORDS_KEPT])
    event = RequestFollowedUp(
        at=said.at,
        request_id=known.request_id,
        channel=said.channel,
        message_id=said.message_id,
        call_id=said.call_id,
        words=kept.words,
    )
    return Decision(replace(known, state=state, follow_ups=(*known.follow_ups, kept)), (event,))


def merge(request: ServiceRequest | None, into: ServiceRequest, *, by: str, now: datetime) -> Decision[ServiceRequest]:
    """It is the same matter as `into`, which must be open and of the same client. Raises `NotTheSameMatter`."""
    known = existing(request)
    if known.merged_into == into.request_id:
        return Decision(known)
    state = next_state(known, "merge")
    _mergeable(known, into)
    changed = replace(
        known,
        state=state,
        merged_into=into.request_id,
        merges=(*known.merges, Merge(into.request_id, by, now)),
    )
    return Decision(
        changed, (RequestMerged(at=now, request_id=known.request_id, into_request_id=into.request_id, by=by),)
    )


def unmerge(request: ServiceRequest | None, *, by: str, now: datetime) -> Decision[ServiceRequest]:
    """It is a matter of its own after all: as it was before, with all that was said meanwhile."""
    known = existing(request)
    if known.merged_into is None:
        raise NotMerged
    state = next_state(known, "unmerge")
    undone = replace(known.merges[-1], undone_by=by, undone_at=now)
    changed = replace(
        known,
        state=state,
        merged_into=None,
        merges=(*known.merges[:-1], undone),
        distinct_from=_with(known.distinct_from, undone.into),
    )
    return Decision(
        changed, (RequestUnmerged(at=now, request_id=known.request_id, from_request_id=undone.into, by=by),)
    )


def keep_apart(request: ServiceRequest | None, other_id: str) -> Decision[ServiceRequest]:
    """A person says that the two are not the same matter: they are not proposed again."""
    known = existing(request)
    if other_id in known.distinct_from:
        return Decision(known)
    return Decision(replace(known, distinct_from=_with(known.distinct_from, other_id)))


def _with(ids: tuple[str, ...], one: str) -> tuple[str, ...]:
    return ids if one in ids else (*ids, one)


def _mergeable(request: ServiceRequest, into: ServiceRequest) -> None:
    if into.request_id == request.request_id:
        raise NotTheSameMatter("Заявку нельзя объединить с самой собой.")
    if into.state != "open":
        raise NotTheSameMatter(f"Заявка {into.number} уже не открыта: объединяют с открытой.")
    if request.client and into.client and request.client.client_id != into.client.client_id:
        raise NotTheSameMatter(f"Заявка {into.number} другого клиента.")


def _reasons(one: ServiceRequest, other: ServiceRequest) -> tuple[str, ...]:
    """Why the two could be one matter; nothing where they could not."""
    apart = one.request_id in other.distinct_from or other.request_id in one.distinct_from
    if one.request_id == other.request_id or apart or abs(one.registered_at - other.registered_at) > WITHIN:
        return ()
    if one.client is None or other.client is None or one.client.client_id != other.client.client_id:
        return ()
    alike = _likeness(_matter(one), _matter(other)) >= LIKE
    same_person = one.contact_id is not None and one.contact_id == other.contact_id
    if not alike and not (same_person and one.channel != other.channel):
        return ()
    reasons = {
        "похожие слова": alike,
        "тот же бухгалтер": same_person,
        "разные каналы": one.channel != other.channel,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def _matter(request: ServiceRequest) -> frozenset[str]:
    words = _WORD.findall(f"{request.subject} {request.text[:WORDS_KEPT]}".lower().replace("ё", "е"))
    return frozenset(word[:STEM] for word in words if len(word) >= SHORTEST)


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0
