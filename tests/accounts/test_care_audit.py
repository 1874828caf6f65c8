"""Calls, orders, askings and prospects are in the audit chain, and a trial under control is on its manager's list."""

from datetime import timedelta
from typing import Any

from services.accounts import listening
from services.accounts.care import Care
from services.accounts.domain.matters import Fact, Party, Registration
from tests.accounts.conftest import Doors
from tests.accounts.test_audit import linked_up, verdict
from tests.accounts.test_care_metrics import asked_for, praised
from tests.kit import token

MARIA = token("manager", subject="m1")
OTHER = token("manager", subject="m2")
KEEP = {"action": "keep", "reason": "ждём выписку"}


async def named(doors: Doors, fan: str) -> str:
    """A prospect that fan vouched for."""
    body = {"name": "Музей", "vouched_by_client_id": fan, "next_contact": "2100-01-01T00:00:00Z"}
    return str((await doors.post("/v1/prospects", body, MARIA)).json()["prospect_id"])


async def cared_for(doors: Doors) -> tuple[str, str]:
    """A client with a request under control, asked for a referral, and the prospect it named."""
    care: Care = doors.app.state.care
    client_id = await doors.client()
    (contact,) = (await care.office.client(client_id)).contacts
    await praised(care, client_id, "p1", "p2", "p3")
    asking = await doors.post(f"/v1/clients/{client_id}/referral-asks", {"contact_id": contact.contact_id}, MARIA)
    await asked_for(care, client_id, "r1", 2, cancelling=True)
    path = f"/v1/contacts/{contact.contact_id}/calls"
    found = {"request_id": "r1", "finding": "unfinished", "order": KEEP}
    missed = await doors.post(path, {"reached": False}, MARIA)
    held = await doors.post(path, {"reached": True, "findings": [found]}, MARIA)
    ordered = await doors.post("/v1/control/r1/orders", {"action": "replace", "reason": "не справляется"}, MARIA)
    assert [each.status_code for each in (asking, missed, held, ordered)] == [201] * 4
    return client_id, await named(doors, client_id)


async def test_who_ordered_what_and_every_change_of_a_prospect_is_kept(doors: Doors) -> None:
    _, prospect = await cared_for(doors)
    await doors.http.patch(f"/v1/prospects/{prospect}", json={"competitor": "Рога и копыта"}, headers=MARIA)
    for _ in range(2):
        orders = (await doors.get("/v1/control/r1/history", MARIA)).json()["items"]
        assert [(each["number"], each["by"], each["why"]) for each in orders] == [
            (2, "m1", "приказ"),
            (1, "m1", "приказ на звонке"),
        ]
        assert {"field": "orders.1.reason", "before": None, "after": "ждём выписку"} in orders[1]["changes"]
        changed = (await doors.get(f"/v1/prospects/{prospect}/history", MARIA)).json()["items"]
        assert [each["why"] for each in changed] == ["описан заново", "назван"]
        assert changed[0]["changes"] == [{"field": "competitor", "before": None, "after": "Рога и копыта"}]
        await linked_up(doors)
    assert (await doors.get("/v1/control/r1/history", OTHER)).status_code == 403
    assert (await doors.get(f"/v1/prospects/{prospect}/history", OTHER)).status_code == 403
    assert (await doors.get("/v1/control/nobody/history")).status_code == 404


TAMPERED: list[tuple[str, dict[str, Any], str]] = [
    ("contact_calls", {"talk.findings.0.finding": "fine"}, "talk.findings.1.finding"),
    ("asks", {"asks.0.by": "somebody"}, ".by"),
    ("prospects", {"vouched_by_client_id": "c9"}, "vouched_by_client_id"),
    ("matters", {"facts.$[order].action": "force"}, "orders"),
    ("matters", {"trail.made": 0}, "документ сделал записей: 0"),
]


async def test_who_rewrites_a_call_an_order_an_asking_or_a_prospect_is_found_out(doors: Doors) -> None:
    await cared_for(doors)
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == []
    database = doors.office.store.clients.collection.database
    for collection, change, fault in TAMPERED:
        where = {"_id": "r1"} if collection == "matters" else {}
        before = await database[collection].find_one(where)
        filters = [{"order.kind": "ordered"}] if "facts.$[order].action" in change else None
        await database[collection].update_one(where, {"$set": change}, array_filters=filters)
        faults = (await verdict(doors))["faults"]
        assert len(faults) == 1, (collection, faults)
        assert fault in faults[0]
        await database[collection].replace_one({"_id": before["_id"]}, before)


async def test_a_trial_request_whose_specialist_wants_out_is_on_the_managers_list_at_once(doors: Doors) -> None:
    care: Care = doors.app.state.care
    prospect = await named(doors, await doors.client())
    party = Party(client_id=prospect, name="Музей", zone="Asia/Krasnoyarsk", manager_id="m1")
    first = Registration(
        at=care.now() - timedelta(hours=1), number="1", priority="urgent", subject="Отчёт", party=party, trial=True
    )
    await listening.take_in(care, "t1", first)
    await listening.hear(care, "t1", Fact(kind="cancel_asked", at=care.now(), by="s1", text="не моё"))
    listed = (await doors.get("/v1/managers/m1/control", MARIA)).json()
    assert [(item["request_id"], item["client_name"]) for item in listed] == [("t1", "Музей")]
    path = "/v1/control/t1/orders"
    assert (await doors.post(path, KEEP, OTHER)).status_code == 403
    assert (await doors.post(path, KEEP, MARIA)).status_code == 201
    await doors.manager("m2")
    await doors.http.patch(f"/v1/prospects/{prospect}", json={"manager_id": "m2"}, headers=MARIA)
    seen = [(await doors.get("/v1/control/t1/history", who)).status_code for who in (MARIA, OTHER)]
    assert seen == [403, 200]
    assert [len((await doors.get(f"/v1/managers/{each}/control")).json()) for each in ("m1", "m2")] == [0, 1]
