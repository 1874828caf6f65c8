"""`/v1/requests/{id}/…`: is it one matter or more. Follow-ups, duplicates proposed, merged, taken apart."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from services.intake.api.fields import Body, Deps, Id, Reader, Words, base_of
from services.intake.api.views import ProposalView, RequestCard, RequestView
from services.intake.api.words import taken
from services.intake.domain import merging
from services.intake.domain.conversation import FollowUp
from services.intake.domain.refusals import NotTheSameMatter
from services.intake.domain.requests import existing, within
from services.intake.post import join
from shared.contracts.base import Channel
from shared.http.idempotency import IdempotencyKey
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/requests/{request_id}", tags=["requests"])


class Said(Body):
    """What the client said again about it."""

    channel: Channel
    words: Words
    call_id: Id | None = None


class Other(Body):
    """Another request."""

    request_id: Annotated[str, Field(min_length=1, max_length=200)]


@routes.post("/follow-ups")
async def follow_up(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str, said: Said) -> RequestView:
    """The client spoke again: it joins the request. The same call, or the same Idempotency-Key, counts once."""
    within(await reception.store.requests.get(request_id), await base_of(reception, who))
    named = None if key is None else f"key:{derived_id('follow-up', who.subject, key)}"
    words = FollowUp(
        at=reception.clock.now(),
        channel=said.channel,
        words=said.words,
        call_id=said.call_id or named,
        by=who.subject,
    )
    return RequestView.of(await join(reception, request_id, words))


@routes.get("/duplicates")
async def duplicates(reception: Deps, who: Reader, request_id: str) -> list[ProposalView]:
    """Open requests of the same client that could be the same matter, the likeliest first."""
    request = within(await reception.store.requests.get(request_id), await base_of(reception, who))
    if request.client is None or request.state != "open":
        return []
    since = request.registered_at - merging.WITHIN
    found = merging.proposals(request, await reception.store.open_of(request.client.client_id, since))
    return [ProposalView(request=RequestCard.model_validate(one.request), reasons=one.reasons) for one in found]


@routes.post("/merge")
async def merge(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str, into: Other) -> RequestView:
    """A person says that it is the same matter as another, open request: only that one is worked on and watched."""
    base = await base_of(reception, who)
    target = within(await reception.store.requests.get(into.request_id), base)
    say = partial(merging.merge, into=target, by=who.subject, now=reception.clock.now())
    view = await taken(reception, who, request_id, say, key)
    # Merged into each other at the same moment nobody would work on either.
    now = existing(await reception.store.requests.get(into.request_id))
    if now.state == "merged" and now.merged_into == request_id and view.merged_into == into.request_id:
        back = partial(merging.unmerge, by=who.subject, now=reception.clock.now())
        await reception.store.requests.step(request_id, lambda state: back(existing(state)))
        raise NotTheSameMatter("Эти заявки в ту же минуту объединили наоборот. Посмотрите, что получилось.")
    return view


@routes.post("/unmerge")
async def unmerge(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str) -> RequestView:
    """A person says that it is a matter of its own after all."""
    say = partial(merging.unmerge, by=who.subject, now=reception.clock.now())
    return await taken(reception, who, request_id, say, key)


@routes.post("/distinct")
async def distinct(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str, other: Other) -> RequestView:
    """A person says that the two are not the same matter: they are not proposed again."""
    within(await reception.store.requests.get(other.request_id), await base_of(reception, who))
    return await taken(reception, who, request_id, partial(merging.keep_apart, other_id=other.request_id), key)
