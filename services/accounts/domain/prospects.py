"""A prospect: known through a fan, tried on one free request, won or dropped (R-REF-2, R-REF-3, R-REF-4)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from services.accounts.domain.care_refusals import ContactInThePast, TrialNotFlawless, WrongMove
from services.accounts.domain.refusals import KeyReused
from services.accounts.domain.trail import UNTOUCHED, Trail
from shared.contracts.accounts import (
    ProspectChanged,
    ProspectContacted,
    ProspectDropped,
    ProspectRegistered,
    ProspectTrialEnded,
    ProspectTrialOpened,
    ProspectWon,
)
from shared.contracts.base import Decision, Priority

Standing = Literal["known", "trial", "tried", "winning", "won", "dropped"]
Move = Literal["contact", "open_trial", "end_trial", "win", "settle", "reopen", "come", "take_back", "drop"]

MOVES: Mapping[tuple[Standing, Move], Standing] = {
    ("known", "contact"): "known",
    ("known", "open_trial"): "trial",
    ("known", "drop"): "dropped",
    ("trial", "contact"): "trial",
    ("trial", "end_trial"): "tried",
    ("trial", "come"): "won",
    ("trial", "drop"): "dropped",
    ("tried", "contact"): "tried",
    ("tried", "open_trial"): "trial",
    ("tried", "end_trial"): "tried",
    ("tried", "win"): "winning",
    ("tried", "come"): "won",
    ("tried", "drop"): "dropped",
    ("winning", "contact"): "winning",
    ("winning", "end_trial"): "winning",
    ("winning", "settle"): "won",
    ("winning", "reopen"): "tried",
    ("won", "take_back"): "tried",
}
"""The states a prospect goes through; what is not here is not possible."""
OPEN: tuple[Standing, ...] = ("known", "trial", "tried", "winning")
SOON = timedelta(days=1)
"""When a prospect whose win was taken back is to be spoken with, where nobody has agreed anything (R-REF-2)."""
IN_RUSSIAN: Mapping[Standing, str] = {
    "known": "ждёт следующего разговора",
    "trial": "на пробной заявке",
    "tried": "пробная заявка закрыта",
    "winning": "приход ждёт директора",
    "won": "стал клиентом",
    "dropped": "отпущен",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation with the prospect."""

    at: datetime
    by: str
    words: str
    next_contact: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A request the prospect's vendor failed to solve, solved by us for nothing. `flawless` once it is closed."""

    request_id: str
    at: datetime
    by: str
    subject: str
    priority: Priority
    failed_by: str
    """What the vendor did not manage."""
    flawless: bool | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Winning:
    """The proposal that makes a client of them (R-BASE-3). `reason` where the trial was not flawless."""

    proposal_id: str
    at: datetime
    by: str
    effective: date
    reason: str = ""
    client_id: str | None = None
    taken_back_at: datetime | None = None
    """When the win turned out wrong: it counts as if it had never been (R-BASE-3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Nothing will come of it."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """`next_contact` is set until it is won or dropped."""

    prospect_id: str
    revision: int = 1
    name: str
    zone: str
    manager_id: str
    vouched_by_client_id: str
    registered_at: datetime
    state: Standing = "known"
    next_contact: datetime | None
    competitor: str | None = None
    expected_fee: Decimal | None = None
    person: str = ""
    """Whom to speak with."""
    phones: tuple[str, ...] = ()
    inn: str | None = None
    talks: tuple[Talk, ...] = ()
    trials: tuple[Trial, ...] = ()
    wins: tuple[Winning, ...] = ()
    dropped: Drop | None = None
    asked_as: str = ""
    trail: Trail = UNTOUCHED

    @property
    def trial(self) -> Trial | None:
        """The latest one."""
        return self.trials[-1] if self.trials else None

    @property
    def client_id(self) -> str | None:
        """The client it became."""
        return self.wins[-1].client_id if self.wins else None


def register(state: Prospect | None, new: Prospect) -> Decision[Prospect]:
    """A fan named somebody; the same again finds the first. Raises `ContactInThePast`, `KeyReused`."""
    if state is not None:
        if state.asked_as != new.asked_as:
            raise KeyReused
        return Decision(state)
    _check_ahead(new.next_contact, new.registered_at)
    return Decision(new, (ProspectRegistered(**_about(new, new.registered_at)),))


def contact(prospect: Prospect, talk: Talk) -> Decision[Prospect]:
    """They were spoken with, and when next is agreed. Raises `ContactInThePast`, `WrongMove`."""
    if talk in prospect.talks:
        return Decision(prospect)
    _check_ahead(talk.next_contact, talk.at)
    moved = _moved(prospect, "contact", talks=(*prospect.talks, talk), next_contact=talk.next_contact)
    return Decision(moved, (ProspectContacted(**_about(moved, talk.at)),))


def change(prospect: Prospect, at: datetime, **described: Any) -> Decision[Prospect]:
    """Another name, competitor, fee expected, manager. Raises `WrongMove` where it is won or dropped."""
    changed = replace(prospect, **described)
    if changed == prospect:
        return Decision(prospect)
    if prospect.state not in OPEN:
        raise WrongMove(_not_now(prospect))
    changed = replace(changed, revision=prospect.revision + 1)
    return Decision(changed, (ProspectChanged(**_about(changed, at)),))


def open_trial(prospect: Prospect, trial: Trial, text: str, products: tuple[str, ...]) -> Decision[Prospect]:
    """Their vendor failed: intake registers the request under its id, free (R-REF-3). Raises `WrongMove`."""
    if any(each.request_id == trial.request_id for each in prospect.trials):
        return Decision(prospect)
    moved = _moved(prospect, "open_trial", trials=(*prospect.trials, trial))
    event = ProspectTrialOpened(
        **_about(moved, trial.at), request_id=trial.request_id, subject_text=trial.subject, text=text,
        priority=trial.priority, products=products,
    )  # fmt: skip
    return Decision(moved, (event,))


def end_trial(prospect: Prospect, request_id: str, at: datetime | None, *, flawless: bool) -> Decision[Prospect]:
    """What became of the trial request; said again where a late fact turns it. `at` None: it is open again."""
    trial = prospect.trial
    if trial is None or trial.request_id != request_id or prospect.state in {"won", "dropped"}:
        return Decision(prospect)
    if at is None:
        back = replace(trial, flawless=None, ended_at=None)
        if prospect.state not in {"tried", "winning"} or back == trial:
            return Decision(prospect)
        state: Standing = "trial" if prospect.state == "tried" else "winning"
        return Decision(replace(prospect, state=state, trials=(*prospect.trials[:-1], back)))
    if (trial.flawless, trial.ended_at) == (flawless, at):
        return Decision(prospect)
    ended = replace(trial, flawless=flawless, ended_at=at)
    moved = _moved(prospect, "end_trial", trials=(*prospect.trials[:-1], ended))
    return Decision(moved, (ProspectTrialEnded(**_about(moved, at), request_id=request_id, flawless=flawless),))


def check_win(prospect: Prospect, *, director: bool, reason: str) -> Trial:
    """The trial that lets the prospect be won (R-REF-4). Raises `WrongMove`, `TrialNotFlawless`."""
    trial = prospect.trial
    if (prospect.state, "win") not in MOVES or trial is None:
        raise WrongMove(_not_now(prospect) + " Принять можно после закрытой пробной заявки.")
    if not trial.flawless and not (director and reason):
        raise TrialNotFlawless
    return trial


def win(prospect: Prospect, winning: Winning) -> Decision[Prospect]:
    """Proposed to the director; the same again changes nothing."""
    if any(each.proposal_id == winning.proposal_id for each in prospect.wins):
        return Decision(prospect)
    return Decision(_moved(prospect, "win", wins=(*prospect.wins, winning)))


def settle(prospect: Prospect, proposal_id: str, client_id: str, at: datetime) -> Decision[Prospect]:
    """A director confirmed: they are our client."""
    last = prospect.wins[-1] if prospect.wins else None
    if prospect.state != "winning" or last is None or last.proposal_id != proposal_id:
        return Decision(prospect)
    wins = (*prospect.wins[:-1], replace(last, client_id=client_id))
    moved = _moved(prospect, "settle", wins=wins, next_contact=None)
    return Decision(moved, (ProspectWon(**_about(moved, at), client_id=client_id, fact_id=proposal_id),))


def come(prospect: Prospect, winning: Winning) -> Decision[Prospect]:
    """A director confirmed a win that somebody else proposed after their trial: they are our client all the same."""
    if (prospect.state, "come") not in MOVES:
        return Decision(prospect)
    moved = _moved(prospect, "come", wins=(*prospect.wins, winning), next_contact=None)
    told = ProspectWon(**_about(moved, winning.at), client_id=winning.client_id, fact_id=winning.proposal_id)
    return Decision(moved, (told,))


def reopen(prospect: Prospect, proposal_id: str) -> Decision[Prospect]:
    """A director refused: the prospect stands as before."""
    last = prospect.wins[-1] if prospect.wins else None
    if prospect.state != "winning" or last is None or last.proposal_id != proposal_id:
        return Decision(prospect)
    return Decision(_moved(prospect, "reopen"))


def take_back(prospect: Prospect, proposal_id: str, at: datetime) -> Decision[Prospect]:
    """The win was reversed: they stand as after their trial, to be won again or dropped, and are spoken with soon."""
    last, trial = prospect.wins[-1] if prospect.wins else None, prospect.trial
    if prospect.state != "won" or trial is None or last is None or last.proposal_id != proposal_id:
        return Decision(prospect)
    wins = (*prospect.wins[:-1], replace(last, client_id=None, taken_back_at=at))
    moved = _moved(prospect, "take_back", wins=wins, next_contact=at + SOON)
    told = ProspectTrialEnded(**_about(moved, at), request_id=trial.request_id, flawless=bool(trial.flawless))
    return Decision(moved, (told,))


def drop(prospect: Prospect, dropped: Drop) -> Decision[Prospect]:
    """Nothing will come of it. Raises `WrongMove`."""
    if prospect.dropped is not None and prospect.dropped.reason == dropped.reason:
        return Decision(prospect)
    moved = _moved(prospect, "drop", dropped=dropped, next_contact=None)
    return Decision(moved, (ProspectDropped(**_about(moved, dropped.at), reason=dropped.reason),))


def _moved(prospect: Prospect, move: Move, **changes: Any) -> Prospect:
    state = MOVES.get((prospect.state, move))
    if state is None:
        raise WrongMove(_not_now(prospect))
    return replace(prospect, state=state, revision=prospect.revision + 1, **changes)


def _not_now(prospect: Prospect) -> str:
    return f"Сейчас так нельзя: «{prospect.name}» {IN_RUSSIAN[prospect.state]}."


def _check_ahead(next_contact: datetime | None, at: datetime) -> None:
    if next_contact is None or next_contact <= at:
        raise ContactInThePast


def _about(prospect: Prospect, at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "prospect_id": prospect.prospect_id,
        "revision": prospect.revision,
        "name": prospect.name,
        "zone": prospect.zone,
        "manager_id": prospect.manager_id,
        "vouched_by_client_id": prospect.vouched_by_client_id,
        "competitor": prospect.competitor,
        "expected_fee": prospect.expected_fee,
        "next_contact": prospect.next_contact,
    }
