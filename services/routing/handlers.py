"""What routing does with each message; all of them may come in any order and more than once."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from services.routing.dispatcher import Dispatcher
from services.routing.domain.facts import Client, Registration, Word
from shared.contracts.base import Event
from shared.contracts.intake import (
    RequestIdentified,
    RequestRegistered,
    RequestReprioritised,
    RequestWithdrawn,
    VerdictGiven,
    WaitPromised,
)
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


WORDS: Mapping[type[Event], Callable[[Any], Word]] = {
    RequestIdentified: identified,
    RequestReprioritised: reprioritised,
    WaitPromised: promised,
    VerdictGiven: verdict,
    RequestWithdrawn: withdrawn,
}


def handlers(dispatcher: Dispatcher) -> Mapping[type[Event], Handler]:
    """The handler of each event routing listens to."""

    def hears(word_of: Callable[[Any], Word]) -> Callable[[Any, Message], Awaitable[None]]:
        async def on_word(event: Any, message: Message) -> None:
            await dispatcher.hear(event.request_id, word_of(event), message.id)

        return on_word

    words: dict[type[Event], Handler] = {kind: hears(word_of) for kind, word_of in WORDS.items()}
    return {RequestRegistered: partial(on_registered, dispatcher=dispatcher)} | words
