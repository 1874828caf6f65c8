"""Ladders begin with a breach, end with what was broken, and are climbed as time passes.

A breach is heard from the queue like everybody else's events: it cannot get lost between the timeline and the ladder.
The end of an obligation is seen where the fact that ends it is heard (`follow`), and once more before anybody is
called: nobody is called to what is done.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog

from services.sla_monitor.domain.escalation import (
    Ending,
    Escalation,
    UnknownEscalation,
    acknowledged,
    begun,
    climbed,
    ended,
    opening,
)
from services.sla_monitor.domain.facts import Client
from services.sla_monitor.domain.ladder import Ladder, Role, usual
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.people import Roll
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.notify.store import NotifyStore
from shared.calendar import Calendar, add
from shared.clock import Clock, local_date
from shared.contracts.base import Decide, Priority
from shared.contracts.sla_monitor import About, ClockName, SlaBreached, SlaBreachWithdrawn

log = structlog.get_logger()

REST = 10.0
"""Seconds an escalation that fails is left alone."""

Load = Callable[[About, str], Awaitable[Timeline | None]]
Terms = Callable[[ClockName, Priority | None, Client | None], tuple[Calendar, Ladder | None]]
"""The calendar a clock counts in, and the ladder its policy names."""
ManagerOf = Callable[[Client | None], Awaitable[str | None]]
"""Whose base a client is in now."""


class Escalations:
    """Begins, climbs, acknowledges and ends."""

    def __init__(
        self,
        store: NotifyStore,
        clock: Clock,
        company_zone: str,
        *,
        load: Load,
        terms: Terms,
        manager_of: ManagerOf,
        changed: Callable[[str], None],
    ) -> None:
        """`changed` is told the id of every escalation that is written."""
        self.store = store
        self._clock = clock
        self._zone = company_zone
        self._load = load
        self._terms = terms
        self._manager_of = manager_of
        self._resting: dict[str, float] = {}
        self._changed = changed

    async def begin(self, event: SlaBreached) -> None:
        """An obligation was broken; unless it is done by now, somebody has to see to it."""
        timeline = await self._load(event.about, event.about_id)
        broken = obligation_of(timeline, event.obligation_id)
        if timeline is None or broken is None or ending_of(broken, event.due) is not None:
            return
        new = self._new(timeline, broken, event)
        await self._step(event.obligation_id, partial(begun, new=new))
        # What ended it between the look and the write did not find the ladder.
        after = await self._load(event.about, event.about_id)
        if after is not None:
            await self.follow(after)

    async def follow(self, timeline: Timeline) -> None:
        """End the ladders of what is done, given up, or turned out never to have been broken. Costs what breaks
        nothing nothing."""
        for mark in timeline.announced:
            if mark.startswith("breached "):
                await self._settle(timeline, mark.removeprefix("breached "))

    async def withdraw(self, event: SlaBreachWithdrawn) -> None:
        """The breach never was; unless it has been broken anew since."""
        timeline = await self._load(event.about, event.about_id)
        if timeline is not None:
            await self._settle(timeline, event.obligation_id)

    async def acknowledge(self, escalation_id: str, *, by: str, until: datetime, note: str | None) -> Escalation:
        """A person takes it upon themselves. Raises `UnknownEscalation`, `EscalationEnded`, `BadTerm`."""
        now = self._clock.now()
        decide = partial(acknowledged, by=by, until=until, note=note, now=now)
        return await self._step(escalation_id, decide)

    async def get(self, escalation_id: str) -> Escalation:
        """Raises `UnknownEscalation`."""
        found = await self.store.escalations.get(escalation_id)
        if found is None:
            raise UnknownEscalation
        return found

    async def tick(self) -> bool:
        """Call whoever is to be called by now; whether there was anybody."""
        now = self._clock.now()
        due = [one for one in await self.store.due(now) if self._rested(one.escalation_id)]
        if due:
            roll = Roll(await self.store.everybody(), now, local_date(now, self._zone))
            await asyncio.gather(*(self._logged(one, roll) for one in due))
        return bool(due)

    async def _logged(self, escalation: Escalation, roll: Roll) -> None:
        try:
            await self._climb(escalation, roll)
        except Exception as error:
            key = escalation.escalation_id
            log.exception("not escalated", action="escalation.failed", key=key, exc_info=error)
            self._resting[key] = asyncio.get_running_loop().time() + REST
        else:
            self._resting.pop(escalation.escalation_id, None)

    async def _climb(self, escalation: Escalation, roll: Roll) -> None:
        key = escalation.escalation_id
        timeline = await self._load(escalation.about, escalation.about_id)
        broken = obligation_of(timeline, key)
        ending = ending_of(broken, escalation.due)
        if ending is not None:
            await self._end(key, ending)
            return
        manager_id = await self._manager_of(escalation.client)
        calendar, _ = self._terms(escalation.clock, escalation.priority, escalation.client)

        def whom(role: Role) -> tuple[str, ...]:
            return roll.called(role, manager_id)

        await self._step(key, partial(climbed, now=roll.at, calendar=calendar, called=whom))

    def _new(self, timeline: Timeline, broken: Obligation, event: SlaBreached) -> Escalation:
        now = self._clock.now()
        calendar, ladder = self._terms(broken.clock, broken.priority, timeline.client)
        ladder = ladder or usual(always=calendar.is_always, promise_broken=event.promise_broken)
        return Escalation(
            escalation_id=broken.id,
            about=event.about,
            about_id=event.about_id,
            clock=broken.clock,
            priority=broken.priority,
            number=timeline.number,
            client=timeline.client,
            specialist_id=broken.specialist_id,
            promise_broken=event.promise_broken,
            due=broken.due,
            began=now,
            ladder=ladder,
            step_since=now,
            next_due=opening(calendar, add(calendar, now, ladder.steps[0].after)),
        )

    async def _settle(self, timeline: Timeline, obligation_id: str) -> None:
        escalation = await self.store.escalations.get(obligation_id)
        if escalation is None or escalation.ending is not None:
            return
        ending = ending_of(obligation_of(timeline, obligation_id), escalation.due)
        if ending is not None:
            await self._end(obligation_id, ending)

    async def _end(self, escalation_id: str, ending: Ending) -> None:
        await self._step(escalation_id, partial(ended, ending=ending, at=self._clock.now()))

    async def _step(self, escalation_id: str, decide: Decide[Escalation]) -> Escalation:
        stepped = await self.store.escalations.step(escalation_id, decide)
        if stepped.written:
            self._changed(escalation_id)
        return stepped.state

    def _rested(self, key: str) -> bool:
        return self._resting.get(key, 0.0) <= asyncio.get_running_loop().time()


def obligation_of(timeline: Timeline | None, obligation_id: str) -> Obligation | None:
    """The obligation of that id."""
    return next((one for one in timeline.obligations if one.id == obligation_id), None) if timeline else None


def ending_of(obligation: Obligation | None, was_due: datetime) -> Ending | None:
    """Why nobody has to be called to what was broken at `was_due`; None where it is still to be done. No clock is
    asked: the one that announced the breach may be ahead of this one."""
    if obligation is None:
        return "withdrawn"
    if obligation.ending is None:
        return "withdrawn" if obligation.due > was_due else None
    return obligation.ending if obligation.ended_late else "withdrawn"
