"""What the payroll of 1С (ЗУП) is given: gross accruals of a closed month, an employee a document."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.payroll.domain.ledger import Employment
from services.payroll.domain.months import Month, first_day, following
from services.payroll.domain.refusals import EmployeesIncomplete
from services.payroll.domain.statement import Statement, total_of
from services.payroll.domain.wording import formula

DIGITS = 11
"""Of a СНИЛС."""
Paid = tuple[str, Employment]
"""A manager's id, and what is known of them."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who pays. `base_code` and `bonus_code` are its accruals (виды начислений)."""

    inn: str
    kpp: str
    base_code: str
    bonus_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """Whom the payroll of 1С knows a manager as."""

    manager_id: str
    personnel_number: str
    snils: str


@dataclass(frozen=True, slots=True)
class Given:
    """What an export says besides the closed statements: kept, so that its files never change."""

    organisation: Organisation
    employees: tuple[Employee, ...]


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


def given(paid: Iterable[Paid], organisation: Organisation) -> Given:
    """Everybody who is paid something. Raises `EmployeesIncomplete`, naming all whose number or СНИЛС is not known, and
    all who have the number of somebody with another СНИЛС: the payroll of 1С would pay one of them for both."""
    missing: dict[str, list[str]] = {}
    employees: list[Employee] = []
    by_number: dict[str, Employee] = {}
    for manager_id, known in paid:
        number, snils, who = known.personnel_number, known.snils, f"{known.name} ({manager_id})"
        if not (number and snils):
            lacks = {"табельный номер": number, "СНИЛС": snils}
            missing[who] = [name for name, value in lacks.items() if not value]
            continue
        employee = Employee(manager_id=manager_id, personnel_number=number, snils=as_written(snils))
        other = by_number.setdefault(number, employee)
        if other.snils != employee.snils:
            missing[who] = [f"табельный номер {number} тот же, что у {other.manager_id}, а СНИЛС другой"]
        employees.append(employee)
    if missing:
        raise EmployeesIncomplete(missing)
    return Given(organisation, tuple(employees))


def as_written(snils: str) -> str:
    """A СНИЛС as 1С keeps it: `112-233-445 95`; accounts tells its eleven digits."""
    digits = "".join(filter(str.isdecimal, snils))
    if len(digits) != DIGITS:
        return snils
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}"


def document(statement: Statement, employee: Employee, organisation: Organisation) -> Document:
    """The document of a statement that pays something."""
    basis = formula(statement)
    amounts = {organisation.base_code: statement.base, organisation.bonus_code: statement.total - statement.base}
    return Document(
        statement_id=statement.statement_id,
        personnel_number=employee.personnel_number,
        snils=employee.snils,
        name=statement.manager_name,
        accruals=tuple(Accrual(code=code, amount=amount, basis=basis) for code, amount in amounts.items() if amount),
    )


def period(month: Month) -> tuple[date, date]:
    """The first and the last day of `month`."""
    return first_day(month), date.fromordinal(first_day(following(month)).toordinal() - 1)
