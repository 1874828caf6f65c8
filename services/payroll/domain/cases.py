"""A proposal to dismiss: evidence, a term for the manager's objection, the director's decision (R-PAY-2).

Nothing happens by itself: what a decision says is done by people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.payroll.domain.months import Month
from services.payroll.domain.refusals import EvidenceChanged, NotPossibleNow, TermNotOver, TermOver

Standing = Literal["proposed", "objected", "decided"]
Move = Literal["object", "decide"]

MOVES: Mapping[tuple[Standing, Move], Standing] = {
    ("proposed", "object"): "objected",
    ("proposed", "decide"): "decided",
    ("objected", "decide"): "decided",
}
"""The states of a proposal; what is not here is not possible."""
SAID: Mapping[Standing, str] = {
    "proposed": "предложено",
    "objected": "менеджер возразил",
    "decided": "директор решил",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What the manager says against it."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a director decided, with the hash of the evidence they had before them."""

    at: datetime
    by: str
    dismissed: bool
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The proposal for one month."""

    month: Month
    proposed_at: datetime
    object_until: datetime
    state: Standing = "proposed"
    objection: Objection | None = None
    decision: Signed | None = None


def objected(case: Case, objection: Objection, zone: str) -> Case:
    """The manager objects; the same once more changes nothing. Raises `NotPossibleNow` or `TermOver`, whose words have
    the company's `zone`."""
    if case.objection is not None and case.objection.words == objection.words:
        return case
    after = _moved(case, "object")
    if objection.at > case.object_until:
        raise TermOver(case.object_until, zone)
    return replace(case, state=after, objection=objection)


def decided(case: Case, decision: Signed, evidence: str, zone: str) -> Case:
    """A director decides, on the `evidence` as it is now: after the manager objected, or the term is over. The same
    once more changes nothing.

    Raises `NotPossibleNow`, `TermNotOver`, or `EvidenceChanged` where the director had other evidence before them.
    Times are said in the company's `zone`.
    """
    if case.decision is not None and replace(case.decision, at=decision.at) == decision:
        return case
    after = _moved(case, "decide")
    if case.objection is None and decision.at <= case.object_until:
        raise TermNotOver(case.object_until, zone)
    if decision.evidence != evidence:
        raise EvidenceChanged(evidence)
    return replace(case, state=after, decision=decision)


def _moved(case: Case, move: Move) -> Standing:
    after = MOVES.get((case.state, move))
    if after is None:
        raise NotPossibleNow(SAID[case.state])
    return after
