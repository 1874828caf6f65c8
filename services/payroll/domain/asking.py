"""A month on its way to being closed: looked through, asked for by one, confirmed by another (R-PAY-6)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.payroll.domain.books import MOVES, Books, MonthClose, Move, Review
from services.payroll.domain.months import Month, first_day, following
from services.payroll.domain.policy import Policy
from services.payroll.domain.refusals import (
    BeforeTheBooks,
    CloseNotRequested,
    CloseRequestedAlready,
    ConfirmedByTheSame,
    FactsInDoubt,
    FactsWaiting,
    ManagersUnknown,
    MonthAlreadyClosed,
    MonthIsClosing,
    MonthNotEnded,
    MonthOutOfOrder,
    NobodyEmployed,
    ReviewFirst,
    ReviewNotFinished,
    ReviewOvertaken,
)
from shared.contracts.base import Decision

ANSWERABLE = 500
"""Facts in doubt that one may answer for at once: with more, something is wrong with what comes in."""


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
    shown: Collection[str] = ()
    """Those that whoever asks has seen, and means by that: ids."""
    moved: Sequence[str] = ()
    """Managers who would be paid by another statement than the preview shows: ids."""
    look: int | None = None
    """The look whose preview shows them; None where there is no preview."""


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
        raise MonthNotEnded(month)
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
    """Somebody asks for `month` to be closed; another person has to confirm it. What is in doubt now, and was shown to
    who asks, is answered for by `doubts.accepted`; nothing else is.

    Raises `MonthAlreadyClosed`, `MonthIsClosing`, `ReviewFirst`, `ReviewNotFinished`, `CloseRequestedAlready`,
    `ManagersUnknown`, `FactsWaiting`, `FactsInDoubt` or, where somebody would be paid otherwise than the preview shows,
    `ReviewOvertaken`.
    """
    books = books or Books()
    review = _moved(books, month, "request", zone)
    if doubts.look != review.look:
        raise ReviewFirst(month)
    meant = [fact_id for fact_id in doubts.found if fact_id in doubts.shown]
    answered = tuple(meant) if doubts.accepted and len(doubts.found) <= ANSWERABLE else ()
    _check_facts(month, doubts, answered)
    _check_seen(review, doubts)
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
    since it was asked for has to be asked for again; what moved since it was looked through, looked through again.

    Raises `MonthAlreadyClosed`, `MonthIsClosing`, `CloseNotRequested`, `ConfirmedByTheSame`, `ManagersUnknown`,
    `FactsWaiting`, `FactsInDoubt` or `ReviewOvertaken`.
    """
    books = books or Books()
    review = _moved(books, month, "confirm", zone)
    if review.requested_by == by:
        raise ConfirmedByTheSame(by)
    _check_facts(month, doubts, review.doubts)
    _check_seen(review, doubts)
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


def _moved(books: Books, month: Month, move: Move, zone: str) -> Review:
    """The review of `month` after `move`."""
    _check_open(books, month, zone)
    after = MOVES.get((books.state(month), move))
    if after is None or books.review is None:
        if move != "request":
            raise CloseNotRequested(month)
        if books.review is not None and books.state(month) == "requested":
            raise CloseRequestedAlready(month, books.review.requested_by)
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


def _check_seen(review: Review, doubts: Doubts) -> None:
    if doubts.moved or doubts.look != review.look:
        raise ReviewOvertaken(review.month, doubts.moved)


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
