"""The fields of bodies and answers, and who may come in."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from services.accounts import values
from services.accounts.domain.refusals import NotYourBase
from services.accounts.office import Office
from services.accounts.values import Unfit
from shared.contracts.base import Roubles
from shared.http.auth import Principal, requires
from shared.ids import derived_id

In = TypeVar("In")
Out = TypeVar("Out")

SEES_ALL = ("director", "lead", "payroll", "service")
"""Roles that see every manager's base; a manager sees only their own."""
PEOPLE = ("manager", "specialist", "lead", "director", "payroll")
"""Anybody may propose (R-BASE-3)."""


async def _office(request: Request) -> Office:
    office: Office = request.app.state.deps
    return office


Deps = Annotated[Office, Depends(_office)]
Director = Annotated[Principal, Depends(requires("director"))]
Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]
Keeper = Annotated[Principal, Depends(requires("manager", "director"))]
Person = Annotated[Principal, Depends(requires(*PEOPLE))]


def _said(value: object) -> object:
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str | date):
        raise PydanticCustomError("day", "дата пишется строкой: 2026-09-01")
    return value


def _fit(parse: Callable[[In], Out]) -> Callable[[In], Out]:
    """`parse`, whose refusal becomes the field's error word for word."""

    def parsed(value: In) -> Out:
        try:
            return parse(value)
        except Unfit as unfit:
            raise PydanticCustomError("unfit", "{why}", {"why": str(unfit)}) from None

    return parsed


Text = Annotated[str, AfterValidator(_fit(values.text))]
Inn = Annotated[str, AfterValidator(_fit(values.inn)), Field(examples=["7707083893"])]
Kpp = Annotated[str, AfterValidator(_fit(values.kpp)), Field(examples=["246601001"])]
Region = Annotated[str, AfterValidator(_fit(values.region)), Field(examples=["24"])]
Snils = Annotated[str, AfterValidator(_fit(values.snils)), Field(examples=["112-233-445 95"])]
Code = Annotated[str, AfterValidator(_fit(values.code))]
Phone = Annotated[str, AfterValidator(_fit(values.phone)), Field(examples=["+7 391 200-00-00"])]
Email = Annotated[str, AfterValidator(_fit(values.email)), Field(examples=["buh@school1.ru"])]
Zone = Annotated[str, AfterValidator(_fit(values.zone)), Field(examples=["Asia/Krasnoyarsk", "МСК+4"])]
Day = Annotated[date, BeforeValidator(_said), AfterValidator(_fit(values.day))]
Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
Fee = Annotated[
    Decimal,
    BeforeValidator(_fit(values.fee)),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["20000.00"]}),
]
"""Roubles a month, more than nothing, at most two decimal places; a string in JSON."""
Money = Roubles


class Body(BaseModel):
    """What somebody sends: fields nobody knows are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """What somebody is shown of a state."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def fingerprint(body: BaseModel) -> str:
    """What tells one request from another that has the same idempotency key."""
    return derived_id("body", body.model_dump_json(exclude_defaults=True))


def check_base(who: Principal, manager_id: str | None) -> None:
    """Raises `NotYourBase` for a manager who asks about another's base."""
    if not who.has(*SEES_ALL) and manager_id != who.subject:
        raise NotYourBase
