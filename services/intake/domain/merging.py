"""The same matter twice: proposed by likeness, merged by a person, taken apart again without loss."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from services.intake.domain.callers import Caller
from services.intake.domain.conversation import FollowUp, Merge, Pressing
from services.intake.domain.refusals import NotMerged, NotTheSameMatter
from services.intake.domain.requests import RUSSIAN, PossibleDuplicate, ServiceRequest, existing, next_state
from services.intake.domain.triage import RANK, Triage
from shared.contracts import intake as contract
from shared.contracts.base import Decision
from shared.contracts.intake import RequestFollowedUp, RequestMerged, RequestReprioritised, RequestUnmerged

WITHIN = timedelta(hours=24)
"""How far apart the same matter is told by phone and by mail."""
LIKE = 0.34
"""Share of words in common from which texts of one client are taken to be about the same."""
VERY_LIKE = 0.5
"""Likewise where it is not sure that they are of one client."""
PROPOSED = 3
"""Of the likeliest, how many a registration names."""
BY_WORDS = "intake"
"""Who raised a priority that the client's words raised, and who broke a merger off."""
STEM = 5
"""Letters of a word that are compared: Russian endings differ."""
SHORTEST = 4
WORDS_KEPT = 2_000
"""Characters of words that are compared, and told others."""
SAID_KEPT = 5_000
"""Characters of a follow-up that are kept: all that a person may say; of a letter the rest is in the letter."""
MOMENT = timedelta(milliseconds=1)
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


def with_proposals(decision: Decision[ServiceRequest], others: Iterable[ServiceRequest]) -> Decision[ServiceRequest]:
    """A registration that names the open requests it could be the same matter as."""
    new = decision.state
    found = [
        PossibleDuplicate(one.request.request_id, one.request.number, one.reasons) for one in proposals(new, others)
    ][:PROPOSED]
    if not found or not decision.events:
        return decision
    told = tuple(contract.PossibleDuplicate(request_id=one.request_id, reasons=one.reasons) for one in found)
    registered = decision.events[0].model_copy(update={"possible_duplicates": told})
    return Decision(replace(new, possible_duplicates=tuple(found)), (registered, *decision.events[1:]))


def follow_up(request: ServiceRequest | None, said: FollowUp, judged: Triage | None = None) -> Decision[ServiceRequest]:
    """The client spoke again: it joins the request. The same letter or call counts once.

    Words that press more than the request does raise its priority; where a person had set that, they are told instead.
    """
    known = existing(request)
    if said.cause is not None and any(one.cause == said.cause for one in known.follow_ups):
        return Decision(known)
    state = next_state(known, "follow_up")
    pressing = None if judged is None else _pressing(known, judged)
    kept = replace(said, words=said.words[:SAID_KEPT], pressing=pressing)
    shown = pressing is not None and not pressing.raised and known.state == "open"
    event = RequestFollowedUp(
        at=said.at,
        request_id=known.request_id,
        channel=said.channel,
        message_id=said.message_id,
        call_id=said.call_id,
        words=kept.words[:WORDS_KEPT],
        urges=pressing.priority if pressing is not None and shown else None,
    )
    joined = Decision(replace(known, state=state, follow_ups=(*known.follow_ups, kept)), (event,))
    return _raised(joined, pressing, said.at) if pressing is not None and pressing.raised else joined


def _pressing(request: ServiceRequest, judged: Triage) -> Pressing | None:
    if RANK[judged.priority] >= RANK[request.priority]:
        return None
    evidence = tuple(f"{reason.rule}: {reason.evidence}" for reason in judged.reasons)
    raised = request.state == "open" and not request.set_by_person
    return Pressing(judged.priority, request.priority, evidence, raised)


def _raised(decision: Decision[ServiceRequest], pressing: Pressing, at: datetime) -> Decision[ServiceRequest]:
    """The priority follows the client's words, for the reasons they give."""
    event = RequestReprioritised(
        at=at,
        request_id=decision.state.request_id,
        priority=pressing.priority,
        reason=f"Клиент написал ещё: {'; '.join(pressing.evidence)}",
        by=BY_WORDS,
    )
    return Decision(replace(decision.state, priority=pressing.priority, nature=None), (*decision.events, event))


def merge(request: ServiceRequest | None, into: ServiceRequest, *, by: str, now: datetime) -> Decision[ServiceRequest]:
    """It is the same matter as `into`, which must be open and of the same client. Raises `NotTheSameMatter`."""
    known = existing(request)
    if known.merged_into == into.request_id:
        return Decision(known)
    state = next_state(known, "merge")
    _mergeable(known, into)
    at = _not_before(known, now)
    changed = replace(
        known,
        state=state,
        merged_into=into.request_id,
        merge_unchecked=True,
        merges=(*known.merges, Merge(into.request_id, by, at)),
    )
    return Decision(
        changed, (RequestMerged(at=at, request_id=known.request_id, into_request_id=into.request_id, by=by),)
    )


def unmerge(request: ServiceRequest | None, *, by: str, now: datetime) -> Decision[ServiceRequest]:
    """It is a matter of its own after all: as it was before, with all that was said meanwhile, and as pressing as that
    made it."""
    decision = _taken_apart(existing(request), by, now)
    apart = decision.state
    undone = apart.merges[-1]
    separate = replace(apart, distinct_from=_with(apart.distinct_from, undone.into))
    meanwhile = [one.pressing for one in apart.follow_ups if one.pressing is not None and one.at >= undone.at]
    waiting = [one for one in meanwhile if not one.raised and RANK[one.priority] < RANK[apart.priority]]
    if not waiting or apart.set_by_person:
        return Decision(separate, decision.events)
    return _raised(Decision(separate, decision.events), min(waiting, key=lambda one: RANK[one.priority]), now)


def settled(request: ServiceRequest | None, into: str, end: ServiceRequest, now: datetime) -> Decision[ServiceRequest]:
    """A merger into `into` whose chain leads to `end` stands where that is worked on; else it is broken off, since
    nobody would work on the matter: `end` was closed or merged in the same moment, while it was not seen."""
    known = existing(request)
    if known.merged_into != into or not known.merge_unchecked:
        return Decision(known)
    if end.state == "open":
        return Decision(replace(known, merge_unchecked=False))
    decision = _taken_apart(known, BY_WORDS, now)
    *before, broken = decision.state.merges
    return replace(decision, state=replace(decision.state, merges=(*before, replace(broken, broken=_why_broken(end)))))


def stands(request: ServiceRequest) -> ServiceRequest:
    """The request, whose last merger was not broken off. Raises `NotTheSameMatter`, saying why it was."""
    why = request.merges[-1].broken if request.merges else None
    if why is not None:
        raise NotTheSameMatter(why)
    return request


def _why_broken(end: ServiceRequest) -> str:
    if end.state == "merged":
        return "Эти заявки в ту же минуту объединили по кругу. Посмотрите, что получилось, и повторите."
    return f"Заявка {end.number} в ту же минуту {RUSSIAN[end.state]}. Объединение отменено, эта заявка открыта."


def _taken_apart(known: ServiceRequest, by: str, now: datetime) -> Decision[ServiceRequest]:
    if known.merged_into is None:
        raise NotMerged
    state, at = next_state(known, "unmerge"), _not_before(known, now)
    undone = replace(known.merges[-1], undone_by=by, undone_at=at)
    changed = replace(known, state=state, merged_into=None, merge_unchecked=False, merges=(*known.merges[:-1], undone))
    event = RequestUnmerged(at=at, request_id=known.request_id, from_request_id=undone.into, by=by)
    return Decision(changed, (event,))


def _not_before(request: ServiceRequest, now: datetime) -> datetime:
    """Later than all that was said of its mergers: others go by the times, and the clocks of two replicas differ."""
    said = (one.undone_at or one.at for one in request.merges)
    return max([now, *(at + MOMENT for at in said)])


def keep_apart(request: ServiceRequest | None, other_id: str) -> Decision[ServiceRequest]:
    """A person says that the two are not the same matter: they are not proposed again."""
    known = existing(request)
    if other_id in known.distinct_from:
        return Decision(known)
    return Decision(replace(known, distinct_from=_with(known.distinct_from, other_id)))


def no_duplicate(request: ServiceRequest | None, other_id: str) -> Decision[ServiceRequest]:
    """The other was merged into it: there is nothing to be looked at any more."""
    known = existing(request)
    left = tuple(one for one in known.possible_duplicates if one.request_id != other_id)
    return Decision(known if left == known.possible_duplicates else replace(known, possible_duplicates=left))


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
    same, nobodys = _same_client(one, other), one.client is None or other.client is None
    otherwise, sender = one.channel != other.channel, _same_sender(one.caller, other.caller)
    if nobodys:
        worth_reading = otherwise or sender
    else:
        worth_reading = same or ((sender or _same_name(one, other)) and _same_base(one, other))
    if not worth_reading:
        return ()
    alike = _likeness(_matter(one), _matter(other)) >= (LIKE if same else VERY_LIKE)
    person = one.contact_id is not None and one.contact_id == other.contact_id
    if not alike and not (same and person and otherwise):
        return ()
    reasons = {
        "похожие слова": alike,
        "тот же бухгалтер": person,
        "тот же отправитель": sender and not person,
        "разные каналы": otherwise,
        "отправитель не опознан": nobodys,
        "записаны за разными клиентами одной базы": not (same or nobodys),
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def _same_client(one: ServiceRequest, other: ServiceRequest) -> bool:
    return one.client is not None and other.client is not None and one.client.client_id == other.client.client_id


def _same_sender(one: Caller, other: Caller) -> bool:
    return (one.phone is not None and one.phone == other.phone) or (one.email is not None and one.email == other.email)


def _same_base(one: ServiceRequest, other: ServiceRequest) -> bool:
    mine, theirs = one.client, other.client
    return mine is not None and theirs is not None and mine.manager_id == theirs.manager_id is not None


def _same_name(one: ServiceRequest, other: ServiceRequest) -> bool:
    return one.caller.name is not None and one.caller.name == other.caller.name


def _matter(request: ServiceRequest) -> frozenset[str]:
    return _stems(request.subject, request.text[:WORDS_KEPT])


@lru_cache(maxsize=2_000)
def _stems(subject: str, text: str) -> frozenset[str]:
    words = _WORD.findall(f"{subject} {text}".lower().replace("ё", "е"))
    return frozenset(word[:STEM] for word in words if len(word) >= SHORTEST)


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0
