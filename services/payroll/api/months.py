"""`/v1/months`: looked through by one, asked for and confirmed by two, closed once, in order (R-PAY-6)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from services.payroll import closing, reviewing
from services.payroll.api.fields import SEES_ALL, Body, Deps, MonthText, Officer, Reader, View, Words, noted
from services.payroll.domain.asking import ANSWERABLE
from services.payroll.domain.books import Books, MonthClose, Review, Standing
from services.payroll.domain.review import Preview
from services.payroll.office import Office
from shared.contracts.base import Roubles
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1/months", tags=["months"])

FactId = Annotated[str, StringConstraints(max_length=200)]


class MonthView(View):
    """A month of the company."""

    month: str
    state: Standing
    by: str | None = None
    """Who confirmed the close."""
    requested_by: str | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    statements: int | None = None
    total: Roubles | None = None
    policy_version: int | None = None
    seal: str | None = None
    """The hash over all its statements."""
    doubts_accepted: str | None = None
    doubts: tuple[str, ...] = ()
    """The facts those words are about."""

    @classmethod
    def of(cls, close: MonthClose, *, sums: bool) -> "MonthView":
        """A month somebody closes or has closed, with its sums where they may be seen."""
        shown = cls(
            month=close.month,
            state=close.state,
            by=close.by,
            requested_by=close.requested_by,
            started_at=close.started_at,
            closed_at=close.closed_at,
            policy_version=None if close.policy is None else close.policy.version,
            doubts_accepted=close.doubts_accepted,
            doubts=close.doubts,
        )
        if not sums or close.state == "closing":
            return shown
        return shown.model_copy(update={"statements": close.statements, "total": close.total, "seal": close.seal})

    @classmethod
    def under(cls, review: Review) -> "MonthView":
        """A month that is looked through, or asked to be closed."""
        return cls(
            month=review.month,
            state=review.state,
            requested_by=review.requested_by,
            doubts_accepted=review.doubts_accepted,
            doubts=review.doubts,
        )


class ProgressView(MonthView):
    """A month, and how far its look, or its close, has come."""

    done: int
    """Managers who were looked at; else those for whom it is closed."""
    every: int
    """All managers known of."""


class LineView(View):
    """What one manager would be paid."""

    manager_id: str
    manager_name: str
    total: Roubles
    growth: Roubles
    dismissal_proposed: bool


class ChangeView(View):
    """Who would be paid something else than by the preview before; null: there was, or is, no statement."""

    manager_id: str
    manager_name: str
    before: Roubles | None
    after: Roubles | None


class PreviewView(View):
    """Everybody's month as closing it at that moment would have paid it."""

    month: str
    number: int
    at: datetime
    by: str
    statements: int
    total: Roubles
    seal: str
    changes: list[ChangeView]
    doubts: dict[str, str]
    """Facts that do not fit the others, and why."""

    @classmethod
    def of(cls, preview: Preview) -> "PreviewView":
        """`preview` as shown, without its lines."""
        changes = [
            ChangeView(manager_id=each.manager_id, manager_name=each.manager_name, before=each.before, after=each.after)
            for each in preview.changes
        ]
        return cls(
            month=preview.month,
            number=preview.number,
            at=preview.at,
            by=preview.by,
            statements=len(preview.lines),
            total=preview.total,
            seal=preview.seal,
            changes=changes,
            doubts=preview.doubts,
        )


class Ask(Body):
    """Asking for the close. `doubts_accepted`: why, where facts in doubt are right all the same; `doubts`: which ones,
    as they were shown. Others are not answered for by it."""

    doubts_accepted: Words | None = None
    doubts: Annotated[tuple[FactId, ...], Field(max_length=ANSWERABLE)] = ()


@routes.get("")
async def listed(office: Deps, who: Reader, paging: Paged) -> Page[MonthView]:
    """The months, the latest first: the one to be closed next is the first. What a month cost in all is not for
    managers: it would tell of others' pay."""
    books = await office.store.company_books()
    views = [MonthView.of(each, sums=who.has(*SEES_ALL)) for each in books.months]
    if books.closing is None and (next_one := await reviewing.next_to_close(office, books)) is not None:
        views.append(_next(books, next_one))
    found = [view for view in reversed(views) if paging.after is None or view.month < paging.after]
    return paging.page(found[: paging.limit + 1], lambda view: view.month)


@routes.get("/{month}")
async def one(office: Deps, _: Officer, month: MonthText) -> ProgressView:
    """One month, and how far its look, or its close, has come."""
    return await _progress(office, month)


@routes.post("/{month}/review", responses={202: {"model": ProgressView, "description": "Still looking"}})
async def review(office: Deps, who: Officer, month: MonthText, response: Response) -> PreviewView | ProgressView:
    """Look through a month that has ended: what everybody would be paid, what changed since the last time. Where it
    takes long the answer is 202 and how far it is; it goes on by itself."""
    seen = await reviewing.look_through(office, month, who.subject)
    if seen is not None:
        await noted(office, who, "preview", month=month)
        return PreviewView.of(seen)
    response.status_code = 202
    return await _progress(office, month)


@routes.get("/{month}/review")
async def preview(office: Deps, who: Officer, month: MonthText) -> PreviewView:
    """The last preview."""
    await noted(office, who, "preview", month=month)
    return PreviewView.of(await reviewing.preview_of(office, month))


@routes.get("/{month}/review/lines")
async def lines(office: Deps, who: Officer, paging: Paged, month: MonthText) -> Page[LineView]:
    """The last preview, manager by manager."""
    await noted(office, who, "preview", month=month)
    found = [
        LineView(
            manager_id=line.manager_id,
            manager_name=line.manager_name,
            total=line.total,
            growth=line.growth,
            dismissal_proposed=line.dismissal_proposed,
        )
        for line in (await reviewing.preview_of(office, month)).lines
        if paging.after is None or line.manager_id > paging.after
    ]
    return paging.page(found[: paging.limit + 1], lambda line: line.manager_id)


@routes.post("/{month}/request")
async def request(office: Deps, who: Officer, month: MonthText, ask: Ask | None = None) -> MonthView:
    """Ask for a month to be closed, after looking it through; another person confirms it."""
    ask = ask or Ask()
    return _next(await reviewing.ask(office, month, who.subject, ask.doubts_accepted, set(ask.doubts)), month)


@routes.post("/{month}/withdraw")
async def withdraw(office: Deps, _: Officer, month: MonthText) -> MonthView:
    """Take back what was asked."""
    return _next(await reviewing.take_back(office, month), month)


@routes.post("/{month}/close")
async def close(office: Deps, who: Officer, month: MonthText) -> MonthView:
    """Confirm that a month be closed, once, in order. Facts for it that come later become adjustments of the next.
    Where it takes long the answer comes before the end: `GET` shows how far it is."""
    return MonthView.of(await closing.close(office, month, who.subject), sums=True)


def _next(books: Books, month: str) -> MonthView:
    if books.review is not None and books.review.month == month:
        return MonthView.under(books.review)
    return MonthView(month=month, state="open")


async def _progress(office: Office, month: str) -> ProgressView:
    books = await office.store.company_books()
    closed = books.of(month)
    view = _next(books, month) if closed is None else MonthView.of(closed, sums=True)
    done, every = await office.store.progress(month)
    if books.looking is not None and books.looking.month == month:
        done = await office.store.looked_at(books.looking.look)
    return ProgressView(**dict(view), done=done, every=every)
