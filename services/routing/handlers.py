"""What routing does with each message; all of them may come in any order and more than once."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from services.routing.demands import Demands
from services.routing.dispatcher import Dispatcher
from services.routing.domain.clients import heard_of
from services.routing.domain.facts import ROUTING, Client, Registration, Word
from services.routing.store import Store
from shared.contracts.accounts import ClientChanged, ClientEvent, ClientRegistered, ControlOrdered
from shared.contracts.base import Event
from shared.contracts.intake import (
    RequestFollowedUp,
    RequestIdentified,
    RequestMerged,
    RequestRegistered,
    RequestReprioritised,
    RequestUnmerged,
    RequestWithdrawn,
    VerdictDoubted,
    VerdictGiven,
    WaitPromised,
)
from shared.contracts.sla_monitor import SlaBreached, SlaBreachWithdrawn
from shared.messaging.envelope import Message
from shared.messaging.inbound import Handler


async def on_registered(event: RequestRegistered, message: Message, dispatcher: Dispatcher) -> None:
    """A place for it (R-URG-4)."""
    registration = Registration(
        at=event.at,
        number=event.number,
        priority=event.priority,
        nature=event.nature,
        subject_text=event.subject_text,
        products=event.products,
        client=Client.of(event.client),
    )
    await dispatcher.take_in(event.request_id, registration, message.correlation_id, message.id)


def identified(event: RequestIdentified) -> Word:
    """Whose request it is."""
    return Word(said="identified", at=event.at, counts_at=event.at, by=event.by, client=Client.of(event.client))


def reprioritised(event: RequestReprioritised) -> Word:
    """Another priority or nature."""
    return Word(
        said="reprioritised", at=event.at, counts_at=event.at, by=event.by, text=event.reason,
        priority=event.priority, nature=event.nature,
    )  # fmt: skip


def promised(event: WaitPromised) -> Word:
    """When the client expects a specialist (R-URG-3)."""
    return Word(
        said="promised", at=event.at, counts_at=event.at, by=event.recorded_by, text=event.words, until=event.until
    )


def verdict(event: VerdictGiven) -> Word:
    """The accountant's word (R-REQ-3)."""
    said = "accept" if event.satisfied else "refuse"
    return Word(said=said, at=event.at, counts_at=event.at, by=event.taken_by, text=event.words)  # type: ignore[arg-type]


def withdrawn(event: RequestWithdrawn) -> Word:
    """The accountant does not want it any more (R-REQ-3)."""
    return Word(said="withdraw", at=event.at, counts_at=event.at, by=event.taken_by, text=event.reason)


def merged(event: RequestMerged) -> Word:
    """It is the same matter as another request: it holds nobody and waits for nobody."""
    return Word(said="merge", at=event.at, counts_at=event.at, by=event.by, text=event.into_request_id)


def unmerged(event: RequestUnmerged) -> Word:
    """It is a matter of its own after all."""
    return Word(said="unmerge", at=event.at, counts_at=event.at, by=event.by, text=event.from_request_id)


def followed_up(event: RequestFollowedUp) -> Word:
    """The client spoke again about it: whoever has it reads it in its history."""
    return Word(said="followed_up", at=event.at, counts_at=event.at, text=event.words)


def doubted(event: VerdictDoubted) -> Word:
    """The client contradicted themselves: a person has to ask; nothing changes."""
    return Word(said="doubted", at=event.at, counts_at=event.at, text=event.words)


LOST: Mapping[str, str] = {
    "start": "не начал в срок, заявку получает другой",
    "progress": "нет вестей дольше положенного, заявку получает другой",
}
"""The clocks that say a specialist is lost (R-URG-7), and why somebody else is to have it."""


async def on_breached(event: SlaBreached, message: Message, dispatcher: Dispatcher, demands: Demands) -> None:
    """Somebody else instead of a lost specialist (R-URG-7)."""
    if event.about != "request" or event.clock not in LOST or event.specialist_id is None:
        return
    word = Word(
        said="lost", at=event.at, counts_at=event.at, by=ROUTING, text=LOST[event.clock],
        specialist_id=event.specialist_id, clock=_clock(event),
    )  # fmt: skip
    await demands.try_one(await dispatcher.hear(event.about_id, word, message.id))


async def on_breach_withdrawn(event: SlaBreachWithdrawn, message: Message, dispatcher: Dispatcher) -> None:
    """They were not lost after all: it does not stand in their record, and nobody else need have it (R-COI-1)."""
    if event.about != "request" or event.clock not in LOST:
        return
    word = Word(
        said="not_lost", at=event.at, counts_at=event.at, by=ROUTING, text=event.reason,
        specialist_id=event.specialist_id, clock=_clock(event),
    )  # fmt: skip
    await dispatcher.hear(event.about_id, word, message.id)


def _clock(event: SlaBreached | SlaBreachWithdrawn) -> str:
    """The same for a breach and its withdrawal; a clock set anew may break once more, at another time."""
    return f"{event.obligation_id} {event.due.isoformat()}"


async def on_ordered(event: ControlOrdered, message: Message, dispatcher: Dispatcher, demands: Demands) -> None:
    """What a manager demands after the weekly call (R-IMP-3)."""
    word = Word(
        said="ordered", at=event.at, counts_at=event.at, by=event.by, text=event.reason, until=event.finish_by,
        action=event.action,
    )  # fmt: skip
    await demands.try_one(await dispatcher.hear(event.request_id, word, message.id))


async def on_client(event: ClientEvent, _: Message, store: Store) -> None:
    """Whose base it is in now."""
    await store.clients.step(
        event.client_id, lambda state: heard_of(state, event.client_id, event.manager_id, event.revision)
    )


WORDS: Mapping[type[Event], Callable[[Any], Word]] = {
    RequestIdentified: identified,
    RequestReprioritised: reprioritised,
    WaitPromised: promised,
    VerdictGiven: verdict,
    RequestWithdrawn: withdrawn,
    RequestMerged: merged,
    RequestUnmerged: unmerged,
    RequestFollowedUp: followed_up,
    VerdictDoubted: doubted,
}


def handlers(store: Store, dispatcher: Dispatcher, demands: Demands) -> Mapping[type[Event], Handler]:
    """The handler of each event routing listens to."""

    def hears(word_of: Callable[[Any], Word]) -> Callable[[Any, Message], Awaitable[None]]:
        async def on_word(event: Any, message: Message) -> None:
            await dispatcher.hear(event.request_id, word_of(event), message.id)

        return on_word

    words: dict[type[Event], Handler] = {kind: hears(word_of) for kind, word_of in WORDS.items()}
    return words | {
        RequestRegistered: partial(on_registered, dispatcher=dispatcher),
        SlaBreached: partial(on_breached, dispatcher=dispatcher, demands=demands),
        SlaBreachWithdrawn: partial(on_breach_withdrawn, dispatcher=dispatcher),
        ControlOrdered: partial(on_ordered, dispatcher=dispatcher, demands=demands),
        ClientRegistered: partial(on_client, store=store),
        ClientChanged: partial(on_client, store=store),
    }
