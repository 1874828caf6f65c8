"""What was spoken in the past: calls and askings, a page at a time, by accountant, client and manager."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.accounts.care import Care, call_id_of, party_of
from services.accounts.domain.contact_calls import Attempt, ContactCall, Talk
from services.accounts.domain.fans import Ask, Asks
from shared.contracts.base import Decision
from tests.accounts.conftest import Doors
from tests.accounts.test_audit import linked_up
from tests.accounts.test_care_audit import cared_for
from tests.kit import token

MARIA = token("manager", subject="m1")
OTHER = token("manager", subject="m2")


async def remembered(doors: Doors) -> tuple[str, str]:
    """A client of m1 with five weeks of calls and three askings, the oldest of each while m2 held it."""
    care: Care = doors.app.state.care
    await doors.manager("m2")
    client_id = await doors.client()
    client = await care.office.client(client_id)
    contact_id = client.contacts[0].contact_id
    for back in range(5):
        at, week = care.now() - timedelta(weeks=back), care.week().later(-back)
        call = ContactCall(
            call_id=call_id_of(contact_id, week), contact_id=contact_id, client_id=client_id, party=party_of(client),
            manager_id="m2" if back == 4 else "m1", week=str(week),
        )  # fmt: skip
        tried = replace(call, attempts=(Attempt(at=at, by="m1", note="занято"),))
        held = replace(call, talk=Talk(at=at, by="m1", note=f"разговор {back}"), held_at=at)
        state = Decision(tried if back == 0 else held)
        await care.store.contact_calls.step(call.call_id, lambda _, state=state: state)  # type: ignore[misc]
    asks = tuple(
        Ask(
            ask_id=f"k{n}", at=care.now() - timedelta(days=100 * (3 - n)), contact_id=contact_id, by="m1",
            manager_id="m2" if n == 0 else "m1",
        )
        for n in range(3)
    )  # fmt: skip
    last = Asks(client_id=client_id, asks=asks, manager_id="m1", last_at=asks[-1].at)
    await care.store.asks.step(client_id, lambda _: Decision(last))
    return client_id, contact_id


async def pages(doors: Doors, path: str, who: dict[str, str]) -> list[dict[str, Any]]:
    """Everything, two at a time."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await doors.get(f"{path}?limit=2{cursor}", who)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


async def test_calls_are_told_the_latest_week_first_by_accountant_client_and_manager(doors: Doors) -> None:
    client_id, contact_id = await remembered(doors)
    for path in (f"contacts/{contact_id}", f"clients/{client_id}"):
        calls = await pages(doors, f"/v1/{path}/calls", MARIA)
        assert [call["note"] for call in calls] == ["", "разговор 1", "разговор 2", "разговор 3", "разговор 4"]
        assert (calls[0]["held_at"], calls[0]["attempts"][0]["note"]) == (None, "занято")
    held = [len(await pages(doors, f"/v1/managers/{m}/calls", who)) for m, who in (("m1", MARIA), ("m2", OTHER))]
    assert held == [4, 1]


async def test_askings_are_told_the_latest_first_by_accountant_client_and_manager(doors: Doors) -> None:
    client_id, contact_id = await remembered(doors)
    for path in (f"contacts/{contact_id}", f"clients/{client_id}"):
        asks = await pages(doors, f"/v1/{path}/referral-asks", MARIA)
        assert [(each["ask_id"], each["client_id"]) for each in asks] == [(k, client_id) for k in ("k2", "k1", "k0")]
    for manager, who, expected in (("m1", MARIA, ["k2", "k1"]), ("m2", OTHER, ["k0"])):
        asks = await pages(doors, f"/v1/managers/{manager}/referral-asks", who)
        assert [each["ask_id"] for each in asks] == expected
        counted = (await doors.get(f"/v1/referrals/conversion?manager_id={manager}", who)).json()
        assert counted["asked"] == len(expected)


async def test_an_accountant_who_has_left_is_not_forgotten(doors: Doors) -> None:
    client_id, contact_id = await remembered(doors)
    gone = await doors.http.patch(f"/v1/clients/{client_id}", json={"contacts": [{"name": "Вера"}]}, headers=MARIA)
    assert gone.status_code == 200
    assert len(await pages(doors, f"/v1/contacts/{contact_id}/calls", MARIA)) == 5


@pytest.mark.parametrize("kind", ["calls", "referral-asks"])
async def test_another_managers_talks_are_not_shown_and_nonsense_is_a_clear_problem(doors: Doors, kind: str) -> None:
    client_id, contact_id = await remembered(doors)
    for path in (f"contacts/{contact_id}", f"clients/{client_id}", "managers/m1"):
        assert (await doors.get(f"/v1/{path}/{kind}", OTHER)).status_code == 403
        assert (await doors.get(f"/v1/{path}/{kind}", token("specialist", subject="s1"))).status_code == 403
    for path in ("contacts/nobody", "clients/nobody", "managers/nobody"):
        assert (await doors.get(f"/v1/{path}/{kind}")).status_code == 404
    for wrong in ("limit=0", "cursor=%D0%B9", "cursor=bm9uc2Vuc2U=", "limit=many"):
        assert (await doors.get(f"/v1/clients/{client_id}/{kind}?{wrong}")).status_code == 422


async def test_who_wrote_a_call_and_an_asking_down_is_told(doors: Doors) -> None:
    client_id, _ = await cared_for(doors)
    (call,) = (await doors.get(f"/v1/clients/{client_id}/calls", MARIA)).json()["items"]
    for _ in range(2):
        calls = (await doors.get(f"/v1/calls/{call['call_id']}/history", MARIA)).json()["items"]
        assert [(each["by"], each["why"]) for each in calls] == [("m1", "разговор"), ("m1", "не дозвонились")]
        asks = (await doors.get(f"/v1/clients/{client_id}/referral-asks/history", MARIA)).json()["items"]
        assert [each["why"] for each in asks] == ["просьба о рекомендации"]
        await linked_up(doors)
    paths = (f"/v1/calls/{call['call_id']}/history", f"/v1/clients/{client_id}/referral-asks/history")
    assert [(await doors.get(path, OTHER)).status_code for path in paths] == [403, 403]
    assert (await doors.get("/v1/calls/nobody/history")).status_code == 404
