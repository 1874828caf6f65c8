"""The week's calls of one manager: every accountant once, by debt, then by who was longest not spoken to (R-IMP-1).

callees ──▶ in order ──▶ over the working days that are left, evenly, each on a day the accountant is there
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import ceil

from services.accounts.domain.matters import Party
from services.accounts.domain.weeks import Week
from services.accounts.domain.working_days import works
from shared.contracts.accounts import ContactCallCancelled, ContactCallPlanned
from shared.contracts.base import Decision, Event

NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """An accountant who is owed a call. `client_debt` and `own_debt` are points of manual-work debt."""

    contact_id: str
    name: str
    party: Party
    away_until: date | None = None
    """The last day of absence."""
    client_debt: float = 0.0
    own_debt: float = 0.0
    last_held: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accountant in the plan. `place` is the order of calling: 1 first."""

    call_id: str
    contact_id: str
    name: str
    client_id: str
    client_name: str
    day: date
    place: int
    debt: float
    last_held: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """What the others do not know of the plan yet: a call planned, or with `reason` called off."""

    call_id: str
    contact_id: str
    party: Party
    day: date | None
    revision: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """The calls of one manager in one week."""

    manager_id: str
    week: str
    planned_at: datetime
    entries: tuple[Entry, ...] = ()
    size: int = 0
    """How many entries."""
    untold: tuple[Untold, ...] = ()
    """Told by and by, so that a whole company's plan does not fill the broker at once."""
    quiet: bool = True
    """Whether there is nothing untold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What a plan of one week is made with. `zone` is the company's; `today` gives the present day in a zone."""

    week: Week
    zone: str
    at: datetime
    today: Mapping[str, date]
    call_ids: Mapping[str, str]
    """The id of the week's call, by accountant."""
    done: frozenset[str] = frozenset()
    """Accountants spoken with already."""
    elsewhere: frozenset[str] = frozenset()
    """Accountants who left this base for another manager's: their calls are planned there."""


@dataclass(slots=True)
class _Load:
    """How many calls each day has."""

    days: tuple[date, ...]
    per_day: int
    used: dict[date, int] = field(default_factory=dict)

    def place(self, possible: Sequence[date]) -> date:
        """The earliest possible day that is not full, else the emptiest."""
        free = (day for day in possible if self.used.get(day, 0) < self.per_day)
        day = next(free, None) or min(possible, key=lambda each: (self.used.get(each, 0), each))
        self.take(day)
        return day

    def take(self, day: date) -> None:
        self.used[day] = self.used.get(day, 0) + 1


def plan(known: CallPlan | None, manager_id: str, callees: Sequence[Callee], planning: Planning) -> Decision[CallPlan]:
    """The plan as it should be now. Who has a day that still suits keeps it; nothing changes where nothing has to.

    Raises `NoCalendarYear` where the production calendar does not know the week.
    """
    old = {entry.contact_id: entry for entry in known.entries} if known else {}
    workdays = tuple(day for day in planning.week.days if works(day))
    days = {callee.contact_id: possible_days(callee, planning, workdays) for callee in callees}
    due = [callee for callee in sorted(callees, key=urgency) if days[callee.contact_id] or _kept(callee, old, planning)]
    load = _Load(workdays, ceil(len(due) / len(workdays)) if workdays else 1)
    entries = _entries(due, days, old, planning, load)
    untold = _untold(known, entries, {callee.contact_id: callee for callee in callees}, planning)
    if known is not None and (entries, len(entries)) == (known.entries, known.size) and not untold:
        return Decision(known)
    waiting = {each.call_id: each for each in (*(known.untold if known else ()), *untold)}
    return Decision(
        CallPlan(
            manager_id=manager_id,
            week=str(planning.week),
            planned_at=planning.at,
            entries=entries,
            size=len(entries),
            untold=tuple(waiting.values()),
            quiet=not waiting,
        )
    )


def told(state: CallPlan, zone: str) -> Decision[CallPlan]:
    """Everything untold is told: the week's clocks learn of each call. `zone` is the company's."""
    if not state.untold:
        return Decision(state)
    week = Week.parse(state.week)
    events = tuple(_event(state, each, week, zone) for each in state.untold)
    return Decision(replace(state, untold=(), quiet=True), events)


def in_order(entries: Sequence[Entry], debts: Mapping[str, float], own: Mapping[str, float]) -> tuple[Entry, ...]:
    """The plan with each place by the debts of now, of clients (`debts`) and accountants (`own`): days stay, so that
    nobody is promised another one each morning, but within a day whoever suffers most comes first (R-IMP-6)."""
    ranked = sorted(
        entries,
        key=lambda entry: _rank(
            debts.get(entry.client_id, 0.0), own.get(entry.contact_id, 0.0), entry.last_held, entry.contact_id
        ),
    )
    return tuple(
        replace(entry, place=place, debt=debts.get(entry.client_id, 0.0)) for place, entry in enumerate(ranked, 1)
    )


def urgency(callee: Callee) -> tuple[float, float, datetime, str]:
    """Who comes first: the client's debt, the accountant's own, the longest silence."""
    return _rank(callee.client_debt, callee.own_debt, callee.last_held, callee.contact_id)


def possible_days(callee: Callee, planning: Planning, workdays: tuple[date, ...]) -> tuple[date, ...]:
    """The working days of the week, from the client's present day on, on which the accountant is there."""
    today = planning.today[callee.party.zone]
    away = callee.away_until
    if away is None and today <= planning.week.monday:
        return workdays
    return tuple(day for day in workdays if day >= today and (away is None or day > away))


def returns_on(entry: Entry, attempted: date | None, away_until: date | None, week: Week) -> date:
    """The day the accountant is called again after nobody was reached on `attempted`: the next working day of the
    week, or the same day where there is none left."""
    if attempted is None:
        return entry.day
    later = [day for day in week.days if day > attempted and works(day) and (away_until is None or day > away_until)]
    return max(entry.day, min(later, default=attempted))


def _rank(debt: float, own: float, last_held: datetime | None, contact_id: str) -> tuple[float, float, datetime, str]:
    return -debt, -own, last_held or NEVER, contact_id


def _kept(callee: Callee, old: Mapping[str, Entry], planning: Planning) -> bool:
    """Whether a call planned for a day that is past still stands: it is owed until the week ends."""
    entry = old.get(callee.contact_id)
    if entry is None:
        return False
    away = callee.away_until
    return callee.contact_id in planning.done or away is None or away < planning.week.days[-1]


def _entries(
    due: Sequence[Callee],
    days: Mapping[str, tuple[date, ...]],
    old: Mapping[str, Entry],
    planning: Planning,
    load: _Load,
) -> tuple[Entry, ...]:
    fixed: dict[str, date] = {}
    for callee in due:
        entry = old.get(callee.contact_id)
        if entry is not None and _suits(entry, callee, planning, days[callee.contact_id]):
            fixed[callee.contact_id] = entry.day
            load.take(entry.day)
    found = []
    for place, callee in enumerate(due, 1):
        day = fixed.get(callee.contact_id) or load.place(days[callee.contact_id])
        before = old.get(callee.contact_id)
        if before is not None and before.day == day and before.client_id == callee.party.client_id:
            found.append(before)
            continue
        found.append(
            Entry(
                call_id=planning.call_ids[callee.contact_id],
                contact_id=callee.contact_id,
                name=callee.name,
                client_id=callee.party.client_id,
                client_name=callee.party.name,
                day=day,
                place=place,
                debt=callee.client_debt,
                last_held=callee.last_held,
            )
        )
    return tuple(sorted(found, key=lambda entry: (entry.day, entry.place, entry.contact_id)))


def _suits(entry: Entry, callee: Callee, planning: Planning, possible: tuple[date, ...]) -> bool:
    """Whether the day planned before may stay: it is past or still possible, and nobody came back later."""
    away = callee.away_until
    past = entry.day < planning.today[callee.party.zone]
    return not possible or (past and (away is None or entry.day > away)) or entry.day in possible


def _untold(
    known: CallPlan | None, entries: tuple[Entry, ...], callees: Mapping[str, Callee], planning: Planning
) -> list[Untold]:
    old = {entry.contact_id: entry for entry in known.entries} if known else {}
    revision = int(planning.at.timestamp() * 1000)
    found = [
        Untold(
            call_id=entry.call_id,
            contact_id=entry.contact_id,
            party=callees[entry.contact_id].party,
            day=entry.day,
            revision=revision,
        )
        for entry in entries
        if entry.contact_id not in old or old[entry.contact_id].day != entry.day
    ]
    gone = old.keys() - {entry.contact_id for entry in entries} - planning.elsewhere - planning.done
    return found + [_called_off(old[contact], callees.get(contact), planning, revision) for contact in sorted(gone)]


def _called_off(entry: Entry, callee: Callee | None, planning: Planning, revision: int) -> Untold:
    gone = Party(client_id=entry.client_id, name=entry.client_name, zone=planning.zone)
    reason = "бухгалтер отсутствует до конца недели" if callee else "бухгалтера или клиента больше нет"
    return Untold(
        call_id=entry.call_id,
        contact_id=entry.contact_id,
        party=callee.party if callee else gone,
        day=None,
        revision=revision,
        reason=reason,
    )


def _event(state: CallPlan, each: Untold, week: Week, zone: str) -> Event:
    about = {
        "at": state.planned_at,
        "contact_call_id": each.call_id,
        "contact_id": each.contact_id,
        "client": each.party.ref(),
        "manager_id": state.manager_id,
        "week": state.week,
    }
    if each.day is None:
        return ContactCallCancelled(**about, reason=each.reason)
    due = week.ends(zone) - timedelta(milliseconds=1)
    return ContactCallPlanned(**about, revision=each.revision, day=each.day, warn_at=week.warn_at(zone), due=due)
