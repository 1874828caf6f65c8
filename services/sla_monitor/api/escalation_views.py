"""What the doors show of an escalation."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.sla_monitor.domain.escalation import Ending, Escalation, State
from services.sla_monitor.domain.ladder import Role
from shared.contracts.base import Priority
from shared.contracts.sla_monitor import About, ClockName


class View(BaseModel):
    """Read from the domain's own records."""

    model_config = ConfigDict(from_attributes=True)


class ClientView(View):
    """Whose it is."""

    client_id: str
    name: str
    zone: str
    manager_id: str | None


class CallView(View):
    """Somebody was called to act."""

    step: int
    role: Role
    at: datetime
    person_ids: list[str]


class AcknowledgementView(View):
    """A person took it upon themselves, until then."""

    by: str
    at: datetime
    until: datetime
    note: str | None


class EscalationView(View):
    """One ladder: what is broken, whom it was called to, who has it."""

    escalation_id: str
    """The id of the obligation that is broken."""
    about: About
    about_id: str
    clock: ClockName
    priority: Priority | None
    number: str | None
    client: ClientView | None
    specialist_id: str | None
    promise_broken: bool
    due: datetime
    state: State
    step: int
    """The step it stands on, from 1; 0 before anybody was called."""
    count: int
    """How often somebody was called."""
    calls: list[CallView]
    acknowledgements: list[AcknowledgementView]
    acknowledged_until: datetime | None
    next_due: datetime | None
    """When somebody is called next."""
    ended: datetime | None
    ending: Ending | None


def escalation_view(escalation: Escalation) -> EscalationView:
    """An escalation as it stands."""
    return EscalationView.model_validate(escalation)
