"""When a specialist is not there: absences with a substitute, pauses, and the hours of the week (R-COI-2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.routing.domain.refusals import BadAbsence, BadPause

LOOK_AHEAD_DAYS = 8
ABSENCES_KEPT = 100
LONGEST = timedelta(days=1100)
"""Parental leave, and a little."""

Hours = tuple[tuple[tuple[int, int], ...], ...]
Stretch = tuple[datetime, datetime]
"""From and to, at work without a break."""
Substitutes = Mapping[str, Sequence["Absence"]]
"""Everybody's absences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Not at work from `start` to `end`."""

    absence_id: str
    start: datetime
    end: datetime
    reason: str
    substitute_id: str | None = None
    """Who is to have their work first; where that one is absent too, their substitute, and so on."""
    by: str = ""

    def covers(self, moment: datetime) -> bool:
        """Whether they are absent then."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Gets no new work for a while; keeps what they have."""

    since: datetime
    until: datetime | None
    """None: until it is ended."""
    reason: str
    by: str

    def lasts(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.until is None or now < self.until


def at_work(hours: Hours, zone: str, absences: Sequence[Absence], now: datetime) -> Iterator[Stretch]:
    """When they are at work from `now` on, as far as a week ahead; shifts that touch are one stretch."""
    local, last = now.astimezone(ZoneInfo(zone)), None
    for day in range(LOOK_AHEAD_DAYS):
        date = local.date() + timedelta(days=day)
        midnight = datetime.combine(date, time(), local.tzinfo)
        for start, end in sorted(hours[date.weekday()]):
            for begin, until in _there(absences, max(now, _wall(midnight, start)), _wall(midnight, end)):
                if last is not None and last[1] < begin:
                    yield last
                    last = None
                last = (last[0] if last else begin, until)
    if last is not None:
        yield last


def absent(absences: Sequence[Absence], now: datetime, at_least: timedelta = timedelta()) -> Absence | None:
    """The absence of at least this length they are on."""
    return next((one for one in absences if one.covers(now) and one.end - one.start >= at_least), None)


def substitutes(specialist_id: str, everybody: Substitutes, now: datetime) -> list[str]:
    """The chain of substitutes of somebody absent, nearest first, up to the first who is there; safe where two leads
    closed a circle at the same moment."""
    chain: list[str] = []
    current = specialist_id
    while (absence := absent(everybody.get(current, ()), now)) is not None:
        following = absence.substitute_id
        if following is None or following in chain or following == specialist_id:
            break
        chain.append(following)
        current = following
    return chain


def planned(absences: Sequence[Absence], new: Absence, specialist_id: str, everybody: Substitutes) -> Sequence[Absence]:
    """`absences` with one more. Raises `BadAbsence` where it makes no sense or closes a circle of substitutes."""
    if new.end <= new.start:
        raise BadAbsence("Отсутствие кончается раньше, чем начинается: end должен быть позже start.")
    if new.end - new.start > LONGEST:
        raise BadAbsence(f"Отсутствие длиннее {LONGEST.days} дней; уволенному снимите признак active.")
    if any(new.start < one.end and one.start < new.end for one in absences if one.absence_id != new.absence_id):
        raise BadAbsence("На эти дни отсутствие уже есть; отмените его или сдвиньте это.")
    if new.substitute_id is not None:
        _check_chain(new, specialist_id, everybody)
    recent = [one for one in absences if one.absence_id != new.absence_id]
    return tuple(sorted([*recent, new], key=lambda one: one.start)[-ABSENCES_KEPT:])


def checked_pause(pause: Pause) -> Pause:
    """`pause`, if it makes sense. Raises `BadPause`."""
    if pause.until is not None and pause.until <= pause.since:
        raise BadPause("Пауза кончается в прошлом: until должен быть позже, чем сейчас.")
    return pause


def _check_chain(new: Absence, specialist_id: str, everybody: Substitutes) -> None:
    """Follow every substitute who is absent in the same days; the way must not come back."""
    if new.substitute_id not in everybody:
        raise BadAbsence(f"Заместителя {new.substitute_id} нет среди специалистов.")

    def visit(current: str, start: datetime, end: datetime, way: tuple[str, ...]) -> None:
        if current in way:
            raise BadAbsence(f"Круг замещений: {' → '.join((*way, current))}. Назовите другого заместителя.")
        for one in everybody.get(current, ()):
            if one.substitute_id is not None and one.start < end and start < one.end:
                visit(one.substitute_id, max(start, one.start), min(end, one.end), (*way, current))

    visit(new.substitute_id or "", new.start, new.end, (specialist_id,))


def _there(absences: Sequence[Absence], begin: datetime, end: datetime) -> Iterator[Stretch]:
    """What absences leave of a shift."""
    while begin < end:
        away = next((one for one in absences if one.covers(begin)), None)
        if away is not None:
            begin = away.end
            continue
        until = min((one.start for one in absences if begin < one.start < end), default=end)
        yield begin, until
        begin = until


def _wall(midnight: datetime, minutes: int) -> datetime:
    """So many minutes by the clock on the wall, whatever the zone does to its clocks that day; in UTC."""
    moved = midnight + timedelta(minutes=minutes)
    return moved.astimezone(ZoneInfo("UTC"))
