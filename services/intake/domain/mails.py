"""One letter: what could be read of it, and what became of it. The letter itself is kept as it came."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.intake.domain.callers import Client
from services.intake.domain.identity import Identity, Word
from services.intake.domain.refusals import UnknownMail
from shared.contracts.base import Decision
from shared.contracts.intake import MessageIdentified, MessageReceived

Origin = Literal["person", "auto_reply", "bounce", "bulk"]
Kind = Literal["request", "follow_up", "thanks", "auto_reply", "bounce", "bulk", "own"]
"""What became of a letter; only the first opens a request, only the second joins one that is open."""

BY_ADDRESS = "intake"
"""Who said whose letter it is where its address did."""
HOUR = timedelta(hours=1)
NO_SUBJECT = "Письмо без темы"
UNREADABLE = "Письмо не удалось разобрать"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a letter; the raw letter has it too."""

    number: int
    """Its place among the letter's attachments, from 1."""
    name: str
    content_type: str
    size: int
    """Bytes."""
    inline: bool = False
    """Shown inside the text: a picture."""
    content_id: str | None = None
    risky: bool = False
    """A program, or a document with macros: nobody should open it unasked."""
    kept: bool = False
    """Whether it lies in the file store; otherwise it is taken out of the raw letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a letter says, as far as it could be read."""

    header_id: str | None = None
    """Its Message-ID."""
    sender: str | None = None
    """Lower case."""
    sender_name: str | None = None
    subject: str = ""
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    faults: tuple[str, ...] = ()
    """What was broken in it and had to be guessed or left out."""
    origin: Origin = "person"
    answerable: bool = True
    """Whether an automatic answer may go out."""
    references: tuple[str, ...] = ()
    """Message-IDs of the letters it answers, and, of a bounce, of those it returns."""
    recipients: str = ""

    @property
    def title(self) -> str:
        """The subject, or what stands for it."""
        if self.subject:
            return self.subject
        return NO_SUBJECT if self.text or self.attachments else UNREADABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A letter that arrived and is kept."""

    message_id: str
    header_id: str | None
    size: int
    """Bytes."""
    sender: str | None
    sender_name: str | None
    subject: str
    attachments: tuple[Attachment, ...]
    faults: tuple[str, ...]
    request_id: str | None
    client: Client | None
    received_at: datetime
    kind: Kind = "request"
    answered: bool = False
    """Whether an automatic acknowledgement went out for it."""
    contact_id: str | None = None
    link: Word | None = None
    """The word on its sender it was given to its client by: put right there, it goes along."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an address was answered automatically within the last hour: the requests, and when."""

    requests: tuple[tuple[str, datetime], ...] = ()

    def told(self, request_id: str) -> bool:
        """Whether it was told of this request."""
        return any(known == request_id for known, _ in self.requests)


def answer(known: Answered | None, request_id: str, limit: int, now: datetime) -> Decision[Answered]:
    """Tell the address of a request, unless it was told of so many within the hour: then nothing changes."""
    before = known or Answered()
    recent = tuple(one for one in before.requests if one[1] > now - HOUR)
    if before.told(request_id) or len(recent) >= limit:
        return Decision(before)
    return Decision(Answered((*recent, (request_id, now))))


def arrived(
    letter: Letter,
    *,
    message_id: str,
    size: int,
    request_id: str | None,
    identity: Identity,
    kind: Kind,
    answered: bool,
    now: datetime,
) -> Mail:
    """A letter that has arrived."""
    return Mail(
        message_id=message_id,
        header_id=letter.header_id,
        size=size,
        sender=letter.sender,
        sender_name=letter.sender_name,
        subject=letter.title,
        attachments=letter.attachments,
        faults=letter.faults,
        request_id=request_id,
        client=identity.client,
        contact_id=identity.contact_id,
        link=identity.link,
        received_at=now,
        kind=kind,
        answered=answered,
    )


def keep(mail: Mail | None, new: Mail) -> Decision[Mail]:
    """Keep a letter that has not arrived before."""
    if mail is not None:
        return Decision(mail)
    event = MessageReceived(
        at=new.received_at,
        message_id=new.message_id,
        request_id=new.request_id,
        client=None if new.client is None else new.client.ref(),
        contact_id=new.contact_id,
        subject_text=new.subject,
        kind=new.kind,
    )
    return Decision(new, (event,))


def join(
    mail: Mail | None, *, word: Word, client: Client, contact_id: str | None, by: str, now: datetime
) -> Decision[Mail]:
    """A person said whose its sender is: it goes along, unless it is somebody's by anything else."""
    if mail is None:
        raise UnknownMail
    if mail.client is not None and not word.moves(mail.link):
        return Decision(mail)
    if mail.client is not None and (mail.client.client_id, mail.contact_id) == (client.client_id, contact_id):
        return Decision(mail if mail.link == word else replace(mail, link=word))
    return _identified(mail, Identity(client, contact_id, link=word), by, now)


def claim(mail: Mail | None, found: Identity, now: datetime) -> Decision[Mail]:
    """Whose address a letter of nobody came from has become known."""
    if mail is None:
        raise UnknownMail
    if mail.client is not None or found.client is None:
        return Decision(mail)
    return _identified(mail, found, BY_ADDRESS, now)


def _identified(mail: Mail, whose: Identity, by: str, now: datetime) -> Decision[Mail]:
    changed = replace(mail, client=whose.client, contact_id=whose.contact_id, link=whose.link)
    if whose.client is None:
        return Decision(mail)
    event = MessageIdentified(
        at=now,
        message_id=mail.message_id,
        request_id=mail.request_id,
        client=whose.client.ref(),
        contact_id=whose.contact_id,
        by=by,
    )
    return Decision(changed, (event,))
