"""What a person said of a sender, kept for ever: a phone number (perhaps with an extension) or a mail address is a
client's accountant, or is none of ours. The last word holds, and can be put right."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.identity import Said, Word
from services.intake.domain.refusals import KnownByCard
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True)
class Link:
    """Whose the sender is, as a person said; without a client it is none of ours."""

    client_id: str | None
    contact_id: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A sender somebody has spoken of."""

    key: str
    """See `callers.phone_key`, `sender_key`, `email_key`."""
    links: tuple[Link, ...]
    """In the order in which they were said."""
    joining: bool = False
    """Whether what came from it before has still to be given to the client."""
    none_of_ours: bool = False

    @property
    def link(self) -> Link:
        """What holds."""
        return self.links[-1]

    @property
    def word(self) -> Word:
        """The word that holds."""
        return Word(self.key, len(self.links))

    def said(self) -> Said:
        """As identity is asked with."""
        return Said(self.word, self.link.client_id, self.link.contact_id)


def linked(sender: Sender | None, key: str, link: Link) -> Decision[Sender]:
    """A person says whose it is. Said again it changes nothing, but what was not joined yet is joined."""
    before = () if sender is None else sender.links
    known = sender is not None and (sender.link.client_id, sender.link.contact_id) == (link.client_id, link.contact_id)
    if sender is not None and known:
        return Decision(sender)
    ours = link.client_id is not None
    return Decision(Sender(key=key, links=(*before, link), joining=ours, none_of_ours=not ours))


def unjoined(sender: Sender | None) -> Decision[Sender]:
    """Something was written by an older word while a newer one was being joined: it has still to be moved on."""
    if sender is None:
        raise LookupError
    return Decision(sender if sender.joining or sender.none_of_ours else replace(sender, joining=True))


def joined(sender: Sender | None, word: Word) -> Decision[Sender]:
    """All that came from it is the client's; where something else was said meanwhile, it begins anew."""
    if sender is None:
        raise LookupError
    if sender.word != word or not sender.joining:
        return Decision(sender)
    return Decision(replace(sender, joining=False))


def not_against_the_card(client_id: str | None, holders: dict[str, str]) -> None:
    """Raises `KnownByCard` where the number or the address stands in the cards of other clients: `holders` are their
    names by id."""
    if holders and client_id not in holders:
        names = ", ".join(sorted(holders.values()))
        raise KnownByCard(f"Этот отправитель записан в карточке: {names}. Исправьте карточку клиента.")
