"""Looking a month through before it is closed, and asking for its close.

    books:     open ──▶ looking                one write: somebody looks the month through
    parts:               some ledgers each     one write a part: their statements, what is in doubt, their versions
    previews:            all parts together    one write: what everybody would be paid, what changed
    books:     looking ──▶ in_review           one write: now the close can be asked for

A crash in between leaves the month `looking`; any replica goes on after the last part kept.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from services.payroll.domain.asking import Doubts, Outlook, end_review, request_close, review_month, withdraw_request
from services.payroll.domain.books import Books, Review
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policy
from services.payroll.domain.refusals import NoPreview, ReviewOvertaken
from services.payroll.domain.review import Line, Part, Preview, previewed
from services.payroll.domain.seal import seal_of
from services.payroll.doubting import doubts_in
from services.payroll.office import Office
from services.payroll.store import BOOKS
from shared.contracts.base import Decide, Decision

log = structlog.get_logger()

PART = 64
"""Ledgers seen at once."""


async def look_through(office: Office, month: Month, by: str) -> Preview | None:
    """What closing `month` now would pay everybody; None where that takes long, and goes on by itself. Raises what
    `review_month` does, and `ReviewOvertaken`; then nothing has happened."""
    outlook = await look_out(office, month)
    decide = partial(review_month, month=month, outlook=outlook, by=by, now=office.now(), zone=office.zone)
    begun = (await office.store.books.step(BOOKS, decide)).state.looking
    if begun is None:
        raise ReviewOvertaken(month)
    try:
        async with asyncio.timeout(office.answers_within):
            return await look_on(office, begun)
    except TimeoutError:
        office.left_over.set()
        return None


async def look_on(office: Office, review: Review) -> Preview:
    """The preview of a look, taken up where it stands. Raises `ReviewOvertaken` where it is not awaited any more."""
    async with office.looking:
        parts = await office.store.parts(review.look)
        look = Look(office, review, await office.store.company_books())
        while (part := await look.part_after(parts[-1].last if parts else "")) is not None:
            parts.append(part)
        policy = look.books.in_force(office.usual).of(review.month)
        kept = await office.store.previews.step(review.month, partial(_kept, review=review, parts=parts, policy=policy))
        ended = await office.store.books.step(BOOKS, partial(end_review, month=review.month, look=review.look))
        await office.store.forget_parts(review.look)
    if kept.state.look != review.look or not _stands(ended.state, review):
        raise ReviewOvertaken(review.month)
    if ended.written:
        log.info("month was looked through", action="month.reviewed", month=review.month, by=review.by)
    return kept.state


async def ask(office: Office, month: Month, by: str, accepted: str | None, shown: Collection[str]) -> Books:
    """Ask for the close of `month`; `accepted` is why the facts in doubt that are `shown` are right. Raises what
    `request_close` does, and `EventsPending`."""

    async def decide() -> Decide[Books]:
        doubts = replace(await present_doubts(office, month), accepted=accepted, shown=shown)
        return partial(request_close, month=month, doubts=doubts, by=by, now=office.now(), zone=office.zone)

    await office.check_complete(month, await decide())
    # Once more: the check may have waited for facts.
    return (await office.store.books.step(BOOKS, await decide())).state


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


async def present_doubts(office: Office, month: Month) -> Doubts:
    """What stands in the way of closing `month` now: of the last preview, and of what came since."""
    unknown = await office.store.without_manager()
    books = await office.store.company_books()
    policies = books.in_force(office.usual)
    preview = await office.store.previews.get(month)
    if preview is not None and not preview.by_the_terms_of(policies.of(month)):
        preview = None
    present = Present({}, ()) if preview is None else await _present(office, month, books, preview)
    return Doubts(
        waiting={ledger.manager_id: ids for ledger in unknown if (ids := ledger.waiting(month, policies))},
        reversals=await office.store.waiting_reversals(),
        found=present.found,
        moved=present.moved,
        look=None if preview is None else preview.look,
    )


async def look_out(office: Office, month: Month) -> Outlook:
    """What the ledgers say about the first month ever closed here; later ones follow from the books."""
    if (await office.store.company_books()).months:
        return Outlook(employed=True)
    return Outlook(first_due=await office.store.first_due(), employed=await office.store.employed(month))


async def next_to_close(office: Office, books: Books) -> Month | None:
    """The first month not yet closed; None where nobody has to be paid yet."""
    if books.first_open is not None:
        return books.first_open
    return await office.store.first_due()


@dataclass(frozen=True, slots=True)
class Present:
    """What is in doubt now, and who would be paid otherwise than a preview shows."""

    found: dict[str, str]
    moved: tuple[str, ...]


async def _present(office: Office, month: Month, books: Books, preview: Preview) -> Present:
    """Looked at again is whose ledger changed since the preview, or was in doubt then."""
    again = sorted(await office.store.changed_since(dict(preview.versions)) | set(preview.doubtful))
    seen = {line.manager_id: line.seal for line in preview.lines}
    found: dict[str, str] = {}
    moved: list[str] = []
    for first in range(0, len(again), PART):
        ledgers = await office.store.ledgers_of(again[first : first + PART])
        found |= (await doubts_in(office, ledgers, month, books)).found
        for ledger in ledgers:
            statement = office.as_closed(ledger, month, books)
            if seen.get(ledger.manager_id) != (None if statement is None else seal_of(statement)):
                moved.append(ledger.manager_id)
    return Present(found, tuple(moved))


@dataclass(frozen=True, slots=True)
class Look:
    """Goes over the ledgers, part by part."""

    office: Office
    review: Review
    books: Books

    async def part_after(self, last: str) -> Part | None:
        """What is seen in the ledgers beyond `last`, kept; None where there are none."""
        store = self.office.store
        versions = await store.versions_after(last, PART)
        if not versions:
            return None
        # Versions first: what changes between the two reads is looked at once more when the close is asked for.
        ledgers = await store.ledgers_of([manager_id for manager_id, _ in versions])
        doubted = await doubts_in(self.office, ledgers, self.review.month, self.books)
        part = Part(
            look=self.review.look,
            last=versions[-1][0],
            lines=tuple(self._lines(ledgers)),
            versions=tuple(versions),
            doubts=doubted.found,
            doubtful=doubted.managers,
        )
        return (await store.looks.step(f"{self.review.look:09}:{last}", partial(_first, part=part))).state

    def _lines(self, ledgers: Sequence[Ledger]) -> Iterator[Line]:
        for ledger in ledgers:
            statement = self.office.as_closed(ledger, self.review.month, self.books)
            if statement is not None:
                yield Line.of(statement)


def _first(known: Part | None, *, part: Part) -> Decision[Part]:
    return Decision(known or part)


def _kept(before: Preview | None, *, review: Review, parts: Sequence[Part], policy: Policy) -> Decision[Preview]:
    return Decision(previewed(before, review, parts, policy))


def _stands(books: Books, review: Review) -> bool:
    """Whether the books still count with this look."""
    return books.of(review.month) is not None or (books.review is not None and books.review.look == review.look)
