"""A specialist puts work off, or an order to finish it by a date lapsed: the manager of the client hears of it at once,
and so does whoever gave the order, by letter and webhook, not at the next weekly call; unless it is urgent, in the
company's hours. It is no breach: nobody is called, and nothing has to be acknowledged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.sla_monitor.bases import Bases
from services.sla_monitor.domain.escalation import hours_after
from services.sla_monitor.domain.people import Roll
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.notify.store import NotifyStore
from services.sla_monitor.notify.wording import put_off_hook, put_off_letter
from shared.calendar import Interval
from shared.clock import Clock, local_date
from shared.contracts.routing import WorkOrderLapsed, WorkPostponed
from shared.delivery import Deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponing:
    """Tells whoever stands for the client."""

    store: NotifyStore
    bases: Bases
    deliveries: Deliveries
    clock: Clock
    company_zone: str
    rules: Callable[[], Rules]

    async def tell(self, event: WorkPostponed | WorkOrderLapsed, timeline: Timeline, message_id: str) -> None:
        """Once for each message, however often it is delivered."""
        now = self.clock.now()
        hours = self._hours(event, now)
        roll = Roll(await self.store.everybody(), now, local_date(now, self.company_zone))
        told = {*roll.called("manager", await self.bases.manager_of(timeline.client))}
        if isinstance(event, WorkOrderLapsed) and event.by in roll.people:
            told.update(roll.called("manager", event.by))
        for person_id in sorted(told):
            person = roll.people[person_id]
            named = f"{event.TYPE.removeprefix('work.')}-{message_id}-{person_id}"
            if person.email is not None and self.deliveries.takes("letter"):
                letter = put_off_letter(person.email, event, timeline, self.company_zone)
                await self.deliveries.send(f"{named}-letter", letter, about=event.request_id, hours=hours)
            if person.hook_url is not None and self.deliveries.takes("hook"):
                hook = put_off_hook(person.hook_url, event, timeline)
                await self.deliveries.send(f"{named}-hook", hook, about=event.request_id, hours=hours)

    def _hours(self, event: WorkPostponed | WorkOrderLapsed, now: datetime) -> tuple[Interval, ...]:
        """Those of the company; of urgent work any."""
        if event.priority == "urgent":
            return ()
        return hours_after(self.rules().at(now).calendar("company", None), now)
