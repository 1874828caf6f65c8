"""A proposal: a fact that would move money, waiting for a director (R-BASE-3).

Confirming takes two documents: the proposal's, which a director decides on, and the client's, which owns the effect
and tells it. `confirming` stands between them: decided, the client not yet known to have followed. Whoever finds a
proposal there may settle it again, since the client takes each fact once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from services.accounts.domain.client import Contact
from services.accounts.domain.refusals import AlreadyDecided, KeyReused, OwnPay, OwnProposal, WrongValue
from services.accounts.domain.stay import check_fee
from services.accounts.domain.trail import UNTOUCHED, Trail
from shared.contracts.accounts import Source
from shared.contracts.base import STANDARD_TARIFF, Decision

Kind = Literal["won", "lost", "handed_over", "fee", "reversed"]
Witness = Literal["request", "call", "letter", "document"]
Standing = Literal["proposed", "confirming", "confirmed", "refused"]
Move = Literal["confirm", "settle", "reopen", "refuse"]

MOVES: Mapping[tuple[Standing, Move], Standing] = {
    ("proposed", "confirm"): "confirming",
    ("confirming", "settle"): "confirmed",
    ("confirming", "reopen"): "proposed",
    ("proposed", "refuse"): "refused",
}
"""The states a proposal goes through; what is not here is not possible."""
OPEN: tuple[Standing, ...] = ("proposed", "confirming")
EVIDENCE_LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Who a client that comes for the first time is."""

    name: str
    inn: str
    zone: str
    contacts: tuple[Contact, ...] = ()
    kpp: str | None = None
    region: str | None = None
    tariff: str = STANDARD_TARIFF
    apart: bool = False
    """A branch with an INN that another client has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Win:
    """A client comes, or comes back. `newcomer` is there where it comes for the first time."""

    manager_id: str
    fee: Decimal
    source: Source
    newcomer: Newcomer | None = None
    vouched_by_client_id: str | None = None
    """The fan who vouched (R-REF-2)."""
    request_id: str | None = None
    """The trial request solved (R-REF-4)."""
    reason: str = ""
    """Why it is won without a trial request that closed flawless: a director's to accept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A client goes (R-BASE-2)."""

    reason: str
    request_id: str | None = None
    """The request that cost us the client, where known."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Another manager holds the client from now on."""

    to_manager_id: str


@dataclass(frozen=True, slots=True)
class NewFee:
    """The client pays another fee, in roubles a month, from now on."""

    fee: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversing:
    """A confirmed fact was wrong, and counts as if it had never been: a correction is a fact of its own."""

    reverses_fact_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What shows that it is so: a request, a call, a letter, a document, by its id or number."""

    kind: Witness
    ref: str
    words: str | None = None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Which director decided, and when; a refusal says why."""

    by: str
    at: datetime
    """The moment the fact is told with: never before what was promised to be complete (see `watermark`)."""
    reason: str | None = None
    first_at: datetime | None = None
    """The moment it was first decided with, where that had to be put off."""

    @property
    def since(self) -> datetime:
        """From when on the fact may be told."""
        return self.first_at or self.at


Terms = Win | Loss | HandOver | NewFee | Reversing


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Exactly one of `won`, `lost`, `handed_over`, `fee` and `reversing` is there: what is proposed."""

    proposal_id: str
    client_id: str
    client_name: str
    effective: date
    """In the company's time zone (R-PAY-5)."""
    proposed_by: str
    proposed_at: datetime
    concerns: tuple[str, ...]
    """The managers whose base or pay it touched when it was proposed."""
    fee_that_day: Decimal | None = None
    """What the client paid on the effective day, as recorded when it was proposed."""
    won: Win | None = None
    lost: Loss | None = None
    handed_over: HandOver | None = None
    fee: NewFee | None = None
    reversing: Reversing | None = None
    unusual_fee: bool = False
    """Whoever proposed it says that the fee is meant, unusual as it is."""
    evidence: tuple[Evidence, ...] = ()
    state: Standing = "proposed"
    decided: Decided | None = None
    asked_as: str = ""
    """Fingerprint of the request that made it: tells a repeat from a clash."""
    prospect_id: str | None = None
    """The prospect whose trial this win uses up, once a director said yes: a prospect brings one client (R-REF-4)."""
    trail: Trail = UNTOUCHED

    @property
    def terms(self) -> Terms:
        """What is proposed."""
        every = (self.won, self.lost, self.handed_over, self.fee, self.reversing)
        return next(terms for terms in every if terms is not None)

    @property
    def kind(self) -> Kind:
        """What sort of fact it is."""
        return KINDS[type(self.terms)]


KINDS: Mapping[type, Kind] = {Win: "won", Loss: "lost", HandOver: "handed_over", NewFee: "fee", Reversing: "reversed"}


def propose(existing: Proposal | None, new: Proposal, today: date) -> Decision[Proposal]:
    """`new` waits for a director; the same request again finds what the first one proposed.

    `today` is the company's. Raises `WrongValue` for a day still to come, a win that contradicts itself or an unusual
    fee that is not confirmed to be meant, `KeyReused` for another request with the same idempotency key.
    """
    if existing is not None:
        if existing.asked_as != new.asked_as:
            raise KeyReused
        return Decision(existing)
    if new.effective > today:
        raise WrongValue("effective", f"день ещё не наступил (сегодня {today:%d.%m.%Y})")
    if new.won is not None:
        _check_win(new.client_id, new.won)
    priced = new.won or new.fee
    if priced is not None:
        check_fee(priced.fee, confirmed=new.unusual_fee)
    return Decision(new)


def attach(proposal: Proposal, evidence: Evidence) -> Decision[Proposal]:
    """The proposal with more evidence; the same once more changes nothing. Raises `AlreadyDecided` where it is too
    late, `WrongValue` where it is too much."""
    if (evidence.kind, evidence.ref) in {(each.kind, each.ref) for each in proposal.evidence}:
        return Decision(proposal)
    if proposal.state != "proposed":
        raise AlreadyDecided(f"По этому предложению уже есть решение: {IN_RUSSIAN[proposal.state]}.")
    if len(proposal.evidence) >= EVIDENCE_LIMIT:
        raise WrongValue("evidence", f"больше {EVIDENCE_LIMIT} оснований не прикладывают")
    return Decision(replace(proposal, evidence=(*proposal.evidence, evidence)))


def confirm(proposal: Proposal, by: str, at: datetime, prospect_id: str | None = None) -> Decision[Proposal]:
    """A director says yes; the client is to follow. Where one said so before, that decision stands. `prospect_id` is
    whose trial a win uses up.

    Raises `OwnProposal` for the one who proposed it, `AlreadyDecided` where it was refused.
    """
    if proposal.state in {"confirming", "confirmed"}:
        return Decision(proposal)
    if by == proposal.proposed_by:
        raise OwnProposal
    return Decision(replace(_moved(proposal, "confirm"), decided=Decided(by=by, at=at), prospect_id=prospect_id))


def restated(proposal: Proposal, now: Proposal) -> Decision[Proposal]:
    """What it costs, whom it concerns and who gets the client, as things stand `now`, while it waits."""
    if proposal.state != "proposed":
        return Decision(proposal)
    return Decision(replace(proposal, fee_that_day=now.fee_that_day, concerns=now.concerns, won=now.won))


def given_to(proposal: Proposal, manager_id: str) -> Proposal:
    """The win with another manager, to whom its prospect was handed over meanwhile."""
    return proposal if proposal.won is None else replace(proposal, won=replace(proposal.won, manager_id=manager_id))


def let_go(proposal: Proposal) -> Decision[Proposal]:
    """The win was taken back: its prospect's trial is free for another."""
    return Decision(proposal if proposal.prospect_id is None else replace(proposal, prospect_id=None))


def put_off(proposal: Proposal, at: datetime) -> Decision[Proposal]:
    """A decision made before `at`, by when all facts were promised to be known, is told with `at` instead."""
    decided = proposal.decided
    if proposal.state != "confirming" or decided is None or decided.at >= at:
        return Decision(proposal)
    return Decision(replace(proposal, decided=replace(decided, at=at, first_at=decided.since)))


def settled(proposal: Proposal) -> Decision[Proposal]:
    """The client has followed. Its word counts, whatever is found here."""
    return Decision(proposal if proposal.state == "confirmed" else replace(proposal, state="confirmed"))


def reopened(proposal: Proposal, decided: Decided) -> Decision[Proposal]:
    """The client could not follow the decision `decided`: the proposal waits for a director again."""
    if proposal.state != "confirming" or proposal.decided != decided:
        return Decision(proposal)
    return Decision(replace(_moved(proposal, "reopen"), decided=None, prospect_id=None))


def refuse(proposal: Proposal, by: str, at: datetime, reason: str) -> Decision[Proposal]:
    """A director says no, and why. The same again changes nothing.

    Raises `OwnPay` where it would move the director's own pay as a manager, `AlreadyDecided` where it was confirmed.
    """
    if by in proposal.concerns:
        raise OwnPay
    known = proposal.decided
    if proposal.state == "refused" and known is not None and (known.by, known.reason) == (by, reason):
        return Decision(proposal)
    return Decision(replace(_moved(proposal, "refuse"), decided=Decided(by=by, at=at, reason=reason)))


def _check_win(client_id: str, win: Win) -> None:
    """A referral names the fan who vouched (R-REF-2), and is the only way of coming that pays (R-PAY-4)."""
    if win.source == "opening":
        raise WrongValue("source", "opening — база, выданная в начале; её заводят через /v1/clients или импорт")
    if win.source == "referral" and win.vouched_by_client_id is None:
        raise WrongValue("vouched_by_client_id", "назовите клиента, который поручился: без него рекомендации нет")
    if win.source != "referral" and win.vouched_by_client_id is not None:
        raise WrongValue("source", "поручившийся клиент бывает только у прихода по рекомендации (referral)")
    if win.vouched_by_client_id == client_id:
        raise WrongValue("vouched_by_client_id", "клиент не может поручиться сам за себя")


def _moved(proposal: Proposal, move: Move) -> Proposal:
    state = MOVES.get((proposal.state, move))
    if state is None:
        raise AlreadyDecided(f"По этому предложению уже есть решение: {IN_RUSSIAN[proposal.state]}.")
    return replace(proposal, state=state)


IN_RUSSIAN: Mapping[Standing, str] = {
    "proposed": "ждёт решения",
    "confirming": "подтверждается",
    "confirmed": "подтверждено",
    "refused": "отклонено",
}
