"""A version of the policy tried on what is open: read page by page, nothing is written."""

from dataclasses import dataclass

from services.sla_monitor.domain.policies import Version
from services.sla_monitor.domain.previewing import Move, moves
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.policy_book import concerned
from shared.calendar import NoCalendarYear


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """Some of what would move."""

    checked: int
    moves: tuple[Move, ...]
    next: str | None
    """The last key looked at; None where there is nothing after it."""


class Preview:
    """Looks; changes nothing."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    async def page(self, version: Version, after: str | None, limit: int) -> Previewed:
        """The timelines the version would go through, after the key `after`."""
        found, last = await self._monitor.store.page(concerned(version), after or "", limit)
        rules = self._monitor.rules.followed_by([version])
        moved = tuple(move for timeline in found for move in _moves(timeline, rules))
        return Previewed(checked=len(found), moves=moved, next=last)


def _moves(timeline: Timeline, rules: Rules) -> list[Move]:
    """Nothing where it cannot be reckoned: it would stay as it is."""
    try:
        return list(moves(timeline, rules))
    except NoCalendarYear:
        return []
