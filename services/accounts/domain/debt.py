"""Manual-work debt: a pure fold of facts into points with named parts and reasons (R-IMP-6).

Every open request makes an accountant work by hand each working day; signs of resentment add to it. A band is entered
at one threshold and left below a lower one: which one was entered last is found by looking back day by day, so the
band is a function of the facts too, and of nothing that was stored.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from math import exp
from zoneinfo import ZoneInfo

from services.accounts.domain.care_policy import CarePolicy
from services.accounts.domain.matters import Fact, Matter, at_moment
from services.accounts.domain.working_days import count, local_day
from shared.contracts.accounts import Band
from shared.contracts.base import Decision

PRIORITY = {"urgent": "срочная", "important": "важная", "routine": "обычная"}
WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCall:
    """A call nobody picked up, and when it was followed by a conversation."""

    call_id: str
    client_id: str | None = None
    contact_id: str | None = None
    missed_at: datetime | None = None
    returned_at: datetime | None = None
    identified_at: datetime | None = None
    """When it became known whose call it is; the latest holds."""


def missed(state: MissedCall, told: MissedCall, at: datetime) -> Decision[MissedCall]:
    """Nobody picked it up."""
    if state.missed_at is not None:
        return Decision(state)
    if state.identified_at is not None:
        return Decision(replace(state, missed_at=at))
    contact_id = told.contact_id or state.contact_id  # who was spoken with later, where nobody knew who had called
    return Decision(replace(state, missed_at=at, client_id=told.client_id, contact_id=contact_id))


def returned(state: MissedCall, told: MissedCall, at: datetime) -> Decision[MissedCall]:
    """A conversation followed; the earliest one counts."""
    if state.returned_at is not None and state.returned_at <= at:
        return Decision(state)
    return Decision(replace(state, returned_at=at, contact_id=state.contact_id or told.contact_id))


def identified(state: MissedCall, told: MissedCall, at: datetime) -> Decision[MissedCall]:
    """Whose call it is became known, or was put right; it counts from when it was missed (R-IMP-6)."""
    if state.identified_at is not None and state.identified_at >= at:
        return Decision(state)
    returns = [moment for moment in (state.returned_at, told.returned_at) if moment is not None]
    return Decision(
        replace(
            state,
            client_id=told.client_id,
            contact_id=told.contact_id,
            missed_at=state.missed_at or told.missed_at,
            returned_at=min(returns, default=None),
            identified_at=at,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the debt and why it is there. `about` is the id of the request or the call."""

    part: str
    about: str
    contact_id: str | None = None
    score: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything the debt of one client is made of. `zone` is the client's: its days are counted."""

    zone: str
    matters: tuple[Matter, ...] = ()
    calls: tuple[MissedCall, ...] = ()


def parts(policy: CarePolicy, known: Known, moment: datetime) -> tuple[Part, ...]:
    """The debt as it stood at `moment`, the heaviest part first. Raises `NoCalendarYear`."""
    found: list[Part] = []
    for each in known.matters:
        matter = at_moment(each, moment)
        if matter is not None:
            found += _of_matter(policy, matter, moment, known.zone)
    found += [part for call in known.calls for part in _of_call(policy, call, moment)]
    return tuple(sorted(found, key=lambda part: (-part.score, part.part, part.about)))


def total(found: Iterable[Part]) -> float:
    """The points of these parts together, to the hundredth."""
    return round(sum(part.score for part in found), 2)


def by_contact(found: Iterable[Part]) -> dict[str, float]:
    """The points of each accountant; what nobody in particular suffers from stands under no one."""
    sums: dict[str, float] = {}
    for part in found:
        if part.contact_id is not None:
            sums[part.contact_id] = sums.get(part.contact_id, 0.0) + part.score
    return {contact: round(points, 2) for contact, points in sorted(sums.items())}


def band(policy: CarePolicy, known: Known, moment: datetime) -> Band:
    """The band at `moment`: where the points alone do not tell, the evening before decides, and so on back."""
    between: list[float] = []
    for when in _evenings(policy, known.zone, moment):
        score = total(parts(policy, known, when))
        sure = _sure(policy, score)
        if sure is not None:
            return _onward(policy, sure, reversed(between))
        between.append(score)
    return _onward(policy, "calm", reversed(between))


def loss_probability(policy: CarePolicy, score: float) -> float:
    """How probable a loss within a month is held to be, 0…1."""
    return round(1 / (1 + exp(min((policy.loss.midpoint - score) / policy.loss.scale, 700.0))), 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one part within a week, in points, and why it is there or was."""

    part: str
    about: str
    before: float
    after: float
    reason: str


def changes(policy: CarePolicy, known: Known, moment: datetime) -> tuple[Change, ...]:
    """What is other than on the evening a week before `moment`, the greatest change first."""
    then = {(p.part, p.about): p for p in parts(policy, known, evening_before(known.zone, moment, WEEK - 1))}
    now = {(p.part, p.about): p for p in parts(policy, known, moment)}
    found = [
        Change(
            part=key[0],
            about=key[1],
            before=then[key].score if key in then else 0.0,
            after=now[key].score if key in now else 0.0,
            reason=(now.get(key) or then[key]).reason,
        )
        for key in sorted({*then, *now})
    ]
    return tuple(sorted((c for c in found if c.before != c.after), key=lambda c: -abs(c.after - c.before)))


def evening_before(zone: str, moment: datetime, days: int = 0) -> datetime:
    """The last millisecond of the local day before `moment`'s, or of one `days` earlier."""
    midnight = datetime.combine(local_day(moment, zone) - timedelta(days=days), time(), ZoneInfo(zone))
    return midnight - timedelta(milliseconds=1)


def _evenings(policy: CarePolicy, zone: str, moment: datetime) -> Iterator[datetime]:
    yield moment
    for back in range(policy.bands.remember_days):
        yield evening_before(zone, moment, back)


def _sure(policy: CarePolicy, score: float) -> Band | None:
    bands = policy.bands
    if score >= bands.risk_in:
        return "risk"
    if score < bands.watch_out:
        return "calm"
    return "watch" if bands.watch_in <= score < bands.risk_out else None


def _onward(policy: CarePolicy, found: Band, scores: Iterable[float]) -> Band:
    """From a band that is sure through the days at which the points alone did not tell."""
    for score in scores:
        if score < policy.bands.watch_in:
            found = "calm" if found == "calm" else "watch"
        else:
            found = "risk" if found == "risk" else "watch"
    return found


def _of_matter(policy: CarePolicy, matter: Matter, moment: datetime, zone: str) -> list[Part]:
    number = matter.registration.number if matter.registration else matter.request_id
    found: list[tuple[str, float, str]] = []
    if matter.open and matter.registration is not None:
        days = count(local_day(matter.registration.at, zone), local_day(moment, zone))
        weight = getattr(policy.open, matter.priority)
        found.append(
            ("open", weight * days, f"Заявка {number} ({PRIORITY[matter.priority]}) открыта, рабочих дней: {days}")
        )
        found += _of_open(policy, matter, moment, zone, number)
    found += _remembered(policy, matter, moment, number)
    return [
        Part(part=name, about=matter.request_id, contact_id=matter.contact_id, score=round(points, 2), reason=reason)
        for name, points, reason in found
        if points > 0
    ]


def _of_open(
    policy: CarePolicy, matter: Matter, moment: datetime, zone: str, number: str
) -> list[tuple[str, float, str]]:
    asked, refused, finished = matter.of("cancel_asked"), matter.of("refused"), matter.of("finished")
    found = []
    if asked:
        found.append(
            ("cancellation", policy.signals.cancellation, f"По заявке {number} просят отмены: бухгалтер не согласился")
        )
    if refused:
        found.append(
            ("reopened", policy.signals.reopened * len(refused), f"Заявку {number} возвращали: {len(refused)}")
        )
    if finished and (not refused or finished[-1].at > refused[-1].at):
        silent = count(local_day(finished[-1].at, zone), local_day(moment, zone)) - 1
        silent -= policy.windows.silence_grace_days
        reason = f"После «готово» по заявке {number} тишина, рабочих дней сверх срока: {silent}"
        found.append(("silence", policy.signals.silence * max(silent, 0), reason))
    return found


def _remembered(policy: CarePolicy, matter: Matter, moment: datetime, number: str) -> list[tuple[str, float, str]]:
    if matter.merged_into is not None:
        return []
    unhappy = _recent(matter.of("refused"), moment, policy.windows.unhappy_days)
    breaches = _recent(matter.breaches(), moment, policy.windows.breached_days)
    broken = [fact for fact in breaches if fact.promise_broken]
    late = len(breaches) - len(broken)
    return [
        ("unhappy", policy.signals.unhappy * len(unhappy), f"Недоволен решением заявки {number}: {len(unhappy)}"),
        ("breached", policy.signals.breached * late, f"Нарушены сроки заявки {number}: {late}"),
        (
            "promise_broken",
            policy.signals.promise_broken * len(broken),
            f"Нарушены обещания по заявке {number}: {len(broken)}",
        ),
    ]


def _of_call(policy: CarePolicy, call: MissedCall, moment: datetime) -> list[Part]:
    missed, back = call.missed_at, call.returned_at
    if missed is None or missed > moment or (back is not None and back <= moment):
        return []
    if moment - missed >= timedelta(days=policy.windows.missed_call_days) or not policy.signals.missed_call:
        return []
    return [
        Part(
            part="missed_call", about=call.call_id, contact_id=call.contact_id, score=policy.signals.missed_call,
            reason="Звонок без ответа, не перезвонили",
        )
    ]  # fmt: skip


def _recent(facts: Sequence[Fact], moment: datetime, days: int) -> list[Fact]:
    return [fact for fact in facts if moment - fact.at < timedelta(days=days)]
