"""What a person said of a sender, kept for ever: a phone number (perhaps with an extension) or a mail address is a
client's accountant, or is none of ours. The last word holds, can be put right, and can be taken back."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.identity import Said, Word
from services.intake.domain.refusals import KnownByCard, UnknownSender
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True)
class Link:
    """Whose the sender is, as a person said; without a client it is none of ours."""

    client_id: str | None
    contact_id: str | None
    by: str
    at: datetime
    taken_back: bool = False
    """What was said before is taken back: nobody knows whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A sender somebody has spoken of."""

    key: str
    """See `callers.phone_key`, `sender_key`, `email_key`."""
    links: tuple[Link, ...]
    """In the order in which they were said."""
    joining: bool = False
    """Whether what came from it before has still to be given to the client, or to be looked at by a person."""
    none_of_ours: bool = False

    @property
    def link(self) -> Link:
        """What holds."""
        return self.links[-1]

    @property
    def word(self) -> Word:
        """The word that holds."""
        return Word(self.key, len(self.links))

    def said(self) -> Said | None:
        """As identity is asked with; None where the word was taken back."""
        return None if self.link.taken_back else Said(self.word, self.link.client_id, self.link.contact_id)


def linked(sender: Sender | None, key: str, link: Link) -> Decision[Sender]:
    """A person says whose it is. Said again it changes nothing, but what was not joined yet is joined."""
    before = () if sender is None else sender.links
    if sender is not None and _meant(sender.link) == _meant(link):
        return Decision(sender)
    stranger = link.client_id is None and not link.taken_back
    return Decision(Sender(key=key, links=(*before, link), joining=True, none_of_ours=stranger))


def taken_back(sender: Sender | None, by: str, at: datetime) -> Decision[Sender]:
    """A person takes back what was said: nobody knows whose it is. Raises `UnknownSender` where nothing was said."""
    if sender is None:
        raise UnknownSender
    return linked(sender, sender.key, Link(None, None, by, at, taken_back=True))


def unjoined(sender: Sender | None) -> Decision[Sender]:
    """Something was written by an older word while a newer one was being joined: it has still to be moved on."""
    if sender is None:
        raise LookupError
    return Decision(sender if sender.joining else replace(sender, joining=True))


def joined(sender: Sender | None, word: Word) -> Decision[Sender]:
    """All that came from it is the client's; where something else was said meanwhile, it begins anew."""
    if sender is None:
        raise LookupError
    if sender.word != word or not sender.joining:
        return Decision(sender)
    return Decision(replace(sender, joining=False))


def _meant(link: Link) -> tuple[str | None, str | None, bool]:
    return link.client_id, link.contact_id, link.taken_back


def not_against_the_card(client_id: str | None, holders: dict[str, str]) -> None:
    """Raises `KnownByCard` where the number or the address stands in the cards of other clients: `holders` are their
    names by id."""
    if holders and client_id not in holders:
        names = ", ".join(sorted(holders.values()))
        raise KnownByCard(f"Этот отправитель записан в карточке: {names}. Исправьте карточку клиента.")
