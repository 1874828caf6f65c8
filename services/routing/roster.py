"""The specialists, as this process knows them: kept in memory so that an assignment costs no reading.

What it knows may be old, because other replicas take places too: a place is only had once it is written in the
specialist's document, and what that write shows is put here.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from services.routing.domain.absences import Absence, absent, at_work, substitutes
from services.routing.domain.candidates import Board, Busy, Candidate, Kind, Pool, Wish, idle, kind_of
from services.routing.domain.exclusions import Exclusion, excluded
from services.routing.domain.needs import product_key
from services.routing.domain.places import busy
from services.routing.domain.policy import Policy
from services.routing.domain.record import share
from services.routing.domain.specialists import Specialist
from services.routing.metrics import PLACES, POLICY
from services.routing.store import Store

RECORD_COUNTS = timedelta(days=90)
FOR_EVER = datetime.max.replace(tzinfo=UTC)
SHIFTS = 4
"""So many stretches of work are looked ahead; what comes after them is reckoned as if the last one went on."""


class Roster:
    """Everybody, with the places they have taken, and the policy in force."""

    def __init__(self, store: Store, now: Callable[[], datetime], changed: Callable[[], None], policy: Policy) -> None:
        self.policy = policy
        self._store = store
        self._now = now
        self._changed = changed
        self._specialists: dict[str, Specialist] = {}
        self._held: dict[str, int] = {}
        self._lesser: dict[str, tuple[int, int]] = {}
        self._busy: dict[str, Busy] = {}
        self._knows: dict[str, set[str]] = {}
        self._excluded: dict[str, set[str]] = {}
        self._records: Mapping[str, float] = {}
        self._candidates: list[Candidate] = []
        self._pools: dict[Kind, Pool] = {}
        self._good_for: datetime | None = None
        self._loaded = False
        self._present: frozenset[str] = frozenset()

    def put(self, specialist: Specialist) -> None:
        """This is what the specialist's document says, or said a moment ago."""
        key = specialist.specialist_id
        known = self._specialists.get(key)
        if known is not None and known.edition >= specialist.edition:
            return
        self._specialists[key] = specialist
        self._held[key] = len(specialist.holds)
        routine = sum(rank > 1 for rank in specialist.ranks)
        self._lesser[key] = sum(rank > 0 for rank in specialist.ranks), routine
        self._busy[key] = busy(specialist, self.policy.minutes_each)
        if known is None or known.clients != specialist.clients:
            self._know(key, known.clients if known else (), specialist.clients)
        if known is None or _standing(known) != _standing(specialist):
            self._good_for = None

    def everybody(self) -> dict[str, tuple[Absence, ...]]:
        """Everybody with their absences."""
        return {key: one.absences for key, one in self._specialists.items()}

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

    def tickets(self) -> list[tuple[str, str]]:
        """Every place taken: by whom, and the ticket."""
        return [(one.specialist_id, ticket) for one in self._specialists.values() for ticket in one.holds]

    def holds(self, specialist_id: str) -> tuple[str, ...]:
        """The tickets somebody holds."""
        known = self._specialists.get(specialist_id)
        return known.holds if known else ()

    def has_place(self) -> bool:
        """Whether anybody who is given work has a free place."""
        return any(one.active and self._held[one.specialist_id] < one.capacity for one in self.candidates())

    def candidates(self) -> list[Candidate]:
        """Everybody as assignment sees them this minute."""
        minute = self._now().replace(second=0, microsecond=0)
        if minute != self._good_for:
            self._candidates = [self._candidate(one, minute) for one in self._specialists.values()]
            self._pools.clear()
            self._excluded = self._exclusions(minute)
            self._good_for = minute
        return self._candidates

    def pool(self, wish: Wish) -> Pool:
        """Everybody, as this kind of request sees them."""
        candidates, kind = self.candidates(), kind_of(wish)
        pool = self._pools.get(kind)
        if pool is None:
            pool = self._pools[kind] = Pool(kind, candidates, self.policy, self._now())
        return pool

    def forget_pools(self) -> None:
        """Look at everybody anew."""
        self._good_for = None

    def board(self) -> Board:
        """What changes from one request to the next, as it is now."""
        self.candidates()
        return Board(
            now=self._now(),
            held=dict(self._held),
            lesser=dict(self._lesser),
            busy=dict(self._busy),
            knows=self._knows,
            excluded=self._excluded,
        )

    def excluded(self, specialist_id: str, client_id: str | None) -> Exclusion | None:
        """What keeps the specialist away from this client (R-COI-3), if anything does."""
        known = self._specialists.get(specialist_id)
        return excluded(known.exclusions, client_id, self._now()) if known else None

    def kept_away(self) -> list[str]:
        """Who holds work and is kept away from some client."""
        return [key for key, one in self._specialists.items() if one.exclusions and one.holds]

    def gone(self) -> list[tuple[str, list[str], datetime]]:
        """Whose work is handed over, their substitutes in order, and since when: those absent for long, and those who
        get no work any more, to whom nobody can give any by hand either."""
        now, long = self._now(), timedelta(minutes=self.policy.handover_minutes)
        everybody = {key: one.absences for key, one in self._specialists.items() if one.absences}
        away = {key: absent(absences, now, long) for key, absences in everybody.items()}
        return [
            (key, substitutes(key, everybody, now), absence.start if absence and one.profile.active else FOR_EVER)
            for key, one in self._specialists.items()
            if one.holds and ((absence := away.get(key)) is not None or not one.profile.active)
        ]

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
        return self.adopt(await self._store.newest_policy()) or bool(stale)

    def adopt(self, policy: Policy | None) -> bool:
        """Work by this policy from now on, if it is newer; tells whether it is."""
        newer = policy is not None and policy.number > self.policy.number
        if policy is not None and newer:
            self.policy = policy
            self._busy = {key: busy(one, policy.minutes_each) for key, one in self._specialists.items()}
            self.forget_pools()
        POLICY.set(self.policy.number)
        return newer

    async def read_record(self) -> None:
        """Read the record of the last 90 days (R-COI-1), as the share of the score it leaves."""
        since = self._now() - RECORD_COUNTS
        works, marks = await self._store.works_since(since), await self._store.marks_since(since)
        self._records = {key: share(marks.get(key, {}), works.get(key, 0)) for key in works.keys() | marks.keys()}
        self._good_for = None

    async def watch(self, every: float) -> None:
        """For ever: notice what other replicas changed and whose hours began, and say so."""
        await self.ready()
        while True:
            changed = await self.refresh()
            now = self._now()
            present = frozenset(one.specialist_id for one in self.candidates() if one.begins and one.begins <= now)
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

    def _know(self, key: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        for client in set(before) - set(after):
            self._knows[client].discard(key)
        for client in set(after) - set(before):
            self._knows.setdefault(client, set()).add(key)

    def _exclusions(self, minute: datetime) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self._specialists.values():
            for exclusion in one.exclusions:
                if exclusion.stands(minute):
                    found.setdefault(exclusion.client_id, set()).add(one.specialist_id)
        return found

    def _candidate(self, specialist: Specialist, now: datetime) -> Candidate:
        profile, limits, pause = specialist.profile, specialist.profile.limits, specialist.pause
        shifts = tuple(islice(at_work(profile.hours, profile.zone, specialist.absences, now), SHIFTS))
        return Candidate(
            specialist_id=specialist.specialist_id,
            skills={product_key(skill.product): skill.level for skill in profile.skills},
            best=max(skill.level for skill in profile.skills),
            capacity=profile.capacity,
            active=profile.active and not (pause is not None and pause.lasts(now)),
            begins=shifts[0][0] if shifts else None,
            shifts=shifts,
            limits=(limits.important, limits.routine) if limits else None,
            record=self._records.get(specialist.specialist_id, share({}, 0)),
            idle=idle(specialist.given_at, now, self.policy),
            hours=profile.hours,
            zone=profile.zone,
        )

    def _measure(self) -> None:
        able = [one for one in self.candidates() if one.active]
        taken = sum(self._held[one.specialist_id] for one in able)
        PLACES.labels(state="taken").set(taken)
        PLACES.labels(state="free").set(sum(one.capacity for one in able) - taken)


def _standing(specialist: Specialist) -> tuple[object, ...]:
    """What a candidate is made of, the places apart."""
    return specialist.profile, specialist.absences, specialist.pause, specialist.exclusions
