"""Is it one matter or more: follow-ups, mergers, and what people do to requests that are just being merged."""

import asyncio
from contextlib import suppress
from functools import partial

from services.intake.domain import merging
from services.intake.domain.conversation import FollowUp
from services.intake.domain.identity import Identity
from services.intake.domain.refusals import NotPossibleNow, NotTheSameMatter
from services.intake.domain.requests import ServiceRequest, existing
from services.intake.domain.triage import Triage
from services.intake.reception import Reception


async def join(reception: Reception, request: ServiceRequest, said: FollowUp) -> ServiceRequest:
    """Add a follow-up to the request that is worked on, then to those merged into it on the way from this one.

    Raises `NotPossibleNow` where that one is over: nobody would hear of it.
    """
    judged = await reception.judged(said.words, None, Identity(request.client), at=said.at)
    *merged, last = await chain(reception, request)
    joined = await _add(reception, last.request_id, said, judged)
    for one in reversed(merged):
        with suppress(NotPossibleNow):  # taken apart and closed meanwhile: the one that is worked on has it
            joined = await _add(reception, one.request_id, said, judged)
    return joined


async def chain(reception: Reception, request: ServiceRequest) -> list[ServiceRequest]:
    """The request, what it is merged into, what that is merged into, …; a circle is gone through once."""
    found = [request]
    while (into := found[-1].merged_into) is not None and all(one.request_id != into for one in found):
        found.append(existing(await reception.store.requests.get(into)))
    return found


async def target_of(reception: Reception, request_id: str, into: ServiceRequest) -> ServiceRequest:
    """What merging into `into` really merges into: the end of its chain. Raises `NotTheSameMatter` for a circle."""
    *_, last = await chain(reception, into)
    if into.request_id != request_id and last.request_id == request_id:
        raise NotTheSameMatter(
            f"Заявка {into.number} уже объединена с этой: получился бы круг. Разъедините её сначала."
        )
    return last


async def settle(reception: Reception, request_id: str) -> ServiceRequest:
    """The request after it was looked whether its merger leads to one that is worked on: it may not, since mergers and
    last words of the same moment do not see each other. One that leads nowhere is broken off: see `merging.stands`."""
    request = existing(await reception.store.requests.get(request_id))
    into = request.merged_into
    if into is None or not request.merge_unchecked:
        return request
    *_, end = await chain(reception, request)
    look = partial(merging.settled, into=into, end=end, now=reception.clock.now())
    return (await reception.store.requests.step(request_id, look)).state


async def keep_settling(reception: Reception, every_seconds: float) -> None:
    """For ever: look at the mergers a crash left unlooked at."""
    while True:
        for request in await reception.store.unchecked():
            await settle(reception, request.request_id)
        await asyncio.sleep(every_seconds)


async def _add(reception: Reception, request_id: str, said: FollowUp, judged: Triage) -> ServiceRequest:
    add = partial(merging.follow_up, said=said, judged=judged)
    return (await reception.store.requests.step(request_id, add)).state
