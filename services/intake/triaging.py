"""The rules of triage in force, and what they say: stems, versions and the clock come in here."""

import asyncio
import tomllib
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import snowballstemmer

from services.intake.domain.triage import Circumstances, Triage, judge
from services.intake.domain.triage_rules import Compiled, RulesOvertaken, TriageRules, enacted
from shared.calendar import russia
from shared.contracts.base import Priority
from shared.store import Documents

ADOPTED_EVERY = 5.0
"""Seconds after which another replica's newer rules are known here."""
LONG = 2_000
"""Characters from which a text is read beside the event loop."""

_stemmer = snowballstemmer.stemmer("russian")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a Russian word in lower case."""
    return str(_stemmer.stemWord(word))


def rules_of(fields: dict[str, Any]) -> TriageRules:
    """Rules as a file or a body has them. They say `version`; documents cannot, since theirs is the store's.

    Raises `msgspec.ValidationError`.
    """
    named = {"number" if name == "version" else name: value for name, value in fields.items()}
    return msgspec.convert(named, TriageRules)


@cache
def shipped() -> Compiled:
    """`triage.toml`. Raises where it makes no sense, so that a service with a bad one does not start."""
    text = files("services.intake").joinpath("triage.toml").read_text(encoding="utf-8")
    return Compiled(rules_of(tomllib.loads(text)), stem)


def triage(text: str, given: Priority | None = None) -> Triage:
    """By the words alone, as the shipped rules have it."""
    return judge(text, shipped(), given)


class Triager:
    """Judges by the newest version of the rules."""

    def __init__(self, versions: Documents[TriageRules], zone: str) -> None:
        self.versions = versions
        self._zone = ZoneInfo(zone)
        self._compiled = shipped()
        self._asked = 0.0

    async def judged(
        self,
        text: str,
        given: Priority | None = None,
        *,
        now: datetime,
        zone: str | None = None,
        at_risk: bool = False,
    ) -> Triage:
        """How pressing it is, said at `now` by a client in `zone` whose debt may be in the band `risk`."""
        rules = await self.current()
        around = self.circumstances(now, zone, at_risk=at_risk)
        if len(text) > LONG:
            return await asyncio.to_thread(judge, text, rules, given, around)
        return judge(text, rules, given, around)

    def circumstances(self, now: datetime, zone: str | None, *, at_risk: bool) -> Circumstances:
        """What beside the words matters; a zone nobody knows is the company's."""
        return Circumstances(now=now, zone=_zone(zone) or self._zone, calendar=russia(), at_risk=at_risk)

    async def current(self, *, fresh: bool = False) -> Compiled:
        """The rules in force; `fresh` asks the database."""
        if fresh or monotonic() - self._asked > ADOPTED_EVERY:
            self._asked = monotonic()
            found = await self.versions.find({}, sort=(("number", -1),), limit=1)
            if found and found[0].number > self._compiled.rules.number:
                self._compiled = await asyncio.to_thread(Compiled, found[0], stem)
        return self._compiled

    async def enact(self, new: TriageRules) -> Compiled:
        """`new` follows the version in force. Raises `RulesOvertaken`, `BadRules`."""
        compiled = await asyncio.to_thread(Compiled, new, stem)
        latest = (await self.current(fresh=True)).rules.number
        if new.number != latest + 1:
            raise RulesOvertaken(f"В силе версия {latest}, а не {new.number - 1}: посмотрите её и повторите.")
        await self.versions.step(str(new.number), lambda known: enacted(known, new), new=True)
        self._compiled = compiled
        return compiled


@lru_cache(maxsize=200)
def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
