"""`/v1/objections`: a manager disputes a statement or a line of it; a person answers, with a reason."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.payroll.api.fields import SEES_ALL, Body, Deps, MonthText, Officer, Reader, View, Words, check_own, noted
from services.payroll.domain import objections
from services.payroll.domain.objections import Answer, Dispute
from services.payroll.metrics import DISPUTES
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/objections", tags=["objections"])
on_statements = APIRouter(prefix="/v1/statements", tags=["objections"])

FactId = Annotated[str, Query(max_length=200)]


class NewObjection(Body):
    """What is wrong; without a `fact_id` with the statement as a whole."""

    words: Words
    fact_id: FactId | None = None


class NewAnswer(Body):
    """Whether the manager is right, and why. The correction itself is a fact: proposed and confirmed in accounts."""

    accepted: bool
    reason: Words


class AnswerView(View):
    """What was answered."""

    at: datetime
    by: str
    accepted: bool
    reason: str


class DisputeView(View):
    """An objection."""

    objection_id: str
    manager_id: str
    month: str
    fact_id: str | None
    words: str
    at: datetime
    answer: AnswerView | None

    @classmethod
    def of(cls, dispute: Dispute) -> "DisputeView":
        """`dispute` as shown."""
        return cls.model_validate(
            {name: getattr(dispute, name) for name in cls.model_fields if name != "answer"}
            | {"answer": _answer(dispute.answer)}
        )


@on_statements.post(
    "/{manager_id}/{month}/objections", status_code=201, responses={200: {"description": "The same again."}}
)
async def objected(
    office: Deps,
    who: Reader,
    *,
    manager_id: str,
    month: MonthText,
    new: NewObjection,
    key: IdempotencyKey,
    response: Response,
) -> DisputeView:
    """The manager disputes their own statement, or a line of it."""
    check_own(who, manager_id, alone=True)
    statement = await office.statement(manager_id, month)
    dispute = Dispute(
        objection_id=derived_id("objection", manager_id, month, key) if key else office.new_id(),
        manager_id=manager_id,
        month=month,
        fact_id=new.fact_id,
        words=new.words,
        at=office.now(),
    )
    decide = partial(objections.dispute, new=dispute, statement=statement)
    stepped = await office.store.disputes.step(dispute.objection_id, decide)
    if stepped.written:
        DISPUTES.inc()
    response.status_code = 201 if stepped.written else 200
    return DisputeView.of(stepped.state)


@routes.get("")
async def listed(office: Deps, who: Reader, paging: Paged, *, answered: bool | None = None) -> Page[DisputeView]:
    """Objections in order of their ids; a manager sees their own."""
    where: dict[str, Any] = {} if who.has(*SEES_ALL) else {"manager_id": who.subject}
    if answered is not None:
        where |= {"answer": {"$ne": None} if answered else None}
    if paging.after is not None:
        where["_id"] = {"$gt": paging.after}
    if who.has(*SEES_ALL):
        await noted(office, who, "objections")
    found = await office.store.disputes.find(where, limit=paging.limit + 1)
    return paging.page([DisputeView.of(dispute) for dispute in found], lambda view: view.objection_id)


@routes.post("/{objection_id}/answer")
async def answered(office: Deps, who: Officer, objection_id: str, new: NewAnswer) -> DisputeView:
    """Answer an objection, once."""
    said = Answer(at=office.now(), by=who.subject, accepted=new.accepted, reason=new.reason)
    decide = partial(objections.answer, said=said)
    answered = (await office.store.disputes.step(objection_id, decide)).state
    await noted(office, who, "objection.answer", manager_id=answered.manager_id, month=answered.month)
    return DisputeView.of(answered)


def _answer(answer: Answer | None) -> AnswerView | None:
    if answer is None:
        return None
    return AnswerView(at=answer.at, by=answer.by, accepted=answer.accepted, reason=answer.reason)
