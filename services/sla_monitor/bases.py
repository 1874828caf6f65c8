"""Whose base a client is in now. Events carry the manager of their own time; a client may have been handed over since.

A client nobody has told of yet belongs to whom the events name.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from services.sla_monitor.domain.facts import Client, Fact, in_order
from services.sla_monitor.store import CLIENT_INDEXES, Base
from shared.contracts.accounts import ClientEvent
from shared.contracts.base import STANDARD_TARIFF, Decision
from shared.service import Service
from shared.store import Documents

MOST = 20_000
"""Clients there can be."""
KEPT = 50
"""Changes of a client that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """A client as accounts says. The higher `revision` is the newer."""

    client_id: str
    revision: int
    name: str
    zone: str
    manager_id: str
    tariff: str = STANDARD_TARIFF
    region: str | None = None
    active: bool = True
    moves: tuple[Fact, ...] = ()
    """Since when they were where and paid for what, in order; each change of the client is one."""

    def region_at(self, moment: datetime) -> str | None:
        """In which region they were then."""
        there = [move.client for move in self.moves if move.at <= moment and move.client is not None]
        return there[-1].region if there else self.region


class Bases:
    """The clients, by who has them."""

    def __init__(self, service: Service) -> None:
        self.clients = service.documents("clients", KnownClient, indexes=CLIENT_INDEXES)
        self._lately: OrderedDict[str, KnownClient] = OrderedDict()

    async def hear(self, event: ClientEvent) -> KnownClient:
        """A client is new or changed: what is newest of it."""
        return self._seen((await self.clients.step(event.client_id, partial(told_of, event=event))).state)

    async def manager_of(self, client: Client | None) -> str | None:
        """Who has the client now."""
        if client is None:
            return None
        known = await self.clients.get(client.client_id)
        return client.manager_id if known is None else known.manager_id

    async def known(self, client_id: str) -> KnownClient | None:
        """The client as accounts says; None where it has not told yet."""
        found = await self.clients.get(client_id)
        return None if found is None else self._seen(found)

    async def names(self, client_ids: Sequence[str]) -> dict[str, str]:
        """What these clients are called now, of whom accounts has told."""
        found = self.clients.collection.find({"_id": {"$in": [*client_ids]}}, {"name": 1})
        return {one["_id"]: one["name"] async for one in found}

    def lately(self, client_id: str) -> KnownClient | None:
        """The client as this replica saw it last, which may be behind what accounts says by now."""
        return self._lately.get(client_id)

    def _seen(self, client: KnownClient) -> KnownClient:
        self._lately[client.client_id] = client
        self._lately.move_to_end(client.client_id)
        if len(self._lately) > MOST:
            self._lately.popitem(last=False)
        return client

    async def base_of(self, manager_id: str, listed: Documents[Any]) -> Base:
        """What a manager may see of what is `listed`, however many clients there are. Of those that it names them for,
        some may be known by now to be another's, and some nobody has told of."""
        theirs = await self.clients.collection.distinct("_id", {"manager_id": manager_id})
        named = await listed.collection.distinct("client.client_id", {"client.manager_id": manager_id})
        strange = set(named) - set(theirs)
        others = {"_id": {"$in": [*strange]}, "manager_id": {"$ne": manager_id}}
        foreign = {one["_id"] async for one in self.clients.collection.find(others, {"_id": 1}).hint("_id_")}
        return Base(manager_id=manager_id, clients=tuple(theirs), unheard=tuple(strange - foreign))


def told_of(known: KnownClient | None, *, event: ClientEvent) -> Decision[KnownClient]:
    """What accounts says; of what is older than what was heard only since when they were where counts."""
    moves = known.moves if known is not None else ()
    move = Fact(kind="client.changed", at=event.at, revision=event.revision, client=Client.of(event.ref()))
    if move not in moves:
        moves = in_order((*moves, move))[-KEPT:]
    if known is not None and known.revision >= event.revision:
        return Decision(known if moves == known.moves else replace(known, moves=moves))
    return Decision(
        KnownClient(
            client_id=event.client_id,
            revision=event.revision,
            name=event.name,
            zone=event.zone,
            manager_id=event.manager_id,
            tariff=event.tariff,
            region=event.region,
            active=event.active,
            moves=moves,
        )
    )
