"""A prospect as the forecast needs to know it: whose it is, what it would pay, how far it is (R-PAY-8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.contracts.accounts import (
    ProspectDropped,
    ProspectEvent,
    ProspectTrialEnded,
    ProspectTrialOpened,
    ProspectWon,
)
from shared.contracts.base import Decision

Stage = Literal["known", "at_trial", "flawless", "not_flawless", "won", "dropped"]
AT_TRIAL: Mapping[Stage, str] = {
    "at_trial": "пробная заявка в работе",
    "flawless": "пробная заявка решена безупречно",
    "not_flawless": "пробная заявка решена, но не безупречно: решает директор",
}
"""The stages a forecast counts with, and what they say."""
OVER: frozenset[Stage] = frozenset({"won", "dropped"})
"""The stages nothing comes after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A prospect as last told of."""

    prospect_id: str
    revision: int
    name: str
    manager_id: str
    expected_fee: Decimal | None
    stage: Stage
    staged_by: int
    """The revision that told of the stage."""


def told(prospect: Prospect | None, event: ProspectEvent) -> Decision[Prospect]:
    """Something about a prospect, in any order: the highest revision counts, and for the stage the highest with one."""
    stage, staged_by = _stage(prospect, event)
    if prospect is not None and prospect.revision >= event.revision:
        if staged_by == prospect.staged_by:
            return Decision(prospect)
        event = event.model_copy(update=_as_known(prospect))
    after = Prospect(
        prospect_id=event.prospect_id,
        revision=event.revision,
        name=event.name,
        manager_id=event.manager_id,
        expected_fee=event.expected_fee,
        stage=stage,
        staged_by=staged_by,
    )
    return Decision(after)


def _as_known(prospect: Prospect) -> dict[str, object]:
    names = ("revision", "name", "manager_id", "expected_fee")
    return {name: getattr(prospect, name) for name in names}


def _stage(prospect: Prospect | None, event: ProspectEvent) -> tuple[Stage, int]:
    before: tuple[Stage, int] = ("known", -1) if prospect is None else (prospect.stage, prospect.staged_by)
    said = _said(event)
    return before if said is None or event.revision <= before[1] else (said, event.revision)


def _said(event: ProspectEvent) -> Stage | None:
    match event:
        case ProspectTrialOpened():
            return "at_trial"
        case ProspectTrialEnded(flawless=flawless):
            return "flawless" if flawless else "not_flawless"
        case ProspectWon():
            return "won"
        case ProspectDropped():
            return "dropped"
        case _:
            return None
