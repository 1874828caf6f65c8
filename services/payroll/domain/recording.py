"""What comes in: facts and news of managers, in any order, any number of times."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from services.payroll.domain.dismissal import TERM, with_dismissals
from services.payroll.domain.facts import Fact, Reversal
from services.payroll.domain.ledger import Earlier, Employment, Ledger
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policies
from services.payroll.domain.refusals import BadFact
from shared.contracts.accounts import ManagerEvent
from shared.contracts.base import Decision

OTHERWISE = "под этим номером раньше записан факт с другим содержанием"


def record(
    ledger: Ledger | None, manager_id: str, fact: Fact, policies: Policies, now: datetime, *, term: timedelta = TERM
) -> Decision[Ledger]:
    """The manager bears `fact`; known already, it changes nothing.

    Where it turns a closed month negative, a dismissal is proposed for that month (R-PAY-6). Raises `BadFact` where
    a fact with this id says something else, or where the manager confirmed their own pay (R-BASE-3).
    """
    known = ledger or Ledger(manager_id=manager_id)
    if _known(known, fact):
        return Decision(known)
    _check_confirmed(manager_id, fact)
    return with_dismissals(_settled_reversals(_with(known, fact)), policies, now, term=term)


def reverse(
    ledger: Ledger | None, manager_id: str, word: Reversal, policies: Policies, now: datetime, *, term: timedelta = TERM
) -> Decision[Ledger]:
    """A fact turns out wrong: it counts as if it had never been. Where it has not come yet, the word waits for it.

    Raises `BadFact` as `record` does.
    """
    known = ledger or Ledger(manager_id=manager_id)
    before = known.fact(word.fact_id) or next((each for each in known.reversals if each.fact_id == word.fact_id), None)
    if before is not None:
        if before.reverses_fact_id != word.reverses_fact_id:
            raise BadFact(word.fact_id, OTHERWISE)
        return Decision(known)
    if word.confirmed_by == manager_id:
        raise BadFact(word.fact_id, _own_pay(manager_id))
    waiting = sorted((*known.reversals, word), key=lambda each: each.fact_id)
    return with_dismissals(_settled_reversals(replace(known, reversals=tuple(waiting))), policies, now, term=term)


def introduce(
    ledger: Ledger | None, news: ManagerEvent, day: date, *, closing: Month | None = None
) -> Decision[Ledger]:
    """A manager works for us, or changed; the highest revision counts. `day` is the company's day of the news.

    A month that is just `closing` is settled by what was known when its close was confirmed (R-PAY-6).
    """
    known = ledger or Ledger(manager_id=news.manager_id)
    before = known.manager
    since = day if before is None else min(day, before.known_from)
    if before is not None and before.revision >= news.revision:
        manager = replace(before, known_from=since)
    else:
        manager = _employed(news, since)
    if manager == before:
        return Decision(known)
    first = known.earlier is None or closing is None or known.earlier.closing != closing
    earlier = Earlier(closing=closing, manager=before) if first else known.earlier
    return Decision(replace(known, manager=manager, earlier=earlier))


def _employed(news: ManagerEvent, since: date) -> Employment:
    return Employment(
        revision=news.revision,
        name=news.name,
        hired=news.hired,
        left=news.left,
        known_from=since,
        personnel_number=news.personnel_number,
        snils=news.snils,
    )


def _known(ledger: Ledger, fact: Fact) -> bool:
    """Whether it is there already. Raises `BadFact` where it said something else then."""
    first = ledger.fact(fact.fact_id)
    if first is None and any(fact.fact_id == each.fact_id for each in ledger.reversals):
        raise BadFact(fact.fact_id, OTHERWISE)
    if first is not None and not first.says_the_same(fact):
        raise BadFact(fact.fact_id, OTHERWISE)
    return first is not None


def _check_confirmed(manager_id: str, fact: Fact) -> None:
    if fact.of_money and fact.confirmed_by == manager_id:
        raise BadFact(fact.fact_id, _own_pay(manager_id))


def _own_pay(manager_id: str) -> str:
    return f"его подтвердил {manager_id}, чью зарплату он меняет (R-BASE-3)"


def _with(ledger: Ledger, fact: Fact) -> Ledger:
    come = replace(fact, order=len(ledger.facts) + 1)
    facts = sorted((*ledger.facts, come), key=lambda each: (each.effective, each.fact_id))
    return replace(ledger, facts=tuple(facts))


def _settled_reversals(ledger: Ledger) -> Ledger:
    """The ledger in which every reversal whose fact is there has become a fact."""
    for word in ledger.reversals:
        first = ledger.fact(word.reverses_fact_id)
        if first is not None:
            left = tuple(each for each in ledger.reversals if each != word)
            return _settled_reversals(_with(replace(ledger, reversals=left), word.of(first)))
    return ledger
