"""Which accountant is which when a client's list of them is given anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.accounts.domain.client import Contact, same_name
from services.accounts.domain.refusals import WrongValue

NUMBERS_LIMIT = 20
"""How many phones, and how many e-mails, are taken of one accountant at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An accountant as a person or a file names them. Phones are E.164, e-mails lower case."""

    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    contact_id: str | None = None
    """Who it is, where that is known: lets an accountant change their name."""
    role: str | None = None
    away_until: date | None = None
    """The last day of their absence."""


def replaced(known: Sequence[Contact], given: Sequence[Given], new_id: Callable[[], str]) -> tuple[Contact, ...]:
    """The given accountants instead of the known ones. Who has the id or the name of a known one is that one.

    Raises `WrongValue` for an id that is nobody's, or is given twice.
    """
    meant = [each.contact_id for each in given if each.contact_id is not None]
    _check_ids(known, meant)
    by_name = {same_name(contact.name): contact.contact_id for contact in known if contact.contact_id not in meant}
    return tuple(
        Contact(
            contact_id=each.contact_id or by_name.get(same_name(each.name)) or new_id(),
            name=each.name,
            phones=_unique(each.phones),
            emails=_unique(each.emails),
            role=each.role,
            away_until=each.away_until,
        )
        for each in given
    )


def joined(known: Sequence[Contact], given: Sequence[Given], new_id: Callable[[], str]) -> tuple[Contact, ...]:
    """The known accountants and the given ones: nobody and no number is taken away."""
    people = {same_name(contact.name): contact for contact in known}
    for each in given:
        contact = people.get(same_name(each.name)) or Contact(contact_id=new_id(), name=each.name)
        people[same_name(each.name)] = replace(
            contact,
            phones=_unique((*contact.phones, *each.phones)),
            emails=_unique((*contact.emails, *each.emails)),
            role=each.role or contact.role,
            away_until=each.away_until or contact.away_until,
        )
    return tuple(people.values())


def _check_ids(known: Sequence[Contact], meant: Sequence[str]) -> None:
    there = {contact.contact_id for contact in known}
    for contact_id in meant:
        if contact_id not in there:
            raise WrongValue("contacts.contact_id", f"у этого клиента нет бухгалтера {contact_id}")
        if meant.count(contact_id) > 1:
            raise WrongValue("contacts.contact_id", f"бухгалтер {contact_id} назван дважды")


def _unique(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
