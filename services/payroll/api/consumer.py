"""`/v1/pay`: closed months for other programs of the company, with a key of their own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from services.payroll.api.fields import Deps, MonthText, Paid, noted
from services.payroll.domain.refusals import MonthNotClosed
from services.payroll.domain.statement import Statement
from shared.http.auth import Principal, requires
from shared.http.paging import Page, Paged
from shared.ids import derived_id

SCOPE = "pay:read"
routes = APIRouter(prefix="/v1/pay", tags=["pay"])

Consumer = Annotated[Principal, Depends(requires("integration", "service", scope=SCOPE))]


class PaidView(Paid):
    """What a manager was paid for a closed month."""

    statement_id: str
    month: str

    @classmethod
    def of(cls, statement: Statement) -> "PaidView":
        """`statement` as shown."""
        return cls(**{name: getattr(statement, name) for name in cls.model_fields})


@routes.get("/{month}", response_model=Page[PaidView])
async def listed(
    office: Deps,
    who: Consumer,
    *,
    paging: Paged,
    month: MonthText,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Page[PaidView] | Response:
    """The closed statements of a month. Closed, they never change: `ETag`, and 304 for whoever has them."""
    closed = (await office.store.company_books()).of(month)
    if closed is None or closed.closed_at is None:
        raise MonthNotClosed(month)
    etag = f'"{derived_id("pay", month, closed.seal or "", paging.after or "", str(paging.limit))}"'
    known = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    if etag in known or known == ["*"]:
        return Response(status_code=304, headers={"ETag": etag})
    await noted(office, who, "pay", month=month)
    found = await office.store.closed_statements(month, paging.after, paging.limit + 1)
    response.headers["ETag"] = etag
    page = paging.page(found, lambda statement: statement.manager_id)
    return Page(items=[PaidView.of(statement) for statement in page.items], next=page.next)
