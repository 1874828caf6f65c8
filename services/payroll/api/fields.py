"""What the doors have in common: who may come in, and how a month is written."""

import re
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from services.payroll.domain.months import PATTERN
from services.payroll.domain.refusals import EventsPending, NotYourPay
from services.payroll.office import Office
from services.payroll.store import Reading
from shared.contracts.base import Roubles
from shared.http.auth import Principal, requires
from shared.http.problems import problem_response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RETRY_AFTER = "5"
"""Seconds after which a close that was refused for events on their way may be tried again."""
SEES_ALL = ("payroll", "director")
"""Roles that see everybody's pay; a manager sees only their own."""


async def _office(request: Request) -> Office:
    office: Office = request.app.state.deps
    return office


Deps = Annotated[Office, Depends(_office)]
Officer = Annotated[Principal, Depends(requires(*SEES_ALL))]
Director = Annotated[Principal, Depends(requires("director"))]
Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]


def _month(text: str) -> str:
    if re.fullmatch(PATTERN, text) is None:
        raise PydanticCustomError("month", "месяц пишется так: 2026-11")
    return text


MonthText = Annotated[str, AfterValidator(_month)]


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
"""What somebody says or why: not empty."""


class Body(BaseModel):
    """What somebody sends: fields nobody knows are refused, as a misspelt one would else be left out silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class View(BaseModel):
    """What somebody is shown."""

    model_config = ConfigDict(frozen=True)


class Paid(View):
    """What a closed statement comes to, in roubles."""

    manager_id: str
    manager_name: str
    base: Roubles
    bonus: Roubles
    adjusted: Roubles
    carried_in: Roubles
    carried: Roubles
    forgiven: Roubles
    """What does not fit and is not carried either, not above 0."""
    total: Roubles
    seal: str


def check_own(who: Principal, manager_id: str, *, alone: bool = False) -> None:
    """Raises `NotYourPay` where a manager asks about somebody else; `alone`, where it is for the manager only, also
    where payroll or a director do."""
    if who.subject == manager_id and "manager" in who.roles:
        return
    if alone or not who.has(*SEES_ALL):
        raise NotYourPay


async def noted(
    office: Office, who: Principal, what: str, *, manager_id: str | None = None, month: str | None = None
) -> None:
    """Write down that `who` reads another's pay; without a `manager_id` everybody's. One's own is nobody's concern."""
    if who.subject == manager_id and "manager" in who.roles:
        return
    reading = Reading(
        reading_id=f"{office.now():%Y%m%d%H%M%S%f}-{office.new_id()}",
        at=office.now(),
        by=who.subject,
        role=", ".join(sorted(who.roles)),
        what=what,
        manager_id=manager_id,
        month=month,
    )
    await office.store.note(reading)


async def answer_pending(_: Request, error: Exception) -> Response:
    """The answer to a close that comes before the events it needs: later it will be another."""
    pending = error.pending if isinstance(error, EventsPending) else []
    answer = problem_response(409, "events-pending", str(error), pending=pending)
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def attached(content: bytes, kind: str, name: str) -> Response:
    """A file to be kept."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "-._") else "_" for char in name)
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{plain}"'})
