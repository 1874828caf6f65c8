"""What accounts says: managers, clients, and the facts that move money."""

from datetime import date
from typing import ClassVar, Literal

from shared.contracts.base import STANDARD_TARIFF, ClientRef, Contract, Event, Moment, Nature, Priority, Roubles

Source = Literal["opening", "referral", "advert", "tender", "other"]
"""How a client came to us. Only `referral` pays (R-PAY-1, R-PAY-4); `opening` is the base handed over at the start."""


class ManagerEvent(Event):
    """A manager as the others need to know them. `revision` grows with each change: the higher one is the newer."""

    SUBJECT: ClassVar[str] = "manager_id"

    manager_id: str
    revision: int
    name: str
    hired: date
    left: date | None = None
    phones: tuple[str, ...] = ()
    email: str | None = None
    personnel_number: str | None = None
    snils: str | None = None


class ManagerRegistered(ManagerEvent):
    """A manager works for us."""

    TYPE: ClassVar[str] = "manager.registered"


class ManagerChanged(ManagerEvent):
    """A manager's name or dates changed."""

    TYPE: ClassVar[str] = "manager.changed"


class ContactCard(Contract):
    """An accountant of a client: the only judge of whether a request is solved."""

    contact_id: str
    name: str
    phones: tuple[str, ...] = ()
    """E.164."""
    emails: tuple[str, ...] = ()
    """Lower case."""
    role: str | None = None
    away_until: date | None = None


class ClientEvent(Event):
    """A client with its accountants, whole. `revision` grows with each change: the higher one is the newer."""

    SUBJECT: ClassVar[str] = "client_id"

    client_id: str
    revision: int
    name: str
    inn: str
    zone: str
    manager_id: str
    fee: Roubles
    """Roubles a month."""
    source: Source
    since: date
    active: bool = True
    contacts: tuple[ContactCard, ...] = ()
    kpp: str | None = None
    region: str | None = None
    """Two digits of the subject of the Federation, e.g. `24`."""
    tariff: str = STANDARD_TARIFF

    def ref(self) -> ClientRef:
        """The client as other events carry it."""
        return ClientRef(
            client_id=self.client_id, name=self.name, zone=self.zone, manager_id=self.manager_id,
            tariff=self.tariff, region=self.region,
        )  # fmt: skip


class ClientRegistered(ClientEvent):
    """A client is on our books."""

    TYPE: ClassVar[str] = "client.registered"


class ClientChanged(ClientEvent):
    """Something about a client changed."""

    TYPE: ClassVar[str] = "client.changed"


class MoneyFact(Event):
    """A confirmed fact that moves money (R-BASE-3). `fact_id` is its identity for ever."""

    SUBJECT: ClassVar[str] = "fact_id"

    fact_id: str
    client_id: str
    client_name: str
    manager_id: str
    """Who held the client on the effective date: bears it (R-PAY-5)."""
    fee: Roubles
    """Roubles a month, in force on the effective date."""
    effective: date
    """In the company's time zone; decides the month (R-PAY-5)."""
    proposed_by: str
    confirmed_by: str


class ClientWon(MoneyFact):
    """A client came (R-REF-4, R-PAY-1)."""

    TYPE: ClassVar[str] = "client.won"

    source: Source
    vouched_by_client_id: str | None = None
    """The fan whose word brought them (R-REF-2)."""
    request_id: str | None = None
    """The trial request that convinced them (R-REF-3)."""


class ClientLost(MoneyFact):
    """A client is gone (R-BASE-2)."""

    TYPE: ClassVar[str] = "client.lost"

    reason: str
    request_id: str | None = None
    """The request that cost us the client, where known."""


class ClientHandedOver(Event):
    """Another manager holds the client from `effective` on."""

    TYPE: ClassVar[str] = "client.handed_over"
    SUBJECT: ClassVar[str] = "fact_id"

    fact_id: str
    client_id: str
    from_manager_id: str
    to_manager_id: str
    effective: date
    proposed_by: str
    confirmed_by: str


class FactReversed(Event):
    """A confirmed fact, borne by `manager_id`, was wrong and counts as if it had never been: a fact, never an edit."""

    TYPE: ClassVar[str] = "client.fact_reversed"
    SUBJECT: ClassVar[str] = "fact_id"

    fact_id: str
    reverses_fact_id: str
    manager_id: str
    reason: str
    proposed_by: str
    confirmed_by: str


class FactsComplete(Event):
    """Every fact that moves money and was confirmed before `until` has been published: the watermark of accounts."""

    TYPE: ClassVar[str] = "client.facts_complete"
    SUBJECT: ClassVar[str] = "watermark"

    watermark: str = "accounts"
    until: Moment


Band = Literal["calm", "watch", "risk"]
Finding = Literal["not_started", "unfinished", "cancelled", "fine"]
Action = Literal["force", "replace", "keep"]


class ContactCallEvent(Event):
    """What all facts about one weekly call, one for each accountant and week, have in common (R-IMP-1)."""

    SUBJECT: ClassVar[str] = "contact_call_id"

    contact_call_id: str
    contact_id: str
    client: ClientRef
    manager_id: str
    week: str
    """ISO week in the company's time zone, `2026-W48`."""


class ContactCallPlanned(ContactCallEvent):
    """An accountant is to be spoken with this week; planned again where the day or the manager moved."""

    TYPE: ClassVar[str] = "contact_call.planned"

    revision: int
    day: date
    warn_at: Moment
    """Friday noon, as `due` the week's end, in the company's time zone."""
    due: Moment


class ContactCallAttempted(ContactCallEvent):
    """Nobody was reached: the accountant stays in the plan."""

    TYPE: ClassVar[str] = "contact_call.attempted"

    by: str


class FoundOnCall(Contract):
    """What the accountant said about one open important request (R-IMP-2)."""

    request_id: str
    finding: Finding
    cancelled_by: str | None = None
    words: str = ""


class DiscoveredOnCall(Contract):
    """A request nobody had registered (R-IMP-2). Intake registers it under this id."""

    request_id: str
    subject_text: str
    text: str = ""
    priority: Priority = "important"
    nature: Nature | None = None
    products: tuple[str, ...] = ()


class ContactCallHeld(ContactCallEvent):
    """The accountant was spoken with."""

    TYPE: ClassVar[str] = "contact_call.held"

    by: str
    findings: tuple[FoundOnCall, ...] = ()
    discovered: tuple[DiscoveredOnCall, ...] = ()


class ContactCallCancelled(ContactCallEvent):
    """No call is owed: the accountant or the client is gone, or away the whole week."""

    TYPE: ClassVar[str] = "contact_call.cancelled"

    reason: str


class ControlEvent(Event):
    """What all facts about one request under control have in common (R-IMP-4)."""

    SUBJECT: ClassVar[str] = "request_id"

    request_id: str
    client: ClientRef
    manager_id: str | None


class ControlOpened(ControlEvent):
    """The request stands under control until a satisfied verdict."""

    TYPE: ClassVar[str] = "control.opened"

    finding: Finding
    cancelled_by: str | None = None


class ControlOrdered(ControlEvent):
    """What the manager demands (R-IMP-3): the same one by a date (`force` alone), a more competent one, or neither."""

    TYPE: ClassVar[str] = "control.ordered"

    order_id: str
    action: Action
    finish_by: Moment | None = None
    reason: str
    by: str


class ControlClosed(ControlEvent):
    """It left the control list: the accountant is satisfied (R-IMP-4), or what it stood there for in the name of a
    request merged into it was answered before, or is a matter of its own again."""

    TYPE: ClassVar[str] = "control.closed"


class ReferralAsked(Event):
    """A fan was asked whom they would vouch for (R-REF-1)."""

    TYPE: ClassVar[str] = "referral.asked"
    SUBJECT: ClassVar[str] = "ask_id"

    ask_id: str
    client: ClientRef
    contact_id: str
    by: str


class ProspectEvent(Event):
    """What all facts about one prospect have in common (R-REF-2); no next contact only once it is won or dropped."""

    SUBJECT: ClassVar[str] = "prospect_id"

    prospect_id: str
    revision: int
    name: str
    zone: str
    manager_id: str
    vouched_by_client_id: str
    competitor: str | None = None
    expected_fee: Roubles | None = None
    """Roubles a month, should they come."""
    next_contact: Moment | None

    def ref(self) -> ClientRef:
        """The prospect as a request of its own carries it."""
        return ClientRef(client_id=self.prospect_id, name=self.name, zone=self.zone, manager_id=self.manager_id)


class ProspectRegistered(ProspectEvent):
    """A fan named somebody who suffers from another vendor."""

    TYPE: ClassVar[str] = "prospect.registered"


class ProspectContacted(ProspectEvent):
    """They were spoken with, and when next is agreed."""

    TYPE: ClassVar[str] = "prospect.contacted"


class ProspectChanged(ProspectEvent):
    """Something else about them changed."""

    TYPE: ClassVar[str] = "prospect.changed"


class ProspectTrialOpened(ProspectEvent):
    """Their vendor failed a request: we solve it free, under urgent clocks (R-REF-3). Intake registers it."""

    TYPE: ClassVar[str] = "prospect.trial_opened"

    request_id: str
    subject_text: str
    text: str = ""
    priority: Priority = "urgent"
    products: tuple[str, ...] = ()


class ProspectTrialEnded(ProspectEvent):
    """The trial request closed; `flawless` lets the prospect be won (R-REF-4)."""

    TYPE: ClassVar[str] = "prospect.trial_ended"

    request_id: str
    flawless: bool


class ProspectWon(ProspectEvent):
    """They became our client."""

    TYPE: ClassVar[str] = "prospect.won"

    client_id: str
    fact_id: str


class ProspectDropped(ProspectEvent):
    """Nothing will come of it."""

    TYPE: ClassVar[str] = "prospect.dropped"

    reason: str


class DebtPart(Contract):
    """One part of a client's manual-work debt and why it is there."""

    part: str
    score: float
    reason: str


class DebtChanged(Event):
    """A client's manual-work debt and chance of being lost in a month (R-IMP-6); the client never sees it."""

    TYPE: ClassVar[str] = "debt.changed"
    SUBJECT: ClassVar[str] = "client_id"

    client_id: str
    revision: int
    client: ClientRef
    fee: Roubles
    score: float
    band: Band
    loss_probability: float
    parts: tuple[DebtPart, ...] = ()
