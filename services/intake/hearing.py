"""What intake does about what accounts says beside clients: managers, requests found on calls, trials of prospects."""

from functools import partial

from services.intake.domain import managers
from services.intake.domain.callers import Caller, Client
from services.intake.domain.identity import Identity
from services.intake.domain.requests import Register
from services.intake.telephony import Telephony
from services.intake.triaging import triage
from shared.contracts.accounts import (
    ContactCallHeld,
    DiscoveredOnCall,
    ManagerChanged,
    ManagerEvent,
    ManagerRegistered,
    ProspectTrialOpened,
)
from shared.contracts.base import ClientRef, Decision, Event
from shared.messaging.envelope import Message
from shared.messaging.inbound import Handler


async def on_manager(event: ManagerEvent, message: Message, telephony: Telephony) -> None:
    """Know the manager as they are now: whose mobile a number is."""
    del message
    await telephony.managers.step(event.manager_id, lambda known: Decision(managers.told(known, event)))


async def on_contact_call(event: ContactCallHeld, message: Message, telephony: Telephony) -> None:
    """Register what nobody had registered, each under the id it was given on the call (R-IMP-2)."""
    del message
    for found in event.discovered:
        await telephony.reception.register(_discovered(event, found), found.request_id, at=event.at)


async def on_trial(event: ProspectTrialOpened, message: Message, telephony: Telephony) -> None:
    """Register the trial request of a prospect under the id it was given (R-REF-3)."""
    del message
    client = _client(event.ref())
    command = Register(
        channel="api",
        subject=event.subject_text,
        text=event.text,
        caller=Caller(name=event.name, claimed_client_id=client.client_id),
        identity=Identity(client),
        triage=triage(f"{event.subject_text}\n{event.text}", event.priority),
        products=event.products,
        trial=True,
        origin_id=event.prospect_id,
        by=event.manager_id,
    )
    await telephony.reception.register(command, event.request_id, at=event.at)


def handlers(telephony: Telephony) -> dict[type[Event], Handler]:
    """Which event is handled by what."""
    return {
        ManagerRegistered: partial(on_manager, telephony=telephony),
        ManagerChanged: partial(on_manager, telephony=telephony),
        ContactCallHeld: partial(on_contact_call, telephony=telephony),
        ProspectTrialOpened: partial(on_trial, telephony=telephony),
    }


def _discovered(event: ContactCallHeld, found: DiscoveredOnCall) -> Register:
    client = _client(event.client)
    return Register(
        channel="weekly_call",
        subject=found.subject_text,
        text=found.text,
        caller=Caller(claimed_client_id=client.client_id),
        identity=Identity(client, event.contact_id),
        triage=triage(f"{found.subject_text}\n{found.text}", found.priority),
        nature=found.nature if found.priority == "important" else None,
        products=found.products,
        discovered=True,
        origin_id=event.contact_call_id,
        by=event.by,
    )


def _client(ref: ClientRef) -> Client:
    return Client(ref.client_id, ref.name, ref.zone, ref.manager_id, ref.tariff)
