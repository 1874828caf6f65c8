"""The specialists, as this process knows them: kept in memory so that an assignment costs no reading.

What it knows may be old, because other replicas take places too: a place is only had once it is written in the
specialist's document, and what that write shows is put here.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from services.routing.domain.assignment import COSTS, RECORD_POINTS, Candidate
from services.routing.domain.needs import product_key
from services.routing.domain.specialists import Specialist, at_work
from services.routing.metrics import PLACES
from services.routing.store import Store

RECORD_COUNTS = timedelta(days=90)


class Roster:
    """Everybody, with the places they have taken."""

    def __init__(self, store: Store, now: Callable[[], datetime], changed: Callable[[], None]) -> None:
        self._store = store
        self._now = now
        self._changed = changed
        self._specialists: dict[str, Specialist] = {}
        self._points: Mapping[str, int] = {}
        self._candidates: list[Candidate] = []
        self._good_for: datetime | None = None
        self._loaded = False
        self._present: frozenset[str] = frozenset()

    def put(self, specialist: Specialist) -> None:
        """This is what the specialist's document says, or said a moment ago."""
        known = self._specialists.get(specialist.specialist_id)
        if known is not None and known.edition >= specialist.edition:
            return
        self._specialists[specialist.specialist_id] = specialist
        if known is None or known.profile is not specialist.profile or known.clients is not specialist.clients:
            self._good_for = None

    def name(self, specialist_id: str | None) -> str:
        """What the specialist is called; the id itself where nobody of that id is known."""
        known = self._specialists.get(specialist_id or "")
        return known.profile.name if known else specialist_id or ""

    def names(self) -> dict[str, str]:
        """What everybody is called."""
        return {one.specialist_id: one.profile.name for one in self._specialists.values()}

    def level(self, specialist_id: str | None, products: tuple[str, ...]) -> int:
        """The specialist's level for `products`; 0 where it is not known."""
        found = (one for one in self.candidates() if one.specialist_id == specialist_id)
        return next((one.level(products) for one in found), 0)

    def load(self) -> dict[str, int]:
        """Places taken, by specialist."""
        return {one.specialist_id: len(one.holds) for one in self._specialists.values()}

    def tickets(self) -> list[tuple[str, str]]:
        """Every place taken: by whom, and the ticket."""
        return [(one.specialist_id, ticket) for one in self._specialists.values() for ticket in one.holds]

    def has_place(self) -> bool:
        """Whether anybody who is at work has a free place."""
        load = self.load()
        return any(one.active and one.at_work and load[one.specialist_id] < one.capacity for one in self.candidates())

    def candidates(self) -> list[Candidate]:
        """Everybody as assignment sees them this minute."""
        minute = self._now().replace(second=0, microsecond=0)
        if minute != self._good_for:
            self._candidates = [self._candidate(one, minute) for one in self._specialists.values()]
            self._good_for = minute
        return self._candidates

    async def ready(self) -> None:
        """Read everybody, unless that has been done."""
        if not self._loaded:
            await self.refresh()
            await self.read_record()
            self._loaded = True

    async def refresh(self) -> bool:
        """Read what other replicas have changed; tells whether there was anything."""
        editions = await self._store.editions()
        stale = [key for key, edition in editions.items() if edition > self._edition(key)]
        for specialist in await self._store.specialists_of(stale):
            self.put(specialist)
        return bool(stale)

    async def read_record(self) -> None:
        """Read the record of the last 90 days (R-COI-1), as points of the score."""
        marks = await self._store.marks_since(self._now() - RECORD_COUNTS)
        self._points = {key: _record_points(kinds) for key, kinds in marks.items()}
        self._good_for = None

    async def watch(self, every: float) -> None:
        """For ever: notice what other replicas changed and whose hours began, and say so."""
        await self.ready()
        while True:
            changed = await self.refresh()
            present = frozenset(one.specialist_id for one in self.candidates() if one.at_work)
            if changed or present != self._present:
                self._present = present
                self._changed()
            self._measure()
            await asyncio.sleep(every)

    async def watch_record(self, every: float) -> None:
        """For ever: keep the record of the score up to date."""
        while True:
            await asyncio.sleep(every)
            await self.read_record()

    def _edition(self, specialist_id: str) -> int:
        known = self._specialists.get(specialist_id)
        return known.edition if known else 0

    def _candidate(self, specialist: Specialist, now: datetime) -> Candidate:
        profile = specialist.profile
        return Candidate(
            specialist_id=specialist.specialist_id,
            skills={product_key(skill.product): skill.level for skill in profile.skills},
            best=max(skill.level for skill in profile.skills),
            capacity=profile.capacity,
            active=profile.active,
            at_work=at_work(profile, now),
            clients=frozenset(specialist.clients),
            record=self._points.get(specialist.specialist_id, RECORD_POINTS),
        )

    def _measure(self) -> None:
        load = self.load()
        able = [one for one in self.candidates() if one.active]
        taken = sum(load[one.specialist_id] for one in able)
        PLACES.labels(state="taken").set(taken)
        PLACES.labels(state="free").set(sum(one.capacity for one in able) - taken)


def _record_points(kinds: Mapping[str, int]) -> int:
    cost = sum(COSTS.get(kind, 0) * count for kind, count in kinds.items())
    return max(0, min(RECORD_POINTS, RECORD_POINTS - cost))
