"""A specialist: what they can do, when they work, and the places of their capacity that are taken (places.py).

A place is taken by a ticket, `<request id>:<turn>`. The work item is written after it. A ticket whose work item says
otherwise was left by a crash, and is released once the turn is called off in the work item.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.routing.domain.absences import Absence, Pause, Substitutes, checked_pause, planned
from services.routing.domain.exclusions import Exclusion, with_one_more, without
from services.routing.domain.needs import TOP_LEVEL, product_key
from services.routing.domain.refusals import BadProfile, CapacityBelowLoad, UnknownAbsence, UnknownSpecialist
from shared.contracts.base import Decision
from shared.contracts.routing import (
    SpecialistChanged,
    SpecialistExcluded,
    SpecialistReadmitted,
    SpecialistRegistered,
)

DAY = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLIENTS_KEPT = 100

Span = tuple[int, int]
"""From and to, in minutes after local midnight."""


@dataclass(frozen=True, slots=True)
class Skill:
    """A 1C product and how well they know it, 1 to 5."""

    product: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Places kept free for what matters more: how many of the capacity lesser work may take."""

    important: int
    """Important and routine work together."""
    routine: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a lead sets."""

    name: str
    skills: tuple[Skill, ...]
    hours: tuple[tuple[Span, ...], ...]
    """The shifts of each weekday, Monday first, in local time."""
    zone: str
    """IANA zone name."""
    capacity: int
    """How many work items they may have open at once."""
    active: bool = True
    """Whether they are given new work at all."""
    limits: Limits | None = None
    """Capacity by priority; where there are none, anything may take any place."""

    def places(self, rank: int) -> int:
        """How many places work of this rank (0 urgent, 1 important, 2 routine) may share with what is below it."""
        if self.limits is None or not rank:
            return self.capacity
        return self.limits.important if rank == 1 else self.limits.routine


@dataclass(frozen=True, slots=True, kw_only=True)
class Specialist:
    """A specialist and the places taken."""

    specialist_id: str
    profile: Profile
    holds: tuple[str, ...] = ()
    """Tickets, the oldest first."""
    clients: tuple[str, ...] = ()
    """Clients they have finished work for, the latest first."""
    edition: int = 1
    """Grows with every change."""
    ranks: tuple[int, ...] = ()
    """Of `holds`, one by one: 0 is urgent. Shorter where a place was taken before ranks were kept (`ranks_of`)."""
    minutes: tuple[int, ...] = ()
    """Of `holds`, one by one: how long the work was expected to take them (`minutes_of`)."""
    given_at: datetime | None = None
    """When they were last given work."""
    absences: tuple[Absence, ...] = ()
    pause: Pause | None = None
    exclusions: tuple[Exclusion, ...] = ()


def ticket(request_id: str, turn: int) -> str:
    """What takes a place."""
    return f"{request_id}:{turn}"


def of_ticket(held: str) -> tuple[str, int]:
    """The request and the turn of a ticket."""
    request_id, _, turn = held.rpartition(":")
    return request_id, int(turn)


def visible(text: str) -> bool:
    """Whether there is something to see in it."""
    return any(one.isprintable() and not one.isspace() for one in text)


def checked(profile: Profile) -> Profile:
    """`profile`, if it makes sense. Raises `BadProfile` saying what does not."""
    products = [product_key(skill.product) for skill in profile.skills]
    if not products or not all(products):
        raise BadProfile("Нужен хотя бы один продукт 1С, и у каждого — название.")
    if not all(map(visible, (profile.name, *(skill.product for skill in profile.skills)))):
        raise BadProfile("Имя и названия продуктов — из видимых знаков.")
    if len(set(products)) < len(products):
        raise BadProfile("Один и тот же продукт указан дважды.")
    if not all(1 <= skill.level <= TOP_LEVEL for skill in profile.skills):
        raise BadProfile(f"Уровень владения продуктом — от 1 до {TOP_LEVEL}.")
    if profile.capacity < 1:
        raise BadProfile("Ёмкость — не меньше одной заявки; чтобы не давать новых, снимите признак active.")
    if profile.limits and not profile.capacity >= profile.limits.important >= profile.limits.routine >= 0:
        raise BadProfile("Ёмкость по приоритетам: capacity ≥ limits.important ≥ limits.routine ≥ 0.")
    _check_zone(profile.zone)
    _check_hours(profile.hours)
    return profile


def register(state: Specialist | None, specialist_id: str, profile: Profile, now: datetime) -> Decision[Specialist]:
    """A specialist works for us. The same again changes nothing."""
    if state is not None:
        return Decision(state)
    new = Specialist(specialist_id=specialist_id, profile=checked(profile))
    return Decision(new, (SpecialistRegistered(at=now, specialist_id=specialist_id, name=profile.name),))


def change(
    state: Specialist | None, profile: Profile, now: datetime, ranks: Mapping[str, int] | None = None
) -> Decision[Specialist]:
    """Another profile; `ranks` of the tickets held, where they are known.

    Raises `UnknownSpecialist`, `BadProfile`, or `CapacityBelowLoad`.
    """
    if state is None:
        raise UnknownSpecialist
    if checked(profile) == state.profile:
        return Decision(state)
    if profile.capacity < len(state.holds):
        raise CapacityBelowLoad(
            f"Ёмкость {profile.capacity} меньше, чем заявок сейчас в работе: {len(state.holds)}. "
            "Сначала передайте лишние другим; чтобы не давать новых, снимите признак active."
        )
    known = dict(zip(reversed(state.holds), reversed(state.ranks), strict=False)) | dict(ranks or {})
    kept = tuple(known.get(one, 0) for one in state.holds)
    return told(replace(state, profile=profile, ranks=kept), now)


def register_or_change(
    state: Specialist | None, *, specialist_id: str, profile: Profile, now: datetime, ranks: Mapping[str, int]
) -> Decision[Specialist]:
    """As a line of a table says. Raises `BadProfile` or `CapacityBelowLoad`."""
    if state is None:
        return register(state, specialist_id, profile, now)
    return change(state, profile, now, ranks)


def told(changed: Specialist, now: datetime) -> Decision[Specialist]:
    """`changed` as the next edition, and that it changed."""
    event = SpecialistChanged(at=now, specialist_id=changed.specialist_id, name=changed.profile.name)
    return Decision(replace(changed, edition=changed.edition + 1), (event,))


def plan_absence(state: Specialist | None, new: Absence, everybody: Substitutes, now: datetime) -> Decision[Specialist]:
    """They will be absent. Raises `UnknownSpecialist` or `BadAbsence`."""
    if state is None:
        raise UnknownSpecialist
    if new in state.absences:
        return Decision(state)
    return told(replace(state, absences=tuple(planned(state.absences, new, state.specialist_id, everybody))), now)


def cancel_absence(state: Specialist | None, absence_id: str, now: datetime) -> Decision[Specialist]:
    """They are there after all. Raises `UnknownSpecialist` or `UnknownAbsence`."""
    if state is None:
        raise UnknownSpecialist
    left = tuple(one for one in state.absences if one.absence_id != absence_id)
    if len(left) == len(state.absences):
        raise UnknownAbsence
    return told(replace(state, absences=left), now)


def pause(state: Specialist | None, new: Pause | None, now: datetime) -> Decision[Specialist]:
    """No new work for a while, or again. Raises `UnknownSpecialist` or `BadPause`."""
    if state is None:
        raise UnknownSpecialist
    if state.pause == (new and checked_pause(new)):
        return Decision(state)
    return told(replace(state, pause=new), now)


def exclude(state: Specialist | None, new: Exclusion) -> Decision[Specialist]:
    """Keep them away from a client (R-COI-3). Raises `UnknownSpecialist` or `BadExclusion`."""
    if state is None:
        raise UnknownSpecialist
    if any(one.exclusion_id == new.exclusion_id for one in state.exclusions):
        return Decision(state)
    event = SpecialistExcluded(
        at=new.since,
        specialist_id=state.specialist_id,
        name=state.profile.name,
        exclusion_id=new.exclusion_id,
        client_id=new.client_id,
        reason=new.reason,
        until=new.until,
        by=new.by,
    )
    return Decision(_next(state, exclusions=with_one_more(state.exclusions, new)), (event,))


def readmit(
    state: Specialist | None, exclusion_id: str, client_id: str, by: str, now: datetime
) -> Decision[Specialist]:
    """Lift an exclusion before its time. Raises `UnknownSpecialist` or `UnknownExclusion`."""
    if state is None:
        raise UnknownSpecialist
    lifted, left = without(state.exclusions, exclusion_id, client_id)
    event = SpecialistReadmitted(
        at=now,
        specialist_id=state.specialist_id,
        name=state.profile.name,
        exclusion_id=lifted.exclusion_id,
        client_id=lifted.client_id,
        by=by,
    )
    return Decision(_next(state, exclusions=left), (event,))


def _next(state: Specialist, **changes: Any) -> Specialist:
    return replace(state, edition=state.edition + 1, **changes)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadProfile(f"Неизвестный часовой пояс: {zone}. Нужен вид Asia/Krasnoyarsk.") from None


def _check_hours(hours: tuple[tuple[Span, ...], ...]) -> None:
    if len(hours) != len(DAYS) or not any(hours):
        raise BadProfile("Рабочих часов нет ни в один день недели.")
    for day, shifts in zip(DAYS, hours, strict=True):
        if not all(0 <= start < end <= DAY for start, end in shifts):
            raise BadProfile(f"{day}: конец смены не позже начала; ночную смену разделите на две: до 24:00 и с 00:00.")
        if any(before[1] > after[0] for before, after in pairwise(sorted(shifts))):
            raise BadProfile(f"{day}: смены пересекаются.")
