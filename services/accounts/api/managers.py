"""`/v1/managers`: who holds the bases."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from services.accounts import conflicts
from services.accounts.api.fields import (
    SEES_ALL,
    Body,
    Code,
    Day,
    Deps,
    Director,
    Email,
    Id,
    Phone,
    Reader,
    Snils,
    Text,
    View,
    fingerprint,
)
from services.accounts.domain import manager as managers
from services.accounts.domain.contacts import NUMBERS_LIMIT
from services.accounts.domain.manager import Manager
from services.accounts.domain.refusals import UnknownManager
from services.accounts.office import Office, known
from shared.contracts.base import Decision
from shared.http.auth import Principal, requires
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id
from shared.store import DuplicateKey, Stepped

routes = APIRouter(prefix="/v1/managers", tags=["managers"])

Registrar = Annotated[Principal, Depends(requires("director", "payroll"))]
Step = Callable[[], Awaitable[Stepped[Manager]]]
Phones = Annotated[tuple[Phone, ...], Field(max_length=NUMBERS_LIMIT)]


class NewManager(Body):
    """A manager who works for us."""

    name: Text
    hired: Day
    left: Annotated[Day | None, Field(description="The last day of work.")] = None
    manager_id: Annotated[Id | None, Field(description="The subject of their tokens, where it is settled.")] = None
    phones: Phones = ()
    email: Email | None = None
    personnel_number: Annotated[Code | None, Field(description="Табельный номер в 1С:ЗУП.")] = None
    snils: Snils | None = None


class ManagerChanges(Body):
    """What is other than before; what is left out stays."""

    name: Text | None = None
    hired: Day | None = None
    left: Day | None = None
    phones: Phones | None = None
    email: Email | None = None
    personnel_number: Code | None = None
    snils: Snils | None = None

    def applied(self, manager: Manager) -> Manager:
        """`manager` with what was sent. What must be there is not emptied by null."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        must = {"name", "hired", "phones"}
        return replace(
            manager, **{name: value for name, value in sent.items() if value is not None or name not in must}
        )


FOR_WHOM = "Null of a colleague, to a manager."


class ManagerView(View):
    """A manager as recorded."""

    manager_id: str
    revision: int
    name: str
    hired: date
    left: date | None
    phones: tuple[str, ...]
    email: str | None
    personnel_number: Annotated[str | None, Field(description=FOR_WHOM)]
    snils: Annotated[str | None, Field(description=FOR_WHOM)]

    @classmethod
    def of(cls, manager: Manager, who: Principal) -> Self:
        """As `who` may see them: of a colleague a manager needs no numbers of the payroll."""
        card = cls.model_validate(manager)
        if who.has(*SEES_ALL) or who.subject == manager.manager_id:
            return card
        return card.model_copy(update={"personnel_number": None, "snils": None})


@routes.post("", status_code=201, responses={200: {"description": "The same again."}})
async def register(
    office: Deps, who: Registrar, key: IdempotencyKey, new: NewManager, response: Response
) -> ManagerView:
    """A manager works for us. Who registers them decides nothing about their pay (R-BASE-3). A СНИЛС that another has
    is refused, naming that one: whoever may register may see it."""
    by_key = office.new_id() if key is None else derived_id("manager", who.subject, key)
    manager_id = new.manager_id or by_key
    card = new.model_dump(exclude={"manager_id"})
    manager = Manager(manager_id=manager_id, registered_by=who.subject, asked_as=fingerprint(new), **card)
    decide = partial(managers.register, new=manager, at=office.now())
    step = partial(office.managers_step, manager_id, decide, by=who.subject, why="заведён")
    stepped = await _apart(office, await office.store.managers.get(manager_id), manager, step)
    response.status_code = 201 if stepped.written else 200
    return ManagerView.model_validate(stepped.state)


@routes.get("")
async def listed(office: Deps, who: Reader, paging: Paged) -> Page[ManagerView]:
    """Everybody who holds or held a base."""
    found = await office.store.managers_after(paging.after, paging.limit + 1)
    views = [ManagerView.of(manager, who) for manager in found]
    return paging.page(views, lambda manager: manager.manager_id)


@routes.get("/{manager_id}")
async def one(office: Deps, who: Reader, manager_id: str) -> ManagerView:
    """One manager."""
    return ManagerView.of(await office.manager(manager_id), who)


@routes.patch("/{manager_id}")
async def change(office: Deps, who: Director, manager_id: str, changes: ManagerChanges) -> ManagerView:
    """Another name, other dates (never one's own: R-BASE-3), other numbers. A СНИЛС that another has is refused."""
    at, before = office.now(), await office.manager(manager_id)

    def decide(state: Manager | None) -> Decision[Manager]:
        manager = known(state, UnknownManager)
        return managers.change(manager, changes.applied(manager), at, who.subject)

    step = partial(office.managers_step, manager_id, decide, by=who.subject, why="изменён")
    stepped = await _apart(office, before, changes.applied(before), step)
    return ManagerView.model_validate(stepped.state)


async def _apart(office: Office, before: Manager | None, new: Manager, step: Step) -> Stepped[Manager]:
    """`step` from `before` to `new`. Raises `SnilsTaken` where the СНИЛС is another's; one that an earlier version let
    in stays until it is changed. Who gives it up just then keeps nobody out: the step is tried once more."""
    if new.snils is not None and (before is None or before.snils != new.snils):
        await office.check_snils_free(new.snils, new.manager_id)
    try:
        stepped = await step()
    except DuplicateKey:
        await office.check_snils_free(new.snils or "", new.manager_id)
        stepped = await step()
    if stepped.written:
        await conflicts.look_after_manager(office, before, stepped.state)
    return stepped
