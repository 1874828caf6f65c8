"""What is to be done by a time that accounts appoints: the weekly call, and the next contact with a prospect.

Pure folds, like the course of a request: any order and repetition of the facts gives the same obligations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.sla_monitor.domain.facts import Fact
from services.sla_monitor.domain.obligations import Ending, Obligation
from services.sla_monitor.domain.rules import to_millisecond
from shared.contracts.sla_monitor import ClockName

WARNING = 0.8
"""The share of the time until a contact after which there is a warning."""


def weekly_call(subject: str, facts: Sequence[Fact]) -> tuple[Obligation, ...]:
    """One call owed to one accountant in one week (R-IMP-1), as the newest plan has it. Held, it is met, whatever
    else was said; called off and not planned again, it is cancelled."""
    plans = [fact for fact in facts if fact.kind == "contact_call.planned"]
    if not plans:
        return ()
    newest = max(plans, key=lambda fact: (fact.revision, fact.at))
    began = min(fact.at for fact in plans)
    due = newest.until or newest.at
    owed = _owed(subject, "weekly_call", 1, began, due)
    owed = replace(owed, warn_at=min(newest.warn_at or owed.warn_at, due))
    for fact in facts:
        if fact.kind == "contact_call.held":
            return (_ended(owed, fact, "met"),)
    off = [fact for fact in facts if fact.kind == "contact_call.cancelled" and fact.at >= newest.at]
    return (_ended(owed, off[0], "cancelled") if off else owed,)


def prospect(subject: str, facts: Sequence[Fact]) -> tuple[Obligation, ...]:
    """The next contact, always, until won or dropped (R-REF-2). Only a contact meets it. Another date moves what is
    not late yet; what is late stays so until they are spoken with."""
    found: list[Obligation] = []
    owed: Obligation | None = None
    for fact in sorted(facts, key=lambda one: one.revision):
        if owed is not None and (fact.kind == "prospect.contacted" or fact.until is None):
            found.append(_ended(owed, fact, "met" if fact.kind == "prospect.contacted" else "cancelled"))
            owed = None
        if fact.until is None:
            continue
        if owed is None:
            owed = _owed(subject, "prospect_contact", fact.revision, fact.at, fact.until)
        elif fact.at <= owed.due != fact.until:
            owed = replace(owed, due=fact.until, warn_at=_share(owed.since, fact.until))
    return (*found, owed) if owed is not None else tuple(found)


def _owed(subject: str, clock: ClockName, number: int, since: datetime, due: datetime) -> Obligation:
    return Obligation(
        id=f"{subject}:{clock}:{number}", clock=clock, priority=None, since=since, warn_at=_share(since, due), due=due
    )


def _share(since: datetime, due: datetime) -> datetime:
    return to_millisecond(min(since, due) + (due - min(since, due)) * WARNING)


def _ended(owed: Obligation, fact: Fact, ending: Ending) -> Obligation:
    return replace(owed, ended=max(fact.at, owed.since), ending=ending)


APPOINTED: Mapping[str, Callable[[str, Sequence[Fact]], tuple[Obligation, ...]]] = {
    "contact_call": weekly_call,
    "prospect": prospect,
}
"""The fold by the family of the facts."""
