"""What the doors of payroll work with: the collections, the clock, the company's months, the policy."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from services.payroll.domain import reckoning
from services.payroll.domain.books import Books
from services.payroll.domain.ledger import Employment, Ledger
from services.payroll.domain.months import Month, month_of, named
from services.payroll.domain.refusals import NoStatement, UnknownManager
from services.payroll.domain.statement import Policy, Statement
from services.payroll.store import Store
from shared.clock import Clock, local_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`zone` is the company's: its months are paid (R-PAY-5)."""

    store: Store
    clock: Clock
    zone: str
    policy: Policy

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    def begun(self, month: Month) -> bool:
        """Whether `month` has begun."""
        return month <= month_of(local_date(self.now(), self.zone))

    async def statement(self, manager_id: str, month: Month) -> Statement:
        """As it was closed, or so far. Raises `UnknownManager` or `NoStatement`, saying why."""
        ledger = await self.store.ledgers.get(manager_id)
        if ledger is None:
            raise UnknownManager(f"Менеджера {manager_id} нет.")
        if ledger.manager is None:
            raise UnknownManager(f"О менеджере {manager_id} ещё не сообщали; его факты ждут в GET /v1/facts.")
        books = await self.store.company_books()
        found = self.reckoned(ledger, month, books)
        if found is None:
            raise NoStatement(_why_none(ledger.manager, month, books, begun=self.begun(month)))
        return found

    async def statements(self, month: Month, after: str | None) -> AsyncIterator[Statement]:
        """Every statement of `month` in order of the manager's id, beyond `after`."""
        books = await self.store.company_books()
        async for batch in self.store.ledgers_in_batches(after):
            for ledger in batch:
                found = self.reckoned(ledger, month, books)
                if found is not None:
                    yield found

    def reckoned(self, ledger: Ledger, month: Month, books: Books) -> Statement | None:
        """The statement of `month`; None where there is none, or the month has not begun."""
        if not self.begun(month):
            return None
        return reckoning.statement(ledger, month, begin=books.begin, first_open=books.first_open, policy=self.policy)


def _why_none(manager: Employment, month: Month, books: Books, *, begun: bool) -> str:
    if not begun:
        return f"{named(month).capitalize()} ещё не начался."
    if books.begin is not None and month < books.begin:
        return f"Расчёт здесь ведётся с месяца {named(books.begin)}; {named(month)} оплачен до того."
    if manager.covers(month):
        return f"{named(month).capitalize()} закрыт до того, как «{manager.name}» стал известен: оплата — поправкой."
    until = f" по {manager.left:%d.%m.%Y}" if manager.left else ""
    return f"«{manager.name}» не работает в этом месяце ({named(month)}): принят с {manager.hired:%d.%m.%Y}{until}."
