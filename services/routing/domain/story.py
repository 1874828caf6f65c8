"""The state of the work, told from its facts in the order of their own times.

Messages arrive in any order, late, and more than once; the same facts always tell the same story. A fact that the
table of life has no place for at its time (a step of a specialist after the accountant's late word had closed the
request) stays on record and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from services.routing.domain.facts import Client, Deed, Registration, Word
from services.routing.domain.life import LIFE, Stage, Step
from services.routing.domain.needs import need_of
from shared.contracts.base import Nature, Priority

RANKS: Mapping[Priority, int] = {"urgent": 0, "important": 1, "routine": 2}

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

MarkKind = Literal["postponed", "cancel_asked", "cancel_wanted", "finish_refused", "forced", "replaced"]
MARKS: tuple[MarkKind, ...] = get_args(MarkKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One entry in a specialist's record (R-COI-1)."""

    kind: MarkKind
    specialist_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The accountant was not content; whoever had it then does not get it again unforced (R-COI-2)."""

    at: datetime
    specialist_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """What the facts come to."""

    stage: Stage = "expected"
    specialist_id: str | None = None
    """Who has it, had it finished, or had it when it ended."""
    held_turn: int = 0
    """The turn by which they got it."""
    round: int = 1
    priority: Priority = "routine"
    rank: int = RANKS["routine"]
    """The priority as a number to sort by: urgent work comes first."""
    nature: Nature | None = None
    client: Client | None = None
    due: datetime = LONG_AGO
    """When the client expects a specialist: the latest promise to wait (R-URG-3), else the registration."""
    need: str = ""
    finish_by: datetime | None = None
    """The date a manager bound the specialist to (R-IMP-3)."""
    announced: bool = False
    """Whether it was said that nobody is free."""
    ended_at: datetime | None = None
    refusals: tuple[Refusal, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(slots=True, kw_only=True)
class _SoFar:
    """What the facts heard so far come to."""

    stage: Stage = "waiting"
    specialist_id: str | None = None
    held_turn: int = 0
    priority: Priority
    nature: Nature | None
    client: Client | None
    due: datetime
    finish_by: datetime | None = None
    announced: bool = False
    ended_at: datetime | None = None
    cancel_asked_by: str | None = None
    refusals: list[Refusal] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def mark(self, kind: MarkKind, at: datetime) -> None:
        """One more entry in the record of whoever has it."""
        if self.specialist_id is not None:
            self.marks.append(Mark(kind=kind, specialist_id=self.specialist_id, at=at))


def tale_of(registered: Registration, words: Iterable[Word], deeds: Iterable[Deed]) -> Tale:
    """The tale of a registered request."""
    so_far = _SoFar(priority=registered.priority, nature=registered.nature, client=registered.client, due=registered.at)
    for fact in in_order(words, deeds):
        if isinstance(fact, Deed):
            _take(so_far, fact.did, fact)
        else:
            _hear(so_far, fact)
    return Tale(
        stage=so_far.stage,
        specialist_id=so_far.specialist_id,
        held_turn=so_far.held_turn,
        round=1 + len(so_far.refusals),
        priority=so_far.priority,
        rank=RANKS[so_far.priority],
        nature=so_far.nature,
        client=so_far.client,
        due=so_far.due,
        need=need_of(registered.products, so_far.nature).key,
        finish_by=so_far.finish_by,
        announced=so_far.announced,
        ended_at=so_far.ended_at,
        refusals=tuple(so_far.refusals),
        marks=tuple(so_far.marks),
    )


def in_order(words: Iterable[Word], deeds: Iterable[Deed]) -> list[Word | Deed]:
    """The facts by their own times; at the same time a deed comes first, because the word was about it."""
    facts: list[Word | Deed] = [*deeds, *words]
    return sorted(facts, key=lambda fact: fact.at if isinstance(fact, Deed) else fact.counts_at)


def _hear(so_far: _SoFar, word: Word) -> None:
    if word.said == "identified":
        so_far.client = word.client
    elif word.said == "reprioritised":
        so_far.priority, so_far.nature = word.priority or so_far.priority, word.nature
    elif word.said == "promised":
        so_far.due = word.until or so_far.due
    else:
        _take(so_far, word.said, word)


def _take(so_far: _SoFar, step: Step, fact: Word | Deed) -> None:
    then = LIFE[so_far.stage].get(step)
    if then is not None:
        if step in _EFFECTS:
            _EFFECTS[step](so_far, fact)
        so_far.stage = then


def _announce(so_far: _SoFar, _: Deed) -> None:
    so_far.announced = True


def _give(so_far: _SoFar, deed: Deed) -> None:
    so_far.specialist_id, so_far.held_turn = deed.specialist_id, deed.turn
    so_far.finish_by, so_far.announced = None, False


def _replace(so_far: _SoFar, deed: Deed) -> None:
    so_far.mark("replaced", deed.at)
    _give(so_far, deed)


def _force(so_far: _SoFar, deed: Deed) -> None:
    if deed.turn:
        _give(so_far, deed)
    so_far.mark("forced", deed.at)
    so_far.finish_by = deed.until


def _postpone(so_far: _SoFar, deed: Deed) -> None:
    so_far.mark("postponed", deed.at)


def _ask_cancel(so_far: _SoFar, deed: Deed) -> None:
    so_far.cancel_asked_by = so_far.specialist_id
    so_far.mark("cancel_asked", deed.at)


def _lapse(so_far: _SoFar, _: Deed) -> None:
    so_far.specialist_id, so_far.finish_by, so_far.announced = None, None, False


def _refuse(so_far: _SoFar, word: Word) -> None:
    if so_far.stage in {"finished", "closed"}:
        so_far.mark("finish_refused", word.counts_at)
    so_far.refusals.append(Refusal(at=word.counts_at, specialist_id=so_far.specialist_id))
    so_far.specialist_id, so_far.ended_at, so_far.finish_by, so_far.announced = None, None, None, False


def _accept(so_far: _SoFar, word: Word) -> None:
    so_far.ended_at = word.counts_at


def _withdraw(so_far: _SoFar, word: Word) -> None:
    so_far.ended_at = word.counts_at
    if so_far.cancel_asked_by is not None:
        so_far.marks.append(Mark(kind="cancel_wanted", specialist_id=so_far.cancel_asked_by, at=word.counts_at))


_EFFECTS: Mapping[Step, Callable[..., None]] = {
    "wait": _announce,
    "assign": _give,
    "replace": _replace,
    "force": _force,
    "postpone": _postpone,
    "ask_cancel": _ask_cancel,
    "lapse": _lapse,
    "refuse": _refuse,
    "accept": _accept,
    "withdraw": _withdraw,
}
