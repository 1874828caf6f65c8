"""A person says whose a sender is: the word is kept first, then everything from that sender joins the client.

Whatever is killed in between is taken up again; doing it twice does nothing the second time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from services.intake import metrics
from services.intake.domain import calls, mails, words
from services.intake.domain.refusals import UnknownClient
from services.intake.domain.senders import Link, Sender, joined, linked, not_against_the_card, taken_back
from services.intake.reception import Reception
from services.intake.sender_store import SenderStore
from shared.store import Stepped

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Joined:
    """How much went to the client just now."""

    requests: int = 0
    calls: int = 0
    mails: int = 0
    disowned: int = 0
    """Open requests that stay with the client an earlier word gave them to: a person has to look."""

    def __add__(self, more: "Joined") -> "Joined":
        return Joined(
            self.requests + more.requests,
            self.calls + more.calls,
            self.mails + more.mails,
            self.disowned + more.disowned,
        )


async def say(reception: Reception, key: str, link: Link) -> Joined:
    """Keep what a person said of a sender, and give the client everything from it. Raises `KnownByCard`."""
    senders = SenderStore(reception.store)
    not_against_the_card(link.client_id, await senders.holders(key))
    sender = (await reception.store.senders.step(key, lambda known: linked(known, key, link))).state
    return await join(reception, sender)


async def take_back(reception: Reception, key: str, by: str) -> Joined:
    """Take back what was said of a sender: what is nobody's is asked about again. Raises `UnknownSender`."""
    now = reception.clock.now()
    sender = (await reception.store.senders.step(key, lambda known: taken_back(known, by, now))).state
    return await join(reception, sender)


async def join(reception: Reception, sender: Sender) -> Joined:
    """Give everything from a sender to its client; where something else is said meanwhile, to that one."""
    done = Joined()
    while sender.joining:
        done += await (_disown if sender.link.client_id is None else _join_once)(reception, sender)
        finish = partial(joined, word=sender.word)
        sender = (await reception.store.senders.step(sender.key, finish)).state
    return done


async def keep_joining(reception: Reception, every_seconds: float) -> None:
    """For ever: go on with what a crash left."""
    while True:
        for sender in await SenderStore(reception.store).unjoined():
            with suppress(UnknownClient):
                await join(reception, sender)
        await asyncio.sleep(every_seconds)


async def _join_once(reception: Reception, sender: Sender) -> Joined:
    store, senders, link = reception.store, SenderStore(reception.store), sender.link
    client = None if link.client_id is None else await store.clients.get(link.client_id)
    if client is None:
        raise UnknownClient
    theirs: dict[str, Any] = {
        "word": sender.word,
        "client": client.client(),
        "contact_id": link.contact_id,
        "by": link.by,
        "now": reception.clock.now(),
    }
    requests = await _all(
        partial(senders.requests, sender.word),
        lambda one: store.requests.step(one.request_id, partial(words.join, **theirs)),
    )
    metrics.CLAIMED.inc(requests)
    return Joined(
        requests=requests,
        calls=await _all(
            partial(senders.calls, sender.word),
            lambda one: store.calls.step(one.call_id, partial(calls.join, **theirs)),
        ),
        mails=await _all(
            partial(senders.mails, sender.word),
            lambda one: store.mails.step(one.message_id, partial(mails.join, **theirs)),
        ),
    )


async def _disown(reception: Reception, sender: Sender) -> Joined:
    requests, look = reception.store.requests, partial(words.disown, word=sender.word)
    count = 0
    while found := await SenderStore(reception.store).given(sender.word):
        steps = await asyncio.gather(*(requests.step(one.request_id, look) for one in found))
        if not (written := sum(step.written for step in steps)):
            break
        count += written
    return Joined(disowned=count)


async def _all(find: Callable[[], Awaitable[Sequence[T]]], take: Callable[[T], Awaitable[Stepped[T]]]) -> int:
    """Take what `find` finds until it finds nothing that can be taken; how many were."""
    count = 0
    while found := await find():
        steps = await asyncio.gather(*map(take, found))
        count += sum(bool(step.events) for step in steps)
        if not any(step.written for step in steps):
            break
    return count
