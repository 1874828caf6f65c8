"""What comes in: facts and news of managers, in any order, any number of times."""

from dataclasses import replace
from datetime import date, datetime

from services.payroll.domain.dismissal import with_dismissals
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Employment, Ledger
from services.payroll.domain.refusals import BadFact
from shared.contracts.accounts import ManagerEvent
from shared.contracts.base import Decision


def record(ledger: Ledger | None, manager_id: str, fact: Fact, now: datetime) -> Decision[Ledger]:
    """The manager bears `fact`; known already, it changes nothing.

    Where it turns a closed month negative, a dismissal is proposed for that month (R-PAY-6). Raises `BadFact` where
    a fact with this id says something else, or where the manager confirmed their own pay (R-BASE-3).
    """
    if fact.amount and fact.confirmed_by == manager_id:
        raise BadFact(f"fact {fact.fact_id} was confirmed by {manager_id}, whose pay it moves")
    known = ledger or Ledger(manager_id=manager_id)
    first = known.fact(fact.fact_id)
    if first is not None:
        if not first.says_the_same(fact):
            raise BadFact(f"fact {fact.fact_id} was recorded before with another content")
        return Decision(known)
    facts = sorted((*known.facts, fact), key=lambda each: (each.effective, each.fact_id))
    return with_dismissals(replace(known, facts=tuple(facts)), now)


def introduce(ledger: Ledger | None, news: ManagerEvent, day: date) -> Decision[Ledger]:
    """A manager works for us, or changed; the highest revision counts. `day` is the company's day of the news."""
    known = ledger or Ledger(manager_id=news.manager_id)
    before = known.manager
    since = day if before is None else min(day, before.known_from)
    if before is not None and before.revision >= news.revision:
        manager = replace(before, known_from=since)
    else:
        manager = Employment(revision=news.revision, name=news.name, hired=news.hired, left=news.left, known_from=since)
    return Decision(known if manager == before else replace(known, manager=manager))
