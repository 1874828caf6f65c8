"""What one person is told at once. A call goes into exactly one bundle, and a bundle has one number for ever:

    standing? ──no──▶ put (number + 1) ──▶ the escalations know it is told ──▶ handed to the deliveries ──▶ sent
        └──yes, after a crash──────────────▲

A new bundle is put only while none stands, and only by whoever has seen the number as it is: by then everything in
the earlier ones is known as told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.sla_monitor.domain.escalation import Escalation
from services.sla_monitor.domain.ladder import Role
from shared.calendar import Interval
from shared.contracts.base import Decision, Priority
from shared.contracts.sla_monitor import About, ClockName

MOST = 100
"""Calls in one bundle."""
QUIET = timedelta(minutes=1)
"""Between two bundles to the same person; a broken promise does not wait."""
URGENCY: dict[Priority | None, int] = {"urgent": 0, None: 1, "important": 2, "routine": 3}
"""Calls, which have no priority, stand beside what is urgent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One call, as it is told."""

    escalation_id: str
    count: int
    """Which call of the escalation it is."""
    step: int
    """0 where the time has not passed yet."""
    role: Role
    about: About
    about_id: str
    clock: ClockName
    title: str | None = None
    priority: Priority | None
    number: str | None
    client_name: str | None
    zone: str | None
    promise_broken: bool
    due: datetime

    @classmethod
    def of(cls, escalation: Escalation) -> "Notice":
        """The last call of an escalation."""
        call, client = escalation.calls[-1], escalation.client
        return cls(
            escalation_id=escalation.escalation_id,
            count=escalation.count,
            step=call.step,
            role=call.role,
            about=escalation.about,
            about_id=escalation.about_id,
            clock=escalation.clock,
            title=escalation.title,
            priority=escalation.priority,
            number=escalation.number,
            client_name=client.name if client else None,
            zone=client.zone if client else None,
            promise_broken=escalation.promise_broken,
            due=escalation.due,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What one person is being told."""

    person_id: str
    number: int = 0
    """Of the last bundle put."""
    standing: tuple[Notice, ...] = ()
    """The bundle of that number, until it is in the hands of the deliveries."""
    hours: tuple[Interval, ...] = ()
    """When alone it may go out; at any time where there are none."""
    put_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether this person was told something just now."""
        return self.put_at is not None and self.put_at <= now < self.put_at + QUIET


def choose(escalations: Iterable[Escalation], *, quiet: bool) -> tuple[Notice, ...]:
    """What of these is told in one bundle, the most urgent first. Broken promises stand alone and never wait
    (R-URG-6); the rest waits while the person has just been told something, and warnings come after what is broken."""
    notices = sorted(map(Notice.of, escalations), key=_order)
    promises = [notice for notice in notices if notice.promise_broken]
    if promises:
        return tuple(promises[:MOST])
    broken = [notice for notice in notices if notice.step]
    return () if quiet else tuple((broken or notices)[:MOST])


def _order(notice: Notice) -> tuple[int, datetime, str]:
    return URGENCY[notice.priority], notice.due, notice.escalation_id


def put(
    inbox: Inbox | None,
    *,
    person_id: str,
    seen: int,
    notices: tuple[Notice, ...],
    now: datetime,
    hours: tuple[Interval, ...] = (),
) -> Decision[Inbox]:
    """A new bundle, unless somebody else put one meanwhile."""
    known = inbox or Inbox(person_id=person_id)
    if known.number != seen or known.standing or not notices:
        return Decision(known)
    return Decision(replace(known, number=seen + 1, standing=notices, hours=hours, put_at=now))


def sent(inbox: Inbox | None, *, person_id: str, number: int) -> Decision[Inbox]:
    """The bundle of that number is in the hands of the deliveries."""
    known = inbox or Inbox(person_id=person_id)
    return Decision(replace(known, standing=()) if known.number == number and known.standing else known)
