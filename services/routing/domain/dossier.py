"""A specialist's record over a period, from facts (R-COI-1): how often, the requests behind each number, by month, and
what speaks of self-interest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.routing.domain.attempts import attempts
from services.routing.domain.signals import Eyes, Signal, signals
from services.routing.domain.story import MARKS, MarkKind
from services.routing.domain.work import Work


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment on, until another one (not included); None: without bound."""

    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """Goes at requests: how many were given, called finished, accepted and refused by the accountant by now."""

    given: int = 0
    finished: int = 0
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The record."""

    requests: Mapping[MarkKind, Sequence[str]]
    """By kind of entry, in their order: one stands there as often as it happened."""
    months: Mapping[str, Mapping[MarkKind, int]]
    """`2026-11` of the specialist's own zone → how often."""
    works: Works
    signals: Sequence[Signal]


def dossier(specialist_id: str, own: Sequence[Work], others: Sequence[Work], period: Period, eyes: Eyes) -> Dossier:
    """The record of a specialist over `period`. `own` are the works they had, `others` requests of the same clients."""
    marks = sorted(
        (mark.at, work.request_id, mark.kind)
        for work in own
        for mark in work.tale.marks
        if mark.specialist_id == specialist_id and mark.at in period
    )
    months: dict[str, Counter[MarkKind]] = {}
    for at, _, kind in marks:
        months.setdefault(f"{at.astimezone(ZoneInfo(eyes.zone)):%Y-%m}", Counter())[kind] += 1
    found = signals(specialist_id, own, others, replace(eyes, now=min(eyes.now, period.until or eyes.now)))
    return Dossier(
        requests={kind: [request_id for _, request_id, what in marks if what == kind] for kind in MARKS},
        months=months,
        works=_works(specialist_id, own, period),
        signals=[one for one in found if one.at in period or one.at == period.until],
    )


def _works(specialist_id: str, own: Iterable[Work], period: Period) -> Works:
    given = [one for work in own for one in attempts(work) if one.specialist_id == specialist_id]
    finished = [one for one in given if one.finished_at is not None and one.finished_at in period]
    return Works(
        given=sum(one.given_at in period for one in given),
        finished=len(finished),
        accepted=sum(one.outcome == "accepted" for one in finished),
        refused=sum(one.outcome == "refused" for one in finished),
    )
