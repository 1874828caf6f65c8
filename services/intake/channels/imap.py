"""Letters from a mailbox by IMAP. A letter is marked as seen only after it is kept; what is read is known by UID.

The library blocks, so it works in a thread; a connection that breaks is made anew, and reading goes on where it was.
A letter that cannot be kept is parked, unseen, and those after it are read.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from imaplib import IMAP4
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import structlog
from imap_tools import AND, BaseMailBox, MailBox, MailboxLoginError, MailBoxUnencrypted, U
from imap_tools.errors import ImapToolsError

from services.intake import metrics
from services.intake.domain import mailboxes
from services.intake.domain.mailboxes import Mailbox
from services.intake.post import PostOffice
from services.intake.store import UNREACHABLE
from shared.contracts.base import Decision

log = structlog.get_logger()
T = TypeVar("T")

TIMEOUT = 30.0
"""Seconds the server may take to answer."""
LARGEST = 50_000_000
"""Bytes of a letter that are fetched; of a larger one the beginning is kept, and the letter says so."""
BROKEN = (OSError, IMAP4.error, ImapToolsError)


class NotGiven(Exception):
    """The server has the letter and does not give it: it is parked, as one that could not be kept."""


async def poll(office: PostOffice, url: str) -> None:
    """For ever: read what is new; where the server fails, come again later."""
    while True:
        try:
            await read_new(office, url)
        except MailboxLoginError as error:
            log.warning("mailbox refuses us", action="imap.login", error=repr(error))
        except BROKEN as error:
            log.warning("mailbox not read", action="imap.failed", error=repr(error))
        await asyncio.sleep(office.settings.imap_every_seconds)


async def read_new(office: PostOffice, url: str) -> int:
    """Read what has come since the last time; how many letters that was. Raises one of `BROKEN`."""
    box = _Box(url)
    try:
        return await _all_new(box, office)
    finally:
        await asyncio.to_thread(box.leave)


class _Box:
    """One connection. Every method blocks."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "imaps"
        self._host, self._port = parts.hostname or "", parts.port or (993 if self._secure else 143)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._mailbox: BaseMailBox | None = None
        self.name = f"{self._user}@{self._host}/{self._folder}"

    def enter(self) -> tuple[int, int]:
        """Log in and open the folder; its UIDVALIDITY and UIDNEXT."""
        kind = MailBox if self._secure else MailBoxUnencrypted
        self._mailbox = kind(self._host, self._port, timeout=TIMEOUT)
        self._mailbox.login(self._user, self._password, initial_folder=self._folder)
        told = self._mailbox.folder.status(self._folder, ["UIDVALIDITY", "UIDNEXT"])
        return int(told["UIDVALIDITY"]), int(told["UIDNEXT"])

    def after(self, uid: int, found_until: int) -> list[int]:
        """The UIDs above `uid`, in order; up to `found_until` only of unseen letters."""
        new = self._searched(AND(uid=U(str(max(uid, found_until) + 1), "*")), max(uid, found_until))
        old = self._searched(AND(uid=U(str(uid + 1), "*"), seen=False), uid) if uid < found_until else set()
        return sorted(new | old)

    def _searched(self, what: AND, above: int) -> set[int]:
        """A range that begins above the last letter still has the last one in it (RFC 3501)."""
        return {int(one) for one in self._entered().uids(what) if int(one) > above}

    def fetch(self, uid: int) -> bytes | None:
        """The letter, left unseen; None where it has gone meanwhile. Raises `NotGiven`."""
        status, data = self._entered().client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST}>)")
        if status != "OK":
            raise NotGiven(f"FETCH {uid}: {status} {data!r}")
        return next((part[1] for part in data if isinstance(part, tuple)), None)

    def seen(self, uid: int) -> None:
        """Mark as seen; nothing else is touched, and a server that refuses loses us nothing."""
        status, data = self._entered().client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")
        if status != "OK":
            log.warning("letter not marked as seen", action="imap.seen", mailbox=self.name, uid=uid, answer=repr(data))

    def leave(self) -> None:
        """Say goodbye, if the server still listens."""
        if self._mailbox is not None:
            try:
                self._mailbox.logout()
            except BROKEN:
                log.info("mailbox did not say goodbye", action="imap.logout")
                with suppress(OSError):
                    self._mailbox.client.shutdown()

    def _entered(self) -> BaseMailBox:
        if self._mailbox is None:
            raise IMAP4.error("not logged in")
        return self._mailbox


async def _all_new(box: _Box, office: PostOffice) -> int:
    known = await _opened(box, office)
    read = 0
    for uid in mailboxes.due(known, office.reception.clock.now()):
        known = await _take(box, office, known, uid)
    for uid in await _in_thread(partial(box.after, known.last_uid, known.found_until)):
        if mailboxes.full(known):
            log.error("too many letters parked, no more are read", action="imap.full", mailbox=box.name)
            break
        known = await _take(box, office, known, uid)
        read += 1
    metrics.PARKED_MAILS.set(len(known.parked))
    return read


async def _opened(box: _Box, office: PostOffice) -> Mailbox:
    """How far the mailbox is read; where its history ends is kept before any letter is taken."""
    validity, next_uid = await _in_thread(box.enter)
    before = await office.reception.store.mailboxes.get(box.name)
    known = mailboxes.opened(before, box.name, validity, next_uid)
    if known == before:
        return known
    return (await office.reception.store.mailboxes.step(box.name, lambda _: Decision(known))).state


async def _take(box: _Box, office: PostOffice, known: Mailbox, uid: int) -> Mailbox:
    """Keep one letter, then how far the mailbox is read, then mark it as seen; where it cannot be kept, park it."""
    why = await _refusal(box, office, uid)
    now = office.reception.clock.now()
    told = mailboxes.kept(known, uid) if why is None else mailboxes.failed(known, uid, why, now)
    state = (await office.reception.store.mailboxes.step(box.name, lambda _: Decision(told))).state
    if why is None:
        await _in_thread(lambda: box.seen(uid))
    return state


async def _refusal(box: _Box, office: PostOffice, uid: int) -> str | None:
    """Why a letter could not be kept; None where it is kept, or gone. Raises one of `BROKEN`, `UNREACHABLE`."""
    try:
        raw = await _in_thread(lambda: box.fetch(uid))
    except NotGiven as error:
        log.warning("letter not given", action="imap.parked", mailbox=box.name, uid=uid, error=str(error))
        return str(error)
    try:
        if raw:
            await office.receive(raw, "imap", cut=len(raw) >= LARGEST)
    except UNREACHABLE:
        raise
    except Exception as error:
        log.exception("letter not kept", action="imap.parked", mailbox=box.name, uid=uid)
        return repr(error)
    return None


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
