"""Signals of self-interest (R-COI-1): each is a finding with its evidence for a person to judge, never a verdict.

unwanted_cancel   asked to cancel what the accountant wanted done
overestimate      said it takes far longer than it then took
fault_back        the same client with the same fault soon after a finish
caused_by_fix     the same client, soon after a finish, speaks of something the fix broke
silence           nothing heard for long while it was theirs
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal, get_args

from services.routing.domain.attempts import Attempt, Sign, attempts
from services.routing.domain.facts import Deed, Registration
from services.routing.domain.needs import need_of
from services.routing.domain.story import in_order
from services.routing.domain.work import Work
from services.routing.domain.worktime import Worked, spent
from shared.contracts.base import Priority

SignalKind = Literal["unwanted_cancel", "overestimate", "fault_back", "caused_by_fix", "silence"]
SIGNALS: tuple[SignalKind, ...] = get_args(SignalKind)
Stems = Callable[[str], frozenset[str]]
"""The words of a text by their stems, without those that say nothing."""

OVER_TIMES, OVER_MINUTES = 3.0, 60.0
"""An estimate is far above: so many times what it took, and so many minutes more."""
RETURNS_WITHIN = timedelta(days=14)
CAUSED_WITHIN = timedelta(days=3)
ALIKE, SHARED = 0.6, 2
"""Texts are alike: this share of the shorter one's stems is in the other, and at least so many of them."""
SILENT: Mapping[Priority, float] = {"urgent": 120.0, "important": 480.0, "routine": 1440.0}
"""Minutes of their working time without a word that are long."""
LOOKED_AT = 50
"""Finishes before a request that it is compared with, the latest first."""
BROKE = frozenset({"переста", "слетел", "пропа", "слома", "сломал", "исчезл", "испорт", "испорчен"})
AFTER = "посл"
FIX = frozenset(
    {"обновлен", "исправлен", "настройк", "правк", "доработк", "специалист", "ваш", "работ", "изменен", "вмешательств"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What a record is read with: the specialist's working time and zone, words by their stems, the present moment."""

    worked: Worked
    zone: str
    stems: Stems
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One finding."""

    kind: SignalKind
    at: datetime
    request_id: str
    text: str
    evidence: Mapping[str, str | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """A finish, by whomever, to compare what comes after it with."""

    work: Work
    specialist_id: str
    at: datetime


def signals(specialist_id: str, own: Sequence[Work], others: Sequence[Work], eyes: Eyes) -> list[Signal]:
    """What speaks of self-interest in `own`, the works the specialist had, and in `others`, requests of the same
    clients; the latest first."""
    found: list[Signal] = []
    for work in own:
        found += _unwanted(specialist_id, work)
        for one in attempts(work):
            if one.specialist_id == specialist_id:
                found += _overestimate(one, eyes.worked)
                found += _silences(one, SILENT[work.tale.priority], eyes.worked, eyes.now)
    found += _aftermath(specialist_id, own, others, eyes.stems)
    return sorted(found, key=lambda one: (one.at, one.request_id, one.kind), reverse=True)


def _unwanted(specialist_id: str, work: Work) -> Iterable[Signal]:
    """Undecided while nothing followed; wanted where the accountant withdrew it."""
    if work.tale.stage == "withdrawn":
        return
    facts = in_order(work.words, work.deeds)
    for number, fact in enumerate(facts):
        if not isinstance(fact, Deed) or fact.did != "ask_cancel" or fact.specialist_id != specialist_id:
            continue
        later = {one.did if isinstance(one, Deed) else one.said for one in facts[number + 1 :]}
        went_on = next((step for step in ("accept", "refuse", "finish", "start") if step in later), None)
        if went_on is not None:
            yield Signal(
                kind="unwanted_cancel", at=fact.at, request_id=work.request_id,
                text="просил отменить то, что бухгалтер хотел сделать",
                evidence={"reason": fact.text, "then": went_on},
            )  # fmt: skip


def _overestimate(one: Attempt, worked: Worked) -> Iterable[Signal]:
    if one.said_minutes is None or one.finished_at is None:
        return
    took = spent(tuple(one.spans), worked)
    if one.said_minutes >= OVER_TIMES * took and one.said_minutes - took >= OVER_MINUTES:
        yield Signal(
            kind="overestimate", at=one.finished_at, request_id=one.request_id,
            text=f"обещал {one.said_minutes} мин, сделал за {took:.0f}",
            evidence={"said_minutes": one.said_minutes, "took_minutes": round(took, 1)},
        )  # fmt: skip


def _silences(one: Attempt, long: float, worked: Worked, now: datetime) -> Iterable[Signal]:
    signs = [Sign("assign", one.given_at), *(sign for sign in one.signs if sign.did != "force")]
    ends = [sign.at for sign in signs[1:]]
    if one.finished_at is None:
        ends.append(one.ended_at or now)
    for sign, end in zip(signs, ends, strict=False):
        if sign.did in {"ask_cancel", "finish"}:  # the accountant's turn
            continue
        since = max(sign.at, sign.until or sign.at)
        minutes = worked(since, end) if end > since else 0.0
        if minutes >= long:
            yield Signal(
                kind="silence", at=end, request_id=one.request_id, text=f"молчал, рабочих минут: {minutes:.0f}",
                evidence={"since": since.isoformat(), "until": end.isoformat(), "working_minutes": round(minutes, 1)},
            )  # fmt: skip


def _aftermath(specialist_id: str, own: Sequence[Work], others: Sequence[Work], stems: Stems) -> Iterable[Signal]:
    known = {work.request_id: work for work in chain(own, others)}
    finishes = _by_client(known.values())
    for work in known.values():
        if work.tale.client is None or work.registered is None or work.tale.stage == "merged":
            continue
        before = _lately(work, work.registered, finishes.get(work.tale.client.client_id, []))
        back = next((one for one in before if _alike(work, one.work, stems)), None)
        if back is not None:
            if back.specialist_id == specialist_id:
                yield _follows("fault_back", "та же неполадка вернулась после «готово»", work, back)
        elif before and before[0].specialist_id == specialist_id and _caused_by(work, before[0], stems):
            yield _follows("caused_by_fix", "новая заявка: похоже, сломано при исправлении", work, before[0])


def _by_client(works: Iterable[Work]) -> dict[str, list[Finish]]:
    """The finishes by client, in their order."""
    found: dict[str, list[Finish]] = {}
    for work in works:
        if work.tale.client is not None:
            gone = [one for one in attempts(work) if one.finished_at is not None]
            found.setdefault(work.tale.client.client_id, []).extend(
                Finish(work=work, specialist_id=one.specialist_id, at=one.finished_at or one.given_at) for one in gone
            )
    for finishes in found.values():
        finishes.sort(key=lambda one: (one.at, one.work.request_id))
    return found


def _lately(work: Work, registered: Registration, finishes: Sequence[Finish]) -> list[Finish]:
    """The latest finishes of others of the client's requests before this one came, about the same product as far as
    that is known; the latest first."""
    after = bisect_right(finishes, registered.at, key=lambda one: one.at)
    mine = set(need_of(registered.products, None).products)
    found: list[Finish] = []
    for one in reversed(finishes[max(0, after - LOOKED_AT) : after]):
        theirs = set(need_of(one.work.registered.products, None).products) if one.work.registered else set()
        related = not mine or not theirs or bool(mine & theirs)
        if related and one.work.request_id != work.request_id and registered.at - one.at <= RETURNS_WITHIN:
            found.append(one)
    return found


def _alike(work: Work, other: Work, stems: Stems) -> bool:
    mine, theirs = _words(work, stems), _words(other, stems)
    shared = len(mine & theirs)
    return shared >= SHARED and shared >= ALIKE * min(len(mine), len(theirs))


def _caused_by(work: Work, finish: Finish, stems: Stems) -> bool:
    """Whether the request came at once and speaks of something that broke, or of a fix."""
    said = _words(work, stems)
    soon = work.registered is not None and work.registered.at - finish.at <= CAUSED_WITHIN
    return soon and (bool(said & BROKE) or (AFTER in said and bool(said & FIX)))


def _words(work: Work, stems: Stems) -> frozenset[str]:
    return stems(work.registered.subject_text) if work.registered else frozenset()


def _follows(kind: SignalKind, text: str, work: Work, finish: Finish) -> Signal:
    at = work.registered.at if work.registered else finish.at
    said = {
        name: one.registered.subject_text if one.registered else ""
        for name, one in (("now", work), ("before", finish.work))
    }
    evidence = {"after_request_id": finish.work.request_id, "finished_at": finish.at.isoformat()} | said
    return Signal(kind=kind, at=at, request_id=work.request_id, text=text, evidence=evidence)
