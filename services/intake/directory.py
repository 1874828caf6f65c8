"""Looking up clients by phone, address or id, and what was said of senders: what is asked at the same moment is one
query."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from time import monotonic

from services.intake.domain.callers import KnownClient
from services.intake.domain.identity import Said
from services.intake.domain.senders import Sender
from shared.store import Documents
from shared.store.batching import Batcher

KNOWN_FOR = 5.0
"""Seconds a found client is remembered; one that was not found is asked for again."""
REMEMBERED = 5_000
BATCH = 200


class Directory:
    """The projection of clients, and the senders people have spoken of, as callers are looked up in them."""

    def __init__(self, clients: Documents[KnownClient], senders: Documents[Sender]) -> None:
        self._clients = clients
        self._senders = senders
        self._found: OrderedDict[tuple[str, ...], tuple[float, list[KnownClient]]] = OrderedDict()
        self._queries: Batcher[tuple[str, ...], list[KnownClient]] = Batcher(self._query, BATCH)
        self._words: Batcher[tuple[str, ...], list[Said]] = Batcher(self._spoken_of, BATCH)

    async def said(self, senders: tuple[str, ...]) -> list[Said]:
        """What people said of these senders."""
        return await self._words.call(senders) if senders else []

    async def having(self, keys: tuple[str, ...]) -> list[KnownClient]:
        """The clients with one of these keys."""
        if not keys:
            return []
        until, clients = self._found.get(keys, (0.0, []))
        if until > monotonic():
            return clients
        clients = await self._queries.call(keys)
        if clients:
            self._remember(keys, clients)
        return clients

    def forget(self, keys: Iterable[str]) -> None:
        """Something changed about these keys: ask again."""
        changed = set(keys)
        for known in [known for known in self._found if not changed.isdisjoint(known)]:
            del self._found[known]

    def _remember(self, keys: tuple[str, ...], clients: list[KnownClient]) -> None:
        self._found[keys] = (monotonic() + KNOWN_FOR, clients)
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)

    async def _query(self, asked: Sequence[tuple[str, ...]]) -> Sequence[list[KnownClient]]:
        wanted = {key for keys in asked for key in keys}
        found = await self._clients.find({"keys": {"$in": sorted(wanted)}}, limit=0)
        having: dict[str, list[KnownClient]] = {}
        for client in found:
            for key in wanted.intersection(client.keys):
                having.setdefault(key, []).append(client)
        return [[client for key in keys for client in having.get(key, ())] for keys in asked]

    async def _spoken_of(self, asked: Sequence[tuple[str, ...]]) -> Sequence[list[Said]]:
        wanted = {sender for senders in asked for sender in senders}
        spoken = await self._senders.find({"_id": {"$in": sorted(wanted)}}, limit=0)
        found = {one.key: said for one in spoken if (said := one.said()) is not None}
        return [[found[sender] for sender in senders if sender in found] for senders in asked]
