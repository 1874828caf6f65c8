"""What the doors have in common: who may come in, and how a month is written."""

import re
from typing import Annotated

from fastapi import Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from services.payroll.domain.months import PATTERN
from services.payroll.domain.refusals import NotYourPay
from services.payroll.office import Office
from shared.http.auth import Principal, requires

SEES_ALL = ("payroll", "director")
"""Roles that see everybody's pay; a manager sees only their own."""


async def _office(request: Request) -> Office:
    office: Office = request.app.state.deps
    return office


Deps = Annotated[Office, Depends(_office)]
Officer = Annotated[Principal, Depends(requires(*SEES_ALL))]
Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]


def _month(text: str) -> str:
    if re.fullmatch(PATTERN, text) is None:
        raise PydanticCustomError("month", "месяц пишется так: 2026-11")
    return text


MonthText = Annotated[str, AfterValidator(_month)]


class View(BaseModel):
    """What somebody is shown."""

    model_config = ConfigDict(frozen=True)


def check_own(who: Principal, manager_id: str) -> None:
    """Raises `NotYourPay` where a manager asks about somebody else."""
    if not who.has(*SEES_ALL) and who.subject != manager_id:
        raise NotYourPay
