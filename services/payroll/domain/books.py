"""The months of the company: each is closed once, in order, after it has ended (R-PAY-6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from services.payroll.domain.months import Month, following
from services.payroll.domain.policy import Policies, Policy
from services.payroll.domain.refusals import (
    ExportedAlready,
    KeyReused,
    MonthNotClosed,
    PolicyTooLate,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The month's accruals given to the payroll of 1С; all but the first are repeats, and marked so."""

    number: int
    at: datetime
    by: str
    reason: str | None = None
    """Why once more."""
    asked_as: str | None = None
    """The key it was asked for with: the same again finds it."""


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
    asked_as: Mapping[str, int] = field(default_factory=dict)
    """The versions of policies by the keys they were asked for with: the same again finds the first."""

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

    def policy_asked_as(self, key: str | None) -> Policy:
        """The version that was made under this key; without one the latest."""
        return self.policies[-1] if key is None else self.policies[self.asked_as[key] - 1]

    def in_force(self, usual: Policy) -> Policies:
        """The policy of every month; `usual` where no version says otherwise."""
        kept = {each.month: each.policy for each in self.months if each.policy is not None}
        return Policies(usual, self.policies, kept)


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


def export_month(
    books: Books | None,
    month: Month,
    *,
    by: str,
    now: datetime,
    zone: str,
    reason: str | None,
    asked_as: str | None = None,
) -> Decision[Books]:
    """The month's accruals are given out; the same again under the same key changes nothing. Raises `MonthNotClosed`,
    `ExportedAlready` where no reason is given to do it once more, or `KeyReused`."""
    closed = None if books is None else books.of(month)
    after = None if closed is None else MOVES.get((closed.state, "export"))
    if books is None or closed is None or after is None:
        raise MonthNotClosed(month)
    if (known := export_asked_as(closed, asked_as)) is not None:
        if known.reason != (reason if known.number > 1 else None):
            raise KeyReused
        return Decision(books)
    if closed.exports and not reason:
        raise ExportedAlready(month, closed.exports[0].at, zone)
    why = reason if closed.exports else None
    export = Export(number=len(closed.exports) + 1, at=now, by=by, reason=why, asked_as=asked_as)
    exported = replace(closed, state=after, exports=(*closed.exports, export))
    months = tuple(exported if each.month == month else each for each in books.months)
    return Decision(replace(books, months=months))


def export_asked_as(closed: MonthClose, key: str | None) -> Export | None:
    """The export of a month that was made under this key."""
    return next((each for each in closed.exports if key is not None and each.asked_as == key), None)


def set_policy(books: Books | None, policy: Policy, asked_as: str | None = None) -> Decision[Books]:
    """A policy comes into force. Its version is given here; the same again under the same key changes nothing.

    Raises `PolicyTooLate` for a month that is being closed, was closed, or lies before the books, or `KeyReused`.
    """
    books = books or Books()
    if asked_as is not None and asked_as in books.asked_as:
        if replace(books.policy_asked_as(asked_as), version=policy.version, at=policy.at) != policy:
            raise KeyReused
        return Decision(books)
    first = books.first_open
    if books.closing is not None:
        first = following(books.closing.month)
    if first is not None and policy.effective < first:
        raise PolicyTooLate(policy.effective, first)
    numbered = replace(policy, version=len(books.policies) + 1)
    keys = books.asked_as if asked_as is None else {**books.asked_as, asked_as: numbered.version}
    return Decision(replace(books, policies=(*books.policies, numbered), review=None, asked_as=keys))
