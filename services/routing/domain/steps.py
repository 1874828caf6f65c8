"""The steps of the work's life: what routing, a manager and the specialist do. The table in life.py rules."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.routing.domain.assignment import Explained, why_nobody
from services.routing.domain.facts import ROUTING, Deed, Did, Word
from services.routing.domain.life import LIFE, MANAGER_STEPS, SPECIALIST_STEPS, allowed
from services.routing.domain.refusals import (
    BadDate,
    BoundByDate,
    NotAssignedToYou,
    Overtaken,
    PostponedEnough,
    StepRefused,
)
from services.routing.domain.story import Demand
from services.routing.domain.work import Work, about, done, heard, held, known, next_moment, wish_of
from shared.contracts.base import Decision, Event, Priority
from shared.contracts.routing import (
    WorkAssigned,
    WorkCancelAsked,
    WorkDisplaced,
    WorkFinished,
    WorkForced,
    WorkOrderLapsed,
    WorkPostponed,
    WorkProgressed,
    WorkReplaced,
    WorkStarted,
    WorkWaiting,
)

FARTHEST = timedelta(days=366)
"""For how long work may be put off."""
LAPSED = "срок, назначенный менеджером, прошёл, а закончить заявку к нему было некому"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a manager wants done with the work, and the place that was taken for it, if it needs one."""

    by: str
    now: datetime
    place: Explained | None = None
    name: str = ""
    """Of the specialist whose place it is."""
    reason: str = ""
    finish_by: datetime | None = None
    handover: str = ""
    """Where the work stands, for whoever takes it over."""
    seen: Work | None = None
    """The work as it was when the place was looked for."""
    because: Demand | None = None
    """What stood to be done, where that alone is why; None where a person or an absence is."""


def placed(work: Work, place: Explained, name: str, now: datetime, by: str = ROUTING) -> Decision[Work]:
    """A place was looked for: assigned to its winner, called `name`, or waiting, which is told once (R-URG-4).

    Changes nothing where the work wants no place any more or the turn has been called off: the place is then given
    back by whoever took it.
    """
    if work.tale.stage != "waiting" or place.turn != work.turn + 1:
        return Decision(work)
    at = next_moment(work, now)
    if place.winner is None:
        return _waiting(work, place, at)
    deed = Deed(did="assign", at=at, by=by, specialist_id=place.winner, turn=place.turn)
    after = replace(done(work, deed), explained=place)
    return Decision(after, (WorkAssigned(**about(after, at), specialist_id=place.winner, specialist_name=name),))


def assigned(work: Work | None, order: Order) -> Decision[Work]:
    """A manager gave waiting work to somebody. Raises `StepRefused` or `Overtaken`."""
    found = may_manage(work, "assign")
    if order.place is None:
        raise _overtaken(found)
    _check_turn(found, order, order.place)
    return placed(found, order.place, order.name, order.now, order.by)


def replaced(work: Work | None, order: Order) -> Decision[Work]:
    """Somebody else has it instead (R-IMP-3); waiting work is merely assigned. Raises `StepRefused` or `Overtaken`."""
    found = may_manage(work, "replace")
    _check_still_due(found, order)
    if found.tale.stage == "waiting":
        return assigned(found, order)
    after, at = _given(found, "replace", order)
    event = WorkReplaced(
        **about(after, at),
        from_specialist_id=found.tale.specialist_id or "",
        to_specialist_id=after.tale.specialist_id or "",
        to_specialist_name=order.name,
        reason=order.reason,
        by=order.by,
    )
    return Decision(after, (event,))


def forced(work: Work | None, order: Order) -> Decision[Work]:
    """A specialist must finish by a date (R-IMP-3): who has it, or whoever is named, a refused one not excepted
    (R-COI-2). Raises `StepRefused`, `BadDate` or `Overtaken`."""
    found = known(work)
    _check_still_due(found, order)
    if order.finish_by is None or order.finish_by <= order.now:
        raise BadDate("Срок finish_by уже прошёл; назначьте будущий.")
    events: tuple[Event, ...] = ()
    if order.place is not None and order.place.winner != found.tale.specialist_id:
        given = assigned(found, order) if found.tale.stage == "waiting" else replaced(found, order)
        found, events, order = given.state, given.events, replace(order, place=None, because=None, handover="")
    after, at = _given(may_manage(found, "force"), "force", order)
    event = WorkForced(
        **about(after, at), specialist_id=after.tale.specialist_id or "", finish_by=order.finish_by, by=order.by
    )
    return Decision(after, (*events, event))


def order_lapsed(work: Work | None, demand: Demand, now: datetime) -> Decision[Work]:
    """The date passed and nobody could be bound to it (R-IMP-3): that is told, and stands to be done no more. Changes
    nothing where the demand stands no more, or can still be met."""
    found = known(work)
    if found.tale.pending != demand or demand.finish_by is None or demand.finish_by > now:
        return Decision(found)
    at = next_moment(found, now)
    word = Word(said="order_lapsed", at=at, counts_at=at, by=ROUTING, text=LAPSED, until=demand.finish_by)
    then = heard(found, found.request_id, word)
    event = WorkOrderLapsed(**about(then.state, at), finish_by=demand.finish_by, by=demand.by, reason=LAPSED)
    return Decision(then.state, (*then.events, event))


def displaced(work: Work | None, specialist_id: str, by_request_id: str, now: datetime, often: int) -> Decision[Work]:
    """Urgent work takes the place of this, if it is routine, not started, bound to no date, and was displaced less
    than `often` times: it waits again, before its like. Changes nothing otherwise."""
    found = known(work)
    tale = found.tale
    may = tale.stage == "assigned" and tale.priority == "routine" and tale.specialist_id == specialist_id
    if not may or tale.finish_by is not None or tale.ahead >= often:
        return Decision(found)
    at = next_moment(found, now)
    after = done(found, Deed(did="displace", at=at, by=ROUTING, specialist_id=specialist_id, text=by_request_id))
    event = WorkDisplaced(**about(after, at), specialist_id=specialist_id, by_request_id=by_request_id)
    return Decision(after, (event,))


def victim(works: Iterable[Work], specialist_id: str, now: datetime, often: int) -> Work | None:
    """Of the specialist's works, the one whose place urgent work takes: what the client expects latest."""
    may = [work for work in works if displaced(work, specialist_id, "", now, often).events]
    return max(may, key=lambda work: (work.tale.due, work.request_id), default=None)


def spoken(
    work: Work | None, step: Did, specialist_id: str, now: datetime, *,
    text: str = "", until: datetime | None = None, minutes: int | None = None,
    postponements: Mapping[Priority, int] | None = None,
) -> Decision[Work]:  # fmt: skip
    """The assigned specialist says something; none of it closes the request (R-REQ-2). `postponements` is how often
    one of them may postpone it; `minutes` how long they say it will take.

    Raises `UnknownRequest`, `NotAssignedToYou`, `StepRefused`, `BadDate`, `BoundByDate` or `PostponedEnough`.
    """
    found = known(work)
    if found.tale.specialist_id != specialist_id:
        raise NotAssignedToYou(found.tale.stage)
    if step not in LIFE[found.tale.stage]:
        raise StepRefused(step, found.tale.stage, allowed(found.tale.stage, SPECIALIST_STEPS))
    if until is not None:
        _check_postponement(found, until, now, postponements or {})
    at = next_moment(found, now)
    deed = Deed(did=step, at=at, by=specialist_id, specialist_id=specialist_id, text=text, until=until, minutes=minutes)
    return Decision(done(found, deed), (_SPOKEN[step](found, deed),))


def may_manage(work: Work | None, step: Did) -> Work:
    """`work`, if a manager may take this step with it now. Raises `UnknownRequest` or `StepRefused`."""
    found = known(work)
    if step not in LIFE[found.tale.stage]:
        raise StepRefused(step, found.tale.stage, allowed(found.tale.stage, MANAGER_STEPS))
    return found


def _waiting(work: Work, place: Explained, at: datetime) -> Decision[Work]:
    if work.tale.announced:
        return Decision(work)
    reason = why_nobody(place.counts)
    after = replace(done(work, Deed(did="wait", at=at, by=ROUTING, text=reason)), explained=place)
    return Decision(after, (WorkWaiting(**about(after, at), reason=reason),))


def _given(work: Work, did: Did, order: Order) -> tuple[Work, datetime]:
    """`work` after a manager's deed, and when that was."""
    place, at = order.place, next_moment(work, order.now)
    if place is None and (did == "replace" or held(work) is None):
        raise _overtaken(work)
    if place is not None:
        _check_turn(work, order, place)
    deed = Deed(
        did=did,
        at=at,
        by=order.by,
        specialist_id=work.tale.specialist_id if place is None else place.winner,
        turn=0 if place is None else place.turn,
        text=order.reason,
        until=order.finish_by,
        note=order.handover,
    )
    return replace(done(work, deed), explained=place or work.explained), at


def _check_turn(work: Work, order: Order, place: Explained) -> None:
    """The place is that of the next turn, and the work still asks for what it was chosen by (R-COI-2, R-COI-3)."""
    if place.turn != work.turn + 1 or (order.seen is not None and _asks(order.seen) != _asks(work)):
        raise _overtaken(work)


def _check_still_due(work: Work, order: Order) -> None:
    """What was to be done still is: whoever was lost has not spoken meanwhile, and nobody ordered to keep them."""
    if order.because is not None and work.tale.pending != order.because:
        raise _overtaken(work)


def _overtaken(work: Work) -> Overtaken:
    return Overtaken(work.tale.stage, allowed(work.tale.stage, MANAGER_STEPS))


def _asks(work: Work) -> tuple[object, ...]:
    wish = wish_of(work)
    return wish.client_id, wish.need, wish.barred


def _check_postponement(work: Work, until: datetime, now: datetime, limits: Mapping[Priority, int]) -> None:
    tale = work.tale
    others = [step for step in allowed(tale.stage, SPECIALIST_STEPS) if step != "postpone"]
    if until <= now:
        raise BadDate("Отложить можно только на будущее: until уже прошло.")
    if tale.finish_by is not None:
        raise BoundByDate(tale.stage, others)
    if until > now + FARTHEST:
        raise BadDate(f"Отложить можно не дальше чем на {FARTHEST.days} дней: until слишком далеко.")
    often = sum(mark.kind == "postponed" and mark.specialist_id == tale.specialist_id for mark in tale.marks)
    limit = limits.get(tale.priority, often + 1)
    if often >= limit:
        raise PostponedEnough(limit, tale.stage, others)


def _said(work: Work, deed: Deed) -> dict[str, object]:
    return about(work, deed.at) | {"specialist_id": deed.specialist_id}


_SPOKEN: Mapping[Did, Callable[[Work, Deed], Event]] = {
    "start": lambda work, deed: WorkStarted(**_said(work, deed)),
    "progress": lambda work, deed: WorkProgressed(**_said(work, deed), note=deed.text),
    "postpone": lambda work, deed: WorkPostponed(**_said(work, deed), until=deed.until, reason=deed.text),
    "finish": lambda work, deed: WorkFinished(**_said(work, deed), note=deed.text),
    "ask_cancel": lambda work, deed: WorkCancelAsked(**_said(work, deed), reason=deed.text),
}
