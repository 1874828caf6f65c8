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
    """The hash of a statement: its inputs, the policy it was settled by, and what came of them."""
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


def _late(line: Adjustment) -> tuple[object, ...]:
    fact = () if line.fact is None else _fact(line.fact, line.policy)
    return line.month, line.base, line.growth, line.paid, line.pays, *fact
