"""What intake knows of clients, and two replicas of it at once."""

import asyncio
from itertools import permutations

import pytest

from services.intake import store
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from tests.intake.conftest import MANAGER, Doors
from tests.intake.samples import PHONE, a_client
from tests.kit import eventually, publish, serving


async def test_repeated_and_reordered_events_end_in_the_newest_client(doors: Doors) -> None:
    revisions = [a_client(revision=number, name=f"Школа {number}") for number in (1, 2, 3)]
    orders = list(permutations(revisions))
    for number, order in enumerate(orders):
        events = [event.model_copy(update={"client_id": f"c{number}"}) for event in [*order, *order]]
        await publish(doors.amqp_url, *events)

    async def names() -> bool:
        found = await doors.reception.store.clients.find({"revision": 3, "name": "Школа 3"})
        return len(found) == len(orders)

    await eventually(names)


async def test_a_waiting_request_is_claimed_once_however_often_the_event_comes(doors: Doors) -> None:
    request = await doors.registered(contact={"phone": PHONE})
    await publish(doors.amqp_url, *[a_client()] * 5)
    await doors.heard.one("request.identified")
    await doors.client(revision=2, name="Лицей")
    assert (await doors.registered(contact={"phone": PHONE}))["identified"]
    await doors.heard.several(2, "request.registered")
    assert [event.subject for event in doors.heard.of("request.identified")] == [request["request_id"]]


async def test_more_waiting_requests_than_are_looked_up_at_once_are_all_claimed(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CLAIMED_AT_ONCE", 2)
    waiting = {(await doors.registered(contact={"phone": PHONE}))["request_id"] for _ in range(5)}
    await doors.client()
    assert {event.subject for event in await doors.heard.several(5, "request.identified")} == waiting


async def test_two_replicas_register_a_request_once_and_give_no_number_twice(settings: IntakeSettings) -> None:
    async with serving(build_app(settings)) as one, serving(build_app(settings)) as other:
        answers = await asyncio.gather(
            *(
                replica.post(
                    "/v1/requests",
                    json={"channel": "api", "contact": {"name": "Иванова"}, "subject": "x", "external_id": str(number)},
                    headers=MANAGER,
                )
                for number in range(20)
                for replica in (one, other)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [201] * 20
    bodies = [answer.json() for answer in answers]
    assert len({body["request_id"] for body in bodies}) == len({body["number"] for body in bodies}) == 20
