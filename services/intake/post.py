"""Letters: kept as they came, read as far as they can be; they open a request, join one, or are kept and no more."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parseaddr
from functools import partial

from services.intake import letters, matters, metrics
from services.intake.channels import email, quotes
from services.intake.domain.callers import Caller
from services.intake.domain.conversation import FollowUp
from services.intake.domain.identity import NOBODY, Identity
from services.intake.domain.mails import Kind, Letter, Mail, answer, arrived, keep
from services.intake.domain.managers import KnownManager
from services.intake.domain.refusals import NotPossibleNow, UnknownRequest
from services.intake.domain.requests import Register, ServiceRequest
from services.intake.domain.threads import WITHIN, Thread, only_thanks, thread
from services.intake.inns import inns_in
from services.intake.mail_domains import institution_of, untagged
from services.intake.mail_settings import MailSettings
from services.intake.reception import Reception
from shared.delivery import Deliveries
from shared.ids import derived_id
from shared.store import Documents

TEXT_KEPT = 100_000
"""Characters of a letter its request carries; all of it is in the letter."""
FILES_KEPT = 50
"""Attachments of a letter that are kept as files; the others stay in the raw letter."""
CUT = "cut"
"""The fault of a letter that is kept only as far as it was fetched."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a letter; `request` is the one it opened or joined."""

    mail: Mail
    request: ServiceRequest | None
    new: bool
    """False where it had come before."""


@dataclass(frozen=True, slots=True)
class _Found:
    kind: Kind
    request: ServiceRequest | None
    sender: Identity = NOBODY

    @property
    def identity(self) -> Identity:
        """Whose letter it is: the request's client, else the sender's."""
        request = self.request
        if request is None or request.client is None:
            return self.sender
        if self.sender.client is not None and self.sender.client.client_id == request.client.client_id:
            return self.sender
        return Identity(request.client)


class PostOffice:
    """Takes in letters, whichever door they come by, and answers them."""

    def __init__(
        self,
        reception: Reception,
        deliveries: Deliveries,
        settings: MailSettings,
        managers: Documents[KnownManager],
    ) -> None:
        self.reception = reception
        self.deliveries = deliveries
        self.managers = managers
        self.settings = settings
        self._own = {*settings.mail_addresses, parseaddr(settings.mail_from)[1].lower()}

    async def receive(self, raw: bytes, by: str, *, cut: bool = False) -> Received:
        """Keep a letter and do what it asks for; `cut` where this is only its beginning.

        The raw letter is kept first and the mail last, each under the id that belongs to the letter: a sender who got
        no answer sends it again, and what was missing is done then.
        """
        store = self.reception.store
        message_id = derived_id("mail", *await asyncio.to_thread(email.identity_of, raw))
        mail = await store.mails.get(message_id)
        if mail is not None:
            metrics.MAILS.labels("repeated").inc()
            return Received(mail, await request_of(self.reception, mail), new=False)
        await store.keep_letter(message_id, raw)
        letter = await asyncio.to_thread(email.read, raw)
        letter = replace(letter, faults=(*letter.faults, CUT)) if cut else letter
        letter = await self._with_files(letter, message_id, raw)
        said = await asyncio.to_thread(quotes.said, letter.text)
        found = await self._done(letter, said, message_id, by)
        answered = await self._acknowledged(letter, found)
        mail = arrived(
            letter,
            message_id=message_id,
            size=len(raw),
            request_id=None if found.request is None else found.request.request_id,
            identity=found.identity,
            kind=found.kind,
            answered=answered,
            now=self.reception.clock.now(),
        )
        return await self._kept(mail, found.request)

    async def _with_files(self, letter: Letter, message_id: str, raw: bytes) -> Letter:
        """Its attachments, kept as files."""
        if not letter.attachments:
            return letter
        contents = await asyncio.to_thread(email.attachments, raw)
        kept = []
        for one, content in zip(letter.attachments, contents, strict=False):
            if one.number <= FILES_KEPT:
                await self.reception.store.attachments.put(
                    f"{message_id}/{one.number}", content, {"name": one.name, "content_type": one.content_type}
                )
            kept.append(replace(one, kept=one.number <= FILES_KEPT))
        return replace(letter, attachments=tuple(kept))

    async def _done(self, letter: Letter, said: str, message_id: str, by: str) -> _Found:
        """What a letter that has not come before opens or joins."""
        opened = await self.reception.store.requests.get(_request_id(message_id))
        if opened is not None:
            return _Found("request", opened)
        caller = _caller(letter, said)
        identity = await self.reception.identity(caller)
        spoken = await self._request_meant(letter, identity)
        if letter.sender is not None and untagged(letter.sender) in self._own:
            return _Found("own", spoken)
        if letter.origin != "person":
            return _Found(letter.origin, spoken, identity)
        about = thread(letter.subject, letter.references, letter.recipients)
        if only_thanks(said) and not letter.attachments and (about.answers or not about.subject):
            return _Found("thanks", spoken, identity)
        if spoken is not None:
            with suppress(NotPossibleNow):
                joined = await self._joined(spoken, said or letter.title, message_id, by)
                return _Found("follow_up", joined, identity)
            *_, spoken = await matters.chain(self.reception, spoken)
        judged = await self.reception.judged(f"{letter.subject}\n{said}", None, identity)
        command = Register(
            channel="email",
            subject=letter.title,
            text=letter.text[:TEXT_KEPT],
            caller=caller,
            identity=identity,
            triage=judged,
            products=judged.products,
            message_id=message_id,
            follows=None if spoken is None else spoken.request_id,
            by=by,
        )
        return _Found("request", (await self.reception.register(command, _request_id(message_id))).state, identity)

    async def _request_meant(self, letter: Letter, identity: Identity) -> ServiceRequest | None:
        """The request a letter belongs to: by our own Message-ID whoever answers; by anything else only where it is the
        same sender's or the same client's."""
        about = thread(letter.subject, letter.references, letter.recipients)
        for request_id in about.ours:
            if (known := await self.reception.store.requests.get(request_id)) is not None:
                return known
        candidates = await self._candidates(about, letter.sender)
        return next((one for one in candidates if _theirs(one, letter.sender, identity)), None)

    async def _candidates(self, about: Thread, sender: str | None) -> list[ServiceRequest]:
        store = self.reception.store
        numbered = None if about.number is None else await store.numbered(about.number)
        found = [] if numbered is None else [numbered]
        for mail in await store.mail_headed(about.references) if about.references else ():
            request = await request_of(self.reception, mail)
            found += [] if request is None else [request]
        if not found and about.answers and about.subject and sender is not None:
            written = await store.written_by(sender, self.reception.clock.now() - WITHIN)
            found = [one for one in written if thread(one.subject, (), "").subject.lower() == about.subject.lower()]
        return found

    async def _joined(self, request: ServiceRequest, said: str, message_id: str, by: str) -> ServiceRequest:
        """The letter as a follow-up to the request, once. Raises `NotPossibleNow` where what is worked on is over."""
        words = FollowUp(at=self.reception.clock.now(), channel="email", words=said, message_id=message_id, by=by)
        return await matters.join(self.reception, request, words)

    async def _acknowledged(self, letter: Letter, found: _Found) -> bool:
        """Whether the sender was told the number: only of a request of theirs, and not too often."""
        limit, request = self.settings.acknowledge_per_hour, found.request
        silent = found.kind != "request" or not letter.answerable or not self.deliveries.takes("letter")
        if silent or request is None or letter.sender is None:
            return False
        told = partial(answer, request_id=request.request_id, limit=limit, now=self.reception.clock.now())
        answered = await self.reception.store.answered.step(derived_id("sender", letter.sender), told)
        if not answered.state.told(request.request_id):
            return False
        reply = letters.acknowledgement(request, letter.sender, letter.header_id, await self.manager_of(request))
        await self.deliveries.send(f"ack-{request.request_id}", reply, about=request.request_id)
        return True

    async def manager_of(self, request: ServiceRequest) -> str | None:
        """The name of who holds the request's client at present."""
        client = None if request.client is None else await self.reception.store.clients.get(request.client.client_id)
        known = None if client is None else await self.managers.get(client.manager_id)
        return None if known is None or known.left is not None else known.name

    async def _kept(self, mail: Mail, request: ServiceRequest | None) -> Received:
        stepped = await self.reception.store.mails.step(mail.message_id, lambda known: keep(known, mail), new=True)
        outcome = "with_faults" if mail.faults else "whole"
        metrics.MAILS.labels(outcome if stepped.written else "repeated").inc()
        if stepped.written and mail.client is None:
            await self.reception.claim_mail(mail)
        elif stepped.written:
            await self.reception.keep_up(mail.link)
        return Received(stepped.state, request, new=stepped.written)


async def request_of(reception: Reception, mail: Mail) -> ServiceRequest | None:
    """The request a letter opened or joined; None where it did neither."""
    if mail.request_id is None:
        return None
    request = await reception.store.requests.get(mail.request_id)
    if request is None:
        raise UnknownRequest
    return request


def _caller(letter: Letter, said: str) -> Caller:
    return Caller(
        email=letter.sender,
        name=letter.sender_name,
        inns=inns_in(f"{letter.subject}\n{said}\n{letter.text}"),
        domain=institution_of(letter.sender),
    )


def _request_id(message_id: str) -> str:
    return derived_id("request", "mail", message_id)


def _theirs(request: ServiceRequest, sender: str | None, identity: Identity) -> bool:
    same_client = (
        request.client is not None
        and identity.client is not None
        and request.client.client_id == identity.client.client_id
    )
    return same_client or (sender is not None and request.caller.email == sender)
