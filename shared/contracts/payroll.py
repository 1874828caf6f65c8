"""What payroll says."""

from typing import ClassVar

from shared.contracts.base import Event, Roubles


class StatementClosed(Event):
    """A manager's month is settled and never changes (R-PAY-6)."""

    TYPE: ClassVar[str] = "statement.closed"
    SUBJECT: ClassVar[str] = "statement_id"

    statement_id: str
    manager_id: str
    month: str
    """`2026-11`."""
    total: Roubles
    growth: Roubles


class DismissalProposed(Event):
    """A month's own growth was negative: a director decides (R-PAY-2). The software dismisses nobody."""

    TYPE: ClassVar[str] = "dismissal.proposed"
    SUBJECT: ClassVar[str] = "manager_id"

    manager_id: str
    month: str
    growth: Roubles
    fact_ids: tuple[str, ...]
    """The evidence."""


class DismissalObjected(Event):
    """The manager objects to the proposal, within the term given."""

    TYPE: ClassVar[str] = "dismissal.objected"
    SUBJECT: ClassVar[str] = "manager_id"

    manager_id: str
    month: str
    words: str


class DismissalDecided(Event):
    """The director decided; a person acts on it, not the software (R-PAY-2)."""

    TYPE: ClassVar[str] = "dismissal.decided"
    SUBJECT: ClassVar[str] = "manager_id"

    manager_id: str
    month: str
    dismissed: bool
    reason: str
    by: str


class StatementDisputed(Event):
    """A manager disputes a line of their statement."""

    TYPE: ClassVar[str] = "statement.disputed"
    SUBJECT: ClassVar[str] = "statement_id"

    statement_id: str
    manager_id: str
    month: str
    objection_id: str
    fact_id: str | None = None
    words: str


class StatementDisputeAnswered(Event):
    """A person answered the objection, with a reason; a correction is a fact of its own."""

    TYPE: ClassVar[str] = "statement.dispute_answered"
    SUBJECT: ClassVar[str] = "statement_id"

    statement_id: str
    manager_id: str
    month: str
    objection_id: str
    accepted: bool
    reason: str
    by: str
