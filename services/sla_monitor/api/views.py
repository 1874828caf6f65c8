"""What the doors of sla_monitor show."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from services.sla_monitor.api.escalation_views import ClientView, EscalationView, View, escalation_view
from services.sla_monitor.domain.escalation import Escalation
from services.sla_monitor.domain.facts import Client, Kind
from services.sla_monitor.domain.obligations import Standing
from services.sla_monitor.domain.policies import CalendarName, Policy, Terms
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.store import Row
from shared.contracts.base import Priority
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
    due: datetime
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


class TermsView(View):
    """What a clock allows to some priorities."""

    priorities: list[Priority | None]
    target_seconds: int
    """Of working time, where the calendar is `company`."""
    warning_share: float
    calendar: CalendarName


class PolicyView(View):
    """One clock."""

    clock: ClockName
    rule: str
    about: About
    starts: list[Kind]
    met_by: list[Kind]
    restarts: list[Kind]
    cancelled_by: list[Kind]
    promised: bool
    terms: list[TermsView]


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
        due=one.due,
        promised=one.promised,
        state=state,
        breached=breached,
        promise_broken=breached and one.promised,
        met_at=one.ended if state == "met" else None,
        late=state == "met" and one.ended_late,
        ended_at=one.ended,
    )


def policy_view(policy: Policy) -> PolicyView:
    """A clock of the table."""
    fields = {name: getattr(policy, name) for name in PolicyView.model_fields if name != "terms"}
    return PolicyView(**fields, terms=[_terms(terms) for terms in policy.terms])


def _terms(terms: Terms) -> TermsView:
    return TermsView(
        priorities=list(terms.priorities),
        target_seconds=int(terms.target.total_seconds()),
        warning_share=terms.warning,
        calendar=terms.calendar,
    )
