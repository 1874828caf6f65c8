"""What people do to the requests of a merger at the same moment: nobody's matter is left where nobody works on it, and
whoever merged them is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import httpx
import pytest

from services.intake.api import matters as door
from services.intake.domain import merging
from services.intake.domain.refusals import NotTheSameMatter
from services.intake.domain.requests import ServiceRequest
from services.intake.domain.words import withdraw
from services.intake.main import build_app
from services.intake.matters import settle, target_of
from services.intake.reception import Reception
from services.intake.settings import IntakeSettings
from shared.contracts.base import Event
from tests.intake.conftest import MANAGER, Doors
from tests.intake.samples import PHONE
from tests.intake.test_requests import registered
from tests.kit import listening, serving

NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)
ROUNDS = 6


def told(events: tuple[Event, ...]) -> list[str]:
    return [event.TYPE for event in events]


def pair() -> tuple[ServiceRequest, ServiceRequest]:
    """A request that was merged into another, which has yet to be looked at; and the other."""
    into = replace(registered(), request_id="r2", number="100 246")
    return merging.merge(registered(), into, by="m1", now=NOW).state, into


def test_a_merger_into_what_is_open_stands() -> None:
    one, into = pair()
    decision = merging.settled(one, "r2", into, NOW)
    assert (decision.state.state, decision.state.merge_unchecked, decision.events) == ("merged", False, ())
    assert merging.stands(decision.state) is decision.state
    assert merging.settled(decision.state, "r2", into, NOW).state is decision.state


@pytest.mark.parametrize(("state", "why"), [("closed", "100 246"), ("withdrawn", "100 246"), ("merged", "по кругу")])
def test_a_merger_into_what_is_over_is_broken_off_and_says_why(state: Any, why: str) -> None:
    one, into = pair()
    decision = merging.settled(one, "r2", replace(into, state=state), NOW + timedelta(seconds=1))
    assert (decision.state.state, decision.state.merged_into, told(decision.events)) == (
        "open", None, ["request.unmerged"],
    )  # fmt: skip
    assert decision.state.merges[-1].undone_by == "intake"
    with pytest.raises(NotTheSameMatter, match=why):
        merging.stands(decision.state)
    again = merging.merge(decision.state, into, by="m1", now=NOW + timedelta(seconds=2)).state
    assert merging.stands(again) is again


def test_what_is_said_of_mergers_is_in_order_whichever_replicas_clock_it_was_said_by() -> None:
    state, into = pair()
    events: list[Event] = []
    for step in (partial(merging.unmerge, by="m1"), partial(merging.merge, into=into, by="m1")) * 3:
        decision = step(state, now=NOW - timedelta(seconds=2))
        state = decision.state
        events += decision.events
    assert all(one.at < other.at for one, other in pairwise(events))
    assert events[0].at > NOW


async def new(doors: Doors) -> str:
    """An open request of the client."""
    asked = await doors.registered(contact={"phone": PHONE})
    return str(asked["request_id"])


async def test_a_merger_into_a_request_that_is_closed_in_that_moment_is_broken_off_and_the_person_told(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    await doors.client()
    one, other = await new(doors), await new(doors)

    async def closed_then(reception: Reception, request_id: str, into: ServiceRequest) -> ServiceRequest:
        seen = await target_of(reception, request_id, into)
        said = {"satisfied": True, "words": "да"}
        assert (await doors.post(f"/v1/requests/{other}/verdict", said)).status_code == 200
        return seen

    monkeypatch.setattr(door, "target_of", closed_then)
    refused = await doors.post(f"/v1/requests/{one}/merge", {"request_id": other}, key="k1")
    assert (refused.status_code, "закрыта. Объединение отменено" in refused.json()["detail"]) == (409, True)
    monkeypatch.undo()
    repeated = await doors.post(f"/v1/requests/{one}/merge", {"request_id": other}, key="k1")
    assert repeated.status_code == 409
    shown = (await doors.get(f"/v1/requests/{one}")).json()
    assert (shown["state"], shown["merged_into"]) == ("open", None)
    undone = await doors.heard.one("request.unmerged")
    assert (undone.subject, undone.body["from_request_id"], undone.body["by"]) == (one, other, "intake")
    items = (await doors.get(f"/v1/requests/{one}/conversation")).json()["items"]
    assert [item["words"] for item in items if item["kind"] == "unmerged"] == [refused.json()["detail"]]


async def test_a_merger_a_crash_left_unlooked_at_is_broken_off_where_its_target_is_over(doors: Doors) -> None:
    await doors.client()
    one, other = await new(doors), await new(doors)
    requests, now = doors.reception.store.requests, doors.reception.clock.now()
    into = await requests.get(other)
    assert into is not None
    gone = partial(withdraw, reason="сами", by="m1", by_specialist=False, now=now)
    await requests.step(other, gone)
    await requests.step(one, partial(merging.merge, into=into, by="m1", now=now))
    assert [left.request_id for left in await doors.reception.store.unchecked()] == [one]
    assert (await settle(doors.reception, one)).state == "open"
    assert await doors.reception.store.unchecked() == []
    assert (await doors.heard.one("request.unmerged")).subject == one


@pytest.fixture
async def replicas(settings: IntakeSettings) -> AsyncIterator[tuple[Doors, Doors]]:
    """Two replicas of intake on one database."""
    apps, url = [build_app(settings) for _ in range(2)], settings.amqp_url.get_secret_value()
    async with listening(url, "request.#") as heard, serving(apps[0]) as first, serving(apps[1]) as second:
        yield Doors(first, heard, apps[0], url), Doors(second, heard, apps[1], url)


async def merged(doors: Doors, one: str, into: str) -> httpx.Response:
    answer: httpx.Response = await doors.post(f"/v1/requests/{one}/merge", {"request_id": into}, MANAGER)
    return answer


@pytest.mark.parametrize("length", [2, 3])
async def test_circles_made_at_once_on_two_replicas_are_broken_at_once_and_told(
    replicas: tuple[Doors, Doors], length: int
) -> None:
    first, _ = replicas
    await first.client()
    expected = 0
    for _ in range(ROUNDS):
        ids = [await new(first) for _ in range(length)]
        ring = zip(ids, [*ids[1:], ids[0]], strict=True)
        answers = await asyncio.gather(*(merged(replicas[turn % 2], *between) for turn, between in enumerate(ring)))
        requests = [(await first.get(f"/v1/requests/{one}")).json() for one in ids]
        by_id = {request["request_id"]: request for request in requests}
        assert all(_end(by_id, one)["state"] == "open" for one in ids)
        for answer, request in zip(answers, requests, strict=True):
            assert (answer.status_code, request["state"]) in {(200, "merged"), (409, "open")}, answer.text
        expected += sum(2 * len(one["merges"]) - (one["state"] == "merged") for one in requests)
    heard = await first.heard.several(expected, "request.merged", "request.unmerged")
    assert len(heard) == expected


async def test_closed_and_merged_into_at_once_on_two_replicas_the_matter_is_open_or_was_merged_in_time(
    replicas: tuple[Doors, Doors],
) -> None:
    first, second = replicas
    await first.client()
    for _ in range(ROUNDS):
        one, other = await new(first), await new(first)
        answer, verdict = await asyncio.gather(
            merged(first, one, other),
            second.post(f"/v1/requests/{other}/verdict", {"satisfied": True, "words": "да"}),
        )
        assert verdict.status_code == 200
        source = (await first.get(f"/v1/requests/{one}")).json()
        assert (answer.status_code, source["state"]) in {(200, "merged"), (409, "open")}, answer.text


def _end(by_id: dict[str, dict[str, Any]], one: str) -> dict[str, Any]:
    """What its mergers lead to; a merged one where they lead round in a circle."""
    request = by_id[one]
    for _ in by_id:
        request = by_id.get(request["merged_into"] or "", request)
    return request
