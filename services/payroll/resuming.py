"""What a crash left half done, or what takes longer than an answer may: taken up by whichever replica is there."""

import asyncio
from contextlib import suppress

from services.payroll import closing, reviewing
from services.payroll.domain.refusals import ReviewOvertaken
from services.payroll.metrics import RESUMED
from services.payroll.office import Office


async def resume(office: Office, every_seconds: float) -> None:
    """For ever: look through, or close, to the end."""
    while True:
        await resume_once(office)
        office.left_over.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(every_seconds):
                await office.left_over.wait()


async def resume_once(office: Office) -> None:
    """Go on with the look or the close that is not finished, where there is one and nobody here is at it."""
    books = await office.store.company_books()
    if books.months:
        await closing.tell_again(office, books.months[-1])
    if books.closing is not None and not office.closing.locked():
        RESUMED.inc()
        await closing.finish(office, books.closing)
    elif books.looking is not None and not office.looking.locked():
        with suppress(ReviewOvertaken):
            await reviewing.look_on(office, books.looking)
