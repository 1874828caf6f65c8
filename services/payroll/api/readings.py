"""`/v1/readings`: who read whose pay."""

from datetime import datetime

from fastapi import APIRouter

from services.payroll.api.fields import Deps, Director, View
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1/readings", tags=["readings"])


class ReadingView(View):
    """Somebody read another's pay; without a `manager_id`: everybody's."""

    reading_id: str
    at: datetime
    by: str
    role: str
    what: str
    manager_id: str | None
    month: str | None


@routes.get("")
async def listed(
    office: Deps, _: Director, paging: Paged, manager_id: str | None = None, by: str | None = None
) -> Page[ReadingView]:
    """In the order they happened; of a manager's pay with those of everybody's."""
    where: dict[str, object] = {} if by is None else {"by": by}
    if manager_id is not None:
        where["manager_id"] = {"$in": [manager_id, None]}
    found = await office.store.readings_where(where, paging.after, paging.limit + 1)
    views = [ReadingView.model_validate(reading, from_attributes=True) for reading in found]
    return paging.page(views, lambda view: view.reading_id)
