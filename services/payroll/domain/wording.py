"""A statement in words, as the manager reads it: «70 000 − 20 000 + 20 000 + 30 000 + 50 000 = 150 000»."""

from collections.abc import Iterable
from decimal import Decimal

from services.payroll.domain.facts import Fact
from services.payroll.domain.months import named
from services.payroll.domain.policy import WHOLE, Policy
from services.payroll.domain.statement import Adjustment, Statement
from shared.money import ZERO, roubles_text


def formula(statement: Statement) -> str:
    """How the total comes about, term by term; lines that move nothing are left out."""
    policy = statement.policy
    amounts = [policy.amount(fact) for fact in (*statement.lost, *statement.won, *statement.reversed)]
    terms = [_term(amount) for amount in amounts if amount]
    rest = [f"{_term(line.amount)} (поправка за {named(line.month)})" for line in statement.adjustments if line.amount]
    if statement.carried_in:
        rest.append(f"{_term(statement.carried_in)} (перенесено)")
    own = statement.base + statement.growth
    full = statement.full
    if statement.growth >= ZERO and statement.policy.bonus_percent != WHOLE:
        bonus = f"+ {_percent(policy)} от ({_sum('0', terms, statement.growth)})"
        return _ended(statement, _sum(_plain(statement.base), [bonus, *rest], full))
    if statement.growth >= ZERO:
        return _ended(statement, _sum(_plain(statement.base), [*terms, *rest], full))
    said = f"{_sum(_plain(statement.base), terms, own)}: прирост отрицательный, платится оклад {_plain(statement.base)}"
    return _ended(statement, f"{said}; {_sum(_plain(statement.base), rest, full)}" if rest else said)


def reason(line: Adjustment) -> str:
    """Why an adjustment is what it is."""
    month = named(line.month).capitalize()
    if line.fact is None:
        return _of_the_month(line)
    if not line.base:
        return f"{month}: {_what(line.fact)}, но менеджер тогда не работал."
    if line.amount or line.forgiven:
        return f"{month}: {_what(line.fact)}; заплачено {_so_far(line)}, с этим фактом — {_plain(line.pays)}."
    if not line.moved:
        return f"{month}: {_what(line.fact)}; на оплату не влияет."
    return f"{month}: {_what(line.fact)}; прирост не выше нуля, оклад {_plain(line.paid)} уже заплачен."


def _of_the_month(line: Adjustment) -> str:
    month = named(line.month).capitalize()
    if line.base:
        return (
            f"{month} закрыт до того, как стало известно, что менеджер тогда работал: "
            f"заплачено {_so_far(line)}, к оплате {_plain(line.pays)}."
        )
    return (
        f"{month} оплачен до того, как стало известно, что менеджер тогда не работал: "
        f"заплачено {_so_far(line)}, возвращается."
    )


def _so_far(line: Adjustment) -> str:
    return f"{_plain(line.paid)} и прощено {_plain(line.forgiven)}" if line.forgiven else _plain(line.paid)


def money(amount: Decimal) -> str:
    """`amount` as a person reads it, with a true minus: `−20 000`; kopecks where there are any."""
    return _signed(amount)


def _what(fact: Fact) -> str:
    if fact.kind == "handed_over":
        return f"клиент {fact.client_id} передан ({fact.from_manager_id} → {fact.to_manager_id})"
    client = f"«{fact.client_name}»"
    if fact.kind == "reversed":
        return f"отменён факт {fact.reverses_fact_id} ({client}, {_plain(fact.fee or ZERO)}): {fact.reason}"
    return f"{'пришёл' if fact.kind == 'won' else 'потерян'} {client}, {_plain(fact.fee or ZERO)}"


def _percent(policy: Policy) -> str:
    return f"{policy.bonus_percent.normalize():f} %".replace(".", ",")


def _ended(statement: Statement, said: str) -> str:
    if statement.full >= statement.total:
        return said
    floor = "меньше оклада" if statement.base else "меньше нуля"
    if not statement.carried:
        return f"{said}: {floor}, платится {_plain(statement.total)}, прощается {_signed(statement.forgiven)}"
    return f"{said}: {floor}, платится {_plain(statement.total)}, переносится {_signed(statement.carried)}"


def _sum(first: str, terms: Iterable[str], total: Decimal) -> str:
    listed = " ".join([first, *terms])
    return f"{listed} = {_signed(total)}" if listed != first else first


def _term(amount: Decimal) -> str:
    return f"{'−' if amount < ZERO else '+'} {_plain(abs(amount))}"


def _signed(amount: Decimal) -> str:
    return f"{'−' if amount < ZERO else ''}{_plain(abs(amount))}"


def _plain(amount: Decimal) -> str:
    return roubles_text(amount).removesuffix(",00")
