"""Ladders begin with a breach, end with what was broken, and are climbed as time passes.

A breach is heard from the queue like everybody else's events: it cannot get lost between the timeline and the ladder.
So is a warning; whom it is told by letter the ladder says, and the usual ones tell nobody: it is seen at the desk.
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
    hours_after,
    opening,
    warned,
)
from services.sla_monitor.domain.facts import Client
from services.sla_monitor.domain.ladder import Role, usual
from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.people import Roll
from services.sla_monitor.domain.policies import Terms
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.notify.store import NotifyStore
from shared.calendar import ALWAYS, Calendar, Interval, add
from shared.clock import Clock, local_date
from shared.contracts.base import Decide
from shared.contracts.sla_monitor import About, SlaBreached, SlaBreachWithdrawn, SlaWarned

log = structlog.get_logger()

REST = 10.0
"""Seconds an escalation that fails is left alone; meanwhile it takes up no place among what is due."""

Load = Callable[[About, str], Awaitable[Timeline | None]]
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
        rules: Callable[[], Rules],
        manager_of: ManagerOf,
        changed: Callable[[str], None],
    ) -> None:
        """`changed` is told the id of every escalation that is written."""
        self.store = store
        self._clock = clock
        self._zone = company_zone
        self._load = load
        self._rules = rules
        self._manager_of = manager_of
        self._resting: dict[str, float] = {}
        self._changed = changed

    async def begin(self, event: SlaBreached) -> None:
        """An obligation was broken; unless it is done by now, somebody has to see to it."""
        timeline = await self._load(event.about, event.about_id)
        broken = obligation_of(timeline, event.obligation_id)
        if timeline is None or broken is None or ending_of(broken, event.due) is not None:
            return
        await self._begin(timeline, broken)
        # What ended it between the look and the write did not find the ladder.
        after = await self._load(event.about, event.about_id)
        if after is not None:
            await self.follow(after)

    async def warn(self, event: SlaWarned, once: str) -> None:
        """Most of the time has passed: whoever the ladder names is told, unless it is done or late by now."""
        if not self._rules().warns:
            return
        timeline = await self._load(event.about, event.about_id)
        one = obligation_of(timeline, event.obligation_id)
        now = self._clock.now()
        roles = self._warned(one) if one is not None else ()
        if timeline is None or one is None or not roles or not one.ticks or now > one.due:
            return
        roll = Roll(await self.store.everybody(), now, local_date(now, self._zone))
        manager_id = await self._manager_of(timeline.client)
        people = tuple(sorted({who for role in roles for who in roll.called(role, manager_id)}))
        if not people:
            return
        new = self._new(timeline, one, promise_broken=False)
        await self._step(one.id, partial(warned, new=new, role=roles[0], people=people), once=once)
        after = await self._load(event.about, event.about_id)
        if after is not None:
            await self.follow(after)

    async def follow(self, timeline: Timeline) -> None:
        """End the ladders of what is done, given up, or turned out never to have been broken, and begin those anew of
        what is open again, late as it was. Costs what breaks nothing nothing."""
        told = {mark.removeprefix("breached ") for mark in timeline.announced if mark.startswith("breached ")}
        if self._rules().warns:
            told |= {one.id for one in timeline.obligations if one.ending is not None and self._warned(one)}
        for obligation_id in sorted(told):
            await self._settle(timeline, obligation_id)

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

    def hours(self, one: Escalation, now: datetime) -> tuple[Interval, ...]:
        """When people are told of it, from now on: a letter that is late waits for these hours, too."""
        if one.promise_broken:
            return ()
        edition = self._rules().edition(one.policy)
        terms = edition.terms(one.clock, one.terms)
        return hours_after(edition.calendar(terms.calendar if terms else "company", one.place), now)

    async def tick(self) -> bool:
        """Call whoever is to be called by now; whether there was anybody."""
        now = self._clock.now()
        due = await self.store.due(now, self._at_rest())
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

    async def _climb(self, escalation: Escalation, roll: Roll) -> None:
        key = escalation.escalation_id
        timeline = await self._load(escalation.about, escalation.about_id)
        broken = obligation_of(timeline, key)
        ending = ending_of(broken, escalation.due)
        if broken is None or ending is not None:
            await self._end(key, ending or "withdrawn")
            return
        manager_id = await self._manager_of(escalation.client)
        calendar = self._calendar(broken)

        def whom(role: Role) -> tuple[str, ...]:
            return roll.called(role, manager_id)

        await self._step(key, partial(climbed, now=roll.at, calendar=calendar, called=whom))

    def _new(self, timeline: Timeline, broken: Obligation, *, promise_broken: bool) -> Escalation:
        now = self._clock.now()
        calendar, terms = self._calendar(broken), self._terms(broken)
        policy = self._rules().edition(broken.policy).policies.get(broken.clock)
        named = terms.ladder if terms and not promise_broken else None  # R-URG-6: a promise has its own
        ladder = named or usual(always=calendar.is_always, promise_broken=promise_broken)
        return Escalation(
            escalation_id=broken.id,
            about=timeline.about,
            about_id=timeline.about_id,
            clock=broken.clock,
            policy=broken.policy,
            terms=broken.terms,
            place=broken.place,
            title=policy.title if policy else None,
            priority=broken.priority,
            number=timeline.number,
            client=timeline.client,
            specialist_id=broken.specialist_id,
            promise_broken=promise_broken,
            due=broken.due,
            began=now,
            ladder=ladder,
            step_since=now,
            next_due=opening(calendar, add(calendar, now, ladder.steps[0].after)),
        )

    def _terms(self, one: Obligation) -> Terms | None:
        """What the version it is reckoned by allows."""
        return self._rules().edition(one.policy).terms(one.clock, one.terms)

    def _warned(self, one: Obligation) -> tuple[Role, ...]:
        """Who gets a letter with a warning."""
        terms = self._terms(one)
        return terms.ladder.warned if terms is not None and terms.ladder is not None else ()

    def _calendar(self, one: Obligation) -> Calendar:
        """The hours in which people are called about it: what was promised to a contact has none (R-URG-6)."""
        if one.promised:
            return ALWAYS
        terms = self._terms(one)
        return self._rules().edition(one.policy).calendar(terms.calendar if terms else "company", one.place)

    async def _settle(self, timeline: Timeline, obligation_id: str) -> None:
        escalation = await self.store.escalations.get(obligation_id)
        if escalation is None:
            return
        if escalation.ending is not None:
            await self._again(timeline, obligation_id)
            return
        one = obligation_of(timeline, obligation_id)
        ending = ending_of(one, escalation.due)
        if escalation.state == "warned":
            ending = one.ending if one is not None else "withdrawn"
        if ending is not None:
            await self._end(obligation_id, ending)
            # Of two facts at once the later may have found the ladder standing, and the earlier have ended it since.
            after = await self._load(timeline.about, timeline.about_id)
            if after is not None:
                await self._again(after, obligation_id)

    async def _again(self, timeline: Timeline, obligation_id: str) -> None:
        """What had ended is open after all and late as it was told: unmerged, or ended by what turned out otherwise."""
        one = obligation_of(timeline, obligation_id)
        if one is not None and one.ending is None and f"breached {obligation_id}" in timeline.announced:
            await self._begin(timeline, one)

    async def _begin(self, timeline: Timeline, broken: Obligation) -> None:
        new = self._new(timeline, broken, promise_broken=broken.promised)
        await self._step(broken.id, partial(begun, new=new))

    async def _end(self, escalation_id: str, ending: Ending) -> None:
        await self._step(escalation_id, partial(ended, ending=ending, at=self._clock.now()))

    async def _step(self, escalation_id: str, decide: Decide[Escalation], once: str | None = None) -> Escalation:
        stepped = await self.store.escalations.step(escalation_id, decide, once=once)
        if stepped.written:
            self._changed(escalation_id)
        return stepped.state

    def _at_rest(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        self._resting = {key: until for key, until in self._resting.items() if now < until}
        return list(self._resting)


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
