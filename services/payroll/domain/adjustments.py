"""Facts that came too late for their month (R-PAY-6).

Each becomes one line: what that month pays with it, minus what it paid, earlier adjustments counted. The lines of a
month therefore add up, in any order, to what it should have paid.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month, month_of, through
from services.payroll.domain.policy import Policies, Policy
from services.payroll.domain.statement import Adjustment, Statement
from shared.money import ZERO


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a closed month stands: what it is settled by, its base (0: did not work), its growth by what was settled,
    what it paid, what of it was forgiven and is paid as well, and whether it is negative by all that is known and no
    statement has said so yet."""

    policy: Policy
    base: Decimal
    growth: Decimal
    paid: Decimal
    forgiven: Decimal
    unsaid: bool


@dataclass(frozen=True, slots=True)
class _Worked:
    """The first month closed here, and in which months before it the manager worked."""

    begin: Month
    worked: Callable[[Month], bool]


def late(ledger: Ledger, month: Month, begin: Month, policies: Policies) -> tuple[Adjustment, ...]:
    """The adjustments `month` has to take: of every earlier month, in order of the facts' days.

    `begin` is the first month closed here. What was before counts as paid at the base, with nothing known of it.
    """
    manager = ledger.manager
    bases = dict.fromkeys(unpaid(ledger, month, begin), True) | dict.fromkeys(overpaid(ledger, month), False)
    before_us = _Worked(begin, (lambda _: False) if manager is None else manager.covers)
    waiting = [fact for fact in ledger.unsettled() if fact.month < month]
    return tuple(_late(ledger, waiting, bases, before_us, policies))


def late_again(ledger: Ledger, kept: Statement, begin: Month) -> tuple[Adjustment, ...]:
    """The adjustments of a closed statement, from what they name themselves: facts, policies, months found worked or
    not. `ledger` is as it was before that close, with the statement's own facts besides."""
    told: dict[Month, Adjustment] = {}
    for line in kept.adjustments:
        told.setdefault(line.month, line)
    bases = {month: line.base > ZERO for month, line in told.items() if line.fact is None}
    before_us = _Worked(begin, lambda month: told[month].base > ZERO)
    policies = Policies(kept.policy, kept={month: line.policy for month, line in told.items()})
    waiting = sorted((line.fact for line in kept.adjustments if line.fact is not None), key=_day)
    return tuple(_late(ledger, waiting, bases, before_us, policies))


def _late(
    ledger: Ledger, waiting: list[Fact], bases: Mapping[Month, bool], before_us: "_Worked", policies: Policies
) -> Iterator[Adjustment]:
    free = forgiven(ledger.closed)
    for each in sorted(bases.keys() | {fact.month for fact in waiting}):
        facts = [fact for fact in waiting if fact.month == each]
        standing = replace(_standing(ledger, each, before_us, policies), forgiven=free.get(each, ZERO))
        yield from _lines(each, standing, facts, works=bases.get(each))


def _day(fact: Fact) -> tuple[date, str]:
    return fact.effective, fact.fact_id


def unpaid(ledger: Ledger, month: Month, begin: Month) -> Iterator[Month]:
    """Months before `month`, closed since `begin`, in which the manager worked and for which no base was paid: the word
    of it came late."""
    manager = ledger.manager
    if manager is None:
        return
    paid = ledger.paid_months()
    for each in through(max(begin, month_of(manager.hired)), month):
        if each < month and manager.covers(each) and each not in paid:
            yield each


def overpaid(ledger: Ledger, month: Month) -> Iterator[Month]:
    """Closed months before `month` that paid a base, and in which the manager did not work, as is known now."""
    manager = ledger.manager
    if manager is not None:
        yield from (each for each in ledger.paid_months() if each < month and not manager.covers(each))


def forgiven(closed: Iterable[Statement]) -> dict[Month, Decimal]:
    """What closed months paid too much and nobody has to give back, so far as later lines have not counted it.

    A month's debt is what its adjustments took and no statement has made up for yet; the oldest is made up for first.
    """
    debts: dict[Month, Decimal] = defaultdict(Decimal)
    free: dict[Month, Decimal] = defaultdict(Decimal)
    for statement in closed:
        for line in statement.adjustments:
            debts[line.month] -= line.amount
            free[line.month] -= line.forgiven
        debts = _left(debts, -statement.carried - statement.forgiven)
        if statement.forgiven:
            for month, debt in debts.items():
                free[month] += debt
            debts.clear()
    return free


def _left(debts: Mapping[Month, Decimal], left: Decimal) -> dict[Month, Decimal]:
    """Those of which `left` is left; where less fits, the oldest are made up for."""
    kept: dict[Month, Decimal] = defaultdict(Decimal)
    for month in sorted(debts, reverse=True):
        kept[month] = min(max(debts[month], ZERO), left)
        left -= kept[month]
    return kept


def _standing(ledger: Ledger, month: Month, before_us: _Worked, policies: Policies) -> Standing:
    lines = [line for statement in ledger.closed for line in statement.adjustments if line.month == month]
    own = ledger.closed_statement(month)
    said = any(each.dismissal_proposed for each in (*lines, own) if each is not None)
    unsaid = not said and month >= before_us.begin and ledger.growth(month, policies) < ZERO
    policy = policies.of(month)
    if lines:
        return Standing(policy, lines[-1].base, lines[-1].growth, lines[-1].pays, ZERO, unsaid)
    if own is not None:
        return Standing(policy, own.base, own.growth, own.base + own.bonus, ZERO, unsaid)
    paid = policy.base if month < before_us.begin and before_us.worked(month) else ZERO
    return Standing(policy, paid, ZERO, paid, ZERO, unsaid)


def _lines(month: Month, standing: Standing, facts: list[Fact], *, works: bool | None) -> Iterator[Adjustment]:
    """One line a fact; first one for the month itself, where the manager `works` in it after all, or does not."""
    if works is not None:
        line = _line(month, standing, standing.policy.base if works else ZERO, None)
        yield line
        standing = _after(standing, line)
    for fact in facts:
        line = _line(month, standing, standing.base, fact)
        yield line
        standing = _after(standing, line)


def _line(month: Month, standing: Standing, base: Decimal, fact: Fact | None) -> Adjustment:
    policy = standing.policy
    growth = standing.growth + (ZERO if fact is None else policy.amount(fact))
    pays = base + policy.bonus(growth) if base else ZERO
    return Adjustment(
        month=month,
        fact=fact,
        base=base,
        growth=growth,
        paid=standing.paid,
        pays=pays,
        forgiven=min(standing.forgiven, max(pays - standing.paid, ZERO)),
        dismissal_proposed=standing.unsaid and growth < ZERO and base > ZERO,
        policy=policy,
    )


def _after(standing: Standing, line: Adjustment) -> Standing:
    said = line.dismissal_proposed
    free = standing.forgiven - line.forgiven
    return Standing(standing.policy, line.base, line.growth, line.pays, free, standing.unsaid and not said)
