"""`/v1/policies`: what is paid from which month on (R-PAY-1, R-PAY-4)."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from services.payroll.api.fields import Body, Deps, Director, MonthText, Officer, View, Words
from services.payroll.domain.books import set_policy
from services.payroll.domain.policy import Policy
from services.payroll.store import BOOKS
from shared.contracts.accounts import Source
from shared.contracts.base import Roubles
from shared.http.idempotency import IdempotencyKey
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/policies", tags=["policies"])

Paying = Literal["referral", "advert", "tender", "other"]
"""What may count: the base handed over at the start never does (R-PAY-4)."""
Percent = Annotated[Decimal, Field(ge=0, le=1000, max_digits=6, decimal_places=2)]


class NewPolicy(Body):
    """What shall be paid from `effective` on, and why."""

    effective: MonthText
    base: Annotated[Roubles, Field(gt=0)]
    """Roubles a month, whatever happens."""
    bonus_percent: Percent = Decimal(100)
    """How much of a growth above zero is paid."""
    paying: Annotated[tuple[Paying, ...], Field(min_length=1)] = ("referral",)
    """How a client has to have come for its fee to count."""
    carries: bool = True
    """Whether what does not fit above the base is left to the months after."""
    reason: Words


class PolicyView(View):
    """A version of the policy; version 0 is what the service was set up with."""

    version: int
    effective: str
    base: Roubles
    bonus_percent: Decimal
    paying: tuple[Source, ...]
    carries: bool
    reason: str | None
    by: str | None
    at: datetime | None

    @classmethod
    def of(cls, policy: Policy) -> "PolicyView":
        """`policy` as shown."""
        return cls(**{name: getattr(policy, name) for name in cls.model_fields})


@routes.get("")
async def listed(office: Deps, _: Officer) -> list[PolicyView]:
    """Every version; for a month the newest of the latest `effective` not after it is in force."""
    books = await office.store.company_books()
    return [PolicyView.of(policy) for policy in (office.usual, *books.policies)]


@routes.get("/{month}")
async def of_month(office: Deps, _: Officer, month: MonthText) -> PolicyView:
    """The one `month` is paid by."""
    return PolicyView.of((await office.store.policies(office.usual)).of(month))


@routes.post("", status_code=201, responses={200: {"description": "The same again."}})
async def set_one(office: Deps, who: Director, new: NewPolicy, key: IdempotencyKey, response: Response) -> PolicyView:
    """A new version, for a month that is not closed yet; what was asked about closing is taken back."""
    policy = Policy(
        base=new.base,
        bonus_percent=new.bonus_percent,
        paying=tuple(sorted(set(new.paying))),
        carries=new.carries,
        effective=new.effective,
        by=who.subject,
        at=office.now(),
        reason=new.reason,
    )
    asked_as = None if key is None else derived_id("policy", who.subject, key)
    stepped = await office.store.books.step(BOOKS, partial(set_policy, policy=policy, asked_as=asked_as))
    response.status_code = 201 if stepped.written else 200
    return PolicyView.of(stepped.state.policy_asked_as(asked_as))
