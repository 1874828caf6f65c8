"""The state of the work, told from its facts in the order of their own times.

Messages arrive in any order, late, and more than once; the same facts always tell the same story. A fact that the
table of life has no place for at its time (a step of a specialist after the accountant's late word had closed the
request) stays on record and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from services.routing.domain.facts import ROUTING, Action, Client, Deed, Registration, Word
from services.routing.domain.life import HOLDING, LIFE, Stage, Step
from services.routing.domain.needs import need_of
from shared.contracts.base import Nature, Priority

RANKS: Mapping[Priority, int] = {"urgent": 0, "important": 1, "routine": 2}

OPEN: frozenset[Stage] = HOLDING | {"waiting", "finished"}
"""The stages in which an order may still be carried out."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

MarkKind = Literal["postponed", "cancel_asked", "cancel_wanted", "finish_refused", "forced", "replaced", "lost"]
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
class Demand:
    """What is to be done as soon as it can be: a manager's order (R-IMP-3), or somebody else instead of a specialist
    who got lost (R-URG-7)."""

    action: Action
    by: str
    reason: str
    finish_by: datetime | None = None
    instead_of: str | None = None
    """Who had it when this was demanded."""
    kept_away: bool = False
    """Whether it is because they are kept away from the client (R-COI-3): anybody able will do, and it is no blame."""


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
    ahead: int = 0
    """How often urgent work took its place: it goes before its like."""
    pending: Demand | None = None
    given_by: str = ""
    """Who gave it to the specialist: `routing`, or a person."""
    given_at: datetime | None = None


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
    ahead: int = 0
    pending: Demand | None = None
    kept: bool = False
    given_by: str = ""
    given_at: datetime | None = None

    def mark(self, kind: MarkKind, at: datetime) -> None:
        """One more entry in the record of whoever has it."""
        if self.specialist_id is not None:
            self.marks.append(Mark(kind=kind, specialist_id=self.specialist_id, at=at))


def tale_of(registered: Registration, words: Iterable[Word], deeds: Iterable[Deed]) -> Tale:
    """The tale of a registered request."""
    so_far = _SoFar(priority=registered.priority, nature=registered.nature, client=registered.client, due=registered.at)
    taken_back = {word.clock for word in words if word.said == "not_lost"}
    for fact in in_order(words, deeds):
        if isinstance(fact, Deed):
            _take(so_far, fact.did, fact)
        elif fact.said != "lost" or fact.clock not in taken_back:
            _hear(so_far, fact)
    if "merge" in LIFE[so_far.stage] and _is_merged(words):
        so_far.stage, so_far.specialist_id, so_far.pending, so_far.finish_by = "merged", None, None, None
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
        ahead=so_far.ahead,
        pending=so_far.pending if so_far.stage in OPEN else None,
        given_by=so_far.given_by,
        given_at=so_far.given_at,
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
    elif word.said == "lost":
        _lose(so_far, word)
    elif word.said == "ordered":
        _order(so_far, word)
    elif word.said == "order_lapsed":
        _lapse_order(so_far, word)
    elif word.said in {"accept", "refuse", "withdraw"}:
        _take(so_far, word.said, word)


def _take(so_far: _SoFar, step: Step, fact: Word | Deed) -> None:
    then = LIFE[so_far.stage].get(step)
    if then is not None:
        if step in _EFFECTS:
            _EFFECTS[step](so_far, fact)
        so_far.stage = then


def _is_merged(words: Iterable[Word]) -> bool:
    """Whether the last that was said of it is that it is the same matter as another request."""
    said = [word for word in words if word.said in {"merge", "unmerge"}]
    return bool(said) and max(said, key=lambda word: (word.at, word.said)).said == "merge"


def _lose(so_far: _SoFar, word: Word) -> None:
    """The clock caught whoever has it: somebody else is to have it, unless a manager wants to keep them (R-URG-7)."""
    if so_far.stage not in HOLDING or so_far.specialist_id != word.specialist_id:
        return
    so_far.mark("lost", word.counts_at)
    if not so_far.kept and so_far.pending is None:
        so_far.pending = Demand(action="replace", by=word.by, reason=word.text, instead_of=so_far.specialist_id)


def _order(so_far: _SoFar, word: Word) -> None:
    if word.action == "keep":
        so_far.pending, so_far.kept = None, True
    elif word.action is not None:
        so_far.pending = Demand(
            action=word.action, by=word.by, reason=word.text, finish_by=word.until, instead_of=so_far.specialist_id,
            kept_away=word.kept_away,
        )  # fmt: skip


def _lapse_order(so_far: _SoFar, word: Word) -> None:
    """The date passed before anybody could be bound to it."""
    demand = so_far.pending
    if demand is not None and demand.action == "force" and demand.finish_by == word.until:
        so_far.pending = None


def _found(so_far: _SoFar, _: Word | Deed) -> None:
    """A lost specialist who speaks is lost no more; what a manager ordered stands."""
    if so_far.pending is not None and so_far.pending.by == ROUTING:
        so_far.pending = None


def _announce(so_far: _SoFar, _: Deed) -> None:
    so_far.announced = True


def _assign(so_far: _SoFar, deed: Deed) -> None:
    """Once somebody else has it, they need not be replaced as well."""
    demand = so_far.pending
    if demand is not None and demand.action == "replace" and demand.instead_of != deed.specialist_id:
        so_far.pending = None
    _give(so_far, deed)


def _give(so_far: _SoFar, deed: Deed) -> None:
    so_far.specialist_id, so_far.held_turn = deed.specialist_id, deed.turn
    so_far.finish_by, so_far.announced, so_far.kept = None, False, False
    so_far.given_by, so_far.given_at = deed.by, deed.at


def _replace(so_far: _SoFar, deed: Deed) -> None:
    kept_away = so_far.pending is not None and so_far.pending.kept_away
    absent = deed.by == ROUTING and so_far.pending is None
    if not kept_away and not absent:  # nobody blames them for either
        so_far.mark("replaced", deed.at)
    so_far.pending = None
    _give(so_far, deed)


def _force(so_far: _SoFar, deed: Deed) -> None:
    if deed.turn:
        _give(so_far, deed)
    so_far.mark("forced", deed.at)
    so_far.finish_by, so_far.pending = deed.until, None


def _postpone(so_far: _SoFar, deed: Deed) -> None:
    so_far.mark("postponed", deed.at)


def _ask_cancel(so_far: _SoFar, deed: Deed) -> None:
    so_far.cancel_asked_by = so_far.specialist_id
    so_far.mark("cancel_asked", deed.at)


def _lapse(so_far: _SoFar, fact: Word | Deed) -> None:
    """Nobody has it now: whoever was lost is lost no more."""
    _found(so_far, fact)
    so_far.specialist_id, so_far.finish_by, so_far.announced = None, None, False


def _displace(so_far: _SoFar, deed: Deed) -> None:
    so_far.ahead += 1
    _lapse(so_far, deed)


def _refuse(so_far: _SoFar, word: Word) -> None:
    if so_far.stage in {"finished", "closed"}:
        so_far.mark("finish_refused", word.counts_at)
    so_far.refusals.append(Refusal(at=word.counts_at, specialist_id=so_far.specialist_id))
    so_far.ended_at = None
    _lapse(so_far, word)


def _accept(so_far: _SoFar, word: Word) -> None:
    so_far.ended_at = word.counts_at


def _withdraw(so_far: _SoFar, word: Word) -> None:
    so_far.ended_at = word.counts_at
    if so_far.cancel_asked_by is not None:
        so_far.marks.append(Mark(kind="cancel_wanted", specialist_id=so_far.cancel_asked_by, at=word.counts_at))


_EFFECTS: Mapping[Step, Callable[..., None]] = {
    "wait": _announce,
    "assign": _assign,
    "replace": _replace,
    "force": _force,
    "postpone": _postpone,
    "ask_cancel": _ask_cancel,
    "lapse": _lapse,
    "displace": _displace,
    "start": _found,
    "progress": _found,
    "finish": _found,
    "refuse": _refuse,
    "accept": _accept,
    "withdraw": _withdraw,
}
