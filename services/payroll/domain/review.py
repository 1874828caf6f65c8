"""The preview of a month: what everybody would be paid, and what changed since it was last looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.payroll.domain.asking import ANSWERABLE
from services.payroll.domain.books import Review
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policy
from services.payroll.domain.seal import seal_of, sealed
from services.payroll.domain.statement import Statement, total_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One manager's month, in roubles."""

    manager_id: str
    manager_name: str
    total: Decimal
    growth: Decimal
    dismissal_proposed: bool
    seal: str

    @classmethod
    def of(cls, statement: Statement) -> "Line":
        """What a statement comes to."""
        return cls(
            manager_id=statement.manager_id,
            manager_name=statement.manager_name,
            total=statement.total,
            growth=statement.growth,
            dismissal_proposed=statement.dismissal_proposed,
            seal=seal_of(statement),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one look saw in some neighbouring ledgers: kept, so that a look which is broken off is taken up there."""

    look: int
    last: str
    """The manager after whom the look goes on."""
    lines: tuple[Line, ...]
    versions: tuple[tuple[str, int], ...]
    """Of each ledger, as it was seen: one that has another now has changed since."""
    doubts: dict[str, str]
    doubtful: tuple[str, ...]
    """Whose ledgers have facts in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a manager would have been paid, and would be now; None where there was, or is, no statement."""

    manager_id: str
    manager_name: str
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Everybody's month at one moment."""

    month: Month
    number: int
    at: datetime
    by: str
    lines: tuple[Line, ...]
    changes: tuple[Change, ...] = ()
    """Against the preview before; of the first there are none."""
    doubts: dict[str, str] = field(default_factory=dict)
    """Facts that do not fit, and why; no more of them than one may answer for."""
    look: int = 0
    """The look it was made by."""
    versions: tuple[tuple[str, int], ...] = ()
    """Of each ledger, as it was seen."""
    doubtful: tuple[str, ...] = ()
    """Whose ledgers have facts in doubt."""
    policy: Policy | None = None
    """What the month would be paid by."""

    def by_the_terms_of(self, policy: Policy) -> bool:
        """Whether it was made by these terms: the settings may say others since the last start."""
        return self.policy in (None, policy)

    @property
    def total(self) -> Decimal:
        """What the month would cost."""
        return total_of(line.total for line in self.lines)

    @property
    def seal(self) -> str:
        """The same for the same statements."""
        return sealed(*((line.manager_id, line.seal) for line in self.lines))


def previewed(before: Preview | None, review: Review, parts: Sequence[Part], policy: Policy | None = None) -> Preview:
    """The preview of a look that saw these parts, by this policy; the one there is, where it is of this look or a later
    one."""
    if before is not None and before.look >= review.look:
        return before
    lines = tuple(line for part in parts for line in part.lines)
    doubts = {fact_id: why for part in parts for fact_id, why in part.doubts.items()}
    return Preview(
        month=review.month,
        number=1 if before is None else before.number + 1,
        at=review.at,
        by=review.by,
        lines=lines,
        changes=compared(before, lines),
        doubts=dict(sorted(doubts.items())[:ANSWERABLE]),
        look=review.look,
        versions=tuple(seen for part in parts for seen in part.versions),
        doubtful=tuple(manager_id for part in parts for manager_id in part.doubtful),
        policy=policy,
    )


def compared(before: Preview | None, lines: Iterable[Line]) -> tuple[Change, ...]:
    """Whose statements are not what they were in the preview `before`, in order of the managers' ids."""
    if before is None:
        return ()
    then = {line.manager_id: line for line in before.lines}
    now = {line.manager_id: line for line in lines}
    people = sorted(then.keys() | now.keys())
    return tuple(change for who in people if (change := _change(then.get(who), now.get(who))) is not None)


def _change(before: Line | None, after: Line | None) -> Change | None:
    shown = after or before
    if shown is None or (before is not None and after is not None and before.seal == after.seal):
        return None
    return Change(
        manager_id=shown.manager_id,
        manager_name=shown.manager_name,
        before=None if before is None else before.total,
        after=None if after is None else after.total,
    )
