"""Brings what is to be told to people: one bundle a person, each call in exactly one bundle (see domain/bundle.py)."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from hashlib import sha256

import structlog

from services.sla_monitor.domain.bundle import Inbox, choose, put, sent
from services.sla_monitor.domain.escalation import Escalation, common, told
from services.sla_monitor.domain.people import Person
from services.sla_monitor.notify.store import NotifyStore
from services.sla_monitor.notify.wording import hook, letter
from shared.calendar import Interval
from shared.clock import Clock
from shared.delivery import Deliveries

log = structlog.get_logger()


class Notifier:
    """One replica's notifier; several may work side by side."""

    def __init__(
        self,
        store: NotifyStore,
        deliveries: Deliveries,
        clock: Clock,
        company_zone: str,
        *,
        hours: Callable[[Escalation, datetime], tuple[Interval, ...]],
    ) -> None:
        """`hours` are those in which people are told of it, from a moment on; at any time where there are none."""
        self._store = store
        self._hours = hours
        self._deliveries = deliveries
        self._clock = clock
        self._zone = company_zone

    async def tick(self) -> None:
        """Tell everybody what they are to be told by now. A person to whom that fails is tried again next time."""
        people = {inbox.person_id for inbox in await self._store.standing()} | set(await self._store.untold())
        await asyncio.gather(*(self._logged(person_id) for person_id in sorted(people)))

    async def _logged(self, person_id: str) -> None:
        try:
            await self._tell(person_id)
        except Exception as error:
            log.exception("not told", action="notify.failed", person_id=person_id, exc_info=error)

    async def _tell(self, person_id: str) -> None:
        inbox = await self._store.inboxes.get(person_id) or Inbox(person_id=person_id)
        if not inbox.standing:
            inbox = await self._put(inbox)
        if inbox.standing:
            await self._hand_over(inbox)

    async def _put(self, inbox: Inbox) -> Inbox:
        """What is untold is read after the number was: see domain/bundle.py for why."""
        now = self._clock.now()
        found = await self._store.untold_to(inbox.person_id)
        hours = {one.escalation_id: self._hours(one, now) for one in found}
        awake = [one for one in found if hours[one.escalation_id] == () or hours[one.escalation_id][0][0] <= now]
        notices = choose(awake, quiet=inbox.waits(now))
        if not notices:
            return inbox
        within = common(hours[notice.escalation_id] for notice in notices)
        decide = partial(put, person_id=inbox.person_id, seen=inbox.number, notices=notices, now=now, hours=within)
        return (await self._store.inboxes.step(inbox.person_id, decide)).state

    async def _hand_over(self, inbox: Inbox) -> None:
        person_id = inbox.person_id
        known = [partial(told, count=notice.count, person_id=person_id) for notice in inbox.standing]
        steps = (
            self._store.escalations.step(notice.escalation_id, decide)
            for notice, decide in zip(inbox.standing, known, strict=True)
        )
        await asyncio.gather(*steps)
        person = await self._store.people.get(person_id)
        if person is not None:
            await self._send(person, inbox)
        await self._store.inboxes.step(person_id, partial(sent, person_id=person_id, number=inbox.number))

    async def _send(self, person: Person, inbox: Inbox) -> None:
        urgent = any(notice.promise_broken for notice in inbox.standing)
        send = partial(self._deliveries.send, about=person.person_id, urgent=urgent, hours=inbox.hours)
        if person.email is not None and self._deliveries.takes("letter"):
            await send(delivery_id(inbox, "letter"), letter(person.email, inbox.standing, self._zone))
        if person.hook_url is not None and self._deliveries.takes("hook"):
            await send(delivery_id(inbox, "hook"), hook(person.hook_url, person.person_id, inbox.standing))


def delivery_id(inbox: Inbox, kind: str) -> str:
    """The same for the same bundle for ever, and fit for a header whoever it is for."""
    return f"escalation-{sha256(inbox.person_id.encode()).hexdigest()[:16]}-{inbox.number}-{kind}"
