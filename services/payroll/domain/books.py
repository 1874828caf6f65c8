"""The months of the company: each is closed once, in order, after it has ended (R-PAY-6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from services.payroll.domain.months import Month, first_day, following
from services.payroll.domain.refusals import (
    BeforeTheBooks,
    ManagersUnknown,
    MonthAlreadyClosed,
    MonthIsClosing,
    MonthNotEnded,
    MonthOutOfOrder,
    NobodyEmployed,
)
from shared.contracts.base import Decision
from shared.money import ZERO

Standing = Literal["open", "closing", "closed"]
Move = Literal["close", "finish"]

MOVES: Mapping[tuple[Standing, Move], Standing] = {
    ("open", "close"): "closing",
    ("closing", "finish"): "closed",
}
"""The states a month goes through; what is not here is not possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClose:
    """A month somebody closes or has closed."""

    month: Month
    state: Standing
    by: str
    started_at: datetime
    closed_at: datetime | None = None
    statements: int = 0
    total: Decimal = ZERO
    """The sum of its statements, in roubles."""


@dataclass(frozen=True, slots=True)
class Books:
    """The months closed so far, in order; only the last can be still closing."""

    months: tuple[MonthClose, ...] = ()

    @property
    def begin(self) -> Month | None:
        """The first month closed here."""
        return self.months[0].month if self.months else None

    @property
    def closing(self) -> MonthClose | None:
        """The month being closed."""
        return self.months[-1] if self.months and self.months[-1].state == "closing" else None

    @property
    def first_open(self) -> Month | None:
        """The first month not yet closed; None where none ever was."""
        if not self.months:
            return None
        last = self.months[-1]
        return last.month if last.state == "closing" else following(last.month)

    def of(self, month: Month) -> MonthClose | None:
        """What became of `month`."""
        return next((each for each in self.months if each.month == month), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the ledgers say before a month is closed."""

    first_due: Month | None = None
    """The first month somebody has to be paid for."""
    employed: bool = False
    """Somebody worked in the month."""
    waiting: dict[str, list[str]] = field(default_factory=dict)
    """Facts up to the month that pay or cost and whose manager is unknown: ids, by manager."""


def begin_closing(
    books: Books | None, month: Month, outlook: Outlook, *, by: str, now: datetime, zone: str
) -> Decision[Books]:
    """Somebody closes `month`: it is `closing` until every statement is.

    Raises `MonthAlreadyClosed`, `MonthIsClosing`, `MonthNotEnded`, `BeforeTheBooks`, `MonthOutOfOrder`,
    `NobodyEmployed` or `ManagersUnknown`.
    """
    books = books or Books()
    _check_open(books, month, zone)
    if now.astimezone(ZoneInfo(zone)).date() < first_day(following(month)):
        raise MonthNotEnded(month, zone)
    _check_order(books, month, outlook)
    if outlook.waiting:
        raise ManagersUnknown(month, outlook.waiting)
    started = MonthClose(month=month, state=MOVES["open", "close"], by=by, started_at=now)
    return Decision(Books((*books.months, started)))


def finish_closing(books: Books, month: Month, *, statements: int, total: Decimal, now: datetime) -> Decision[Books]:
    """Every statement of `month` is closed, and so is the month. Nothing changes where it was before."""
    closing = books.closing
    if closing is None or closing.month != month:
        return Decision(books)
    closed = replace(closing, state=MOVES[closing.state, "finish"], closed_at=now, statements=statements, total=total)
    return Decision(Books((*books.months[:-1], closed)))


def _check_open(books: Books, month: Month, zone: str) -> None:
    known = books.of(month)
    state: Standing = "open" if known is None else known.state
    if (state, "close") in MOVES:
        return
    if known is not None and known.closed_at is not None:
        local = known.closed_at.astimezone(ZoneInfo(zone))
        raise MonthAlreadyClosed(month, known.closed_at, f"{local:%d.%m.%Y в %H:%M}")
    raise MonthIsClosing(month)


def _check_order(books: Books, month: Month, outlook: Outlook) -> None:
    """Raises a refusal unless `month` is the next one. The first ever may lie before the first month due, so long as
    somebody worked in it; not after."""
    if books.begin is not None and month < books.begin:
        raise BeforeTheBooks(month, books.begin)
    first = books.first_open or outlook.first_due
    if first is not None and month > first:
        raise MonthOutOfOrder(month, first)
    if not books.months and not outlook.employed:
        raise NobodyEmployed(month)
