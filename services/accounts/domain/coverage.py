"""How much of a week's calls was made: every accountant is spoken with once in each week (R-IMP-1)."""

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Accountants of one manager, or of all of them, in one week."""

    planned: int = 0
    """How many were owed a call."""
    held: int = 0
    """Of these, spoken with."""
    attempted: int = 0
    """Of these, tried and never reached."""
    unplanned: int = 0
    """Spoken with though no call was owed: who was away, or came late in the week."""
    discovered: int = 0
    """Requests nobody had registered, of all these calls."""

    @property
    def untried(self) -> int:
        """Who was owed a call that nobody tried to make."""
        return self.planned - self.held - self.attempted

    @property
    def share(self) -> float:
        """Of the planned ones, 0…1; 1 where nobody was owed a call."""
        return round(self.held / self.planned, 4) if self.planned else 1.0


def together(parts: Iterable[Coverage]) -> Coverage:
    """All of them."""
    found = list(parts)
    return Coverage(**{each.name: sum(getattr(part, each.name) for part in found) for each in fields(Coverage)})
