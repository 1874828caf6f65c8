"""A manager (ЗКД): holds a base of clients and is paid for its growth."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from services.accounts.domain.refusals import ManagerExists, OwnPay, WrongValue
from services.accounts.domain.trail import UNTOUCHED, Trail
from shared.contracts.accounts import ManagerChanged, ManagerEvent, ManagerRegistered
from shared.contracts.base import Decision

Told = TypeVar("Told", bound=ManagerEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """`left` is the last day of work."""

    manager_id: str
    revision: int = 1
    name: str
    hired: date
    left: date | None = None
    phones: tuple[str, ...] = ()
    """E.164."""
    email: str | None = None
    personnel_number: str | None = None
    """As the payroll of 1С knows them."""
    snils: str | None = None
    registered_by: str | None = None
    """Who says that there is such a person; None of one registered before that was kept."""
    asked_as: str = ""
    """Fingerprint of the request that registered the manager: tells a repeat from a clash."""
    trail: Trail = UNTOUCHED

    def works_on(self, day: date) -> bool:
        """Whether `day` lies between the first and the last day of work."""
        return self.hired <= day and (self.left is None or day <= self.left)


def register(existing: Manager | None, new: Manager, at: datetime) -> Decision[Manager]:
    """A manager works for us; the same request again finds the manager the first one registered.

    Raises `ManagerExists` where another request took the id, `WrongValue` where the dates contradict each other,
    `OwnPay` where somebody registers themselves (R-BASE-3).
    """
    if existing is None:
        if new.registered_by == new.manager_id:
            raise OwnPay("Себя менеджером не заводят: это решает вашу собственную зарплату. Попросите другого.")
        _check_dates(new)
        return Decision(new, (_told(ManagerRegistered, new, at),))
    if existing.asked_as != new.asked_as:
        raise ManagerExists(
            f"Менеджер {existing.manager_id} уже есть («{existing.name}»), и заведён он другим запросом."
        )
    return Decision(existing)


def change(manager: Manager, changed: Manager, at: datetime, by: str) -> Decision[Manager]:
    """The manager as `changed`; nothing happens where nothing differs.

    Raises `OwnPay` where somebody moves their own first or last day of work, which decide whether a month is paid
    (R-BASE-3), `WrongValue` where the dates contradict each other.
    """
    if changed == manager:
        return Decision(manager)
    if by == manager.manager_id and (changed.hired, changed.left) != (manager.hired, manager.left):
        raise OwnPay("Первый и последний день работы решают вашу собственную зарплату: их меняет другой директор.")
    _check_dates(changed)
    changed = replace(changed, revision=manager.revision + 1)
    return Decision(changed, (_told(ManagerChanged, changed, at),))


def _check_dates(manager: Manager) -> None:
    if manager.left is not None and manager.left < manager.hired:
        raise WrongValue("left", "последний день работы раньше первого (hired)")


def _told(kind: type[Told], manager: Manager, at: datetime) -> Told:
    return kind(
        at=at,
        manager_id=manager.manager_id,
        revision=manager.revision,
        name=manager.name,
        hired=manager.hired,
        left=manager.left,
        phones=manager.phones,
        email=manager.email,
        personnel_number=manager.personnel_number,
        snils=manager.snils,
    )
