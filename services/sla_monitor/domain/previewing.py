"""What a version of the policy would move, before it is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.sla_monitor.domain.course import obligations_of
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Timeline
from shared.contracts.sla_monitor import About, ClockName


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An obligation that would be due otherwise. Nothing is due where it is not, or not any more."""

    about: About
    about_id: str
    number: str | None
    clock: ClockName
    obligation_id: str
    due_before: datetime | None
    due_after: datetime | None
    warn_before: datetime | None
    warn_after: datetime | None


def moves(timeline: Timeline, rules: Rules) -> Iterator[Move]:
    """What would be due otherwise by these rules. Raises `NoCalendarYear`."""
    before = {one.id: one for one in timeline.obligations if one.ending is None}
    computed = obligations_of(timeline.about_id, timeline.facts, rules)
    after = {one.id: one for one in computed if one.ending is None}
    for key, one in (before | after).items():
        was, will = before.get(key), after.get(key)
        move = Move(
            about=timeline.about,
            about_id=timeline.about_id,
            number=timeline.number,
            clock=one.clock,
            obligation_id=key,
            due_before=was.due if was else None,
            due_after=will.due if will else None,
            warn_before=was.warn_at if was else None,
            warn_after=will.warn_at if will else None,
        )
        if (move.due_before, move.warn_before) != (move.due_after, move.warn_after):
            yield move
