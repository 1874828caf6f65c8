"""Every closed month reckoned anew from what its statements name as their inputs, and held against the ledger and the
books (R-PAY-6, R-PAY-7).

A statement is sealed over its facts, policies and sums. So its sums have to follow from those facts and from the
statements before it, its facts have to be those of the ledger, and the month's seal has to be that of its statements.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from services.payroll.domain.adjustments import late_again
from services.payroll.domain.books import Books, MonthClose
from services.payroll.domain.facts import Fact
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.months import Month
from services.payroll.domain.policy import Policy
from services.payroll.domain.seal import seal_of, sealed
from services.payroll.domain.statement import SEALED_BY, Adjustment, Statement, settle, total_of
from shared.money import ZERO

SUMS = {
    "base": "оклад",
    "growth": "прирост",
    "bonus": "доплата за прирост",
    "carried_in": "перенесено с прошлых месяцев",
    "carried": "перенесено дальше",
    "total": "к выплате",
    "dismissal_proposed": "предложение об увольнении",
}
FACTS = {
    "won": "пришедшие клиенты",
    "lost": "потерянные клиенты",
    "reversed": "отменённые факты",
    "without_pay": "факты без оплаты",
}
NOTHING = "нет"

Sealed = tuple[str, object, str]
"""A closed statement of a month: its manager, what is kept as its total, its seal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is kept otherwise than it comes to; without a `manager_id` of the whole month."""

    month: Month
    manager_id: str | None
    what: str
    kept: str
    computed: str


def of_ledger(ledger: Ledger, books: Books) -> Iterator[Difference]:
    """What one manager's closed statements say otherwise than their inputs, the ledger and the books."""
    settled: Counter[str] = Counter()
    for number, statement in enumerate(ledger.closed):
        settled.update(statement.fact_ids)
        found = (
            *_of_seal(statement),
            *_of_months(ledger, number, books),
            *_of_facts(ledger, statement, settled),
            *(_of_sums(ledger, number, books.begin) if statement.sealed_by == SEALED_BY else ()),
        )
        for what, kept, computed in found:
            yield Difference(
                month=statement.month, manager_id=ledger.manager_id, what=what, kept=kept, computed=computed
            )


def unreadable(manager_id: str) -> Difference:
    """A ledger that is there, and that this program does not understand: nothing of it is proved."""
    return Difference(month="—", manager_id=manager_id, what="документ", kept="не читается", computed="неизвестно")


def of_month(closed: MonthClose, statements: Sequence[Sealed]) -> Iterator[Difference]:
    """What the books say of a closed month otherwise than its statements come to together."""
    # What somebody put there by hand may be no amount: its ledger is told of as one that cannot be read.
    total = total_of(amount for _, amount, _ in statements if isinstance(amount, Decimal))
    pairs: dict[str, tuple[object, object]] = {
        "расчётов": (closed.statements, len(statements)),
        "сумма расчётов": (closed.total, total),
        "печать месяца": (closed.seal, sealed(*((manager_id, seal) for manager_id, _, seal in statements))),
    }
    if closed.seal is None:  # closed before months were sealed
        del pairs["печать месяца"]
    for what, (kept, computed) in pairs.items():
        if kept != computed:
            yield Difference(month=closed.month, manager_id=None, what=what, kept=str(kept), computed=str(computed))


Found = tuple[str, str, str]
"""What, as it is kept, as it comes to."""


def _of_seal(statement: Statement) -> Iterator[Found]:
    again = seal_of(statement)
    if statement.seal and statement.seal != again:  # one closed before statements were sealed has none
        yield "печать расчёта", statement.seal, again


def _of_months(ledger: Ledger, number: int, books: Books) -> Iterator[Found]:
    statement = ledger.closed[number]
    before = ledger.closed[number - 1].month if number else ""
    if statement.month <= before:
        yield "порядок месяцев", f"после {before}", "раньше"
    if books.of(statement.month) is None:
        yield "месяц", "закрыт", "в книге месяцев его нет"
    for month, policy in _policies(statement):
        closed = books.of(month)
        if closed is not None and closed.policy is not None and closed.policy != policy:
            yield f"условия за {month}", str(policy.version), str(closed.policy.version)


def _of_facts(ledger: Ledger, statement: Statement, settled: Counter[str]) -> Iterator[Found]:
    known = {fact.fact_id: fact for fact in ledger.facts}
    for fact in _facts(statement):
        if settled[fact.fact_id] > 1:
            yield f"факт {fact.fact_id}", "учтён", "учтён и раньше"
        if known.get(fact.fact_id) != fact:
            yield f"факт {fact.fact_id}", _told(fact), _told(known.get(fact.fact_id))


def _of_sums(ledger: Ledger, number: int, begin: Month | None) -> Iterator[Found]:
    kept = ledger.closed[number]
    again = _reckoned(ledger, number, begin or kept.month)
    for name, what in SUMS.items():
        one, other = getattr(kept, name), getattr(again, name)
        if one != other:
            yield what, str(one), str(other)
    for name, what in FACTS.items():
        one, other = getattr(kept, name), getattr(again, name)
        if one != other:
            yield what, _ids(one), _ids(other)
    if kept.adjustments != again.adjustments:
        yield "поправки", _lines(kept.adjustments), _lines(again.adjustments)


def _reckoned(ledger: Ledger, number: int, begin: Month) -> Statement:
    """The statement as its own facts, its policies and the statements before it make it."""
    kept = ledger.closed[number]
    before = ledger.closed[:number]
    facts = [fact for statement in (*before, kept) for fact in _facts(statement)]
    then = replace(ledger, closed=before, facts=tuple(facts))
    return settle(
        manager_id=kept.manager_id,
        manager_name=kept.manager_name,
        month=kept.month,
        policy=kept.policy,
        works=kept.base > ZERO,
        facts=_in_order(kept.own),
        adjustments=late_again(then, kept, begin),
        carried_in=before[-1].carried if before else ZERO,
    )


def _policies(statement: Statement) -> Iterator[tuple[Month, Policy]]:
    yield from ((line.month, line.policy) for line in statement.adjustments)
    yield statement.month, statement.policy


def _facts(statement: Statement) -> Iterator[Fact]:
    yield from statement.own
    yield from (line.fact for line in statement.adjustments if line.fact is not None)


def _in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=lambda fact: (fact.effective, fact.fact_id)))


def _told(fact: Fact | None) -> str:
    return NOTHING if fact is None else f"{fact.kind} {fact.effective} {fact.client_id} {fact.fee}"


def _ids(facts: Iterable[Fact]) -> str:
    return ", ".join(fact.fact_id for fact in facts) or NOTHING


def _lines(lines: Iterable[Adjustment]) -> str:
    told = (f"{line.month} {'' if line.fact is None else line.fact.fact_id} {line.amount}" for line in lines)
    return "; ".join(told) or NOTHING
