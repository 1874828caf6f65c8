"""A mailbox of ours: how far it has been read, and which letters in it could not be kept so far.

A letter that cannot be kept is parked: those after it are read, and it is tried again, ever more seldom, for ever.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FIRST_TRY_AFTER = timedelta(minutes=1)
LAST_TRY_AFTER = timedelta(hours=6)
PARKED_AT_MOST = 50
"""With so many letters parked it is not the letters that are wrong: no more are read until some are kept."""
WHY = 300
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A letter that could not be kept. It is unseen in the mailbox, where a person finds it."""

    uid: int
    why: str
    since: datetime
    tries: int
    again_at: datetime


@dataclass(frozen=True, slots=True)
class Mailbox:
    """How far a mailbox has been read."""

    validity: int
    """The server's UIDVALIDITY: under another one the UIDs mean nothing."""
    last_uid: int
    parked: tuple[Parked, ...] = ()
    name: str = ""
    """`user@host/folder`."""
    found_until: int = 0
    """The last UID that was there when we first came: up to it only what nobody has seen is read."""


def opened(known: Mailbox | None, name: str, validity: int, next_uid: int) -> Mailbox:
    """The mailbox as the server has it. New to us, or made anew there, its history is not ours: of what lies there
    before `next_uid` only the unseen is read."""
    if known is None or known.validity != validity:
        return Mailbox(validity, 0, name=name, found_until=next_uid - 1)
    return replace(known, name=name)


def kept(box: Mailbox, uid: int) -> Mailbox:
    """The letter is kept."""
    return replace(box, last_uid=max(box.last_uid, uid), parked=tuple(one for one in box.parked if one.uid != uid))


def failed(box: Mailbox, uid: int, why: str, now: datetime) -> Mailbox:
    """The letter could not be kept: it is parked, and reading goes on after it."""
    before = next((one for one in box.parked if one.uid == uid), None)
    tries = 1 if before is None else before.tries + 1
    wait = min(FIRST_TRY_AFTER * 2 ** min(tries - 1, 20), LAST_TRY_AFTER)
    parked = Parked(uid, why[:WHY], now if before is None else before.since, tries, now + wait)
    return replace(kept(box, uid), parked=(*kept(box, uid).parked, parked))


def due(box: Mailbox, now: datetime) -> list[int]:
    """The parked letters that are to be tried again."""
    return [one.uid for one in box.parked if one.again_at <= now]


def full(box: Mailbox) -> bool:
    """Whether so many letters are parked that no more are read."""
    return len(box.parked) >= PARKED_AT_MOST
