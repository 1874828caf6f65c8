"""Who is called: managers, leads, directors, where they are reached, and who stands in for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.sla_monitor.domain.ladder import UPWARD, Role
from shared.contracts.accounts import ManagerEvent
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Away from `since` until before `until`; whoever `substitute_id` is gets what would have been theirs."""

    since: datetime
    until: datetime
    substitute_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be called. What a director set stands; else a manager is as accounts says."""

    person_id: str
    role: Role
    name: str
    email: str | None = None
    hook_url: str | None = None
    absences: tuple[Absence, ...] = ()
    set_by: str | None = None
    """The director who set name, role and addresses; None where accounts alone told of them."""
    revision: int = 0
    """Of the newest `manager.*` heard."""
    left: date | None = None

    def absence(self, at: datetime) -> Absence | None:
        """Their absence at that moment."""
        return next((one for one in self.absences if one.since <= at < one.until), None)

    def works(self, today: date) -> bool:
        """Whether they are with us still; `today` in the company's time zone."""
        return self.left is None or today <= self.left


People = Mapping[str, Person]


def told_of(known: Person | None, event: ManagerEvent) -> Decision[Person]:
    """A manager as accounts says; what is older than what was heard changes nothing."""
    if known is None:
        known = Person(person_id=event.manager_id, role="manager", name=event.name)
    elif event.revision <= known.revision:
        return Decision(known)
    email = known.email if known.set_by is not None and known.email is not None else event.email
    name = event.name if known.set_by is None else known.name
    return Decision(replace(known, name=name, email=email, revision=event.revision, left=event.left))


def set_by_hand(
    known: Person | None,
    *,
    person_id: str,
    role: Role,
    name: str,
    email: str | None,
    hook_url: str | None,
    absences: tuple[Absence, ...],
    by: str,
) -> Decision[Person]:
    """As a director says."""
    person = known or Person(person_id=person_id, role=role, name=name)
    after = replace(person, role=role, name=name, email=email, hook_url=hook_url, absences=absences, set_by=by)
    return Decision(known if known == after else after)


@dataclass(frozen=True, slots=True)
class Roll:
    """Everybody, and when they are asked for: `today` is the day of `at` in the company's time zone."""

    people: People
    at: datetime
    today: date

    def called(self, role: Role, manager_id: str | None) -> tuple[str, ...]:
        """Whom a step of the ladder calls: the client's manager, all leads, all directors, or who stands in for them.

        Where a step has nobody who is there, the next one up is called in its place.
        """
        for one in UPWARD[UPWARD.index(role) :]:
            found = self._present(self._of(one, manager_id))
            if found:
                return found
        return ()

    def _of(self, role: Role, manager_id: str | None) -> Iterable[Person]:
        if role == "manager":
            found = self.people.get(manager_id or "")
            return [] if found is None else [found]
        return [person for person in self.people.values() if person.role == role]

    def _present(self, wanted: Iterable[Person]) -> tuple[str, ...]:
        there = map(self._stand_in, wanted)
        return tuple(sorted({person.person_id for person in there if person is not None}))

    def _stand_in(self, person: Person | None) -> Person | None:
        """The person, or the first along the chain of substitutes who is there."""
        asked: set[str] = set()
        while person is not None and person.person_id not in asked and person.works(self.today):
            absence = person.absence(self.at)
            if absence is None:
                return person
            asked.add(person.person_id)
            person = self.people.get(absence.substitute_id or "")
        return None
