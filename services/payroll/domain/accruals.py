"""What the payroll of 1С (ЗУП) is given: gross accruals of a closed month, an employee a document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.payroll.domain.ledger import Employment
from services.payroll.domain.months import Month, first_day, following
from services.payroll.domain.refusals import EmployeesIncomplete
from services.payroll.domain.statement import Statement, total_of
from services.payroll.domain.wording import formula


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who pays. `base_code` and `bonus_code` are its accruals (виды начислений)."""

    inn: str
    kpp: str
    base_code: str
    bonus_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """One amount of a document, in roubles."""

    code: str
    amount: Decimal
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One employee's month."""

    statement_id: str
    personnel_number: str
    snils: str
    name: str
    accruals: tuple[Accrual, ...]

    @property
    def amount(self) -> Decimal:
        """What it comes to."""
        return total_of(accrual.amount for accrual in self.accruals)


def documents(statements: Iterable[tuple[Statement, Employment]], organisation: Organisation) -> tuple[Document, ...]:
    """A document for each statement that pays something. Raises `EmployeesIncomplete`, naming everybody whose
    number or СНИЛС is not known."""
    paid = [(statement, employee) for statement, employee in statements if statement.total]
    missing = {employee.name: lacks for _, employee in paid if (lacks := _lacks(employee))}
    if missing:
        raise EmployeesIncomplete(missing)
    return tuple(_document(statement, employee, organisation) for statement, employee in paid)


def period(month: Month) -> tuple[date, date]:
    """The first and the last day of `month`."""
    return first_day(month), date.fromordinal(first_day(following(month)).toordinal() - 1)


def _lacks(employee: Employment) -> list[str]:
    needed: Mapping[str, str | None] = {"табельный номер": employee.personnel_number, "СНИЛС": employee.snils}
    return [name for name, value in needed.items() if not value]


def _document(statement: Statement, employee: Employment, organisation: Organisation) -> Document:
    basis = formula(statement)
    bonus = statement.total - statement.base
    amounts = {organisation.base_code: statement.base, organisation.bonus_code: bonus}
    return Document(
        statement_id=statement.statement_id,
        personnel_number=employee.personnel_number or "",
        snils=employee.snils or "",
        name=statement.manager_name,
        accruals=tuple(Accrual(code=code, amount=amount, basis=basis) for code, amount in amounts.items() if amount),
    )
