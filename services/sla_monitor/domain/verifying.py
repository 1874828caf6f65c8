"""Whether a timeline holds what its facts come to: every obligation, every due time, and the timer that will tell.

A document is written together with what was computed, so there is nothing to find, unless the rules or the calendar
changed under it, or somebody touched it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from services.sla_monitor.domain.course import obligations_of
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Timeline, next_due
from shared.calendar import NoCalendarYear
from shared.contracts.sla_monitor import About


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that a timeline has otherwise than its facts say."""

    about: About
    about_id: str
    what: str
    """The obligation's id and its field, or the timer."""
    kept: str
    computed: str


def differences(timeline: Timeline, rules: Rules, now: datetime, applied: int | None = None) -> list[Difference]:
    """What is kept otherwise than it is computed anew; nothing where all is well. A version of the policy newer than
    `applied` has not gone through all timelines yet: it counts only where the timeline knows of it."""
    known = rules if applied is None else rules.upto(max(applied, timeline.reckoned_by))
    try:
        computed = obligations_of(timeline.about_id, timeline.facts, known)
    except NoCalendarYear as error:
        found = [("obligations", "", str(error))]
    else:
        found = [*_obligations(timeline.obligations, computed), *_timer(timeline, now)]
    return [
        Difference(about=timeline.about, about_id=timeline.about_id, what=what, kept=kept, computed=anew)
        for what, kept, anew in found
    ]


Found = tuple[str, str, str]


def _obligations(kept: tuple[Obligation, ...], computed: tuple[Obligation, ...]) -> Iterator[Found]:
    if kept == computed:
        return
    one, other = {each.id: each for each in kept}, {each.id: each for each in computed}
    for key in sorted(one.keys() | other.keys()):
        if key not in one or key not in other:
            yield key, _said(one.get(key)), _said(other.get(key))
            continue
        for field in fields(Obligation):
            was, is_ = getattr(one[key], field.name), getattr(other[key], field.name)
            if was != is_:
                yield f"{key} {field.name}", str(was), str(is_)


def _said(one: Obligation | None) -> str:
    return "" if one is None else f"due {one.due}"


def _timer(timeline: Timeline, now: datetime) -> Iterator[Found]:
    """A timer that is missing or too late would forget a promise; one that is too early only looks once in vain."""
    expected = next_due(timeline, set(timeline.announced), now)
    kept = timeline.next_due
    if expected is not None and (kept is None or kept > expected):
        yield "next_due", str(kept), str(expected)
