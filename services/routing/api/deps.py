"""What the doors are given, and who may see what: a specialist their own work, a manager their own base."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.routing.dispatcher import Dispatcher
from services.routing.domain.refusals import NotYourBase, NotYours
from services.routing.domain.work import Work, known
from services.routing.estimates import Estimates
from services.routing.history import History
from services.routing.orders import Orders
from services.routing.roster import Roster
from services.routing.store import Store
from shared.http.auth import Principal, requires
from shared.ids import NewId


@dataclass(frozen=True, slots=True)
class Routing:
    """Everything a door may need."""

    store: Store
    roster: Roster
    dispatcher: Dispatcher
    orders: Orders
    history: History
    estimates: Estimates
    new_id: NewId
    look_again: Callable[[], None]
    """Somebody may be free now."""

    async def work_for(self, request_id: str, who: Principal) -> Work:
        """The work on a request, if `who` may see it. Raises `UnknownRequest`, `NotYours` or `NotYourBase`."""
        work = known(await self.store.works.get(request_id))
        if not may_see(work, who, await self.manager_of(work)):
            raise NotYourBase if who.has("manager") else NotYours
        return work

    async def manager_of(self, work: Work) -> str | None:
        """Who holds the client now, hand-overs counted; None where nobody does."""
        client = work.tale.client
        known_now = await self.store.clients.get(client.client_id) if client else None
        return known_now.manager_id if known_now else client.manager_id if client else None

    async def check_base(self, client_id: str, who: Principal) -> None:
        """Raises `NotYourBase` where a manager speaks of a client of another."""
        if who.has("lead", "director"):
            return
        client = await self.store.clients.get(client_id)
        if client is None or client.manager_id != who.subject:
            raise NotYourBase("Это клиент другого менеджера, или такого клиента нет.")


async def _deps(request: Request) -> Routing:
    deps: Routing = request.app.state.deps
    return deps


Deps = Annotated[Routing, Depends(_deps)]
Specialist = Annotated[Principal, Depends(requires("specialist"))]
Manager = Annotated[Principal, Depends(requires("manager", "lead", "director"))]
Lead = Annotated[Principal, Depends(requires("lead", "director"))]
Staff = Annotated[Principal, Depends(requires("specialist", "manager", "lead", "director", "service"))]


def sees_all(who: Principal) -> bool:
    """Whether they see everybody's work."""
    return who.has("lead", "director", "service")


def may_see(work: Work, who: Principal, manager_id: str | None) -> bool:
    """Whether it is theirs: a specialist's own, or of the base of `manager_id` (or of a client nobody identified)."""
    return (
        sees_all(who)
        or (who.has("manager") and manager_id in {None, who.subject})
        or (who.has("specialist") and work.tale.specialist_id == who.subject)
    )
