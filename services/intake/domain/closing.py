"""The closing letter: the accountant is asked whether it is solved, and answers by a link that works once (R-REQ-3).

A link counts for the round of work it was sent for: the accountant's word, a later round, a withdrawal end it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hmac import compare_digest

from services.intake.domain.contradiction import contradicts
from services.intake.domain.conversation import Answer, Ask, Doubt, WorkStep
from services.intake.domain.refusals import LinkSpent
from services.intake.domain.requests import ServiceRequest, existing, next_state
from services.intake.domain.words import give_verdict
from shared.contracts.base import Decision
from shared.contracts.intake import VerdictDoubted

BY_LINK = "closing-letter"
"""Who took a verdict that was pressed on the page behind a letter."""
GOOD_FOR = timedelta(days=30)
WORDS = {True: "Решено", False: "Не решено"}


def finished(
    request: ServiceRequest | None, step: WorkStep, *, by: str, token: str, to: str | None
) -> Decision[ServiceRequest]:
    """A specialist calls it finished in this round: the accountant is to be asked at `to`, once a round."""
    known = existing(request)
    asks = {ask.round: ask for ask in known.asks}
    asked = asks.get(step.round)
    if asked is not None:
        asks[step.round] = replace(asked, at=min(asked.at, step.at))
    elif to is not None:
        asks[step.round] = Ask(token=token, round=step.round, at=step.at, to=to)
    changed = replace(
        _with_step(known, step),
        finished_by=tuple(sorted({*known.finished_by, by})),
        round=max(known.round, step.round),
        asks=tuple(asks[number] for number in sorted(asks)),
    )
    return Decision(known if changed == known else changed)


def round_begun(request: ServiceRequest | None, round_: int, step: WorkStep) -> Decision[ServiceRequest]:
    """Work went on in this round: what was asked about earlier ones is void."""
    known = existing(request)
    changed = replace(_with_step(known, step), round=max(known.round, round_))
    return Decision(known if changed == known else changed)


def _with_step(request: ServiceRequest, step: WorkStep) -> ServiceRequest:
    if step in request.steps:
        return request
    return replace(request, steps=tuple(sorted((*request.steps, step), key=lambda one: (one.at, one.round, one.kind))))


def ask_of(request: ServiceRequest, round_: int) -> Ask | None:
    """The closing letter of this round, where it may still go out."""
    return next((ask for ask in request.asks if ask.round == round_ and _open(request, ask)), None)


def asked(request: ServiceRequest | None, token: str, now: datetime) -> Ask:
    """The question behind a link. Raises `LinkSpent` where it was answered or is over, or there is none."""
    for ask in () if request is None else request.asks:
        if compare_digest(ask.token.encode(), token.encode("utf-8", "replace")):
            if request is None or not _open(request, ask) or now - ask.at > GOOD_FOR:
                break
            return ask
    raise LinkSpent


def answer(
    request: ServiceRequest | None, token: str, *, solved: bool, words: str, now: datetime
) -> Decision[ServiceRequest]:
    """What the accountant pressed is a verdict; where the words below «решено» say otherwise it is doubted, and closes
    nothing.

    Raises `LinkSpent`.
    """
    ask = asked(request, token, now)
    known = _answered(existing(request), ask, Answer(solved, words, now))
    if solved and contradicts(words):
        state = next_state(known, "doubt")
        event = VerdictDoubted(at=now, request_id=known.request_id, pressed=solved, words=words)
        return Decision(replace(known, state=state, doubts=(*known.doubts, Doubt(solved, words, now))), (event,))
    said = words or WORDS[solved]
    return give_verdict(known, satisfied=solved, words=said, by=BY_LINK, by_specialist=False, now=now, said_by=ask.to)


def _answered(request: ServiceRequest, ask: Ask, given: Answer) -> ServiceRequest:
    asks = tuple(replace(one, answer=given) if one is ask else one for one in request.asks)
    return replace(request, asks=asks)


def _open(request: ServiceRequest, ask: Ask) -> bool:
    spoken = any(verdict.at >= ask.at for verdict in request.verdicts)
    return request.state == "open" and ask.answer is None and ask.round >= request.round and not spoken
