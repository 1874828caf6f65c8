"""What the doors of sla_monitor show."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from services.sla_monitor.api.escalation_views import ClientView, EscalationView, View, escalation_view
from services.sla_monitor.domain.escalation import Escalation
from services.sla_monitor.domain.facts import Client, Kind
from services.sla_monitor.domain.obligations import Standing
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.store import Row
from shared.contracts.base import Nature, Priority
from shared.contracts.sla_monitor import About, ClockName


class ObligationView(View):
    """One promise to a client."""

    obligation_id: str
    about: About
    about_id: str
    number: str | None
    client: ClientView | None
    clock: ClockName
    priority: Priority | None
    specialist_id: str | None
    since: datetime
    warn_at: datetime
    warn_again: list[datetime]
    """The warnings after the first."""
    due: datetime
    """While it is paused: when it would be due had it not been."""
    paused: datetime | None
    """Since when no time counts."""
    policy_version: int
    """The version of the policy it is reckoned by."""
    promised: bool
    """Due because the contact was promised so (R-URG-3)."""
    state: Standing
    breached: bool
    """Late, whether it was met in the end or not."""
    promise_broken: bool
    """R-URG-6."""
    met_at: datetime | None
    late: bool
    """Met, but late."""
    ended_at: datetime | None


class FactView(View):
    """One thing that happened."""

    kind: Kind
    at: datetime
    who: str | None
    name: str | None
    until: datetime | None
    round: int
    note: str | None
    priority: Priority | None
    nature: Nature | None
    client: ClientView | None


class TimelineView(BaseModel):
    """Everything known about one request or call, in order."""

    about: About
    about_id: str
    number: str | None
    priority: Priority | None
    client: ClientView | None
    now: datetime
    facts: list[FactView]
    obligations: list[ObligationView]
    escalations: list[EscalationView]


def timeline_view(timeline: Timeline, escalations: Sequence[Escalation], now: datetime) -> TimelineView:
    """A timeline as it stands now."""
    return TimelineView(
        about=timeline.about,
        about_id=timeline.about_id,
        number=timeline.number,
        priority=timeline.priority,
        client=_client(timeline.client),
        now=now,
        facts=[FactView.model_validate(fact) for fact in timeline.facts],
        obligations=[obligation_view(row, now) for row in rows_of(timeline)],
        escalations=[escalation_view(one) for one in escalations],
    )


def rows_of(timeline: Timeline) -> list[Row]:
    """Its obligations, each with what it is about."""
    return [
        Row(
            about=timeline.about,
            about_id=timeline.about_id,
            number=timeline.number,
            client=timeline.client,
            obligation=one,
        )
        for one in timeline.obligations
    ]


def _client(client: Client | None) -> ClientView | None:
    return None if client is None else ClientView.model_validate(client)


def obligation_view(row: Row, now: datetime) -> ObligationView:
    """An obligation as it stands now."""
    one = row.obligation
    state = one.standing(now)
    breached = one.ended_late or state == "breached"
    return ObligationView(
        obligation_id=one.id,
        about=row.about,
        about_id=row.about_id,
        number=row.number,
        client=_client(row.client),
        clock=one.clock,
        priority=one.priority,
        specialist_id=one.specialist_id,
        since=one.since,
        warn_at=one.warn_at,
        warn_again=list(one.warn_again),
        due=one.due,
        paused=one.paused,
        policy_version=one.policy,
        promised=one.promised,
        state=state,
        breached=breached,
        promise_broken=breached and one.promised,
        met_at=one.ended if state == "met" else None,
        late=state == "met" and one.ended_late,
        ended_at=one.ended,
    )
