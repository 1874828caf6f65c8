"""The versions of the policy as every replica knows them, and their going through what is open.

    PUT ──▶ a document a version ──(every second)──▶ every replica knows it ──▶ its `since`: in force
                                                                                  └─▶ once, by one replica: every
    timeline it concerns and that was reckoned without it is reckoned anew (page by page; whoever dies is taken over)

A version concerns what is open where it says so; and what has a fact that was ahead of its time (clocks of machines
differ). Nobody writes by what they knew more than `FRESH` seconds ago: a version is in force `LEAD` after it is made.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from services.sla_monitor.domain.policies import SHIPPED_BY, Version
from services.sla_monitor.domain.rules import Edition, Rules
from services.sla_monitor.store import NEVER
from shared.clock import Clock
from shared.contracts.base import Decision
from shared.service import Service

log = structlog.get_logger()

LEAD = timedelta(seconds=5)
FRESH = 3.0
LOOK_EVERY = 1.0
AFTER = timedelta(seconds=1)
"""How long after a version came into force it goes through the timelines."""
LEFT_AFTER = timedelta(minutes=1)
"""A going through without a sign of life this long was left by a replica that died."""
PAGE = 500
MOST = 10_000
"""Versions there can be."""


class PolicyOvertaken(Exception):
    """Правила тем временем изменил кто-то другой: прочитайте их снова (GET /v1/policies) и повторите."""


class UnknownVersion(Exception):
    """Такой версии правил нет."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A version's going through the timelines."""

    number: int
    """The version's."""
    began: datetime
    alive: datetime
    after: str = ""
    """The last key looked at."""
    changed: int = 0
    """Timelines in which something came out otherwise."""
    ended: datetime | None = None


class Rulebook:
    """What is known of the policy. This one never learns more."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.applied = rules.newest.number
        """The newest version that has gone through the timelines."""

    async def fresh(self) -> None:
        """Make sure that nothing that is in force is unknown."""

    async def refresh(self) -> None:
        """Look for newer versions."""


class PolicyBook(Rulebook):
    """One replica's."""

    def __init__(
        self, service: Service, shipped: Version, clock: Clock, learnt: Callable[[Rules], None] = lambda _: None
    ) -> None:
        """`learnt` is told the rules whenever there is a newer version."""
        super().__init__(Rules([Edition(shipped)]))
        self.applied = 0
        self.versions = service.documents("policies", Version)
        self.sweeps = service.documents("policy_sweeps", Sweep)
        self._shipped = shipped
        self._clock = clock
        self._learnt = learnt
        self._known = 0
        self._refreshed: float | None = None
        self._one_at_a_time = asyncio.Lock()

    async def fresh(self) -> None:
        """Make sure that nothing that is in force is unknown."""
        if self._refreshed is None or asyncio.get_running_loop().time() - self._refreshed > FRESH:
            await self.refresh()

    async def refresh(self) -> None:
        """Look for newer versions; the first is made of what the program comes with."""
        now = asyncio.get_running_loop().time()
        async with self._one_at_a_time:
            await self._read()
            if self._refreshed is None:
                await self._ship()
            self._refreshed = now

    async def enact(self, version: Version) -> Version:
        """A newer version. Raises `PolicyOvertaken`, and what `Edition` raises."""
        await self.refresh()
        if version.number != self.rules.newest.number + 1:
            raise PolicyOvertaken
        Edition(version)
        await self.versions.step(key_of(version.number), partial(enacted, new=version), new=True)
        await self.refresh()
        return version

    def soonest(self) -> datetime:
        """When a version made now can be in force: when every replica knows it, and after the one before it."""
        return max(self._clock.now() + LEAD, self.rules.newest.since + timedelta(milliseconds=1))

    async def version(self, number: int) -> Version:
        """Raises `UnknownVersion`."""
        await self.fresh()
        if not 1 <= number <= self.rules.newest.number:
            raise UnknownVersion
        return self.rules.edition(number).version

    async def sweep_due(self) -> Version | None:
        """The next version that has to go through the timelines, once it has come into force."""
        if self.applied >= self.rules.newest.number:
            return None
        found = self.rules.edition(self.applied + 1).version
        return found if found.since + AFTER <= self._clock.now() else None

    async def _read(self) -> None:
        found = await self.versions.find({"number": {"$gt": self._known}}, sort=(("number", 1),), limit=MOST)
        if found:
            known = Rules(()) if self._known == 0 else self.rules
            self.rules = known.followed_by(found)
            self._known = found[-1].number
            self._learnt(self.rules)
            log.info("policy known", action="policy.known", version=self._known)
        if self.applied < self._known:
            ended = await self.sweeps.find({"ended": {"$ne": None}}, sort=(("number", -1),), limit=1)
            self.applied = ended[0].number if ended else 0

    async def _ship(self) -> None:
        """What the program and its settings say is a version, too; what a person has made since stands above it."""
        newest = self.rules.newest.version if self._known else None
        if newest is not None and (newest.by != SHIPPED_BY or _same(newest, self._shipped)):
            return
        shipped = replace(self._shipped, made=self._clock.now())
        if newest is not None:
            reason = "Программа или её настройки обновлены."
            shipped = replace(shipped, number=newest.number + 1, since=self.soonest(), reason=reason)
        try:
            await self.versions.step(key_of(shipped.number), partial(enacted, new=shipped), new=True)
        except PolicyOvertaken:
            log.info("another replica was faster", action="policy.shipped")
        await self._read()


def enacted(known: Version | None, *, new: Version) -> Decision[Version]:
    """A version is never changed. Raises `PolicyOvertaken` where there is another of its number."""
    if known is not None and known != new:
        raise PolicyOvertaken
    return Decision(new if known is None else known)


def claimed(sweep: Sweep | None, *, number: int, now: datetime) -> Decision[Sweep]:
    """One replica's: nobody else's, unless it has been left."""
    if sweep is None:
        return Decision(Sweep(number=number, began=now, alive=now))
    if sweep.ended is not None or now - sweep.alive < LEFT_AFTER:
        return Decision(sweep)
    return Decision(replace(sweep, alive=now))


def swept(sweep: Sweep | None, *, number: int, last: str | None, changed: int, now: datetime) -> Decision[Sweep]:
    """One page more; `last` is the last key of it, None where nothing is left."""
    before = sweep or Sweep(number=number, began=now, alive=now)
    ended = now if last is None else None
    return Decision(
        replace(before, alive=now, after=last or before.after, changed=before.changed + changed, ended=ended)
    )


def concerned(version: Version) -> dict[str, Any]:
    """The filter for timelines a version may change, and that were reckoned without it."""
    may: list[dict[str, Any]] = [{"facts.at": {"$gte": version.since}}]
    if version.applies_to_open:
        may.append({"nearest": {"$gt": NEVER}})
    return {"reckoned_by": {"$not": {"$gte": version.number}}, "$or": may}


def key_of(version: int) -> str:
    """The `_id` of a version and of its going through."""
    return str(version)


def _same(one: Version, other: Version) -> bool:
    return (one.clocks, one.calendars) == (other.clocks, other.calendars)
