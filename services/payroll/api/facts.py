"""`/v1/facts`: what pay is made of, one by one (R-PAY-7)."""

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter

from services.payroll.api.fields import SEES_ALL, Deps, MonthText, Reader, View, check_own, noted
from services.payroll.domain.facts import Fact, Kind
from services.payroll.domain.policy import Policy
from services.payroll.store import Borne
from shared.contracts.accounts import Source
from shared.contracts.base import Roubles
from shared.http.paging import Page, Paged
from shared.http.problems import Problem

routes = APIRouter(prefix="/v1/facts", tags=["facts"])


class FactView(View):
    """A fact: what moved, for which client, on which day, and the request or referral behind it."""

    fact_id: str
    kind: Kind
    month: str
    effective: date
    at: datetime
    client_id: str
    client_name: str | None
    fee: Roubles | None
    amount: Roubles
    """What it adds to the month's growth."""
    source: Source | None
    reason: str | None
    request_id: str | None
    vouched_by_client_id: str | None
    from_manager_id: str | None
    to_manager_id: str | None
    proposed_by: str
    confirmed_by: str
    reverses_fact_id: str | None
    """The fact that counts as if it had never been."""

    @classmethod
    def of(cls, fact: Fact, policy: Policy) -> "FactView":
        """`fact` as shown, with what it adds to the growth by `policy`."""
        return cls(**fields_of(fact), month=fact.month, amount=policy.amount(fact))


class BorneView(FactView):
    """A fact in somebody's ledger."""

    manager_id: str
    manager_known: bool
    """False: it waits until somebody tells of the manager."""


def fields_of(fact: Fact) -> dict[str, Any]:
    """The fields of a fact by name."""
    return {name: getattr(fact, name) for name in FactView.model_fields if name in Fact.__slots__}


@routes.get("")
async def listed(
    office: Deps, who: Reader, paging: Paged, manager_id: str | None = None, month: MonthText | None = None
) -> Page[BorneView]:
    """Facts in order of their days; a manager sees their own."""
    if manager_id is None and not who.has(*SEES_ALL):
        manager_id = who.subject
    if manager_id is not None:
        check_own(who, manager_id)
    try:
        found = await office.store.facts_where(
            manager_id=manager_id, month=month, after=paging.after, limit=paging.limit + 1
        )
    except ValueError:
        raise Problem(422, "bad-cursor", "cursor: берите его из поля next предыдущей страницы.") from None
    page = paging.page(found, lambda borne: borne.place)
    await noted(office, who, "facts", manager_id=manager_id, month=month)
    policies = await office.store.policies(office.usual)
    return Page(items=[_view(borne, policies.of(borne.fact.month)) for borne in page.items], next=page.next)


def _view(borne: Borne, policy: Policy) -> BorneView:
    fact = FactView.of(borne.fact, policy)
    return BorneView(**dict(fact), manager_id=borne.manager_id, manager_known=borne.manager_known)
