"""Every closed month proved: what was paid is what its sealed facts come to. Page by page on demand, and each night."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from time import perf_counter
from zoneinfo import ZoneInfo

import structlog

from services.payroll.domain.books import Books
from services.payroll.domain.nights import Page, claimed, verified
from services.payroll.domain.verifying import Difference, of_ledger, of_month, unreadable
from services.payroll.metrics import DIFFERENCES, VERIFIED
from services.payroll.office import Office

log = structlog.get_logger()

PAGE = 25
"""Managers whose statements are reckoned anew for one answer: two years of one, a hundred facts a month, take 4 MB."""
FROM_HOUR = 3
"""Of the company's night: when the months are verified."""
LOOK_EVERY = 30.0


async def page(office: Office, after: str | None, limit: int = PAGE) -> Page:
    """The closed statements of the managers after `after`, in order of their ids."""
    managers = [manager_id for manager_id, _ in await office.store.versions_after(after or "", limit)]
    ledgers = await office.store.ledgers_of(managers)
    # Read after the ledgers: a month that a ledger has closed is in the books by then.
    books = await office.store.company_books()
    found = [one async for one in _of_months(office, books)] if after is None else []
    read = {ledger.manager_id for ledger in ledgers}
    found += [unreadable(manager_id) for manager_id in managers if manager_id not in read]
    for ledger in ledgers:
        found += of_ledger(ledger, books)
        await asyncio.sleep(0)  # others come in between
    return Page(
        checked=sum(len(ledger.closed) for ledger in ledgers),
        differences=tuple(found),
        next=managers[-1] if len(managers) == limit else None,
    )


async def _of_months(office: Office, books: Books) -> AsyncIterator[Difference]:
    for closed in books.months:
        if closed.closed_at is not None:
            for one in of_month(closed, [each async for each in office.store.closed_sums(closed.month)]):
                yield one


async def nightly(office: Office) -> None:
    """For ever: each night, once among all replicas."""
    while True:
        await tick(office)
        await asyncio.sleep(LOOK_EVERY)


async def tick(office: Office) -> None:
    """Verify if it is night and nobody has, and show what was found last."""
    local = office.now().astimezone(ZoneInfo(office.zone))
    if local.hour >= FROM_HOUR:
        await _verify(office, local.date().isoformat())
    last = await office.store.last_verification()
    if last is not None and last.ended is not None:
        DIFFERENCES.set(last.different)
        VERIFIED.set(last.ended.timestamp())


async def _verify(office: Office, day: str) -> None:
    nights = office.store.verifications
    if not (await nights.step(day, partial(claimed, day=day, now=office.now()))).written:
        return
    after: str | None = None
    while True:
        began = perf_counter()
        some = await page(office, after)
        night = (await nights.step(day, partial(verified, page=some, now=office.now()))).state
        if some.next is None:
            break
        after = some.next
        await asyncio.sleep(perf_counter() - began)  # half of the time is left to others
    log.info("months verified", action="months.verified", day=day, checked=night.checked, different=night.different)
