"""Looking a month through before it is closed, and asking for its close."""

from dataclasses import dataclass, field
from functools import partial

import structlog

from services.payroll.domain.books import (
    Books,
    Doubts,
    Outlook,
    Review,
    request_close,
    review_month,
    withdraw_request,
)
from services.payroll.domain.doubts import doubtful
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month, following, month_of
from services.payroll.domain.refusals import NoPreview
from services.payroll.domain.review import Line, Preview, compared
from services.payroll.office import Office
from services.payroll.store import BOOKS
from shared.contracts.base import Decision

log = structlog.get_logger()

SUSPECTS = 10_000
"""Clients looked at more closely at once."""
SHOWN = 500
"""Facts in doubt kept with a preview: whoever has more begins with these, and looks again."""


async def look_through(office: Office, month: Month, by: str) -> Preview:
    """What closing `month` now would pay everybody. Raises what `review_month` does; then nothing has happened."""
    outlook = await look_out(office, month)
    decide = partial(review_month, month=month, outlook=outlook, by=by, now=office.now(), zone=office.zone)
    review = (await office.store.books.step(BOOKS, decide)).state.review
    if review is None:
        raise NoPreview
    seen = await _look(office, month)
    found = await doubts_about(office, month, seen)
    kept = partial(_kept, review=review, lines=tuple(seen.lines), found=found)
    preview = (await office.store.previews.step(month, kept)).state
    log.info("month was looked through", action="month.reviewed", month=month, by=by, number=preview.number)
    return preview


async def ask(office: Office, month: Month, by: str, accepted: str | None) -> Books:
    """Ask for the close of `month`. Raises what `request_close` does, and `EventsPending`."""
    doubts = await known_doubts(office, month, accepted)
    decide = partial(request_close, month=month, doubts=doubts, by=by, now=office.now(), zone=office.zone)
    await office.check_complete(month, decide)
    return (await office.store.books.step(BOOKS, decide)).state


async def take_back(office: Office, month: Month) -> Books:
    """Take back what was asked. Raises what `withdraw_request` does."""
    decide = partial(withdraw_request, month=month, zone=office.zone)
    return (await office.store.books.step(BOOKS, decide)).state


async def preview_of(office: Office, month: Month) -> Preview:
    """The last preview of `month`. Raises `NoPreview`."""
    found = await office.store.previews.get(month)
    if found is None:
        raise NoPreview(f"Этот месяц ещё не смотрели: POST /v1/months/{month}/review.")
    return found


async def known_doubts(office: Office, month: Month, accepted: str | None) -> Doubts:
    """What stands in the way of closing `month`, by the last preview and by what waits now."""
    unknown = await office.store.without_manager()
    policies = await office.store.policies(office.usual)
    preview = await office.store.previews.get(month)
    return Doubts(
        waiting={ledger.manager_id: ids for ledger in unknown if (ids := ledger.waiting(month, policies))},
        reversals=await office.store.waiting_reversals(),
        found={} if preview is None else preview.doubts,
        accepted=accepted,
    )


async def look_out(office: Office, month: Month) -> Outlook:
    """What the ledgers say about the first month ever closed here; later ones follow from the books."""
    if (await office.store.company_books()).months:
        return Outlook(employed=True)
    due: list[Month] = []
    employed = False
    async for batch in office.store.ledgers_in_batches():
        due += [first for ledger in batch if (first := ledger.first_due()) is not None]
        employed |= any(ledger.manager is not None and ledger.manager.covers(month) for ledger in batch)
    return Outlook(first_due=min(due, default=None), employed=employed)


async def next_to_close(office: Office, books: Books) -> Month | None:
    """The first month not yet closed; None where nobody has to be paid yet."""
    if books.first_open is not None:
        return books.first_open
    return (await look_out(office, "")).first_due


async def doubts_about(office: Office, month: Month, seen: "Seen") -> dict[str, str]:
    """Which facts up to `month`, not settled before, do not fit the others."""
    suspects = seen.suspects | set(await office.store.held_by_several())
    if not suspects:
        return {}
    suspects = set(sorted(suspects)[:SUSPECTS])
    clients = await office.store.clients_named(sorted(suspects))
    since = {client.client_id: client.first_since for client in clients if client.first_since is not None}
    facts = await office.store.facts_of_clients(suspects)
    after = following(month)
    found = doubtful([fact for fact in facts if month_of(fact.effective) < after], since)
    accepted = {fact_id for closed in (await office.store.company_books()).months for fact_id in closed.doubts}
    fresh = [(fact_id, found[fact_id]) for fact_id in sorted(found.keys() & (seen.fresh - accepted))]
    return dict(fresh[:SHOWN])


@dataclass(frozen=True, slots=True)
class Seen:
    """What one pass over the ledgers found."""

    lines: list[Line] = field(default_factory=list)
    """Everybody's month."""
    fresh: set[str] = field(default_factory=set)
    """Facts up to the month that have not been looked at: no statement has them, or only the last one closed, whose
    facts may have come after its preview."""
    suspects: set[str] = field(default_factory=set)
    """Clients whose facts do not fit each other within one ledger."""

    def add(self, ledger: Ledger, month: Month) -> None:
        """Look at the facts of one ledger."""
        before = ledger.closed[-1].month if ledger.closed else ""
        fresh = [fact for fact in ledger.unsettled(before) if fact.month <= month]
        self.fresh.update(fact.fact_id for fact in fresh)
        clients = {fact.client_id for fact in fresh}
        told = [fact for fact in ledger.facts if fact.client_id in clients]
        found = doubtful(told, {})
        self.suspects.update(fact.client_id for fact in told if fact.fact_id in found)


async def _look(office: Office, month: Month) -> Seen:
    books = await office.store.company_books()
    seen = Seen()
    async for batch in office.store.ledgers_in_batches():
        for ledger in batch:
            statement = office.reckoned(ledger, month, books)
            seen.lines.extend([] if statement is None else [Line.of(statement)])
            seen.add(ledger, month)
    return seen


def _kept(
    before: Preview | None, *, review: Review, lines: tuple[Line, ...], found: dict[str, str]
) -> Decision[Preview]:
    if before is not None and before.number >= review.number:
        return Decision(before)
    made = Preview(
        month=review.month,
        number=review.number,
        at=review.at,
        by=review.by,
        lines=lines,
        changes=compared(before, lines),
        doubts=found,
    )
    return Decision(made)
