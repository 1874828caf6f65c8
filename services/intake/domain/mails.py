"""One letter: what could be read of it, and what became of it. The letter itself is kept as it came."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.callers import Client
from shared.contracts.base import Decision
from shared.contracts.intake import MessageReceived

NO_SUBJECT = "Письмо без темы"
UNREADABLE = "Письмо не удалось разобрать"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a letter; it stays inside the raw letter and is served from there."""

    number: int
    """Its place among the letter's attachments, from 1."""
    name: str
    content_type: str
    size: int
    """Bytes."""


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
    request_id: str
    client: Client | None
    received_at: datetime


def arrived(
    letter: Letter, *, message_id: str, size: int, request_id: str, client: Client | None, now: datetime
) -> Mail:
    """A letter that has arrived and opened a request."""
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
        client=client,
        received_at=now,
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
        subject_text=new.subject,
    )
    return Decision(new, (event,))
