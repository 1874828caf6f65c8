"""Closing a month: begun in the books, one write a manager, finished in the books (R-PAY-6).

    books:    open ──▶ closing                one write: the month is being closed
    ledgers:           each statement         one write a manager: the statement and what is told of it
    books:             closing ──▶ closed     one write, once a whole pass found nothing left to close

A crash in between leaves the month `closing`; `resume` closes it to the end, on any replica. Each step can be repeated
and run side by side: a statement is closed once, and a fact that comes meanwhile is in it or becomes an adjustment.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from time import perf_counter

import structlog

from services.payroll.domain import closing as ledgers
from services.payroll.domain.books import Books, MonthClose, Outlook, begin_closing, finish_closing
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.metrics import ADJUSTMENTS, CLOSE_TIME, MONTHS, RESUMED, STATEMENTS
from services.payroll.office import Office
from services.payroll.store import BOOKS
from shared.contracts.base import Decision
from shared.money import ZERO

log = structlog.get_logger()


async def close(office: Office, month: Month, by: str) -> MonthClose:
    """`month`, closed. Raises what `begin_closing` does; then nothing has happened."""
    outlook = await look_out(office, month)
    begin = partial(begin_closing, month=month, outlook=outlook, by=by, now=office.now(), zone=office.zone)
    begun = (await office.store.books.step(BOOKS, begin)).state.months[-1]
    log.info("month is closing", action="month.closing", month=month, by=by)
    return await finish(office, begun)


async def look_out(office: Office, month: Month) -> Outlook:
    """What the ledgers say about closing `month`."""
    due: list[Month] = []
    employed = False
    waiting: dict[str, list[str]] = {}
    async for batch in office.store.ledgers_in_batches():
        due += [first for ledger in batch if (first := ledger.first_due()) is not None]
        employed |= any(ledger.manager is not None and ledger.manager.covers(month) for ledger in batch)
        waiting |= {ledger.manager_id: ids for ledger in batch if (ids := ledger.waiting(month))}
    return Outlook(first_due=min(due, default=None), employed=employed, waiting=waiting)


async def next_to_close(office: Office, books: Books) -> Month | None:
    """The first month not yet closed; None where nobody has to be paid yet."""
    if books.first_open is not None:
        return books.first_open
    batches = [batch async for batch in office.store.ledgers_in_batches()]
    due = [ledger.first_due() for batch in batches for ledger in batch]
    return min((month for month in due if month is not None), default=None)


async def finish(office: Office, begun: MonthClose) -> MonthClose:
    """Close every statement of a month that is `closing`, then the month itself."""
    began = perf_counter()
    books = await office.store.company_books()
    step = Step(office, begun, books.begin or begun.month)
    passed = await step.over_all()
    while passed.written:
        passed = await step.over_all()
    end = partial(_finished, begun=begun, passed=passed, office=office)
    ended = await office.store.books.step(BOOKS, end)
    if ended.written:
        MONTHS.inc()
        CLOSE_TIME.observe(perf_counter() - began)
        log.info("month is closed", action="month.closed", month=begun.month, statements=passed.statements)
    return ended.state.of(begun.month) or begun


async def resume(office: Office, every_seconds: float) -> None:
    """For ever: close to the end what a crash left half closed."""
    while True:
        await resume_once(office)
        await asyncio.sleep(every_seconds)


async def resume_once(office: Office) -> None:
    """Close the month that is `closing`, where there is one."""
    half = (await office.store.company_books()).closing
    if half is not None:
        RESUMED.inc()
        await finish(office, half)


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass over the ledgers found: statements of the month, their sum, and how many it closed itself."""

    statements: int = 0
    total: Decimal = ZERO
    written: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Closes the statements of one month."""

    office: Office
    begun: MonthClose
    begin: Month
    """The first month closed here."""

    async def over_all(self) -> Passed:
        """One pass over all ledgers."""
        passed = Passed()
        async for batch in self.office.store.ledgers_in_batches():
            passed = await self.over(batch, passed)
        return passed

    async def over(self, batch: Sequence[Ledger], passed: Passed) -> Passed:
        """Close the month in these ledgers, side by side."""
        found = await asyncio.gather(*map(self.one, batch))
        return Passed(
            statements=passed.statements + sum(each.statements for each in found),
            total=passed.total + sum((each.total for each in found), ZERO),
            written=passed.written + sum(each.written for each in found),
        )

    async def one(self, ledger: Ledger) -> Passed:
        """Close the month in one ledger."""
        stepped = await self.office.store.ledgers.step(ledger.manager_id, partial(self._decide, ledger))
        closed = stepped.state.closed_statement(self.begun.month)
        if closed is None:
            return Passed()
        if stepped.written:
            STATEMENTS.inc()
            ADJUSTMENTS.inc(len(closed.adjustments))
        return Passed(1, closed.total, int(stepped.written))

    def _decide(self, found: Ledger, ledger: Ledger | None) -> Decision[Ledger]:
        return ledgers.close(ledger or found, self.begun.month, self.begin, self.office.policy, self.begun.started_at)


def _finished(books: Books | None, *, begun: MonthClose, passed: Passed, office: Office) -> Decision[Books]:
    return finish_closing(
        books or Books(), begun.month, statements=passed.statements, total=passed.total, now=office.now()
    )
