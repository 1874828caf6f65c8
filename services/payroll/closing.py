"""Closing a month: confirmed in the books, one write a manager, finished in the books (R-PAY-6).

    books:    requested ──▶ closing           one write: the month is being closed
    ledgers:           each statement         one write a manager: the statement and what is told of it
    books:             closing ──▶ closed     one write, once no ledger is left in which the month is not closed

A crash in between leaves the month `closing`; `resuming` closes it to the end, on any replica. Each step can be
repeated and run side by side: a statement is closed once. What comes meanwhile counts from the next month on
(`Fact.missed`): the statements are those of the moment of the confirmation, however long the close takes.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import perf_counter

import structlog

from services.payroll.domain import closing as ledgers
from services.payroll.domain.asking import begin_closing
from services.payroll.domain.books import Books, MonthClose, finish_closing
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policies
from services.payroll.domain.seal import sealed
from services.payroll.metrics import ADJUSTMENTS, CLOSE_TIME, MONTHS, STATEMENTS
from services.payroll.office import Office
from services.payroll.reviewing import present_doubts
from services.payroll.store import BOOKS
from shared.contracts.base import Decide, Decision
from shared.delivery import Hook
from shared.money import ZERO

log = structlog.get_logger()

TOLD_WITHIN = timedelta(days=7)
"""Afterwards nobody is told of a closed month any more: deliveries are forgotten in time."""
AT_ONCE = 128
"""Statements closed side by side: while some are being written, others are loaded and worked out."""
AHEAD = 2048
"""Managers whose ids are asked for at once."""


async def close(office: Office, month: Month, by: str) -> MonthClose:
    """`month`, closed, or `closing` still where that takes long. Raises what `begin_closing` does, and `EventsPending`;
    then nothing has happened."""
    begun = await begin(office, month, by)
    try:
        async with asyncio.timeout(office.answers_within):
            return await finish(office, begun)
    except TimeoutError:
        office.left_over.set()
        return begun


async def begin(office: Office, month: Month, by: str) -> MonthClose:
    """`month`, confirmed to be closed by another person than asked for it."""

    async def decide() -> Decide[Books]:
        doubts = await present_doubts(office, month)
        return partial(
            begin_closing, month=month, doubts=doubts, usual=office.usual, by=by, now=office.now(), zone=office.zone
        )

    await office.check_complete(month, await decide())
    # Once more: the check may have waited for facts.
    begun = (await office.store.books.step(BOOKS, await decide())).state.months[-1]
    log.info("month is closing", action="month.closing", month=month, by=by, requested_by=begun.requested_by)
    return begun


async def finish(office: Office, begun: MonthClose) -> MonthClose:
    """Close every statement of a month that is `closing`, then the month itself."""
    async with office.closing:
        began = perf_counter()
        books = await office.store.company_books()
        preview = await office.store.previews.get(begun.month)
        seen = None if preview is None else {line.manager_id: line.seal for line in preview.lines}
        step = Step(office, begun, books.begin or begun.month, books.in_force(office.usual), seen)
        while left := await office.store.unsettled(begun.month, AHEAD):
            await step.over(left)
        ended = await _end(office, begun)
        if ended is None:
            return (await office.store.company_books()).of(begun.month) or begun
        MONTHS.inc()
        CLOSE_TIME.observe(perf_counter() - began)
        log.info("month is closed", action="month.closed", month=begun.month, statements=ended.statements)
        if preview is not None and preview.total != ended.total:
            log.error("closed otherwise than seen", action="month.unseen", month=begun.month, seen=str(preview.total))
    await tell(office, ended)
    return ended


async def _end(office: Office, begun: MonthClose) -> MonthClose | None:
    """The month closed in the books; None where somebody else was first."""
    lines = [each async for each in office.store.closed_sums(begun.month)]
    total = sum((total for _, total, _ in lines), ZERO)
    seal = sealed(*((manager_id, seal) for manager_id, _, seal in lines))

    def end(books: Books | None) -> Decision[Books]:
        return finish_closing(
            books or Books(), begun.month, statements=len(lines), total=total, seal=seal, now=office.now()
        )

    ended = await office.store.books.step(BOOKS, end)
    return ended.state.of(begun.month) if ended.written else None


async def tell(office: Office, closed: MonthClose) -> None:
    """Let the consumer of pay know, once a month, that it can be fetched."""
    if office.hook:
        payload = {"month": closed.month, "statements": closed.statements, "seal": closed.seal}
        hook = Hook(url=office.hook, type="month.closed", payload=payload)
        await office.deliveries.send(f"month-closed-{closed.month}", hook, about=f"month:{closed.month}")
    office.told.add(closed.month)


async def tell_again(office: Office, last: MonthClose) -> None:
    """Tell of the last month closed, where a crash came before that was done. Told already, nothing happens."""
    if last.closed_at is not None and last.month not in office.told and office.now() - last.closed_at < TOLD_WITHIN:
        await tell(office, last)


@dataclass(frozen=True, slots=True)
class Step:
    """Closes the statements of one month."""

    office: Office
    begun: MonthClose
    begin: Month
    """The first month closed here."""
    policies: Policies
    seen: Mapping[str, str] | None = None
    """The hashes of the statements that were confirmed, by manager."""

    async def over(self, managers: Sequence[str]) -> None:
        """Close the month for these managers. One whose ledger fails does not hold up the others; it is raised after
        them, and the month stays `closing`."""
        left = iter(managers)
        failed: list[Exception] = []

        async def some() -> None:
            for manager_id in left:
                try:
                    await self.one(manager_id)
                except Exception as error:
                    log.exception("statement failed", action="month.failed", month=self.begun.month, by=manager_id)
                    failed.append(error)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
        if failed:
            raise failed[0]

    async def one(self, manager_id: str) -> None:
        """Close the month for one manager."""
        stepped = await self.office.store.ledgers.step(manager_id, partial(self._decide, manager_id))
        closed = stepped.state.closed_statement(self.begun.month)
        if stepped.written and closed is not None:
            STATEMENTS.inc()
            ADJUSTMENTS.inc(len(closed.adjustments))

    def _decide(self, manager_id: str, ledger: Ledger | None) -> Decision[Ledger]:
        ledger = ledger or Ledger(manager_id=manager_id)
        at = self.begun.started_at
        return ledgers.close(
            ledger, self.begun.month, self.begin, self.policies, at, term=self.office.term, seen=self.seen
        )
