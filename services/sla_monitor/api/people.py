"""Who is called when a promise is broken: set by a director, seen by whoever may be called."""

import re
from functools import partial
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.sla_monitor.api.wiring import Deps
from services.sla_monitor.domain.ladder import Role
from services.sla_monitor.domain.people import Absence, Person, set_by_hand
from shared.clock import local_date
from shared.contracts.base import Moment
from shared.delivery import hook_url
from shared.http.auth import Principal, requires
from shared.http.paging import Page, Paged
from shared.http.problems import Problem

ABSENCES = 50
EMAIL = re.compile(r"[^@\s<>\",;]+@[^@\s<>\",;]+\.[^@\s<>\",;]+")
ID = r"^[^\s/]+$"

routes = APIRouter(prefix="/v1/people", tags=["people"])

Reader = Annotated[Principal, Depends(requires("manager", "lead", "director", "service"))]
Director = Annotated[Principal, Depends(requires("director"))]
PersonId = Annotated[str, Path(min_length=1, max_length=100, pattern=ID)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise PydanticCustomError("email", "это не адрес почты, нужен такой: vera@company.ru")
    return text


class Strict(BaseModel):
    """A body whose unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class AbsenceBody(Strict):
    """Away from `since` until before `until`."""

    since: Moment
    until: Moment
    substitute_id: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=ID)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until <= self.since:
            raise PydanticCustomError("absence", "until: позже, чем since")
        return self


class PersonBody(Strict):
    """Who it is and where they are reached."""

    role: Role
    name: Text
    email: Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)] | None = None
    hook_url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    absences: Annotated[list[AbsenceBody], Field(max_length=ABSENCES)] = []


class PersonView(BaseModel):
    """A person who can be called."""

    model_config = ConfigDict(from_attributes=True)

    person_id: str
    role: Role
    name: str
    email: str | None
    hook_url: str | None
    absences: list[AbsenceBody]
    set_by: str | None
    works: bool
    """False once accounts has said that they left."""
    away: bool


@routes.get("")
async def people(deps: Deps, _: Reader, paging: Paged) -> Page[PersonView]:
    """Everybody who can be called, by id."""
    where = {"_id": {"$gt": paging.after}} if paging.after is not None else {}
    found = await deps.escalations.store.people.find(where, limit=paging.limit + 1)
    page = paging.page(found, lambda person: person.person_id)
    return Page(items=[_view(person, deps) for person in page.items], next=page.next)


@routes.get("/{person_id}")
async def person(deps: Deps, _: Reader, person_id: PersonId) -> PersonView:
    """One of them."""
    found = await deps.escalations.store.people.get(person_id)
    if found is None:
        raise Problem(404, "unknown-person", "Такого человека в списке нет; менеджеры приходят из учёта клиентов.")
    return _view(found, deps)


@routes.put("/{person_id}")
async def put_person(deps: Deps, who: Director, person_id: PersonId, body: PersonBody) -> PersonView:
    """Set somebody whole: what is left out is taken away."""
    _check_hook(deps, body)
    await _check_substitutes(deps, person_id, body)
    decide = partial(
        set_by_hand,
        person_id=person_id,
        role=body.role,
        name=body.name,
        email=body.email,
        hook_url=body.hook_url,
        absences=tuple(Absence(since=a.since, until=a.until, substitute_id=a.substitute_id) for a in body.absences),
        by=who.subject,
    )
    stepped = await deps.escalations.store.people.step(person_id, decide)
    return _view(stepped.state, deps)


def _check_hook(deps: Deps, body: PersonBody) -> None:
    try:
        if body.hook_url is not None:
            hook_url(body.hook_url, plain=deps.plain_hooks)
    except ValueError as error:
        raise Problem(422, "bad-hook-url", f"hook_url: {error}.") from None


async def _check_substitutes(deps: Deps, person_id: str, body: PersonBody) -> None:
    wanted = {one.substitute_id for one in body.absences if one.substitute_id is not None}
    if person_id in wanted:
        raise Problem(422, "own-substitute", "absences: человек не замещает сам себя.")
    unknown = sorted(wanted - (await deps.escalations.store.everybody()).keys()) if wanted else []
    if unknown:
        raise Problem(422, "unknown-substitute", f"absences: замещающего {', '.join(unknown)} нет в списке.")


def _view(person: Person, deps: Deps) -> PersonView:
    now = deps.monitor.clock.now()
    return PersonView(
        person_id=person.person_id,
        role=person.role,
        name=person.name,
        email=person.email,
        hook_url=person.hook_url,
        absences=[AbsenceBody.model_validate(one) for one in person.absences],
        set_by=person.set_by,
        works=person.works(local_date(now, deps.company_zone)),
        away=person.absence(now) is not None,
    )
