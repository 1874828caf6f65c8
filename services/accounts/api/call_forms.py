"""What is sent and shown of weekly calls and control."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.accounts.api.care_fields import NeededWords, When, Words
from services.accounts.api.fields import Body, Id, Text, View
from services.accounts.domain.contact_calls import ContactCall, Discovered, Found, Order
from services.accounts.domain.coverage import Coverage
from services.accounts.domain.weeks import Week
from shared.contracts.accounts import Action, Finding
from shared.contracts.base import Nature, Priority
from shared.http.paging import Page
from shared.ids import derived_id

MANY = 100


class OrderBody(Body):
    """What the manager demands (R-IMP-3): `force` by a time, `replace`, or `keep` with a reason."""

    action: Action
    reason: NeededWords
    finish_by: When | None = None

    def order(self) -> Order:
        """As the domain takes it."""
        return Order(action=self.action, reason=self.reason, finish_by=self.finish_by)


class FindingBody(Body):
    """What the accountant said about one request (R-IMP-2)."""

    request_id: Id
    finding: Finding
    cancelled_by: Annotated[Text | None, Field(description="Who cancelled it; wanted with `cancelled`.")] = None
    words: Words = ""
    order: OrderBody | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.finding == "cancelled" and self.cancelled_by is None:
            raise PydanticCustomError("cancelled_by", "cancelled_by: кто отменил заявку?")
        if self.finding == "fine" and self.order is not None:
            raise PydanticCustomError("order", "order: приказ отдают только по плохому выводу")
        return self

    def found(self) -> Found:
        """As the domain takes it."""
        return Found(
            request_id=self.request_id,
            finding=self.finding,
            cancelled_by=self.cancelled_by,
            words=self.words,
            order=self.order.order() if self.order else None,
        )


class DiscoveredBody(Body):
    """A request nobody had registered."""

    subject: Text
    text: Words = ""
    priority: Priority = "important"
    nature: Nature | None = None
    products: Annotated[tuple[Text, ...], Field(max_length=10)] = ()

    def discovered(self, call_id: str, number: int) -> Discovered:
        """As the domain takes it; its id is that of its place on the call."""
        return Discovered(
            request_id=derived_id("discovered", call_id, str(number)),
            subject=self.subject,
            text=self.text,
            priority=self.priority,
            nature=self.nature,
            products=self.products,
        )


class CallBody(Body):
    """A weekly call: `reached` with findings, or an attempt."""

    reached: bool
    findings: Annotated[tuple[FindingBody, ...], Field(max_length=MANY)] = ()
    discovered: Annotated[tuple[DiscoveredBody, ...], Field(max_length=MANY)] = ()
    note: Words = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.reached and (self.findings or self.discovered):
            raise PydanticCustomError("reached", "reached: выводы бывают только у состоявшегося разговора")
        ids = [finding.request_id for finding in self.findings]
        if len(set(ids)) < len(ids):
            raise PydanticCustomError("twice", "findings: по одной заявке — один вывод")
        return self


class AttemptView(View):
    """Nobody was reached."""

    at: datetime
    by: str
    note: str


class FoundView(View):
    """What the accountant said about one request."""

    request_id: str
    finding: Finding
    cancelled_by: str | None
    words: str
    verdict: bool
    """Their satisfied verdict on a request they had withdrawn."""


class CallView(View):
    """A weekly call as recorded."""

    call_id: str
    contact_id: str
    client_id: str
    manager_id: str
    week: str
    held_at: datetime | None
    attempts: tuple[AttemptView, ...]
    discovered_request_ids: tuple[str, ...] = ()
    by: str | None = None
    """Who spoke; with `findings` and `note` of a conversation alone."""
    findings: tuple[FoundView, ...] = ()
    note: str = ""

    @classmethod
    def of(cls, call: ContactCall) -> Self:
        """What is shown of `call`."""
        shown, talk = cls.model_validate(call), call.talk
        if talk is None:
            return shown
        findings = tuple(FoundView.model_validate(found) for found in talk.findings)
        ids = tuple(each.request_id for each in talk.discovered)
        said = {"by": talk.by, "note": talk.note, "findings": findings, "discovered_request_ids": ids}
        return shown.model_copy(update=said)


Standing = Literal["planned", "attempted", "held"]


class PlannedView(View):
    """An accountant in the plan: when to call, and why in this order."""

    place: int
    call_id: str
    contact_id: str
    name: str
    client_id: str
    client_name: str
    day: date
    """The day to call: the planned one, or the next after an attempt."""
    standing: Standing
    attempts: int
    held_at: datetime | None
    debt: float
    last_held: datetime | None


class PlanView(View):
    """The calls of a week."""

    manager_id: str
    week: str
    warn_at: datetime
    due: datetime
    items: list[PlannedView]


class TotalsView(View):
    """How much of a week's plan was spoken with (R-IMP-1)."""

    planned: int
    held: int
    attempted: int
    """Tried and never reached."""
    untried: int
    share: float
    """Of the planned ones, 0…1; 1 where nobody was owed a call."""
    unplanned: int
    """Spoken with though no call was owed: who was away, or came late in the week."""
    discovered: int
    """Requests nobody had registered, of all these calls."""


class CoverageView(TotalsView):
    """One manager's week."""

    manager_id: str
    week: str

    @classmethod
    def of(cls, manager_id: str, week: Week, found: Coverage) -> Self:
        """What is shown of it."""
        shown = TotalsView.model_validate(found).model_dump()
        return cls(manager_id=manager_id, week=str(week), **shown)


class ManagersWeek(CoverageView):
    """One line of the company's week."""

    name: str | None = None

    @classmethod
    def named(cls, name: str | None, manager_id: str, week: Week, found: Coverage) -> Self:
        """With what the manager is called."""
        return cls.of(manager_id, week, found).model_copy(update={"name": name})


class CompanyView(Page[ManagersWeek]):
    """A page of managers, and what all of them come to by their plans of the moment. In the present week each page
    first makes the plans of its own managers anew where anything changed: a later page may tell other totals."""

    week: str
    managers: int
    totals: TotalsView


class NeverView(View):
    """An accountant nobody has ever spoken with on a weekly call."""

    contact_id: str
    name: str
    client_id: str
    client_name: str
    attempts: int


class DiscoveredView(View):
    """A request that came up on a call because nobody had registered it."""

    request_id: str
    subject: str
    priority: Priority
    week: str
    call_id: str
    contact_id: str
    client_id: str
    at: datetime


class SheetItem(View):
    """A request to be spoken about."""

    request_id: str
    number: str
    subject: str
    priority: Priority
    nature: Nature | None
    contact_id: str | None
    registered_at: datetime | None
    open: bool
    under_control: bool
    withdrawn: bool
    """With `under_control`: what the accountant says of it now (`fine` and their words) is their verdict."""
    needs_finding: bool
    """Without a finding about it the call is not taken."""


class ItemView(View):
    """A request on the control list."""

    request_id: str
    number: str
    subject: str
    client_id: str
    client_name: str
    contact_id: str | None
    since: datetime
    age_days: int
    reason: str
    next_step: str
    recommended: Action | None
    action: Action | None
    finish_by: datetime | None
    overdue: bool
    withdrawn: bool
    """The accountant does not want it any more; whether they are content is still to be heard (R-IMP-4)."""
    lost: bool
    """The client is lost, the prospect dropped: it stays until they say that it is solved."""
