"""The work on one request: everything known about it, and how facts are added to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Wish
from services.routing.domain.facts import CLOCKS_DIFFER, TICK, Deed, Did, Registration, Word
from services.routing.domain.life import ENDED, HOLDING
from services.routing.domain.needs import need_of
from services.routing.domain.refusals import UnknownRequest
from services.routing.domain.specialists import ticket
from services.routing.domain.story import Tale, tale_of
from shared.contracts.base import Decision, Event
from shared.contracts.routing import WorkClosed, WorkReopened, WorkWithdrawn

UNTOLD = Tale()
SAYING: frozenset[Did] = frozenset({"progress", "postpone", "finish", "ask_cancel"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Facts, the tale they come to, and the latest assignment's reasons."""

    request_id: str
    correlation_id: str = ""
    """By which the request is followed through events and logs."""
    registered: Registration | None = None
    words: tuple[Word, ...] = ()
    """In the order in which they count."""
    deeds: tuple[Deed, ...] = ()
    """In the order in which they were done."""
    turn: int = 0
    """The last turn taken or called off: only the next one may still take a place."""
    explained: Explained | None = None
    tale: Tale = UNTOLD


def registered(
    work: Work | None, request_id: str, registration: Registration, correlation_id: str = ""
) -> Decision[Work]:
    """A client wants something solved. Words that came before it take effect now."""
    before = work or Work(request_id=request_id)
    if before.registered is not None:
        return Decision(before)
    return told(before, replace(before, registered=registration, correlation_id=correlation_id))


def heard(work: Work | None, request_id: str, word: Word) -> Decision[Work]:
    """The client's side said something (R-REQ-3). The same again changes nothing; what comes before the
    registration is kept for it."""
    before = work or Work(request_id=request_id)
    if any(replace(one, counts_at=word.counts_at) == word for one in before.words):
        return Decision(before)
    word = replace(word, counts_at=_counts_at(before, word.at))
    words = sorted((*before.words, word), key=lambda one: (one.counts_at, one.at, one.said, one.by, one.text))
    decision = told(before, replace(before, words=tuple(words)))
    return Decision(_without_revival(before, decision.state), decision.events)


def called_off(work: Work | None, request_id: str, turn: int) -> Decision[Work]:
    """No assignment of this turn or an earlier one shall come through any more."""
    before = work or Work(request_id=request_id)
    return Decision(before if before.turn >= turn else replace(before, turn=turn))


def told(before: Work, after: Work) -> Decision[Work]:
    """`after` with its tale told anew, and what the client's side thereby brought about."""
    if after.registered is None:
        return Decision(after)
    after = replace(after, tale=tale_of(after.registered, after.words, after.deeds))
    return Decision(after, (*_reopened(before.tale, after), *_ended(before.tale, after)))


def done(work: Work, deed: Deed) -> Work:
    """`work` with one more deed."""
    after = replace(work, deeds=(*work.deeds, deed), turn=max(work.turn, deed.turn))
    return told(work, after).state


def known(work: Work | None) -> Work:
    """`work`, if it has been registered. Raises `UnknownRequest`."""
    if work is None or work.registered is None:
        raise UnknownRequest
    return work


def next_moment(work: Work, now: datetime) -> datetime:
    """When a deed done `now` happens: after everything known, even where another machine's clock is ahead."""
    times = [word.counts_at for word in work.words]
    times += [deed.at for deed in work.deeds[-1:]]
    if work.registered is not None:
        times.append(work.registered.at)
    last = max(times, default=now)
    return now if now > last else last + TICK


def held(work: Work) -> tuple[str, str] | None:
    """Who holds a place for it, and the ticket; None where it takes no place."""
    tale = work.tale
    if tale.stage not in HOLDING or tale.specialist_id is None:
        return None
    return tale.specialist_id, ticket(work.request_id, tale.held_turn)


def let_go(work: Work) -> list[tuple[str, str]]:
    """Who had a place for it lately that is to be given back, with the tickets."""
    others = {held(work), *given_up(work)}
    return [place for place in _taken(work, work.deeds)[-2:] if place not in others]


def given_up(work: Work) -> list[tuple[str, str]]:
    """Whose place for it urgent work took, or is about to take, with the tickets: nobody else gives these back."""
    ends = (number for number, deed in enumerate(work.deeds) if deed.did == "displace")
    return [place for end in ends for place in _taken(work, work.deeds[:end])[-1:]]


def last_holder(work: Work) -> str | None:
    """Who has it, or had it last."""
    had = (deed.specialist_id for deed in reversed(work.deeds) if deed.turn)
    return work.tale.specialist_id or next(had, None)


def last_words(work: Work) -> str:
    """What whoever has it said of it last: all there is to hand over where nobody wrote more."""
    said = (deed.text for deed in reversed(work.deeds) if deed.did in SAYING and deed.text)
    return next(said, "")


def postponement(work: Work) -> Deed | None:
    """The deed by which it is put off now, if it is."""
    if work.tale.stage != "postponed":
        return None
    return next((deed for deed in reversed(work.deeds) if deed.did == "postpone"), None)


def wish_of(work: Work) -> Wish:
    """What the work asks for: anybody able, but those the accountant refused (R-COI-2). Raises `UnknownRequest`."""
    tale, client, registration = work.tale, work.tale.client, work.registered
    if registration is None:
        raise UnknownRequest
    return Wish(
        request_id=work.request_id,
        turn=work.turn + 1,
        priority=tale.priority,
        due=tale.due,
        registered_at=registration.at,
        need=need_of(registration.products, tale.nature),
        client_id=client.client_id if client else None,
        client_zone=client.zone if client else None,
        subject=registration.subject_text,
        ahead=tale.ahead,
        barred=frozenset(one.specialist_id for one in tale.refusals if one.specialist_id is not None),
    )


def another_wish_of(work: Work) -> Wish:
    """As `wish_of`, for somebody else instead of whoever has it."""
    wish = wish_of(work)
    return replace(wish, barred=wish.barred | {work.tale.specialist_id or ""})


def about(work: Work, at: datetime) -> dict[str, Any]:
    """What every event about the work carries."""
    client = work.tale.client
    return {
        "request_id": work.request_id,
        "at": at,
        "priority": work.tale.priority,
        "client": client and client.ref(),
        "round": work.tale.round,
    }


def _taken(work: Work, deeds: Sequence[Deed]) -> list[tuple[str, str]]:
    """Who had a place for it by these of its deeds, with the tickets."""
    return [
        (deed.specialist_id, ticket(work.request_id, deed.turn))
        for deed in deeds
        if deed.turn and deed.specialist_id is not None
    ]


def _without_revival(before: Work, after: Work) -> Work:
    """A word gives nobody a place: what it would revive has given its place back and lapses."""
    if held(after) is None or held(after) == held(before):
        return after
    at = next_moment(after, before.tale.due)
    return done(after, Deed(did="lapse", at=at, by="routing"))


def _counts_at(work: Work, at: datetime) -> datetime:
    last = work.deeds[-1].at if work.deeds else at
    return last if at < last <= at + CLOCKS_DIFFER else at


def _reopened(before: Tale, after: Work) -> list[Event]:
    return [
        WorkReopened(**about(after, refusal.at) | {"round": number}, refused_specialist_id=refusal.specialist_id)
        for number, refusal in enumerate(after.tale.refusals, start=2)
        if refusal not in before.refusals
    ]


def _ended(before: Tale, after: Work) -> list[Event]:
    tale = after.tale
    if tale.stage not in ENDED or tale.stage == before.stage or tale.ended_at is None:
        return []
    kind = WorkClosed if tale.stage == "closed" else WorkWithdrawn
    return [kind(**about(after, tale.ended_at), specialist_id=tale.specialist_id)]
