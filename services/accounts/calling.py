"""A weekly call submitted, and what follows from it: findings to the requests, orders to routing (R-IMP-2, R-IMP-3).

    the call:     findings + discovered + contact_call.held     one write: the submission, whole or not at all
    each request: its finding, its order                        one write each, the same again changes nothing
    the call:     settled

A crash in between leaves the call unsettled; `resume` takes it up, on any replica.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from functools import partial

import structlog

from services.accounts import listening
from services.accounts.care import Care
from services.accounts.domain import contact_calls, control, matters
from services.accounts.domain.care_refusals import NotUnderControl, UnknownContact, UnknownRequest
from services.accounts.domain.client import Client
from services.accounts.domain.contact_calls import Attempt, ContactCall, Found, Order, Talk
from services.accounts.domain.matters import Fact, Matter, Party
from services.accounts.domain.refusals import AccountsError
from services.accounts.domain.trail import kept
from services.accounts.office import known
from shared.contracts.base import Decision
from shared.ids import derived_id
from shared.store import Stepped

log = structlog.get_logger()


async def submit(care: Care, new: ContactCall, talk: Talk) -> Stepped[ContactCall]:
    """The conversation, and what follows from it.

    Raises what `hold` raises, `UnknownRequest`, `BadOrder`, `BadVerdict`, `NotUnderControl`.
    """
    about = {matter.request_id: matter for matter in await sheet(care, new.client_id)}
    others = others_than(await care.office.client(new.client_id), new.contact_id)
    before = await care.store.contact_calls.get(new.call_id)
    if before is None or before.talk is None:
        talk = await _checked(care, new, talk, about, others)
    important = [each.request_id for each in about.values() if contact_calls.needs_finding(each, others)]
    decide = partial(contact_calls.hold, new=new, talk=talk, important=important)
    deed = care.office.deed("contact_call", new.call_id, talk.by, "разговор")
    stepped = await care.store.contact_calls.step(new.call_id, kept(decide, deed))
    await settle(care, stepped.state)
    care.touch(new.client_id)
    return stepped


async def attempt(care: Care, new: ContactCall, tried: Attempt) -> Stepped[ContactCall]:
    """Nobody was reached. Raises `AlreadyHeld`."""
    decide = partial(contact_calls.attempt, new=new, tried=tried)
    deed = care.office.deed("contact_call", new.call_id, tried.by, "не дозвонились")
    return await care.store.contact_calls.step(new.call_id, kept(decide, deed))


async def sheet(care: Care, client_id: str) -> tuple[Matter, ...]:
    """The requests to be spoken about: open, or under control."""
    return await care.store.open_of(client_id, care.now())


async def settle(care: Care, call: ContactCall) -> None:
    """Every finding reaches its request, every order routing."""
    if call.settled or call.talk is None:
        return
    for found in call.talk.findings:
        await _find(care, call, call.talk, found)

    def decide(state: ContactCall | None) -> Decision[ContactCall]:
        return contact_calls.settled(known(state, UnknownContact))

    await care.store.contact_calls.step(call.call_id, decide)


async def resume(care: Care, every_seconds: float) -> None:
    """For ever: settle the calls a crash left."""
    while True:
        for call in await care.store.unsettled():
            try:
                await settle(care, call)
            except AccountsError as refusal:  # one that cannot be settled keeps no other from being
                log.warning("not settled", action="call.stuck", call_id=call.call_id, refusal=str(refusal))
        await asyncio.sleep(every_seconds)


async def order(care: Care, matter: Matter, demanded: Order, order_id: str, by: str) -> Matter:
    """What the manager demands for a request under control. Raises `NotUnderControl`, `BadOrder`."""
    party, at = await care.party(matter.client_id or ""), care.now()

    def decide(state: Matter | None) -> Decision[Matter]:
        found = known(state, UnknownRequest)
        return control.ordered(found, demanded, order_id=order_id, by=by, at=at, party=party)

    deed = care.office.deed("control", matter.request_id, by, "приказ")
    return (await care.store.matters.step(matter.request_id, kept(decide, deed))).state


def others_than(client: Client, contact_id: str) -> frozenset[str]:
    """The client's other accountants at present."""
    return frozenset(contact.contact_id for contact in client.contacts) - {contact_id}


async def _checked(care: Care, new: ContactCall, talk: Talk, about: dict[str, Matter], others: Collection[str]) -> Talk:
    """The conversation with each finding taken for what it is."""
    findings = []
    for found in talk.findings:
        matter = about.get(found.request_id) or await care.matter(found.request_id)
        if matter.client_id != new.client_id:
            raise UnknownRequest(f"Заявка {found.request_id} не этого клиента.")
        if found.order is not None:
            control.check(found.order, talk.at)
        theirs = matter.contact_id not in others  # of one who has left, whoever is there speaks
        findings.append(control.as_verdict(matter, found, by=talk.by, theirs=theirs))
    return replace(talk, findings=tuple(findings))


async def _find(care: Care, call: ContactCall, talk: Talk, found: Found) -> None:
    """The finding and its order reach the request; what the accountant said meanwhile stands above them."""
    fact = Fact(
        kind="satisfied" if found.verdict else "found", at=talk.at, ref=call.call_id, by=talk.by, text=found.words,
        finding=found.finding, cancelled_by=found.cancelled_by, party=call.party,
    )  # fmt: skip

    def decide(state: Matter | None) -> Decision[Matter]:
        heard = matters.heard(state, found.request_id, fact)
        if found.order is None:
            return heard
        return _with_order(heard, found.order, call, talk)

    deed = care.office.deed("control", found.request_id, talk.by, "приказ на звонке")
    try:
        await care.store.matters.step(found.request_id, kept(decide, deed))
    except NotUnderControl:
        log.warning("order without effect", action="control.idle", request_id=found.request_id)
    await listening.hear(care, found.request_id, fact)


def _with_order(heard: Decision[Matter], demanded: Order, call: ContactCall, talk: Talk) -> Decision[Matter]:
    order_id = derived_id("order", call.call_id, heard.state.request_id)
    party: Party = call.party
    then = control.ordered(heard.state, demanded, order_id=order_id, by=talk.by, at=talk.at, party=party)
    return Decision(then.state, (*heard.events, *then.events))
