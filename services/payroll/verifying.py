"""Every closed month proved: what was paid is what its sealed facts come to. Page by page on demand, and each night."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from services.payroll.domain.books import Books
from services.payroll.domain.verifying import Difference, of_ledger, of_month, unreadable
from services.payroll.metrics import DIFFERENCES, VERIFIED
from services.payroll.office import Office
from shared.verification import Nightly, Page

PAGE = 25
"""Managers whose statements are reckoned anew for one answer: two years of one, a hundred facts a month, take 4 MB."""


async def page(office: Office, after: str | None, limit: int = PAGE) -> Page[Difference]:
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


def nightly(office: Office) -> Nightly[Difference]:
    """Each night all of them."""
    return Nightly(
        what="months",
        nights=office.store.verifications,
        page=partial(page, office),
        clock=office.clock,
        zone=office.zone,
        differences=DIFFERENCES,
        verified=VERIFIED,
    )
