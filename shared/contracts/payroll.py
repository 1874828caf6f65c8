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
