"""`/v1/growth`: how bases grow, by manager and month (R-BASE-1)."""

import re
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from services.accounts import growing
from services.accounts.api.fields import SEES_ALL, Deps, Money, Reader, check_base
from services.accounts.domain.growth import GOAL, Growth, Month
from services.accounts.domain.refusals import WrongValue
from shared.http.paging import Page, Paged

routes = APIRouter(prefix="/v1", tags=["growth"])

WRITTEN = r"^(19|20)\d\d-(0[1-9]|1[0-2])$"


def _written(said: str | None) -> str | None:
    if said is not None and not re.fullmatch(WRITTEN, said):
        raise PydanticCustomError("month", "месяц пишется так: 2026-11")
    return said


AMonth = Annotated[
    str | None, AfterValidator(_written), Query(examples=["2026-11"], json_schema_extra={"pattern": WRITTEN})
]
MONTHS_LIMIT = 60
SHOWN = 12


class GrowthView(BaseModel):
    """A base's month: start + won + begun + received − lost − given = end. Fees in roubles a month."""

    manager_id: str
    month: str
    start: int
    won: int
    """By referral."""
    begun: int
    """In any other way."""
    received: int
    given: int
    lost: int
    end: int
    grown: int
    """Won by referral less lost."""
    goal: int = GOAL
    reached: bool
    fees_start: Money
    fees_won: Money
    fees_lost: Money
    fees_end: Money

    @classmethod
    def of(cls, manager_id: str, month: Month, growth: Growth) -> Self:
        """What is shown of `growth`."""
        counts = {name: getattr(growth, name) for name in (*Growth.__slots__, "grown", "reached")}
        return cls(manager_id=manager_id, month=str(month), **counts)


class Months(BaseModel):
    """One manager's months, in order."""

    items: list[GrowthView]


@routes.get("/managers/{manager_id}/growth")
async def of_manager(office: Deps, who: Reader, manager_id: str, since: AMonth = None, until: AMonth = None) -> Months:
    """A manager's months, the last twelve where nothing is said; a manager sees their own."""
    check_base(who, manager_id)
    await office.manager(manager_id)
    last = _month(until) or _present(office)
    first = _month(since) or _back(last, SHOWN - 1)
    if _ordinal(first) > _ordinal(last):
        raise WrongValue("since", f"{first} позже последнего месяца ({last})")
    if _ordinal(last) - _ordinal(first) >= MONTHS_LIMIT:
        raise WrongValue("since", f"не больше {MONTHS_LIMIT} месяцев за раз")
    found = await growing.series(office, manager_id, first, last)
    return Months(items=[GrowthView.of(manager_id, month, growth) for month, growth in found])


@routes.get("/growth")
async def of_all(office: Deps, who: Reader, paging: Paged, month: AMonth = None) -> Page[GrowthView]:
    """Everybody's month in order of manager, the present one where nothing is said; a manager sees their own."""
    wanted = _month(month) or _present(office)
    shown = [who.subject]
    if who.has(*SEES_ALL):
        shown = [each.manager_id for each in await office.store.managers_after(paging.after, paging.limit + 1)]
    page = paging.page(shown, str)
    found = await growing.of_all(office, wanted, page.items)
    views = [GrowthView.of(each, wanted, found.get(each, Growth())) for each in page.items]
    return Page(items=views, next=page.next)


def _present(office: Deps) -> Month:
    today = office.today()
    return Month(today.year, today.month)


def _month(said: str | None) -> Month | None:
    return None if said is None else Month(*map(int, said.split("-")))


def _ordinal(month: Month) -> int:
    return month.year * 12 + month.month - 1


def _back(month: Month, count: int) -> Month:
    year, number = divmod(_ordinal(month) - count, 12)
    return Month(year, number + 1)
