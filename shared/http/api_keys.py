"""Keys of integrations: `svk_<prefix>.<secret>`, kept hashed, with scopes and an expiry."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from shared.clock import machine_now

MARK = "svk_"
PREFIX = 12
"""Hex digits of a prefix."""
REMEMBERED = timedelta(seconds=30)
"""A revoked key may still be taken for this long."""
CACHED = 2_000


@dataclass(frozen=True, slots=True)
class Holder:
    """An integration, by the name its keys were made for: the same before and after a key is changed."""

    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes
    holder: Holder
    expires: datetime
    until: datetime


class MadeBefore(Exception):
    """A key was made before by the same request: its secret was shown then, and is not kept."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__(prefix)


class ApiKeys:
    """The keys of one service."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self._known: dict[str, _Known] = {}

    async def holder(self, key: str) -> Holder | None:
        """Whose key it is and what it may do, or None where it is unknown, revoked, expired or wrong."""
        prefix, _, secret = key.partition(".")
        known = self._known.get(prefix)
        now = machine_now()
        if known is None or known.until <= now:
            known = await self._look_up(prefix, now)
        if known is None or known.expires <= now:
            return None
        return known.holder if compare_digest(known.digest, _digest(secret)) else None

    async def create(self, name: str, scopes: list[str], days: int, *, asked_as: str | None = None) -> str:
        """A new key, shown this once. Raises `MadeBefore` where one was made that was `asked_as` the same."""
        prefix, secret = MARK + (asked_as or secrets.token_hex(6))[:PREFIX], secrets.token_urlsafe(32)
        fields = {
            "name": name,
            "digest": _digest(secret),
            "scopes": scopes,
            "created": machine_now(),
            "expires": machine_now() + timedelta(days=days),
        }
        made = await self._collection.update_one({"_id": prefix}, {"$setOnInsert": fields}, upsert=True)
        if made.upserted_id is None:
            raise MadeBefore(prefix)
        return f"{prefix}.{secret}"

    async def revoke(self, prefix: str) -> bool:
        """Forget a key; False where there is none."""
        self._known.pop(prefix, None)
        return bool((await self._collection.delete_one({"_id": prefix})).deleted_count)

    async def listed(self) -> list[dict[str, Any]]:
        """All keys without their secrets."""
        cursor = self._collection.find({}, {"digest": 0}).sort("_id", 1).limit(1000)
        return [{"prefix": key.pop("_id"), **key} async for key in cursor]

    async def _look_up(self, prefix: str, now: datetime) -> _Known | None:
        found = await self._collection.find_one({"_id": prefix}) if prefix.startswith(MARK) else None
        if len(self._known) >= CACHED:
            self._known.clear()
        if found is None:
            return None
        known = _Known(
            bytes(found["digest"]),
            Holder(found["name"], frozenset(found["scopes"])),
            found["expires"],
            now + REMEMBERED,
        )
        self._known[prefix] = known
        return known


def _digest(secret: str) -> bytes:
    # The secret is 256 random bits: nothing to guess, so a plain hash is enough.
    return sha256(secret.encode()).digest()
