"""`/v1/managers`: who holds the bases."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from services.accounts.api.fields import Body, Day, Deps, Director, Id, Reader, Text, View, fingerprint
from services.accounts.domain import manager as managers
from services.accounts.domain.manager import Manager
from services.accounts.domain.refusals import UnknownManager
from services.accounts.office import known
from shared.contracts.base import Decision
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/managers", tags=["managers"])


class NewManager(Body):
    """A manager who works for us."""

    name: Text
    hired: Day
    left: Annotated[Day | None, Field(description="The last day of work.")] = None
    manager_id: Annotated[Id | None, Field(description="The subject of their tokens, where it is settled.")] = None


class ManagerChanges(Body):
    """What is other than before; what is left out stays."""

    name: Text | None = None
    hired: Day | None = None
    left: Day | None = None


class ManagerView(View):
    """A manager as recorded."""

    manager_id: str
    revision: int
    name: str
    hired: date
    left: date | None


@routes.post("", status_code=201, responses={200: {"description": "The same again."}})
async def register(
    office: Deps, who: Director, key: IdempotencyKey, new: NewManager, response: Response
) -> ManagerView:
    """A manager works for us."""
    by_key = office.new_id() if key is None else derived_id("manager", who.subject, key)
    manager = Manager(
        manager_id=new.manager_id or by_key, name=new.name, hired=new.hired, left=new.left, asked_as=fingerprint(new)
    )
    decide = partial(managers.register, new=manager, at=office.now())
    stepped = await office.store.managers.step(manager.manager_id, decide)
    response.status_code = 201 if stepped.written else 200
    return ManagerView.model_validate(stepped.state)


@routes.get("")
async def listed(office: Deps, _: Reader, paging: Paged) -> Page[ManagerView]:
    """Everybody who holds or held a base."""
    found = await office.store.managers_after(paging.after, paging.limit + 1)
    views = [ManagerView.model_validate(manager) for manager in found]
    return paging.page(views, lambda manager: manager.manager_id)


@routes.get("/{manager_id}")
async def one(office: Deps, _: Reader, manager_id: str) -> ManagerView:
    """One manager."""
    return ManagerView.model_validate(await office.manager(manager_id))


@routes.patch("/{manager_id}")
async def change(office: Deps, _: Director, manager_id: str, changes: ManagerChanges) -> ManagerView:
    """Another name, other dates."""
    at = office.now()

    def decide(state: Manager | None) -> Decision[Manager]:
        manager = known(state, UnknownManager)
        left = changes.left if "left" in changes.model_fields_set else manager.left
        return managers.change(
            manager, at, name=changes.name or manager.name, hired=changes.hired or manager.hired, left=left
        )

    return ManagerView.model_validate((await office.store.managers.step(manager_id, decide)).state)
