"""How a base grows, by manager and month: a pure fold of the histories of clients (R-BASE-1).

    start + won + received + begun − lost − given = end

A client counts for who holds it at the end of a day; on the day of its loss it is not with us any more (R-PAY-5).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from services.accounts.domain.client import Client
from services.accounts.domain.stay import Stay, in_force, standing

GOAL = 3
"""Clients more a month: a good month (R-BASE-1)."""
NOTHING = Decimal("0.00")
DECEMBER = 12


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in the company's time zone."""

    year: int
    month: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after.first - timedelta(days=1)

    @property
    def after(self) -> "Month":
        """The next one."""
        return Month(self.year + 1, 1) if self.month == DECEMBER else Month(self.year, self.month + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Counts of clients, and fees in roubles a month. Won: by referral; `begun`: come in any other way, the base handed
    over at the start included; received and given: by hand-over."""

    start: int = 0
    won: int = 0
    begun: int = 0
    received: int = 0
    given: int = 0
    lost: int = 0
    end: int = 0
    fees_start: Decimal = field(default=NOTHING)
    fees_won: Decimal = field(default=NOTHING)
    fees_lost: Decimal = field(default=NOTHING)
    fees_end: Decimal = field(default=NOTHING)

    @property
    def grown(self) -> int:
        """Clients won by referral less clients lost: what is aimed at `GOAL`."""
        return self.won - self.lost

    @property
    def reached(self) -> bool:
        """Whether it was a good month."""
        return self.grown >= GOAL

    def plus(self, other: "Growth") -> "Growth":
        """Both together."""
        return Growth(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A client as growth needs to know it: little, since every one a manager ever held is read."""

    active: bool
    manager_id: str
    fee: Decimal
    moved_on: date | None = None
    stays: tuple[Stay, ...]


def months(first: Month, last: Month) -> Iterator[Month]:
    """From `first` to `last`, both included."""
    while (first.year, first.month) <= (last.year, last.month):
        yield first
        first = first.after


def of_month(clients: Iterable[Client | Course], month: Month, today: date) -> dict[str, Growth]:
    """What these clients make of the month, by manager; of the present month up to `today`."""
    found: dict[str, Growth] = {}
    for client in clients:
        for manager_id, part in _parts(client, month, min(month.last, today)):
            found[manager_id] = found.get(manager_id, Growth()).plus(part)
    return found


def unmoved(clients: int, fees: Decimal) -> Growth:
    """What clients make of a month in which nothing about them changed."""
    return Growth(start=clients, end=clients, fees_start=fees, fees_end=fees)


def together(growths: Iterable[Mapping[str, Growth]]) -> dict[str, Growth]:
    """Several folds in one."""
    found: dict[str, Growth] = {}
    for each in growths:
        for manager_id, part in each.items():
            found[manager_id] = found.get(manager_id, Growth()).plus(part)
    return found


def _parts(client: Client | Course, month: Month, until: date) -> Iterator[tuple[str, Growth]]:
    if client.moved_on is not None and client.moved_on < month.first <= until:
        if client.active:
            yield client.manager_id, unmoved(1, client.fee)
        return
    for stay in client.stays:
        if stay.reversed_by is None:
            yield from _of_stay(stay, month.first - timedelta(days=1), until)


def _of_stay(stay: Stay, before: date, until: date) -> Iterator[tuple[str, Growth]]:
    if stay.covers(before):
        yield stay.holder_on(before), Growth(start=1, fees_start=stay.fee_on(before))
    if before < stay.since <= until:
        yield _came(stay)
    yield from _handed(stay, before, until)
    if stay.until is not None and before < stay.until <= until:
        yield stay.holder_on(stay.until), Growth(lost=1, fees_lost=stay.fee_on(stay.until))
    if stay.covers(until):
        yield stay.holder_on(until), Growth(end=1, fees_end=stay.fee_on(until))


def _came(stay: Stay) -> tuple[str, Growth]:
    # Who holds it at the end of its first day may be another than who it came to: that is a hand-over.
    first = stay.holders[0].manager_id
    if stay.source == "referral":
        return first, Growth(won=1, fees_won=stay.fees[0].fee)
    return first, Growth(begun=1)


def _handed(stay: Stay, before: date, until: date) -> Iterator[tuple[str, Growth]]:
    """Hand-overs in order; one known late for a day after the loss moves nobody."""
    last = until if stay.until is None else min(until, stay.until)
    holder = stay.holders[0].manager_id if before < stay.since else in_force(stay.holders, before).manager_id
    for entry in standing(stay.holders):
        if before < entry.effective <= last and entry.manager_id != holder:
            yield holder, Growth(given=1)
            yield entry.manager_id, Growth(received=1)
            holder = entry.manager_id
