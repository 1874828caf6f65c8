"""What the doors of sla_monitor work with. A fact is heard, time passes, and now and then the policy changes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.sla_monitor import metrics
from services.sla_monitor.bases import Bases, KnownClient
from services.sla_monitor.domain.facts import BIRTHS, Fact, about_of, fact_of
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Outdated, Timeline, UnknownSubject, fired, heard, moved, reckoned
from services.sla_monitor.policy_book import Rulebook
from services.sla_monitor.store import Store, key_of, open_of
from shared.clock import Clock
from shared.contracts.base import Decision, Event, NotYet
from shared.contracts.sla_monitor import About
from shared.store import Stepped

TRIES = 3
PAGE = 500
OPENS_AGAIN = frozenset({"request.refused", "work.reopened"})
"""After these clocks start of what may have been closed when the client moved."""
Reckons = Callable[..., Decision[Timeline]]
"""A decision that waits for the state, `now` and the `rules`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """The collection, the clock and the policy."""

    store: Store
    clock: Clock
    book: Rulebook
    bases: Bases
    """The clients as accounts says."""
    changed: Callable[[str], None] = lambda _: None
    """Told the key of every timeline that is written."""

    @property
    def rules(self) -> Rules:
        """The policy as it is known now."""
        return self.book.rules

    async def hear(self, event: Event) -> Timeline | None:
        """Something happened: the timeline with it. The facts are a set, so that no inbox is needed against repeats."""
        fact = fact_of(event)
        if fact is None:
            return None
        await self.book.fresh()
        about = about_of(event)
        key = key_of(about, event.subject)
        lately = self.bases.lately(fact.client.client_id) if fact.client else None
        decide = partial(heard, about=about, about_id=event.subject, fact=_placed(fact, lately))
        timeline = (await self._step(key, decide, new=fact.kind in BIRTHS)).state
        if timeline.client is None or (fact.client is None and fact.kind not in OPENS_AGAIN):
            return timeline
        # Looked up after the write: whoever hears that the client moves looks for what is written by then (`follow`).
        known = await self.bases.known(timeline.client.client_id)
        behind = fact.client is not None and known != lately
        if known is None or not (behind or any(move.at > timeline.began for move in known.moves)):
            return timeline
        return await self._move(key, known)

    async def follow(self, client: KnownClient) -> None:
        """A client is known, elsewhere, or pays for something else: what is open for them goes by it."""
        after: str | None = ""
        while after is not None:
            keys, after = await self.store.keys(open_of(client.client_id), after, PAGE)
            await asyncio.gather(*(self._move(key, client) for key in keys))

    async def _move(self, key: str, client: KnownClient) -> Timeline:
        return (await self._step(key, partial(moved, moves=client.moves))).state

    async def reckon(self, key: str) -> bool:
        """Compute a timeline anew by the newest policy; whether it came out otherwise."""
        before = await self.store.timelines.get(key)
        stepped = await self._step(key, reckoned)
        return before is not None and before.obligations != stepped.state.obligations

    async def fire(self, key: str, now: datetime) -> Stepped[Timeline]:
        """Tell what is due by `now`: the guarded write is claim and effect in one. Raises `UnknownSubject`."""
        stepped = await self.store.timelines.step(key, partial(fired, now=now))
        self._after(key, stepped)
        return stepped

    async def _step(self, key: str, decide: Reckons, *, new: bool = False) -> Stepped[Timeline]:
        """By a policy that is known whole; once more where another replica knew of a newer version."""
        await self.book.fresh()
        for _ in range(TRIES):
            known = partial(decide, now=self.clock.now(), rules=self.rules)
            try:
                stepped = await self.store.timelines.step(key, known, new=new)
            except Outdated:
                await self.book.refresh()
                continue
            self._after(key, stepped)
            return stepped
        raise NotYet("Другая копия службы считает сроки по версии политики, которой эта ещё не знает.")

    def _after(self, key: str, stepped: Stepped[Timeline]) -> None:
        metrics.count(stepped.events)
        if stepped.written:
            self.changed(key)

    async def timeline(self, about: About, about_id: str) -> Timeline:
        """Raises `UnknownSubject`."""
        found = await self.store.timelines.get(key_of(about, about_id))
        if found is None:
            raise UnknownSubject
        return found


def _placed(fact: Fact, known: KnownClient | None) -> Fact:
    """With the region the client was in, where the event does not say. Heard again it is the same fact, even if the
    client has moved meanwhile (`heard`)."""
    if fact.client is None or fact.client.region is not None or known is None:
        return fact
    return replace(fact, client=replace(fact.client, region=known.region_at(fact.at)))
