"""The newest open requests, kept for a moment: what a new one could be the same matter as.

Another replica's are seen after `KNOWN_FOR` seconds at the latest; the door that shows duplicates asks the database.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from time import monotonic

from services.intake.domain.callers import Client
from services.intake.domain.merging import WITHIN
from services.intake.domain.requests import ServiceRequest
from services.intake.store import Store

KNOWN_FOR = 5.0
KEPT = 10
"""Of one client, of one base, of nobody: the newest."""
REMEMBERED = 2_000


class Recent:
    """Open requests of the last `WITHIN`, by whose they are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[str, tuple[float, list[ServiceRequest]]] = OrderedDict()

    async def beside(self, client: Client | None, now: datetime) -> list[ServiceRequest]:
        """What a request of this client could be the same matter as: of the client, of its base, of nobody."""
        since, store = now - WITHIN, self._store
        found = await self._of("nobody", partial(store.nobodys_open, since, KEPT))
        if client is not None:
            found = found + await self._of(
                f"client {client.client_id}", partial(store.open_of, client.client_id, since, KEPT)
            )
        if client is not None and client.manager_id is not None:
            manager = client.manager_id
            found = found + await self._of(f"base {manager}", partial(store.open_in_base, manager, since, KEPT))
        return list({one.request_id: one for one in found}.values())

    def add(self, request: ServiceRequest) -> None:
        """It has just been registered here."""
        client = request.client
        keys = ["nobody"] if client is None else [f"client {client.client_id}", f"base {client.manager_id}"]
        for key in keys:
            if key in self._known:
                until, requests = self._known[key]
                self._known[key] = (until, [request, *requests][:KEPT])

    async def _of(self, key: str, find: Callable[[], Awaitable[list[ServiceRequest]]]) -> list[ServiceRequest]:
        until, requests = self._known.get(key, (0.0, []))
        if until <= monotonic():
            requests = await find()
            self._known[key] = (monotonic() + KNOWN_FOR, requests)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return requests
