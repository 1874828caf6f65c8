"""Who is a fan and why, who nearly is and what is missing, and whether one may be asked now (R-REF-1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.accounts.domain.care_policy import Fans
from services.accounts.domain.care_refusals import MayNotAsk
from services.accounts.domain.matters import Party
from services.accounts.domain.trail import UNTOUCHED, Trail
from shared.calendar import written_day
from shared.contracts.accounts import ReferralAsked
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A request in brief: what a fan is judged by. `refused_at` is when the accountant was last not content."""

    request_id: str
    number: str
    flawless: bool = False
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What speaks for and against a client. `closed` are its urgent and important requests closed satisfied, the
    latest first; `unhappy` the requests whose solution was refused lately; `open` those not closed."""

    closed: tuple[Brief, ...] = ()
    unhappy: tuple[Brief, ...] = ()
    open: tuple[Brief, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why not, and which request it is about."""

    why: str
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """How a client stands. `near` where one step is missing."""

    fan: bool
    near: bool
    streak: int
    why: tuple[str, ...]
    missing: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A client was asked for a referral."""

    ask_id: str
    at: datetime
    contact_id: str
    by: str
    note: str = ""
    manager_id: str = ""
    """Who held the client then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """All askings of one client, the oldest first; `manager_id` is that of the last one."""

    client_id: str
    asks: tuple[Ask, ...] = ()
    manager_id: str = ""
    last_at: datetime | None = None
    trail: Trail = UNTOUCHED


def fan(policy: Fans, history: History, now: datetime, zone: str) -> Fan:
    """How the client stands at `now`; days are said by the clocks of the company's `zone`."""
    streak = flawless_in_a_row(history.closed)
    missing = [*_of_streak(policy, history.closed, len(streak)), *_of_unhappy(policy, history.unhappy, now, zone)]
    why = [f"Подряд безупречно закрыто срочных и важных заявок: {len(streak)}"] if streak else []
    if not _lately(policy, history.unhappy, now):
        why.append(f"Недовольных вердиктов нет (за последние дни: {policy.quiet_days})")
    short = policy.in_a_row - len(streak)
    near = bool(missing) and (len(missing) == 1) and short <= 1
    return Fan(fan=not missing, near=near, streak=len(streak), why=tuple(why), missing=tuple(missing))


def flawless_in_a_row(closed: Sequence[Brief]) -> tuple[Brief, ...]:
    """The latest flawless ones, up to the first that was not."""
    found = []
    for brief in closed:
        if not brief.flawless:
            break
        found.append(brief)
    return tuple(found)


def may_ask(policy: Fans, history: History, asks: Asks | None, now: datetime, zone: str) -> tuple[Reason, ...]:
    """Everything that stands against asking now, request by request; empty where one may."""
    against = [
        Reason(why=f"Открыта заявка {brief.number}: сначала решите её", request_id=brief.request_id)
        for brief in history.open
    ]
    return (*against, *fan(policy, history, now, zone).missing, *_of_asks(policy, asks, now, zone))


def ask(
    state: Asks | None, new: Ask, *, party: Party, against: Sequence[Reason], policy: Fans, zone: str
) -> Decision[Asks]:
    """The client was asked; the same again changes nothing. Raises `MayNotAsk` with every reason."""
    known = state or Asks(client_id=party.client_id)
    if any(each.ask_id == new.ask_id for each in known.asks):
        return Decision(known)
    hindrances = [*against, *_of_asks(policy, known, new.at, zone)]
    if hindrances:
        raise MayNotAsk([{"why": each.why, "request_id": each.request_id} for each in hindrances])
    event = ReferralAsked(at=new.at, ask_id=new.ask_id, client=party.ref(), contact_id=new.contact_id, by=new.by)
    asked = replace(known, asks=(*known.asks, new), manager_id=new.manager_id, last_at=new.at)
    return Decision(asked, (event,))


def _of_streak(policy: Fans, closed: Sequence[Brief], streak: int) -> list[Reason]:
    if streak >= policy.in_a_row:
        return []
    need = f"Безупречных срочных или важных заявок подряд нужно: {policy.in_a_row}, есть: {streak}"
    if streak < len(closed):
        spoilt = closed[streak]
        return [Reason(why=f"{need}: заявка {spoilt.number} решена с огрехами", request_id=spoilt.request_id)]
    return [Reason(why=need)]


def _of_unhappy(policy: Fans, unhappy: Sequence[Brief], now: datetime, zone: str) -> list[Reason]:
    return [
        Reason(
            why=f"Недовольный вердикт по заявке {brief.number} {written_day(at, zone)}: "
            f"должно пройти дней: {policy.quiet_days}",
            request_id=brief.request_id,
        )
        for brief, at in _lately(policy, unhappy, now)
    ]


def _lately(policy: Fans, unhappy: Sequence[Brief], now: datetime) -> list[tuple[Brief, datetime]]:
    """Whose solution was refused in the quiet days, and when."""
    since = now - timedelta(days=policy.quiet_days)
    return [(brief, at) for brief in unhappy if (at := brief.refused_at) is not None and at > since]


def _of_asks(policy: Fans, asks: Asks | None, now: datetime, zone: str) -> list[Reason]:
    if asks is None or asks.last_at is None:
        return []
    free = asks.last_at + timedelta(days=policy.ask_every_days)
    if now >= free:
        return []
    return [Reason(why=f"Уже просили {written_day(asks.last_at, zone)}: снова можно с {written_day(free, zone)}")]
