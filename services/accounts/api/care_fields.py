"""Who may come in to calls, control, debt and referrals, and whose base it is."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from services.accounts.api.fields import SEES_ALL, check_base
from services.accounts.care import Care
from services.accounts.domain.client import Client
from services.accounts.domain.weeks import NoSuchWeek, Week
from shared.contracts.base import to_milliseconds
from shared.http.auth import Principal, requires
from shared.http.problems import Problem


async def _care(request: Request) -> Care:
    care: Care = request.app.state.care
    return care


CareDep = Annotated[Care, Depends(_care)]
CareReader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]
Overseer = Annotated[Principal, Depends(requires(*SEES_ALL))]
Caller = Annotated[Principal, Depends(requires("manager", "lead", "director"))]
Words = Annotated[str, Field(max_length=4_000)]
NeededWords = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"\S")]


def _said(value: object) -> object:
    if not isinstance(value, str | datetime):
        raise PydanticCustomError("moment", "момент пишется строкой с поясом: 2026-11-23T10:00:00+07:00")
    return value


def _cut(value: datetime) -> datetime:
    try:
        return to_milliseconds(value)
    except ValueError as error:
        raise PydanticCustomError("moment", "такого момента не бывает: проверьте год") from error


When = Annotated[AwareDatetime, BeforeValidator(_said), AfterValidator(_cut)]


async def own_client(care: Care, who: Principal, client_id: str) -> Client:
    """The client; raises `NotYourBase` for a manager who does not hold it now."""
    client = await care.office.client(client_id)
    check_base(who, client.manager_id)
    return client


def week_of(care: Care, text: str | None) -> Week:
    """The week asked for; the present one where none is."""
    if text is None:
        return care.week()
    try:
        return Week.parse(text)
    except NoSuchWeek as error:
        raise Problem(422, "no-such-week", f"week: {error}") from None
