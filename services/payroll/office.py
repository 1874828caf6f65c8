"""What the doors of payroll work with: the collections, the clock, the company's months, the policies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.payroll.domain import reckoning
from services.payroll.domain.accruals import Organisation
from services.payroll.domain.books import Books
from services.payroll.domain.ledger import Employment, Ledger
from services.payroll.domain.months import Month, first_day, following, month_of, named
from services.payroll.domain.policy import Policy
from services.payroll.domain.prospects import Stage
from services.payroll.domain.refusals import EventsPending, NoStatement, UnknownManager
from services.payroll.domain.statement import Statement
from services.payroll.store import BOOKS, WATERMARK, Store
from shared.calendar import written
from shared.clock import Clock, local_date
from shared.contracts.base import Decide
from shared.delivery import Deliveries
from shared.ids import NewId
from shared.messaging.outbound import NotPublished

WRITTEN_WITHIN = 2.0
"""Seconds that facts under way are waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`zone` is the company's: its months are paid (R-PAY-5)."""

    store: Store
    clock: Clock
    new_id: NewId
    zone: str
    usual: Policy
    """In force where no version of the policy says otherwise."""
    term: timedelta
    """How long a manager may object to a dismissal proposed."""
    lag: timedelta
    """How far the word of accounts may be behind the present."""
    odds: dict[Stage, float]
    organisation: Organisation
    unprocessed: Callable[[], Awaitable[int]]
    """How many messages wait for this service."""
    deliveries: Deliveries
    hook: str
    """Where to post that a month is closed."""
    answers_within: float
    """Seconds."""
    closing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while this process closes statements."""
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while this process looks a month through."""
    under_way: set[asyncio.Future[None]] = field(default_factory=set)
    """Facts being recorded by this process: taken from the queue, and not in the ledgers yet."""
    left_over: asyncio.Event = field(default_factory=asyncio.Event)
    """A look or a close went on longer than its answer: whoever resumes takes it up at once."""
    told: set[Month] = field(default_factory=set)
    """Months closed that this process knows the consumer of pay is told of."""

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """A fact is being recorded inside."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.under_way.add(done)
        try:
            yield
        finally:
            self.under_way.discard(done)
            done.set_result(None)

    def begun(self, month: Month) -> bool:
        """Whether `month` has begun."""
        return month <= month_of(local_date(self.now(), self.zone))

    async def check_complete(self, month: Month, decide: Decide[Books]) -> None:
        """Raises `EventsPending` while facts of `month` are known to be on their way. What `decide` refuses on the
        present books is raised before: that would not be cured by waiting."""
        decide(await self.store.books.get(BOOKS))
        why = []
        ended = datetime.combine(first_day(following(month)), time(), ZoneInfo(self.zone))
        needed = max(ended, self.now() - self.lag)
        told = await self.store.watermarks.get(WATERMARK)
        if told is None or told.until < needed:
            until = "" if told is None else f": пока до {written(told.until, self.zone)}"
            why.append(f"учёт клиентов (accounts) ещё не сообщил обо всех фактах{until}")
        try:
            waiting = await self.unprocessed()
        except NotPublished:
            waiting = 0
            why.append("брокер сообщений не отвечает, а без него не узнать, всё ли обработано")
        if waiting:
            why.append(f"сообщений ещё не обработано: {waiting} (отложенные навсегда — svoy parked list)")
        # Last: what was in the queue a moment ago may be in our hands now.
        under_way = set(self.under_way)
        if under_way and (await asyncio.wait(under_way, timeout=WRITTEN_WITHIN))[1]:
            why.append("факты ещё записываются")
        if why:
            raise EventsPending(month, why)

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

    def as_closed(self, ledger: Ledger, month: Month, books: Books) -> Statement | None:
        """What closing `month`, the next one, would settle now."""
        return reckoning.reckon(ledger, month, books.begin or month, books.in_force(self.usual))

    def reckoned(self, ledger: Ledger, month: Month, books: Books) -> Statement | None:
        """The statement of `month`; None where there is none, or the month has not begun."""
        if not self.begun(month):
            return None
        policies = books.in_force(self.usual)
        return reckoning.statement(ledger, month, begin=books.begin, first_open=books.first_open, policies=policies)


def _why_none(manager: Employment, month: Month, books: Books, *, begun: bool) -> str:
    if not begun:
        return f"{named(month).capitalize()} ещё не начался."
    if books.begin is not None and month < books.begin:
        return f"Расчёт здесь ведётся с месяца {named(books.begin)}; {named(month)} оплачен до того."
    if manager.covers(month):
        late = f"{named(month).capitalize()} закрыт до того, как стало известно, что «{manager.name}» тогда работал"
        return f"{late}: оплата — поправкой."
    until = f" по {manager.left:%d.%m.%Y}" if manager.left else ""
    return f"«{manager.name}» не работает в этом месяце ({named(month)}): принят с {manager.hired:%d.%m.%Y}{until}."
