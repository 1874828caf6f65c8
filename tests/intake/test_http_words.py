"""What is said about a request, at the doors (R-REQ-3, R-URG-3)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.clock import machine_now
from shared.contracts.accounts import DebtChanged
from tests.intake.conftest import DIRECTOR, SPECIALIST, Doors
from tests.intake.samples import a_client
from tests.kit import eventually, publish


async def said(doors: Doors, path: str, body: dict[str, Any], **how: Any) -> Any:
    """The answer to what is said about a new request."""
    request_id = (await doors.registered())["request_id"]
    return await doors.post(f"/v1/requests/{request_id}/{path}", body, **how)


def in_a_quarter() -> str:
    return (machine_now() + timedelta(minutes=15)).isoformat()


async def test_a_promise_to_wait_is_told_with_its_words(doors: Doors) -> None:
    until = in_a_quarter()
    answer = await said(doors, "wait-promise", {"until": until, "words": "Подожду до десяти"})
    assert answer.status_code == 200
    event = await doors.heard.one("request.wait_promised")
    assert (event.body["words"], event.body["recorded_by"]) == ("Подожду до десяти", "m1")
    assert answer.json()["promises"][0]["words"] == "Подожду до десяти"


async def test_a_promise_until_a_moment_that_has_passed_or_is_too_far_away_is_refused(doors: Doors) -> None:
    for until, why in (("2020-01-01T00:00:00Z", "promise-in-the-past"), ("2099-01-01T00:00:00Z", "promise-too-far")):
        answer = await said(doors, "wait-promise", {"until": until, "words": "да"})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, why)


async def test_a_client_of_whom_only_a_debt_is_heard_is_nobodys_yet(doors: Doors) -> None:
    debt = DebtChanged(
        at=machine_now(), client_id="c9", revision=1, client=a_client("c9").ref(), fee=Decimal(6900),
        score=90, band="risk", loss_probability=0.5,
    )  # fmt: skip
    await publish(doors.amqp_url, debt)

    async def heard() -> bool:
        return await doors.reception.store.clients.get("c9") is not None

    await eventually(heard)
    assert (await said(doors, "client", {"client_id": "c9"})).status_code == 404


async def test_a_satisfied_verdict_closes_and_a_later_refusal_opens_again(doors: Doors) -> None:
    request_id = (await doors.registered())["request_id"]
    path = f"/v1/requests/{request_id}/verdict"
    assert (await doors.post(path, {"satisfied": True, "words": "спасибо"})).json()["state"] == "closed"
    assert (await doors.post(path, {"satisfied": True, "words": "ещё раз"})).status_code == 409
    assert (await doors.post(path, {"satisfied": False, "words": "опять не считает"})).json()["state"] == "open"
    told = await doors.heard.several(2, "request.verdict_given")
    assert [event.body["satisfied"] for event in told] == [True, False]


async def test_the_same_idempotency_key_is_one_word(doors: Doors) -> None:
    request_id = (await doors.registered())["request_id"]
    path, body = f"/v1/requests/{request_id}/verdict", {"satisfied": True, "words": "спасибо"}
    first, again = await doors.post(path, body, key="k1"), await doors.post(path, body, key="k1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert len(again.json()["verdicts"]) == 1


async def test_the_same_idempotency_key_on_another_door_is_another_word(doors: Doors) -> None:
    path = f"/v1/requests/{(await doors.registered())['request_id']}"
    until = in_a_quarter()
    await doors.post(f"{path}/wait-promise", {"until": until, "words": "подожду"}, key="k1")
    answer = await doors.post(f"{path}/verdict", {"satisfied": True, "words": "спасибо"}, key="k1")
    assert (answer.status_code, answer.json()["state"]) == (200, "closed")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("verdict", {"satisfied": True, "words": "да"}),
        ("withdrawal", {"reason": "не надо"}),
        ("wait-promise", {"until": in_a_quarter(), "words": "да"}),
    ],
)
async def test_the_accountants_word_is_never_taken_by_a_specialist(doors: Doors, path: str, body: Any) -> None:
    answer = await said(doors, path, body, who=SPECIALIST)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "taken-by-specialist")
    assert "менеджер" in answer.json()["detail"]


async def test_a_withdrawn_request_is_over(doors: Doors) -> None:
    answer = await said(doors, "withdrawal", {"reason": "сделали сами"})
    assert answer.json()["state"] == "withdrawn"
    assert (await doors.heard.one("request.withdrawn")).body["reason"] == "сделали сами"
    path = f"/v1/requests/{answer.json()['request_id']}"
    for step, body in [
        ("verdict", {"satisfied": False, "words": "нет"}),
        ("wait-promise", {"until": in_a_quarter(), "words": "да"}),
        ("withdrawal", {"reason": "ещё раз"}),
        ("priority", {"priority": "urgent", "reason": "да"}),
    ]:
        assert (await doors.post(f"{path}/{step}", body, DIRECTOR)).status_code == 409


async def test_a_person_corrects_the_priority(doors: Doors) -> None:
    body = {"priority": "important", "nature": "complex", "reason": "нужен сильный специалист"}
    answer = await said(doors, "priority", body)
    assert (answer.json()["priority"], answer.json()["nature"]) == ("important", "complex")
    event = await doors.heard.one("request.reprioritised")
    assert (event.body["priority"], event.body["nature"], event.body["by"]) == ("important", "complex", "m1")
    wrong = await said(doors, "priority", body | {"priority": "urgent"})
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("wait-promise", {"until": "soon", "words": "да"}),
        ("wait-promise", {"until": "2030-01-01T00:00:00", "words": "да"}),
        ("wait-promise", {"until": "9999-12-31T23:59:59-10:00", "words": "да"}),
        ("wait-promise", {"until": "2030-01-01T00:00:00Z"}),
        ("verdict", {"satisfied": "perhaps", "words": "да"}),
        ("verdict", {"satisfied": True, "words": " "}),
        ("withdrawal", {}),
        ("priority", {"priority": "later", "reason": "да"}),
        ("client", {"client_id": ""}),
    ],
)
async def test_an_unknown_value_is_refused(doors: Doors, path: str, body: Any) -> None:
    answer = await said(doors, path, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
