"""`/v1/requests/{id}/…`: what the accountant says about a request, and what people put right."""

from functools import partial

from fastapi import APIRouter

from services.intake.api.fields import SEES_ALL, Body, Deps, Line, Owner, Reader, Speaker, Words, base_of, client_named
from services.intake.api.views import RequestView
from services.intake.domain import words
from services.intake.domain.requests import ServiceRequest, within
from services.intake.reception import Reception
from shared.contracts.base import Decision, Moment, Nature, Priority
from shared.http.auth import Principal
from shared.http.idempotency import IdempotencyKey

routes = APIRouter(prefix="/v1/requests/{request_id}", tags=["requests"])


class WaitPromise(Body):
    """The contact promised to wait until then, in these words (R-URG-3)."""

    until: Moment
    words: Words
    said_by: Line | None = None
    """The accountant, as the recorder names them."""


class Verdict(Body):
    """The accountant's word on whether it is solved, as they said it (R-REQ-3)."""

    satisfied: bool
    words: Words
    said_by: Line | None = None


class Withdrawal(Body):
    """Why the accountant does not want it any more (R-REQ-3)."""

    reason: Words
    said_by: Line | None = None


class NewPriority(Body):
    """How pressing it is really; only an important one is complex or long (R-REQ-1)."""

    priority: Priority
    nature: Nature | None = None
    reason: Words


@routes.post("/wait-promise")
async def wait_promise(
    reception: Deps, who: Speaker, key: IdempotencyKey, request_id: str, said: WaitPromise
) -> RequestView:
    """The contact promised to wait for a specialist."""
    say = partial(
        words.promise_wait,
        until=said.until,
        words=said.words,
        by=who.subject,
        by_specialist=who.has("specialist"),
        said_by=said.said_by,
        now=reception.clock.now(),
    )
    return await taken(reception, who, request_id, say, key)


@routes.post("/verdict")
async def verdict(reception: Deps, who: Speaker, key: IdempotencyKey, request_id: str, said: Verdict) -> RequestView:
    """The accountant says whether it is solved: satisfied closes, anything else keeps it open or opens it again."""
    say = partial(
        words.give_verdict,
        satisfied=said.satisfied,
        words=said.words,
        by=who.subject,
        by_specialist=who.has("specialist"),
        said_by=said.said_by,
        now=reception.clock.now(),
    )
    return await taken(reception, who, request_id, say, key)


@routes.post("/withdrawal")
async def withdrawal(
    reception: Deps, who: Speaker, key: IdempotencyKey, request_id: str, said: Withdrawal
) -> RequestView:
    """The accountant does not want it any more."""
    say = partial(
        words.withdraw,
        reason=said.reason,
        by=who.subject,
        by_specialist=who.has("specialist"),
        said_by=said.said_by,
        now=reception.clock.now(),
    )
    return await taken(reception, who, request_id, say, key)


@routes.post("/priority")
async def priority(
    reception: Deps, who: Reader, key: IdempotencyKey, request_id: str, said: NewPriority
) -> RequestView:
    """A person corrects the priority or the nature."""
    say = partial(
        words.reprioritise,
        priority=said.priority,
        nature=said.nature,
        reason=said.reason,
        by=who.subject,
        now=reception.clock.now(),
    )
    return await taken(reception, who, request_id, say, key)


@routes.post("/client")
async def client(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str, owner: Owner) -> RequestView:
    """A person says whose request it is."""
    known = await client_named(reception, owner.client_id, owner.contact_id)
    say = partial(
        words.identify,
        client=known.client(),
        contact_id=owner.contact_id,
        by=who.subject,
        now=reception.clock.now(),
    )
    return await taken(reception, who, request_id, say, key)


async def taken(
    reception: Reception, who: Principal, request_id: str, say: partial[Decision[ServiceRequest]], key: str | None
) -> RequestView:
    """Take `say` to the request, where `who` may; the same idempotency key has effect once on each door.

    A specialist who is nothing else has no base: what they may not say is refused by the words themselves.
    """
    base = await base_of(reception, who) if who.has("manager", *SEES_ALL) else None
    once = None if key is None else f"{say.func.__name__}:{who.subject}:{key}"
    stepped = await reception.store.requests.step(request_id, lambda state: say(within(state, base)), once=once)
    return RequestView.of(stepped.state)
