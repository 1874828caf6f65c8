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
from services.intake.domain.requests import ServiceRequest, within
from services.intake.matters import join, settle, target_of
from services.intake.reception import Reception
from shared.contracts.base import Channel
from shared.http.idempotency import IdempotencyKey
from shared.ids import derived_id

routes = APIRouter(prefix="/v1/requests/{request_id}", tags=["requests"])


LOOKED_AT = 200
"""Requests of one client, of one base, of nobody: the newest."""


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
    request = within(await reception.store.requests.get(request_id), await base_of(reception, who))
    named = None if key is None else f"key:{derived_id('follow-up', who.subject, key)}"
    words = FollowUp(
        at=reception.clock.now(),
        channel=said.channel,
        words=said.words,
        call_id=said.call_id or named,
        by=who.subject,
    )
    return RequestView.of(await join(reception, request, words))


@routes.get("/duplicates")
async def duplicates(reception: Deps, who: Reader, request_id: str) -> list[ProposalView]:
    """Open requests that could be the same matter, the likeliest first: of the client, of its base, of nobody yet."""
    base = await base_of(reception, who)
    request = within(await reception.store.requests.get(request_id), base)
    if request.state != "open":
        return []
    found = merging.proposals(request, await _beside(reception, request))
    seen = [one for one in found if base is None or one.request.client is None or one.request.client.client_id in base]
    return [ProposalView(request=RequestCard.model_validate(one.request), reasons=one.reasons) for one in seen]


@routes.post("/merge")
async def merge(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str, into: Other) -> RequestView:
    """A person says that it is the same matter as another, open request: only that one is worked on and watched. Where
    the other is itself merged, the end of its chain is meant."""
    base = await base_of(reception, who)
    named = within(await reception.store.requests.get(into.request_id), base)
    target = within(await target_of(reception, request_id, named), base)
    say = partial(merging.merge, into=target, by=who.subject, now=reception.clock.now())
    await taken(reception, who, request_id, say, key)
    settled = merging.stands(await settle(reception, request_id))
    requests = reception.store.requests
    await requests.step(target.request_id, partial(merging.no_duplicate, other_id=request_id))
    return RequestView.of(settled)


@routes.post("/unmerge")
async def unmerge(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str) -> RequestView:
    """A person says that it is a matter of its own after all."""
    say = partial(merging.unmerge, by=who.subject, now=reception.clock.now())
    return await taken(reception, who, request_id, say, key)


@routes.post("/distinct")
async def distinct(reception: Deps, who: Reader, key: IdempotencyKey, request_id: str, other: Other) -> RequestView:
    """A person says that the two are not the same matter: they are not proposed again."""
    within(await reception.store.requests.get(other.request_id), await base_of(reception, who))
    view = await taken(reception, who, request_id, partial(merging.keep_apart, other_id=other.request_id), key)
    await reception.store.requests.step(other.request_id, partial(merging.keep_apart, other_id=request_id))
    return view


async def _beside(reception: Reception, request: ServiceRequest) -> list[ServiceRequest]:
    """Open requests of its client, of its base, of nobody."""
    since, client, store = request.registered_at - merging.WITHIN, request.client, reception.store
    found = await store.nobodys_open(since, LOOKED_AT)
    if client is not None:
        found += await store.open_of(client.client_id, since, LOOKED_AT)
    if client is not None and client.manager_id is not None:
        found += await store.open_in_base(client.manager_id, since, LOOKED_AT)
    return list({one.request_id: one for one in found}.values())
