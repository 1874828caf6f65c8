"""A specialist: what they can do, when they work, and the places of their capacity that are taken.

A place is taken by a ticket, `<request id>:<turn>`, in one guarded write of this one document; so a load never exceeds
the capacity, whatever runs side by side (R-URG-4). The work item is written after it. A ticket whose work item says
otherwise was left by a crash, and is released once the turn is called off in the work item.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.routing.domain.needs import TOP_LEVEL, product_key
from services.routing.domain.refusals import BadProfile, CapacityBelowLoad, UnknownSpecialist
from shared.contracts.base import Decision
from shared.contracts.routing import SpecialistChanged, SpecialistRegistered

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


def ticket(request_id: str, turn: int) -> str:
    """What takes a place."""
    return f"{request_id}:{turn}"


def of_ticket(held: str) -> tuple[str, int]:
    """The request and the turn of a ticket."""
    request_id, _, turn = held.rpartition(":")
    return request_id, int(turn)


def at_work(profile: Profile, now: datetime) -> bool:
    """Whether `now` is within their working hours."""
    local = now.astimezone(ZoneInfo(profile.zone))
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in profile.hours[local.weekday()])


def checked(profile: Profile) -> Profile:
    """`profile`, if it makes sense. Raises `BadProfile` saying what does not."""
    products = [product_key(skill.product) for skill in profile.skills]
    if not products or not all(products):
        raise BadProfile("Нужен хотя бы один продукт 1С, и у каждого — название.")
    if len(set(products)) < len(products):
        raise BadProfile("Один и тот же продукт указан дважды.")
    if not all(1 <= skill.level <= TOP_LEVEL for skill in profile.skills):
        raise BadProfile(f"Уровень владения продуктом — от 1 до {TOP_LEVEL}.")
    if profile.capacity < 1:
        raise BadProfile("Ёмкость — не меньше одной заявки; чтобы не давать новых, снимите признак active.")
    _check_zone(profile.zone)
    _check_hours(profile.hours)
    return profile


def register(state: Specialist | None, specialist_id: str, profile: Profile, now: datetime) -> Decision[Specialist]:
    """A specialist works for us. The same again changes nothing."""
    if state is not None:
        return Decision(state)
    new = Specialist(specialist_id=specialist_id, profile=checked(profile))
    return Decision(new, (SpecialistRegistered(at=now, specialist_id=specialist_id, name=profile.name),))


def change(state: Specialist | None, profile: Profile, now: datetime) -> Decision[Specialist]:
    """Another profile. Raises `UnknownSpecialist`, `BadProfile`, or `CapacityBelowLoad`."""
    if state is None:
        raise UnknownSpecialist
    if checked(profile) == state.profile:
        return Decision(state)
    if profile.capacity < len(state.holds):
        raise CapacityBelowLoad(
            f"Ёмкость {profile.capacity} меньше, чем заявок сейчас в работе: {len(state.holds)}. "
            "Сначала передайте лишние другим; чтобы не давать новых, снимите признак active."
        )
    changed = replace(state, profile=profile, edition=state.edition + 1)
    return Decision(changed, (SpecialistChanged(at=now, specialist_id=state.specialist_id, name=profile.name),))


def claim(state: Specialist | None, tickets: Sequence[str]) -> Decision[Specialist]:
    """Take a place for as many of `tickets`, the first ones first, as there are free."""
    if state is None:
        raise UnknownSpecialist
    wanted = [one for one in dict.fromkeys(tickets) if one not in state.holds]
    free = state.profile.capacity - len(state.holds) if state.profile.active else 0
    if not wanted or free <= 0:
        return Decision(state)
    return Decision(replace(state, holds=(*state.holds, *wanted[:free]), edition=state.edition + 1))


def release(state: Specialist | None, tickets: Sequence[str], client_id: str | None = None) -> Decision[Specialist]:
    """Give the places of `tickets` back; `client_id` where work for that client was finished."""
    if state is None:
        raise UnknownSpecialist
    gone = set(tickets)
    if gone.isdisjoint(state.holds):
        return Decision(state)
    holds = tuple(one for one in state.holds if one not in gone)
    clients = state.clients
    if client_id is not None:
        clients = (client_id, *(one for one in clients if one != client_id))[:CLIENTS_KEPT]
    return Decision(replace(state, holds=holds, clients=clients, edition=state.edition + 1))


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
            raise BadProfile(f"{day}: конец смены раньше начала; ночную смену разделите на две: до 24:00 и с 00:00.")
        if any(before[1] > after[0] for before, after in pairwise(sorted(shifts))):
            raise BadProfile(f"{day}: смены пересекаются.")
