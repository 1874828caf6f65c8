"""Letters: kept as they came, read as far as they can be, and registered as requests."""

import asyncio
from dataclasses import dataclass

from services.intake import metrics
from services.intake.channels import email
from services.intake.domain.callers import Caller
from services.intake.domain.mails import Letter, Mail, arrived, keep
from services.intake.domain.refusals import UnknownRequest
from services.intake.domain.requests import Register, ServiceRequest
from services.intake.domain.triage import Triage, triage
from services.intake.reception import Reception
from shared.ids import derived_id

TEXT_KEPT = 100_000
"""Characters of a letter its request carries; all of it is in the letter."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a letter."""

    mail: Mail
    request: ServiceRequest
    new: bool
    """False where it had come before."""


async def receive(reception: Reception, raw: bytes, by: str) -> Received:
    """Keep a letter and register what it asks for.

    The raw letter is kept first and the mail last, each under the id that belongs to the letter: a sender who got no
    answer sends it again, and what was missing is done then.
    """
    message_id = derived_id("mail", *await asyncio.to_thread(email.identity_of, raw))
    mail = await reception.store.mails.get(message_id)
    if mail is not None:
        metrics.MAILS.labels("repeated").inc()
        return Received(mail, await request_of(reception, mail), new=False)
    letter, judged = await asyncio.to_thread(_read, raw)
    await reception.store.keep_letter(message_id, raw)
    command = await _asked_for(reception, letter, judged, message_id, by)
    request = (await reception.register(command, derived_id("request", "mail", message_id))).state
    mail = arrived(
        letter,
        message_id=message_id,
        size=len(raw),
        request_id=request.request_id,
        client=request.client,
        now=reception.clock.now(),
    )
    return await _kept(reception, mail, request)


async def request_of(reception: Reception, mail: Mail) -> ServiceRequest:
    """The request a letter opened."""
    request = await reception.store.requests.get(mail.request_id)
    if request is None:
        raise UnknownRequest
    return request


def _read(raw: bytes) -> tuple[Letter, Triage]:
    letter = email.read(raw)
    return letter, triage(f"{letter.subject}\n{letter.text}")


async def _asked_for(reception: Reception, letter: Letter, judged: Triage, message_id: str, by: str) -> Register:
    caller = Caller(email=letter.sender, name=letter.sender_name)
    return Register(
        channel="email",
        subject=letter.title,
        text=letter.text[:TEXT_KEPT],
        caller=caller,
        identity=await reception.identity(caller),
        triage=judged,
        message_id=message_id,
        by=by,
    )


async def _kept(reception: Reception, mail: Mail, request: ServiceRequest) -> Received:
    stepped = await reception.store.mails.step(mail.message_id, lambda known: keep(known, mail), new=True)
    outcome = "with_faults" if mail.faults else "whole"
    metrics.MAILS.labels(outcome if stepped.written else "repeated").inc()
    return Received(stepped.state, request, new=stepped.written)
