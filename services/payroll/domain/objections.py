"""A manager disputes a line of a statement; a person answers, with a reason. A correction is a fact of its own."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.payroll.domain.months import Month
from services.payroll.domain.refusals import AnsweredOtherwise, KeyReused, NoSuchLine, OwnObjection, UnknownObjection
from services.payroll.domain.statement import Statement
from shared.contracts.base import Decision
from shared.contracts.payroll import StatementDisputeAnswered, StatementDisputed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was decided, by whom, and why."""

    at: datetime
    by: str
    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """An objection to a statement, or to one line of it."""

    objection_id: str
    manager_id: str
    month: Month
    fact_id: str | None
    words: str
    at: datetime
    answer: Answer | None = None


def dispute(known: Dispute | None, new: Dispute, statement: Statement) -> Decision[Dispute]:
    """The manager objects; the same once more under the same id changes nothing. Raises `NoSuchLine`, or `KeyReused`
    where something else was said under that id before."""
    if known is not None:
        if (known.manager_id, known.month, known.fact_id, known.words) != (
            new.manager_id,
            new.month,
            new.fact_id,
            new.words,
        ):
            raise KeyReused
        return Decision(known)
    if new.fact_id is not None and new.fact_id not in statement.fact_ids:
        raise NoSuchLine(f"В расчёте {statement.statement_id} нет факта {new.fact_id}.")
    told = StatementDisputed(
        at=new.at,
        statement_id=statement.statement_id,
        manager_id=new.manager_id,
        month=new.month,
        objection_id=new.objection_id,
        fact_id=new.fact_id,
        words=new.words,
    )
    return Decision(new, (told,))


def answer(known: Dispute | None, said: Answer) -> Decision[Dispute]:
    """A person answers. Raises `UnknownObjection`, `OwnObjection`, or `AnsweredOtherwise` after another answer."""
    if known is None:
        raise UnknownObjection
    if said.by == known.manager_id:
        raise OwnObjection
    if known.answer is not None:
        if replace(known.answer, at=said.at) != said:
            raise AnsweredOtherwise
        return Decision(known)
    told = StatementDisputeAnswered(
        at=said.at,
        statement_id=f"{known.manager_id}:{known.month}",
        manager_id=known.manager_id,
        month=known.month,
        objection_id=known.objection_id,
        accepted=said.accepted,
        reason=said.reason,
        by=said.by,
    )
    return Decision(replace(known, answer=said), (told,))
