"""What is sent and shown of proposals."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from services.accounts.api.client_forms import Apart, Contacts, ContactView, UnusualFee
from services.accounts.api.fields import Body, Code, Day, Fee, Id, Inn, Kpp, Money, Region, Text, View, Zone
from services.accounts.domain import reversing
from services.accounts.domain.client import Client
from services.accounts.domain.contacts import replaced
from services.accounts.domain.proposal import (
    EVIDENCE_LIMIT,
    Evidence,
    HandOver,
    Kind,
    Loss,
    Newcomer,
    NewFee,
    Proposal,
    Reversing,
    Standing,
    Win,
    Witness,
)
from services.accounts.domain.refusals import UnknownClient, WrongValue
from services.accounts.office import Office, known
from shared.contracts.accounts import Source
from shared.contracts.base import STANDARD_TARIFF
from shared.http.auth import Principal


class EvidenceBody(Body):
    """What shows that it is so: the id of a request or a call, the number of a letter or a document."""

    kind: Witness
    ref: Text
    words: Text | None = None

    def given(self, by: str, at: datetime) -> Evidence:
        """As the domain takes it."""
        return Evidence(kind=self.kind, ref=self.ref, words=self.words, by=by, at=at)


class _Proposed(Body):
    evidence: tuple[EvidenceBody, ...] = Field(default=(), max_length=EVIDENCE_LIMIT)


class _New(_Proposed):
    effective: Annotated[Day, Field(description="In the company's time zone; decides the month (R-PAY-5).")]

    def day(self, _: Client | None) -> date:
        """The day it is proposed for."""
        return self.effective


class NewcomerBody(Body):
    """Who a client that comes for the first time is. Where `zone` is left out it is the company's."""

    name: Text
    inn: Inn
    zone: Zone | None = None
    contacts: Contacts = ()
    kpp: Kpp | None = None
    region: Region | None = None
    tariff: Code = STANDARD_TARIFF
    apart: Apart = False


class NewWin(_New):
    """A client comes: a new one (`client`) or one that was lost (`client_id`)."""

    kind: Literal["won"]
    client_id: Id | None = None
    client: NewcomerBody | None = None
    manager_id: Annotated[Id | None, Field(description="Who holds it from then on; the manager who asks.")] = None
    fee: Fee
    source: Source
    vouched_by_client_id: Annotated[Id | None, Field(description="The fan who vouched: wanted for a referral.")] = None
    request_id: Annotated[Id | None, Field(description="The trial request that was solved: for a referral.")] = None
    reason: Annotated[Text | None, Field(description="Why a referral is won without a flawless trial (R-REF-4).")] = (
        None
    )
    unusual_fee: UnusualFee = False

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.client_id is None) == (self.client is None):
            raise PydanticCustomError("either", "назовите либо client (новый клиент), либо client_id (вернувшийся)")
        return self

    def terms(self, office: Office, who: Principal) -> dict[str, Any]:
        """As the domain takes it."""
        win = Win(
            manager_id=self._manager(who),
            fee=self.fee,
            source=self.source,
            newcomer=self._newcomer(office),
            vouched_by_client_id=self.vouched_by_client_id,
            request_id=self.request_id,
            reason=self.reason or "",
        )
        return {"won": win, "unusual_fee": self.unusual_fee}

    def _manager(self, who: Principal) -> str:
        if self.manager_id is None and not who.has("manager"):
            raise WrongValue("manager_id", "назовите менеджера, который ведёт клиента")
        return self.manager_id or who.subject

    def _newcomer(self, office: Office) -> Newcomer | None:
        new = self.client
        if new is None:
            return None
        contacts = replaced((), [contact.given() for contact in new.contacts], office.new_id)
        if new.apart and new.kpp is None:
            raise WrongValue("client.kpp", "филиал с тем же ИНН отличает КПП: напишите его")
        return Newcomer(
            name=new.name,
            inn=new.inn,
            zone=new.zone or office.zone,
            contacts=contacts,
            kpp=new.kpp,
            region=new.region,
            tariff=new.tariff,
            apart=new.apart,
        )


class NewLoss(_New):
    """A client goes: a competitor solved its request, or it stopped paying (R-BASE-2)."""

    kind: Literal["lost"]
    client_id: Id
    reason: Text
    request_id: Annotated[Id | None, Field(description="The request that cost us the client, where known.")] = None

    def terms(self, _: Office, __: Principal) -> dict[str, Any]:
        """As the domain takes it."""
        return {"lost": Loss(reason=self.reason, request_id=self.request_id)}


class NewHandOver(_New):
    """Another manager holds the client."""

    kind: Literal["handed_over"]
    client_id: Id
    to_manager_id: Id

    def terms(self, _: Office, __: Principal) -> dict[str, Any]:
        """As the domain takes it."""
        return {"handed_over": HandOver(self.to_manager_id)}


class NewFeeBody(_New):
    """The client pays another fee."""

    kind: Literal["fee"]
    client_id: Id
    fee: Fee
    unusual_fee: UnusualFee = False

    def terms(self, _: Office, __: Principal) -> dict[str, Any]:
        """As the domain takes it."""
        return {"fee": NewFee(self.fee), "unusual_fee": self.unusual_fee}


class NewReversal(_Proposed):
    """A confirmed fact was wrong: it shall count as if it had never been. Its day is that of the fact."""

    kind: Literal["reversed"]
    client_id: Id
    reverses_fact_id: Id
    reason: Text

    def day(self, client: Client | None) -> date:
        """The day of the fact it reverses. Raises what `reversing.find` raises."""
        return reversing.find(known(client, UnknownClient), self.reverses_fact_id).effective

    def terms(self, _: Office, __: Principal) -> dict[str, Any]:
        """As the domain takes it."""
        return {"reversing": Reversing(reverses_fact_id=self.reverses_fact_id, reason=self.reason)}


AnyProposal = Annotated[NewWin | NewLoss | NewHandOver | NewFeeBody | NewReversal, Field(discriminator="kind")]


class Refusal(Body):
    """Why not."""

    reason: Text


class NewcomerView(View):
    """Who a client that comes for the first time is."""

    name: str
    inn: str
    zone: str
    kpp: str | None
    region: str | None
    tariff: str
    apart: bool
    contacts: tuple[ContactView, ...]


class EvidenceView(View):
    """What shows that it is so, and who attached it."""

    kind: Witness
    ref: str
    words: str | None
    by: str
    at: datetime


class ProposalView(BaseModel):
    """A proposal as recorded; the fields of other kinds are null."""

    proposal_id: str
    kind: Kind
    state: Standing
    client_id: str
    client_name: str
    effective: date
    concerns: tuple[str, ...]
    """The managers whose base or pay it touches."""
    fee_that_day: Money | None
    """What the client paid on the effective day: what a loss would cost."""
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    refusal: str | None = None
    """Why it was refused."""
    manager_id: str | None = None
    fee: Money | None = None
    source: Source | None = None
    vouched_by_client_id: str | None = None
    request_id: str | None = None
    to_manager_id: str | None = None
    reason: str | None = None
    """Why the client went, the fact was wrong, or one is won without a flawless trial."""
    reverses_fact_id: str | None = None
    unusual_fee: bool = False
    evidence: tuple[EvidenceView, ...] = ()
    newcomer: NewcomerView | None = None

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """What is shown of `proposal`."""
        decided = proposal.decided
        return cls(
            proposal_id=proposal.proposal_id,
            kind=proposal.kind,
            state=proposal.state,
            client_id=proposal.client_id,
            client_name=proposal.client_name,
            effective=proposal.effective,
            concerns=proposal.concerns,
            fee_that_day=proposal.fee_that_day,
            proposed_by=proposal.proposed_by,
            proposed_at=proposal.proposed_at,
            decided_by=decided and decided.by,
            decided_at=decided and decided.at,
            refusal=decided and decided.reason,
            unusual_fee=proposal.unusual_fee,
            evidence=tuple(EvidenceView.model_validate(each) for each in proposal.evidence),
            **asdict(proposal.terms),
        )
