"""What intake does about others' events: it keeps its projection of clients."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from services.intake import asking
from services.intake.domain.callers import indebted, told
from services.intake.post import PostOffice
from services.intake.reception import Reception
from shared.contracts.accounts import ClientChanged, ClientEvent, ClientRegistered, DebtChanged
from shared.contracts.base import Decision, Event
from shared.contracts.routing import WorkClosed, WorkFinished, WorkReopened
from shared.messaging.envelope import Message
from shared.messaging.inbound import Handler

T = TypeVar("T")


async def on_client(event: ClientEvent, message: Message, reception: Reception) -> None:
    """Know the client as it is now; what waited for somebody with its phone or address becomes its own."""
    del message
    before = await reception.store.clients.get(event.client_id)
    stepped = await reception.store.clients.step(event.client_id, lambda known: Decision(told(known, event)))
    reception.store.directory.forget({*stepped.state.keys, *(() if before is None else before.keys)})
    store, keys = reception.store, stepped.state.keys
    await _each(partial(store.unclaimed, keys), lambda one: one.request_id, reception.claim)
    await _each(partial(store.nobodys_calls, keys), lambda one: one.call_id, reception.claim_call)
    await _each(partial(store.nobodys_mails, keys), lambda one: one.message_id, reception.claim_mail)


async def _each(
    find: Callable[[str], Awaitable[Sequence[T]]], id_of: Callable[[T], str], take: Callable[[T], Awaitable[None]]
) -> None:
    """Take all that `find` finds, which gives so many after an id."""
    found = await find("")
    while found:
        for one in found:
            await take(one)
        found = await find(id_of(found[-1]))


async def on_debt(event: DebtChanged, message: Message, reception: Reception) -> None:
    """Know how deep the client's debt is: at risk it is taken one step more seriously."""
    del message
    stepped = await reception.store.clients.step(event.client_id, lambda known: Decision(indebted(known, event)))
    reception.store.directory.forget(stepped.state.keys)


def handlers(reception: Reception) -> dict[type[Event], Handler]:
    """Which event is handled by what."""
    return {
        ClientRegistered: partial(on_client, reception=reception),
        ClientChanged: partial(on_client, reception=reception),
        DebtChanged: partial(on_debt, reception=reception),
    }


def mail_handlers(office: PostOffice) -> dict[type[Event], Handler]:
    """What is done by letter."""

    async def finished(event: WorkFinished, _: Message) -> None:
        await asking.on_finished(event, office)

    async def moved_on(event: WorkReopened | WorkClosed, _: Message) -> None:
        await asking.on_round(event, office)

    return {WorkFinished: finished, WorkReopened: moved_on, WorkClosed: moved_on}
