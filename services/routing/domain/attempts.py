"""How each specialist who had a request got on with it, told from the same facts as the tale."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from services.routing.domain.facts import Deed, Did, Word
from services.routing.domain.life import LIFE, Stage
from services.routing.domain.story import in_order
from services.routing.domain.work import Work

Outcome = Literal["open", "left", "finished", "refused", "accepted"]
"""`left`: somebody else got it, it was withdrawn, or it ended before it was called finished."""
PAUSES: frozenset[Did] = frozenset({"postpone", "ask_cancel"})
LEAVES: frozenset[Did] = frozenset({"lapse", "displace"})
LISTENED: frozenset[str] = frozenset({"accept", "refuse", "withdraw"})
ENDINGS: dict[str, Outcome] = {"accept": "accepted", "refuse": "refused", "withdraw": "left"}


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: what was done, when, and until when it was put off."""

    did: Did
    at: datetime
    until: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One specialist's go at one request."""

    request_id: str
    specialist_id: str
    given_at: datetime
    signs: list[Sign] = field(default_factory=list)
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When they worked on it: from a start to whatever interrupted or finished it."""
    said_minutes: int | None = None
    """How long they said it would take, in minutes of their working time."""
    outcome: Outcome = "open"
    ended_at: datetime | None = None
    finished_at: datetime | None = None
    since: datetime | None = None
    """Since when they have been working on it now."""

    def pause(self, at: datetime) -> None:
        """They work on it no more, for now."""
        if self.since is not None:
            self.spans.append((self.since, at))
            self.since = None

    def end(self, outcome: Outcome, at: datetime) -> None:
        """It is theirs no more, or they call it finished."""
        self.pause(at)
        self.outcome, self.ended_at = outcome, at


def attempts(work: Work) -> list[Attempt]:
    """The goes at it in their order. What the table of life has no place for at its time changes nothing."""
    stage: Stage = "waiting"
    found: list[Attempt] = []
    for fact in in_order(work.words, work.deeds):
        step: Any = fact.did if isinstance(fact, Deed) else fact.said
        then = LIFE[stage].get(step)
        if then is None or (isinstance(fact, Word) and step not in LISTENED):
            continue
        stage = then
        if isinstance(fact, Deed):
            _do(found, fact, work.request_id)
        elif found:
            _hear(found[-1], fact)
    return found


def _do(found: list[Attempt], deed: Deed, request_id: str) -> None:
    if deed.turn and deed.specialist_id is not None:
        if found and found[-1].outcome == "open":
            found[-1].end("left", deed.at)
        found.append(Attempt(request_id=request_id, specialist_id=deed.specialist_id, given_at=deed.at))
    elif found:
        _go_on(found[-1], deed)


def _go_on(attempt: Attempt, deed: Deed) -> None:
    attempt.signs.append(Sign(deed.did, deed.at, deed.until))
    if deed.did == "start":
        attempt.since = deed.at
        attempt.said_minutes = deed.minutes or attempt.said_minutes
    elif deed.did in PAUSES:
        attempt.pause(deed.at)
    elif deed.did in LEAVES:
        attempt.end("left", deed.at)
    elif deed.did == "finish":
        attempt.end("finished", deed.at)
        attempt.finished_at = deed.at


def _hear(attempt: Attempt, word: Word) -> None:
    """The accountant's word about the last go; about one that was not finished it only ends it."""
    if attempt.finished_at is not None:
        attempt.outcome = ENDINGS[word.said]
    elif attempt.outcome == "open":
        attempt.end("left", word.counts_at)
