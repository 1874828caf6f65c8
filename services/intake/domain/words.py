"""What is said about a request after it was registered: by the accountant, and by those who put it right.

The accountant's promise, verdict and withdrawal are never taken by a specialist, whose interest is another (R-REQ-3).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.domain.callers import Client
from services.intake.domain.identity import Identity, Tier, Word
from services.intake.domain.refusals import NatureWithoutImportance, PromiseInThePast, PromiseTooFar, TakenBySpecialist
from services.intake.domain.requests import (
    Correction,
    Identification,
    Promise,
    ServiceRequest,
    Verdict,
    Withdrawal,
    existing,
    next_state,
)
from shared.contracts.base import Decision, Nature, Priority
from shared.contracts.intake import (
    RequestIdentified,
    RequestReprioritised,
    RequestWithdrawn,
    VerdictGiven,
    WaitPromised,
)

LONGEST_WAIT = timedelta(days=90)
"""A promise to wait longer is a slip of the pen: the clock of the start would stand still until then (R-URG-4)."""
BY_PROJECTION = "intake"
"""Who identified a request when no person had to."""


def promise_wait(
    request: ServiceRequest | None,
    *,
    until: datetime,
    words: str,
    by: str,
    by_specialist: bool,
    now: datetime,
    said_by: str | None = None,
) -> Decision[ServiceRequest]:
    """The contact promised to wait until `until`, in these `words` (R-URG-3).

    Raises `PromiseInThePast`, `PromiseTooFar`.
    """
    known = existing(request)
    _not_the_specialist(known, by, by_specialist)
    state = next_state(known, "promise")
    if until <= now:
        raise PromiseInThePast
    if until - now > LONGEST_WAIT:
        raise PromiseTooFar
    promise = Promise(until, words, by, now, said_by)
    event = WaitPromised(at=now, request_id=known.request_id, until=until, words=words, recorded_by=by, said_by=said_by)
    return Decision(replace(known, state=state, promises=(*known.promises, promise)), (event,))


def give_verdict(
    request: ServiceRequest | None,
    *,
    satisfied: bool,
    words: str,
    by: str,
    by_specialist: bool,
    now: datetime,
    said_by: str | None = None,
) -> Decision[ServiceRequest]:
    """The accountant's word: satisfied closes, dissatisfied keeps open or opens again. Never taken by a specialist
    (R-REQ-3)."""
    known = existing(request)
    _not_the_specialist(known, by, by_specialist)
    state = next_state(known, "satisfied" if satisfied else "dissatisfied")
    verdict = Verdict(satisfied, words, by, now, said_by)
    event = VerdictGiven(
        at=now, request_id=known.request_id, satisfied=satisfied, words=words, taken_by=by, said_by=said_by
    )
    return Decision(replace(known, state=state, verdicts=(*known.verdicts, verdict)), (event,))


def withdraw(
    request: ServiceRequest | None,
    *,
    reason: str,
    by: str,
    by_specialist: bool,
    now: datetime,
    said_by: str | None = None,
) -> Decision[ServiceRequest]:
    """The accountant does not want it any more; a specialist cannot say so for them (R-REQ-3, R-IMP-5)."""
    known = existing(request)
    _not_the_specialist(known, by, by_specialist)
    state = next_state(known, "withdraw")
    event = RequestWithdrawn(at=now, request_id=known.request_id, reason=reason, taken_by=by, said_by=said_by)
    return Decision(replace(known, state=state, withdrawal=Withdrawal(reason, by, now, said_by)), (event,))


def reprioritise(
    request: ServiceRequest | None, *, priority: Priority, nature: Nature | None, reason: str, by: str, now: datetime
) -> Decision[ServiceRequest]:
    """A person sees it otherwise than the words did; only an important one is complex or long (R-REQ-1)."""
    known = existing(request)
    state = next_state(known, "reprioritise")
    if nature is not None and priority != "important":
        raise NatureWithoutImportance
    if (known.priority, known.nature) == (priority, nature):
        return Decision(known)
    changed = replace(
        known,
        state=state,
        priority=priority,
        nature=nature,
        corrections=(*known.corrections, Correction(priority, nature, reason, by, now, known.priority)),
    )
    event = RequestReprioritised(
        at=now, request_id=known.request_id, priority=priority, nature=nature, reason=reason, by=by
    )
    return Decision(changed, (event,))


def identify(
    request: ServiceRequest | None,
    *,
    client: Client,
    contact_id: str | None,
    by: str,
    now: datetime,
    link: Word | None = None,
    known_by: tuple[Tier, ...] = (),
) -> Decision[ServiceRequest]:
    """It is `client`'s; said again, or of one put right, the last word holds. `link` is the word on its sender; without
    one it was said of this request alone."""
    known = existing(request)
    state = next_state(known, "identify")
    if known.client is not None and (known.client.client_id, known.contact_id) == (client.client_id, contact_id):
        confirmed = replace(known, link=link, against=(), disowned=False)
        return Decision(known if confirmed == known else confirmed)
    changed = replace(
        known,
        state=state,
        client=client,
        contact_id=contact_id,
        candidates=(),
        unclaimed=(),
        known_by=known_by,
        link=link,
        against=(),
        disowned=False,
        identifications=(*known.identifications, Identification(client.client_id, contact_id, by, now)),
    )
    event = RequestIdentified(at=now, request_id=known.request_id, client=client.ref(), contact_id=contact_id, by=by)
    return Decision(changed, (event,))


def claim(request: ServiceRequest | None, found: Identity, now: datetime) -> Decision[ServiceRequest]:
    """The caller of a request of nobody has become known."""
    known = existing(request)
    if known.client is not None or found.client is None:
        return Decision(known)
    return identify(
        known,
        client=found.client,
        contact_id=found.contact_id,
        by=BY_PROJECTION,
        now=now,
        link=found.link,
        known_by=found.tiers,
    )


def join(
    request: ServiceRequest | None, *, word: Word, client: Client, contact_id: str | None, by: str, now: datetime
) -> Decision[ServiceRequest]:
    """A person said whose its sender is: it goes along, unless it is somebody's by anything else."""
    known = existing(request)
    if known.client is not None and not word.moves(known.link):
        return Decision(known)
    if known.client is not None and (known.client.client_id, known.contact_id) == (client.client_id, contact_id):
        return Decision(known if known.link == word else replace(known, link=word, disowned=False))
    return identify(known, client=client, contact_id=contact_id, by=by, now=now, link=word, known_by=("link",))


def disown(request: ServiceRequest | None, word: Word) -> Decision[ServiceRequest]:
    """By a newer word its sender is not the client's it was given to by an older one. It stays theirs, since the work
    and its clocks are: a person has to look, and says whose it is."""
    known = existing(request)
    doubtful = known.state == "open" and word.moves(known.link) and not known.disowned
    return Decision(replace(known, disowned=True) if doubtful else known)


def _not_the_specialist(request: ServiceRequest, by: str, by_specialist: bool) -> None:  # noqa: FBT001
    """Raises `TakenBySpecialist` for a specialist, and for whoever called this work finished under another role."""
    if by_specialist or by in request.finished_by:
        raise TakenBySpecialist
