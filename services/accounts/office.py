"""What the doors of accounts work with: the collections, the clock, ids, and the company's day."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from services.accounts.domain.client import Client
from services.accounts.domain.conflict import Conflict
from services.accounts.domain.manager import Manager
from services.accounts.domain.proposal import Proposal
from services.accounts.domain.refusals import (
    InnTaken,
    OwnPay,
    SnilsTaken,
    UnknownClient,
    UnknownManager,
    UnknownProposal,
    WrongValue,
)
from services.accounts.domain.trail import Deed, kept
from services.accounts.store import Store
from shared.clock import Clock, local_date
from shared.contracts.base import Decide
from shared.ids import NewId
from shared.store import Stepped


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`zone` is the company's: its days decide (R-PAY-5)."""

    store: Store
    clock: Clock
    new_id: NewId
    zone: str
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a fact that moves money was confirmed here."""

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    def today(self) -> date:
        """The company's present day."""
        return local_date(self.now(), self.zone)

    async def manager(self, manager_id: str) -> Manager:
        """Raises `UnknownManager`."""
        return known(await self.store.managers.get(manager_id), UnknownManager)

    async def client(self, client_id: str) -> Client:
        """Raises `UnknownClient`."""
        return known(await self.store.clients.get(client_id), UnknownClient)

    async def proposal(self, proposal_id: str) -> Proposal:
        """Raises `UnknownProposal`."""
        return known(await self.store.proposals.get(proposal_id), UnknownProposal)

    async def check_works(self, field: str, manager_id: str, day: date) -> None:
        """Raises `WrongValue` naming `field` where the manager is unknown or not at work on `day`."""
        manager = await self.store.managers.get(manager_id)
        if manager is None:
            raise WrongValue(field, f"менеджера {manager_id} нет")
        if not manager.works_on(day):
            raise WrongValue(field, f"«{manager.name}» не работает в этот день ({day:%d.%m.%Y})")

    async def check_registered_by_another(self, by: str, manager_ids: Iterable[str]) -> None:
        """Raises `OwnPay` where `by` registered one of these managers: nobody makes up the manager whose pay they
        decide (R-BASE-3)."""
        for manager in await self.store.managers_of(manager_ids):
            if manager.registered_by == by:
                raise OwnPay(f"Менеджера «{manager.name}» завели вы: что меняет его зарплату, решает другой директор.")

    async def check_inn_free(self, inn: str, client_id: str, apart: str | None = None) -> None:
        """Raises `InnTaken` where another client than `client_id` has it (a branch kept `apart`: with this KPP too),
        naming that one."""
        first = await self.store.client_by_inn(inn, apart)
        if first is not None and first.client_id != client_id:
            raise InnTaken(first.client_id, first.name)

    async def check_snils_free(self, snils: str, manager_id: str) -> None:
        """Raises `SnilsTaken` where another manager than `manager_id` has it, naming that one."""
        for other in await self.store.managers_with(snils):
            if other.manager_id != manager_id:
                raise SnilsTaken(other.manager_id, other.name)

    async def managers_step(self, key: str, decide: Decide[Manager], *, by: str, why: str) -> Stepped[Manager]:
        """A step of a manager, recorded as done `by` somebody."""
        return await self.store.managers.step(key, kept(decide, self.deed("manager", key, by, why)))

    async def clients_step(self, key: str, decide: Decide[Client], *, by: str, why: str) -> Stepped[Client]:
        """A step of a client, recorded as done `by` somebody."""
        return await self.store.clients.step(key, kept(decide, self.deed("client", key, by, why)))

    async def proposals_step(self, key: str, decide: Decide[Proposal], *, by: str, why: str) -> Stepped[Proposal]:
        """A step of a proposal, recorded as done `by` somebody."""
        return await self.store.proposals.step(key, kept(decide, self.deed("proposal", key, by, why)))

    async def conflicts_step(self, key: str, decide: Decide[Conflict], *, by: str, why: str) -> Stepped[Conflict]:
        """A step of a conflict, recorded as done `by` somebody."""
        return await self.store.conflicts.step(key, kept(decide, self.deed("conflict", key, by, why)))

    def deed(self, kind: str, about: str, by: str, why: str) -> Deed:
        """What `by` does to a document now, and why, as the audit chain keeps it."""
        return Deed(kind=kind, about=about, by=by, at=self.now(), why=why)


T = TypeVar("T")


def known(found: T | None, otherwise: type[Exception]) -> T:
    """`found`; raises `otherwise` where it is None."""
    if found is None:
        raise otherwise
    return found
