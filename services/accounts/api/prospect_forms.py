"""What is sent and shown of prospects."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from services.accounts.api.care_fields import NeededWords, When, Words
from services.accounts.api.client_forms import Contacts
from services.accounts.api.fields import Body, Day, Fee, Id, Inn, Money, Phone, Text, View, Zone
from services.accounts.domain.prospects import Prospect, Standing
from shared.contracts.base import Priority


class NewProspect(Body):
    """Somebody a fan named. `manager_id` is the manager who asks, where it is left out."""

    name: Text
    vouched_by_client_id: Id
    next_contact: When
    manager_id: Id | None = None
    zone: Zone | None = None
    competitor: Text | None = None
    expected_fee: Fee | None = None
    person: Words = ""
    phones: Annotated[tuple[Phone, ...], Field(max_length=20)] = ()
    inn: Inn | None = None


class ProspectChanges(Body):
    """What is other than before; what is left out stays. The next contact is changed by a talk."""

    name: Text | None = None
    manager_id: Id | None = None
    zone: Zone | None = None
    competitor: Text | None = None
    expected_fee: Fee | None = None
    person: Words | None = None
    phones: Annotated[tuple[Phone, ...] | None, Field(max_length=20)] = None
    inn: Inn | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent."""
        return {name: value for name in self.model_fields_set if (value := getattr(self, name)) is not None}


class TalkBody(Body):
    """A conversation with the prospect, and when next."""

    words: NeededWords
    next_contact: When
    content: bool = False
    """These words say that they are content about the trial request they withdrew: it leaves control (R-IMP-4)."""


class TrialBody(Body):
    """A request the prospect's vendor failed to solve (R-REF-3): urgent or important, never routine."""

    subject: Text
    text: Words = ""
    failed_by: NeededWords
    """What the vendor did not manage."""
    priority: Literal["urgent", "important"] = "urgent"
    products: Annotated[tuple[Text, ...], Field(max_length=10)] = ()


class WinBody(Body):
    """They become our client: proposed to the director. `reason` where the trial was not flawless (R-REF-4).

    Who was our client before comes back with the accountants it had: `contacts` are for a new one.
    """

    inn: Inn
    fee: Fee
    effective: Day
    contacts: Contacts = ()
    reason: Words = ""
    unusual_fee: bool = False


class DropBody(Body):
    """Nothing will come of it, and why."""

    reason: NeededWords


class TalkView(View):
    """A conversation."""

    at: datetime
    by: str
    words: str
    next_contact: datetime


class TrialView(View):
    """A trial request."""

    request_id: str
    at: datetime
    by: str
    subject: str
    priority: Priority
    failed_by: str
    flawless: bool | None
    ended_at: datetime | None


class WinView(View):
    """The proposal that makes a client of them."""

    proposal_id: str
    at: datetime
    by: str
    effective: date
    reason: str
    client_id: str | None
    taken_back_at: datetime | None
    """When the win was reversed: they may be won again, or dropped."""


class ProspectView(View):
    """A prospect as recorded."""

    prospect_id: str
    revision: int
    name: str
    zone: str
    manager_id: str
    vouched_by_client_id: str
    registered_at: datetime
    state: Standing
    next_contact: datetime | None
    competitor: str | None
    expected_fee: Money | None
    person: str
    phones: tuple[str, ...]
    inn: str | None
    talks: tuple[TalkView, ...]
    trials: tuple[TrialView, ...]
    wins: tuple[WinView, ...]
    drop_reason: str | None = None
    overdue: bool = False
    """The next contact date has passed."""

    @classmethod
    def at(cls, prospect: Prospect, now: datetime) -> "ProspectView":
        """What is shown of it at `now`."""
        late = prospect.next_contact is not None and prospect.next_contact < now
        reason = prospect.dropped.reason if prospect.dropped else None
        return cls.model_validate(prospect).model_copy(update={"overdue": late, "drop_reason": reason})
