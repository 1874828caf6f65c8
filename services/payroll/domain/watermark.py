"""The word of accounts that every fact confirmed before a moment is published."""

from dataclasses import dataclass
from datetime import datetime

from shared.contracts.accounts import FactsComplete
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything before `until` has been said."""

    until: datetime


def raised(known: Watermark | None, event: FactsComplete) -> Decision[Watermark]:
    """The latest word counts."""
    if known is not None and known.until >= event.until:
        return Decision(known)
    return Decision(Watermark(event.until))
