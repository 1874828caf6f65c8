"""What the doors of sla_monitor work with. Two things happen to a timeline: a fact is heard, and time passes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.sla_monitor import metrics
from services.sla_monitor.domain.facts import BIRTHS, about_of, fact_of
from services.sla_monitor.domain.rules import Rules
from services.sla_monitor.domain.timeline import Timeline, UnknownSubject, fired, heard
from services.sla_monitor.store import Store, key_of
from shared.clock import Clock
from shared.contracts.base import Event
from shared.contracts.sla_monitor import About
from shared.store import Stepped


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """The collection, the clock and the rules."""

    store: Store
    clock: Clock
    rules: Rules
    changed: Callable[[str], None] = lambda _: None
    """Told the key of every timeline that is written."""

    async def hear(self, event: Event) -> Timeline | None:
        """Something happened: the timeline with it. The facts are a set, so that no inbox is needed against repeats."""
        fact = fact_of(event)
        if fact is None:
            return None
        about = about_of(event)
        decide = partial(heard, about=about, about_id=event.subject, fact=fact, now=self.clock.now(), rules=self.rules)
        key = key_of(about, event.subject)
        stepped = await self.store.timelines.step(key, decide, new=fact.kind in BIRTHS)
        self._after(key, stepped)
        return stepped.state

    async def fire(self, key: str, now: datetime) -> Stepped[Timeline]:
        """Tell what is due by `now`: the guarded write is claim and effect in one. Raises `UnknownSubject`."""
        stepped = await self.store.timelines.step(key, partial(fired, now=now))
        self._after(key, stepped)
        return stepped

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
