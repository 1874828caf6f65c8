"""The months of the company: each is closed once, in order, after it has ended (R-PAY-6)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from services.payroll.domain.months import Month, first_day, following
from services.payroll.domain.policy import Policies, Policy
from services.payroll.domain.refusals import (
    BeforeTheBooks,
    CloseNotRequested,
    ConfirmedByTheSame,
    ExportedAlready,
    FactsInDoubt,
    FactsWaiting,
    ManagersUnknown,
    MonthAlreadyClosed,
    MonthIsClosing,
    MonthNotClosed,
    MonthNotEnded,
    MonthOutOfOrder,
    NobodyEmployed,
    PolicyTooLate,
    ReviewFirst,
    ReviewNotFinished,
)
from shared.contracts.base import Decision
from shared.money import ZERO

Standing = Literal["open", "looking", "in_review", "requested", "closing", "closed", "exported"]
Move = Literal["review", "seen", "request", "withdraw", "confirm", "finish", "export"]

MOVES: Mapping[tuple[Standing, Move], Standing] = {
    ("open", "review"): "looking",
    ("looking", "seen"): "in_review",
    ("in_review", "review"): "looking",
    ("requested", "review"): "looking",
    ("in_review", "request"): "requested",
    ("requested", "withdraw"): "in_review",
    ("requested", "confirm"): "closing",
    ("closing", "finish"): "closed",
    ("closed", "export"): "exported",
    ("exported", "export"): "exported",
}
"""The states a month goes through; what is not here is not possible."""
ANSWERABLE = 500
"""Facts in doubt that one may answer for at once: with more, something is wrong with what comes in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The month's accruals given to the payroll of 1С; all but the first are repeats, and marked so."""

    number: int
    at: datetime
    by: str
    reason: str | None = None
    """Why once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClose:
    """A month somebody closes or has closed."""

    month: Month
    state: Standing
    by: str
    """Who confirmed the close."""
    started_at: datetime
    closed_at: datetime | None = None
    statements: int = 0
    total: Decimal = ZERO
    """The sum of its statements, in roubles."""
    requested_by: str | None = None
    doubts_accepted: str | None = None
    """Why it was closed with facts in doubt."""
    doubts: tuple[str, ...] = ()
    """Those facts."""
    policy: Policy | None = None
    """What its statements are settled by; None where it was closed before policies had versions."""
    seal: str | None = None
    """The hash over the hashes of all its statements."""
    exports: tuple[Export, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The next month to be closed: being looked through, looked through, or asked to be closed."""

    month: Month
    state: Standing = "looking"
    look: int = 0
    """Which look of the company's it is; its preview has the same."""
    by: str
    at: datetime
    requested_by: str | None = None
    requested_at: datetime | None = None
    doubts_accepted: str | None = None
    """Why facts in doubt are right all the same, in the words of who asked."""
    doubts: tuple[str, ...] = ()
    """The facts those words are about; others are not answered for."""


@dataclass(frozen=True, slots=True)
class Books:
    """The months closed so far, in order; only the last can be still closing."""

    months: tuple[MonthClose, ...] = ()
    review: Review | None = None
    policies: tuple[Policy, ...] = ()
    """In order of their versions."""
    looks: int = 0
    """How many looks were begun, at whatever months: none has the number of another."""

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

    @property
    def missed_now(self) -> Month | None:
        """The month whose statements are being settled without what comes now (`Fact.missed`)."""
        return None if self.closing is None else self.closing.month

    @property
    def looking(self) -> Review | None:
        """The look that is not finished."""
        return self.review if self.review is not None and self.review.state == "looking" else None

    def state(self, month: Month) -> Standing:
        """The state `month` is in."""
        closed = self.of(month)
        if closed is not None:
            return closed.state
        return self.review.state if self.review is not None and self.review.month == month else "open"

    @property
    def accepted(self) -> set[str]:
        """The facts in doubt that somebody answered for when their month was closed."""
        return {fact_id for closed in self.months for fact_id in closed.doubts}

    def in_force(self, usual: Policy) -> Policies:
        """The policy of every month; `usual` where no version says otherwise."""
        kept = {each.month: each.policy for each in self.months if each.policy is not None}
        return Policies(usual, self.policies, kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the ledgers say before a month is looked through."""

    first_due: Month | None = None
    """The first month somebody has to be paid for."""
    employed: bool = False
    """Somebody worked in the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """What has to be cleared up, or answered for, before a month is closed."""

    waiting: Mapping[str, list[str]] = field(default_factory=dict)
    """Facts up to the month that pay or cost and whose manager is unknown: ids, by manager."""
    reversals: Sequence[str] = ()
    """Words that a fact was wrong, whose fact has not come."""
    found: Mapping[str, str] = field(default_factory=dict)
    """Facts that do not fit the others, and why: by id."""
    accepted: str | None = None
    """Why the month is closed with them all the same."""
    look: int = 0
    """The look whose preview shows them."""


def review_month(
    books: Books | None, month: Month, outlook: Outlook, *, by: str, now: datetime, zone: str
) -> Decision[Books]:
    """Somebody begins to look `month` through before it is closed; what was asked before is taken back. A look that
    goes on already is joined.

    Raises `MonthAlreadyClosed`, `MonthIsClosing`, `MonthNotEnded`, `BeforeTheBooks`, `MonthOutOfOrder` or
    `NobodyEmployed`.
    """
    books = books or Books()
    _check_open(books, month, zone)
    if now.astimezone(ZoneInfo(zone)).date() < first_day(following(month)):
        raise MonthNotEnded(month, zone)
    _check_order(books, month, outlook)
    after = MOVES.get((books.state(month), "review"))
    if after is None:
        return Decision(books)
    review = Review(month=month, state=after, look=books.looks + 1, by=by, at=now)
    return Decision(replace(books, review=review, looks=review.look))


def end_review(books: Books | None, month: Month, look: int) -> Decision[Books]:
    """That look at `month` is finished, and its preview kept. Nothing changes where it is not awaited any more: the
    policy changed, another month is looked through, or another replica was first."""
    books = books or Books()
    going_on = books.looking
    if going_on is None or (going_on.month, going_on.look) != (month, look):
        return Decision(books)
    return Decision(replace(books, review=replace(going_on, state=MOVES["looking", "seen"])))


def request_close(
    books: Books | None, month: Month, doubts: Doubts, *, by: str, now: datetime, zone: str
) -> Decision[Books]:
    """Somebody asks for `month` to be closed; another person has to confirm it. What is in doubt now is answered for
    by `doubts.accepted`; what comes into doubt later is not.

    Raises `MonthAlreadyClosed`, `MonthIsClosing`, `ReviewFirst`, `ReviewNotFinished`, `ManagersUnknown`,
    `FactsWaiting` or `FactsInDoubt`.
    """
    books = books or Books()
    review = _moved(books, month, "request", zone)
    if doubts.look != review.look:
        raise ReviewFirst(month)
    answered = tuple(doubts.found) if doubts.accepted and len(doubts.found) <= ANSWERABLE else ()
    _check_facts(month, doubts, answered)
    asked = replace(
        review,
        requested_by=by,
        requested_at=now,
        doubts_accepted=doubts.accepted if answered else None,
        doubts=answered,
    )
    return Decision(replace(books, review=asked))


def withdraw_request(books: Books | None, month: Month, zone: str) -> Decision[Books]:
    """It shall not be closed yet after all. Raises `MonthAlreadyClosed`, `MonthIsClosing` or `CloseNotRequested`."""
    books = books or Books()
    review = _moved(books, month, "withdraw", zone)
    taken_back = replace(review, requested_by=None, requested_at=None, doubts_accepted=None, doubts=())
    return Decision(replace(books, review=taken_back))


def begin_closing(
    books: Books | None, month: Month, doubts: Doubts, *, usual: Policy, by: str, now: datetime, zone: str
) -> Decision[Books]:
    """Another person confirms that `month` be closed: it is `closing` until every statement is. What came into doubt
    since it was asked for has to be asked for again.

    Raises `MonthAlreadyClosed`, `MonthIsClosing`, `CloseNotRequested`, `ConfirmedByTheSame`, `ManagersUnknown`,
    `FactsWaiting` or `FactsInDoubt`.
    """
    books = books or Books()
    review = _moved(books, month, "confirm", zone)
    if review.requested_by == by:
        raise ConfirmedByTheSame(by)
    _check_facts(month, doubts, review.doubts)
    started = MonthClose(
        month=month,
        state=review.state,
        by=by,
        started_at=now,
        requested_by=review.requested_by,
        doubts_accepted=review.doubts_accepted,
        doubts=tuple(doubts.found),
        policy=books.in_force(usual).of(month),
    )
    return Decision(replace(books, months=(*books.months, started), review=None))


def finish_closing(
    books: Books, month: Month, *, statements: int, total: Decimal, seal: str, now: datetime
) -> Decision[Books]:
    """Every statement of `month` is closed, and so is the month. Nothing changes where it was before."""
    closing = books.closing
    if closing is None or closing.month != month:
        return Decision(books)
    state = MOVES[closing.state, "finish"]
    closed = replace(closing, state=state, closed_at=now, statements=statements, total=total, seal=seal)
    return Decision(replace(books, months=(*books.months[:-1], closed)))


def export_month(books: Books | None, month: Month, *, by: str, now: datetime, reason: str | None) -> Decision[Books]:
    """The month's accruals are given out. Raises `MonthNotClosed`, or `ExportedAlready` where no reason is given to
    do it once more."""
    closed = None if books is None else books.of(month)
    after = None if closed is None else MOVES.get((closed.state, "export"))
    if books is None or closed is None or after is None:
        raise MonthNotClosed(month)
    if closed.exports and not reason:
        raise ExportedAlready(month, closed.exports[0].at)
    export = Export(number=len(closed.exports) + 1, at=now, by=by, reason=reason if closed.exports else None)
    exported = replace(closed, state=after, exports=(*closed.exports, export))
    months = tuple(exported if each.month == month else each for each in books.months)
    return Decision(replace(books, months=months))


def set_policy(books: Books | None, policy: Policy) -> Decision[Books]:
    """A policy comes into force. Its version is given here. Raises `PolicyTooLate` for a month that is being closed,
    was closed, or lies before the books."""
    books = books or Books()
    first = books.first_open
    if books.closing is not None:
        first = following(books.closing.month)
    if first is not None and policy.effective < first:
        raise PolicyTooLate(policy.effective, first)
    numbered = replace(policy, version=len(books.policies) + 1)
    return Decision(replace(books, policies=(*books.policies, numbered), review=None))


def _moved(books: Books, month: Month, move: Move, zone: str) -> Review:
    """The review of `month` after `move`."""
    _check_open(books, month, zone)
    after = MOVES.get((books.state(month), move))
    if after is None or books.review is None:
        if move != "request":
            raise CloseNotRequested(month)
        raise ReviewNotFinished(month) if books.state(month) == "looking" else ReviewFirst(month)
    return replace(books.review, state=after)


def _check_facts(month: Month, doubts: Doubts, answered: Collection[str]) -> None:
    if doubts.waiting:
        raise ManagersUnknown(month, doubts.waiting)
    if doubts.reversals:
        raise FactsWaiting(month, doubts.reversals)
    unanswered = {fact_id: why for fact_id, why in doubts.found.items() if fact_id not in answered}
    if unanswered:
        raise FactsInDoubt(month, unanswered, ANSWERABLE)


def _check_open(books: Books, month: Month, zone: str) -> None:
    known = books.of(month)
    if known is None:
        return
    if known.closed_at is not None:
        raise MonthAlreadyClosed(month, known.closed_at, zone)
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
