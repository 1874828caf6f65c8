"""`/v1/months`: which months are closed, and closing the next one (R-PAY-6)."""

from datetime import datetime

from fastapi import APIRouter

from services.payroll import closing
from services.payroll.api.fields import SEES_ALL, Deps, MonthText, Officer, Reader, View
from services.payroll.domain.books import MonthClose, Standing
from shared.contracts.base import Roubles
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1/months", tags=["months"])


class MonthView(View):
    """A month of the company."""

    month: str
    state: Standing
    by: str | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    statements: int | None = None
    total: Roubles | None = None

    @classmethod
    def of(cls, close: MonthClose, *, sums: bool) -> "MonthView":
        """A month somebody closes or has closed, with its sums where they may be seen."""
        shown = cls(
            month=close.month,
            state=close.state,
            by=close.by,
            started_at=close.started_at,
            closed_at=close.closed_at,
        )
        if not sums or close.state == "closing":
            return shown
        return shown.model_copy(update={"statements": close.statements, "total": close.total})


@routes.get("")
async def listed(office: Deps, who: Reader, paging: Paged) -> Page[MonthView]:
    """The months, the latest first: the one to be closed next is the first, and `open`. What a month cost in all is
    not for managers: it would tell of others' pay."""
    books = await office.store.company_books()
    views = [MonthView.of(each, sums=who.has(*SEES_ALL)) for each in books.months]
    if books.closing is None and (next_one := await closing.next_to_close(office, books)) is not None:
        views.append(MonthView(month=next_one, state="open"))
    found = [view for view in reversed(views) if paging.after is None or view.month < paging.after]
    return paging.page(found[: paging.limit + 1], lambda view: view.month)


@routes.post("/{month}/close")
async def close(office: Deps, who: Officer, month: MonthText) -> MonthView:
    """Close a month that has ended, once, in order. Facts for it that come later become adjustments of the next."""
    return MonthView.of(await closing.close(office, month, who.subject), sums=True)
