"""What is to be done by a time that accounts appoints: the weekly call, and the next contact with a prospect.

Pure folds, like the course of a request: any order and repetition of the facts gives the same obligations. The policy
says whom it is owed to (by tariff), when is warned of a contact, and who is called; which events count stands here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.sla_monitor.domain.facts import Client, Fact
from services.sla_monitor.domain.obligations import Ending, Obligation
from services.sla_monitor.domain.policies import Place
from services.sla_monitor.domain.rules import Edition, Rules, Traits, to_millisecond
from shared.contracts.sla_monitor import ClockName


def weekly_call(subject: str, facts: Sequence[Fact], rules: Rules) -> tuple[Obligation, ...]:
    """One call owed to one accountant in one week (R-IMP-1), as the newest plan has it. Held, it is met, whatever
    else was said; called off and not planned again, it is cancelled."""
    plans = [fact for fact in facts if fact.kind == "contact_call.planned"]
    if not plans:
        return ()
    newest = max(plans, key=lambda fact: (fact.revision, fact.at))
    began = min(fact.at for fact in plans)
    due = newest.until or newest.at
    held = [fact for fact in facts if fact.kind == "contact_call.held"]
    off = [fact for fact in facts if fact.kind == "contact_call.cancelled" and fact.at >= newest.at]
    over = next(iter(held or off), None)
    owed = Owed(f"{subject}:weekly_call:1", "weekly_call", began, due, newest.client, newest.warn_at)
    return settled(owed, over, "met" if held else "cancelled", rules)


def prospect(subject: str, facts: Sequence[Fact], rules: Rules) -> tuple[Obligation, ...]:
    """The next contact, always, until won or dropped (R-REF-2). Only a contact meets it. Another date moves what is
    not late yet; what is late stays so until they are spoken with."""
    found: list[Obligation] = []
    owed: Owed | None = None
    for fact in sorted(facts, key=lambda one: one.revision):
        if owed is not None and (fact.kind == "prospect.contacted" or fact.until is None):
            found += settled(owed, fact, "met" if fact.kind == "prospect.contacted" else "cancelled", rules)
            owed = None
        if fact.until is None:
            continue
        if owed is None:
            key = f"{subject}:prospect_contact:{fact.revision}"
            owed = Owed(key, "prospect_contact", fact.at, fact.until, fact.client)
        elif fact.at <= owed.due != fact.until:
            owed = replace(owed, due=fact.until)
    return (*found, *(settled(owed, None, "met", rules) if owed is not None else ()))


@dataclass(frozen=True, slots=True)
class Owed:
    """What is appointed, before the policy has had its say."""

    id: str
    clock: ClockName
    since: datetime
    due: datetime
    client: Client | None
    warn_at: datetime | None = None
    """Where accounts says when."""


def settled(owed: Owed, over: Fact | None, ending: Ending, rules: Rules) -> tuple[Obligation, ...]:
    """As an obligation, ended by `over` where there is one; nothing where the policy frees such a client of it."""
    ended = None if over is None else max(over.at, owed.since)
    edition = _edition(owed, ended, rules)
    place = Place(owed.client.zone, owed.client.region) if owed.client else None
    traits = Traits(tariff=owed.client.tariff if owed.client else None, place=place)
    allowed = edition.allowed(owed.clock, traits)
    if allowed is None:
        return ()
    first, *others = (_share(owed, share) for share in allowed.terms.warnings)
    return (
        Obligation(
            id=owed.id,
            clock=owed.clock,
            priority=None,
            since=owed.since,
            warn_at=min(owed.warn_at or first, owed.due),
            warn_again=tuple(others) if owed.warn_at is None else (),
            due=owed.due,
            policy=edition.number,
            terms=allowed.number,
            place=allowed.place,
            ended=ended,
            ending=None if ended is None else ending,
        ),
    )


def _edition(owed: Owed, ended: datetime | None, rules: Rules) -> Edition:
    """What was in force when it began, or a newer version that applies to what was open then and not late."""
    last = min(owed.due, ended or owed.due)
    turns = [edition for edition in rules.turns if owed.since < edition.since <= last]
    return turns[-1] if turns else rules.at(owed.since)


def _share(owed: Owed, share: float) -> datetime:
    begins = min(owed.since, owed.due)
    return to_millisecond(begins + (owed.due - begins) * share)


APPOINTED: Mapping[str, Callable[[str, Sequence[Fact], Rules], tuple[Obligation, ...]]] = {
    "contact_call": weekly_call,
    "prospect": prospect,
}
"""The fold by the family of the facts."""
