"""Everything payroll knows of one manager: one document, so that a fact and the closing of a month can never miss
each other (R-PAY-6). A fact is either in the statement of its own month or, later, an adjustment: there is no third."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from services.payroll.domain.cases import Case
from services.payroll.domain.facts import Fact, Reversal
from services.payroll.domain.months import Month, first_day, following, month_of
from services.payroll.domain.policy import Policies
from services.payroll.domain.statement import Statement, total_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """A manager as last told of. `left` is the last day of work."""

    revision: int
    name: str
    hired: date
    left: date | None
    known_from: date
    """The day of the earliest word of the manager, in the company's zone."""
    personnel_number: str | None = None
    """Табельный номер."""
    snils: str | None = None

    def works_on(self, day: date) -> bool:
        """Whether `day` is a day of work."""
        return self.hired <= day and (self.left is None or day <= self.left)

    def covers(self, month: Month) -> bool:
        """Whether the manager works on any day of `month`."""
        return month_of(self.hired) <= month and (self.left is None or month <= month_of(self.left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Who the manager was before what is known of them changed: what a month is settled by whose close was confirmed
    before that change."""

    closing: Month | None
    """The month that was being closed when the change came; None where none was."""
    manager: Employment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The facts of one manager, in order of their days, and the months closed for them, in order."""

    manager_id: str
    manager: Employment | None = None
    """None: facts came before the manager was told of."""
    facts: tuple[Fact, ...] = ()
    closed: tuple[Statement, ...] = ()
    proposed: tuple[Month, ...] = ()
    """Months for which a dismissal was proposed: once each."""
    cases: tuple[Case, ...] = ()
    """What became of those proposals."""
    reversals: tuple[Reversal, ...] = ()
    """Words that a fact was wrong, whose fact has not come yet."""
    settled_to: Month | None = None
    """The last month closed here, whether it gave a statement or not."""
    earlier: Earlier | None = field(default=None, compare=False)
    """The manager before the last change; of those that came while a month was closed, before the first. It hangs on
    the order in which word came, and so is no part of what a ledger says."""

    def fact(self, fact_id: str) -> Fact | None:
        """The fact with this id."""
        return next((fact for fact in self.facts if fact.fact_id == fact_id), None)

    def of(self, month: Month) -> tuple[Fact, ...]:
        """The facts that belong to `month`."""
        first, after = first_day(month), first_day(following(month))
        return tuple(fact for fact in self.facts if first <= fact.effective < after)

    def counted(self, month: Month) -> "Ledger":
        """The ledger as `month` is settled by it: without what came while that month, or a later one, was closed."""
        facts = tuple(fact for fact in self.facts if fact.missed is None or fact.missed < month)
        manager = self.earlier.manager if self.earlier is not None and self.earlier.closing == month else self.manager
        if manager == self.manager and len(facts) == len(self.facts):
            return self
        return replace(self, facts=facts, manager=manager)

    def first_told_while(self, month: Month) -> bool:
        """Whether the first word of the manager came while `month` was being closed."""
        return self.earlier == Earlier(closing=month, manager=None)

    def growth(self, month: Month, policies: Policies) -> Decimal:
        """The growth of `month` by everything known of it now."""
        return total_of(map(policies.of(month).amount, self.of(month)))

    def case(self, month: Month) -> Case | None:
        """What became of the proposal to dismiss for `month`."""
        return next((case for case in self.cases if case.month == month), None)

    def closed_statement(self, month: Month) -> Statement | None:
        """The statement of `month`, where it was closed."""
        return next((statement for statement in self.closed if statement.month == month), None)

    def done_with(self, month: Month) -> bool:
        """Whether `month` was closed for this manager, whatever came of it."""
        closed = self.closed[-1].month if self.closed else ""
        return max(closed, self.settled_to or "") >= month

    def unsettled(self, since: Month = "") -> tuple[Fact, ...]:
        """The facts no closed statement has; those settled from `since` on taken for unsettled, where it is given."""
        closed = [statement for statement in self.closed if not since or statement.month < since]
        settled = {fact_id for statement in closed for fact_id in statement.fact_ids}
        return tuple(fact for fact in self.facts if fact.fact_id not in settled)

    def paid_months(self) -> tuple[Month, ...]:
        """The closed months that paid a base, those included that did so only later by an adjustment; those not, which
        were taken back by one."""
        paid = {statement.month for statement in self.closed if statement.base}
        for line in (line for statement in self.closed for line in statement.adjustments if line.fact is None):
            (paid.add if line.base else paid.discard)(line.month)
        return tuple(sorted(paid))

    def waiting(self, month: Month, policies: Policies) -> list[str]:
        """The facts up to `month` that pay or cost, where nobody has told of the manager yet."""
        if self.manager is not None:
            return []
        due = [fact for fact in self.facts if fact.month <= month]
        return [fact.fact_id for fact in due if policies.of(fact.month).amount(fact)]
