"""The hash of what something was made of: the same facts and the same policy give the same, on every machine."""

from collections.abc import Iterable
from hashlib import sha256

from services.payroll.domain.facts import Fact
from services.payroll.domain.policy import Policy
from services.payroll.domain.statement import Adjustment, Statement


def sealed(*lines: Iterable[object]) -> str:
    """SHA-256 of lines of fields, none of which can run into the next."""
    taken = sha256()
    for line in lines:
        taken.update("\x1f".join(map(str, line)).encode())
        taken.update(b"\x1e")
    return taken.hexdigest()


def seal_of(statement: Statement) -> str:
    """The hash of a statement: its inputs, who stands behind them, the policies it was settled by, and what came of
    them (R-PAY-7). One sealed by the formula of before keeps the hash it had."""
    if statement.sealed_by == 1:
        return _first_seal(statement)
    policy = statement.policy
    who = (statement.statement_id, statement.manager_name, statement.closed_at)
    head = (f"seal/{statement.sealed_by}", *who, *_terms(policy))
    sums = (statement.base, statement.growth, statement.bonus, statement.carried_in, statement.carried, statement.total)
    own = [(*_fact(fact, policy), *_trace(fact)) for fact in statement.own]
    late = [
        (*_late(line), line.forgiven, *_terms(line.policy), *(() if line.fact is None else _trace(line.fact)))
        for line in statement.adjustments
    ]
    return sealed(head, sums, *own, *late)


def _first_seal(statement: Statement) -> str:
    policy = statement.policy
    head = (statement.statement_id, statement.manager_name, statement.closed_at, *_terms(policy))
    sums = (statement.base, statement.growth, statement.bonus, statement.carried_in, statement.carried, statement.total)
    own = [_fact(fact, policy) for fact in statement.own]
    late = [_late(line) for line in statement.adjustments]
    return sealed(head, sums, *own, *late)


def _terms(policy: Policy) -> tuple[object, ...]:
    return policy.version, policy.base, policy.bonus_percent, *policy.paying, policy.carries


def _fact(fact: Fact, policy: Policy) -> tuple[object, ...]:
    return fact.fact_id, fact.kind, fact.effective, fact.client_id, fact.fee, fact.source, policy.amount(fact)


def _trace(fact: Fact) -> tuple[object, ...]:
    """What is behind a fact."""
    return fact.client_name, fact.request_id, fact.vouched_by_client_id, fact.confirmed_by, fact.reverses_fact_id


def _late(line: Adjustment) -> tuple[object, ...]:
    fact = () if line.fact is None else _fact(line.fact, line.policy)
    return line.month, line.base, line.growth, line.paid, line.pays, *fact
