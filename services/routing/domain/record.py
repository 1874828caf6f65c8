"""What a specialist's record leaves of the part `record` of the score (R-COI-1, R-COI-2).

What counts is how often, not how much: whoever does much work must not fall for it, and whoever refuses work must not
rise by it. Somebody with little behind them is taken for usual.
"""

from collections.abc import Mapping

COSTS: Mapping[str, int] = {
    "finish_refused": 4, "replaced": 3, "lost": 3, "cancel_asked": 2, "cancel_wanted": -2, "postponed": 1, "forced": 1,
}  # fmt: skip
"""What each entry of the record costs; a cancellation the accountant wanted gives its cost back."""
USUAL = 0.4
"""The cost of one work as it usually is."""
BEHIND = 10
"""So many usual works everybody is taken to have behind them."""
WORST = 2.0
"""The cost of one work at which nothing is left."""


def share(entries: Mapping[str, int], works: int) -> float:
    """What `entries` by kind leave to somebody who was given so many `works`, 0…1; 1 is spotless."""
    cost = max(0, sum(COSTS.get(kind, 0) * count for kind, count in entries.items()))
    each = (cost + USUAL * BEHIND) / (max(0, works) + BEHIND)
    return max(0.0, 1 - each / WORST)
