"""Exclusions, the policy, and whose base a client is in: what guards against the conflict of interest (R-COI-3/4)."""

import json
from typing import Any

from services.routing.settings import RoutingSettings
from shared.contracts.accounts import ClientChanged, ClientEvent, ClientRegistered
from shared.contracts.intake import RequestIdentified
from tests.conftest import SettingsFor
from tests.kit import eventually, token
from tests.routing.given import MONDAY, minutes, request
from tests.routing.house import LEAD, House, routing

EXCLUSIONS = "/v1/clients/school/exclusions"
LATE = "2999-01-01T00:00:00Z"
MINE, HERS = token("manager", subject="m1"), token("manager", subject="m2")


def client(kind: type[ClientEvent], manager_id: str, revision: int) -> ClientEvent:
    """What accounts says of the school."""
    return kind(
        at=MONDAY, client_id="school", revision=revision, name="Школа № 4", inn="7707083893", zone="Asia/Krasnoyarsk",
        manager_id=manager_id, fee="20000.00", source="opening", since="2026-01-01",
    )  # fmt: skip


async def base_is(house: House, manager_id: str, revision: int, kind: type[ClientEvent] = ClientChanged) -> None:
    """The school is in this manager's base."""
    await house.tell(client(kind, manager_id, revision))
    headers = token("manager", subject=manager_id)

    async def sees() -> bool:
        return (await house.client.get(EXCLUSIONS, headers=headers)).status_code == 200

    await eventually(sees)


async def test_an_excluded_specialist_gets_nothing_of_the_client_until_readmitted(house: House) -> None:
    ivan = await house.hire("Иван")
    await base_is(house, "m1", 1, ClientRegistered)
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    body = {"specialist_id": ivan, "reason": "нагрубил бухгалтеру", "until": "2999-01-01T00:00:00Z"}
    headers = MINE | {"Idempotency-Key": "k"}
    answers = [await house.client.post(EXCLUSIONS, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    told = await house.heard.one("specialist.excluded")
    assert (told.body["client_id"], told.body["by"]) == ("school", "m1")
    olga = await house.hire("Ольга")
    await house.stands("r1", "assigned", olga)
    await house.tell(request("r2"))
    await house.stands("r2", "waiting")
    refused = await house.orders("r2", "assign", specialist_id=ivan, overrule="больше некому")
    assert (refused.status_code, "запрет" in refused.json()["detail"]) == (409, True)
    listed = (await house.client.get(EXCLUSIONS, headers=MINE)).json()
    assert [(one["specialist_id"], one["reason"]) for one in listed] == [(ivan, "нагрубил бухгалтеру")]
    path = f"{EXCLUSIONS}/{ivan}/{listed[0]['exclusion_id']}"
    assert (await house.client.delete(path, headers=HERS)).status_code == 403
    assert (await house.client.delete(path, headers=MINE)).status_code == 204
    assert (await house.client.delete(path, headers=MINE)).status_code == 404
    await house.heard.one("specialist.readmitted")
    await house.stands("r2", "assigned", ivan)


async def test_who_is_kept_away_loses_the_work_when_it_becomes_known_whose_it_is(house: House) -> None:
    ivan = await house.hire("Иван")
    await base_is(house, "m1", 1, ClientRegistered)
    body = {"specialist_id": ivan, "reason": "нагрубил бухгалтеру"}
    assert (await house.client.post(EXCLUSIONS, json=body, headers=MINE)).status_code == 201
    await house.tell(request("r1", client=None))
    await house.stands("r1", "assigned", ivan)
    known = RequestIdentified(at=minutes(5), request_id="r1", client=request("r1").client, by="m1")
    await house.tell(known)

    async def is_known() -> bool:
        return bool((await house.work("r1"))["client"])

    await eventually(is_known)
    for answer in (await house.orders("r1", "keep", reason="пусть"), await house.orders("r1", "force", finish_by=LATE)):
        assert (answer.status_code, "запрет" in answer.json()["detail"]) == (409, True)
    olga = await house.hire("Ольга")
    await house.stands("r1", "assigned", olga)


async def test_while_a_request_waits_the_reasons_are_those_of_this_moment(house: House) -> None:
    await house.tell(request("r1"))
    await house.stands("r1", "waiting")
    shown = (await house.client.get("/v1/requests/r1/assignment", headers=LEAD)).json()
    assert (shown["winner"], shown["candidates"], shown["barred"]) == (None, [], [])
    await house.hire("Иван", products={"1С:БГУ": 5})
    shown = (await house.client.get("/v1/requests/r1/assignment", headers=LEAD)).json()
    assert [(bar["reason"], bar["count"]) for bar in shown["barred"]] == [("no_product", 1)]


async def test_an_exclusion_that_makes_no_sense_is_refused(house: House) -> None:
    body = {"specialist_id": await house.hire(), "reason": "нагрубил"}
    for over, status in (
        ({"until": "2020-01-01T00:00:00Z"}, 422),
        ({"until": "завтра"}, 422),
        ({"reason": " "}, 422),
        ({"specialist_id": "nobody"}, 404),
        ({"colour": "red"}, 422),
    ):
        assert (await house.client.post(EXCLUSIONS, json=body | over, headers=LEAD)).status_code == status, over
    assert (await house.client.post(EXCLUSIONS, json=body, headers=token("specialist"))).status_code == 403


async def test_the_base_follows_a_hand_over(house: House) -> None:
    await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned")
    for path in ("/v1/requests/r1/work", "/v1/requests/r1/assignment"):
        assert (await house.client.get(path, headers=MINE)).status_code == 200
        assert (await house.client.get(path, headers=HERS)).status_code == 403
    await base_is(house, "m2", 2)
    await house.tell(client(ClientRegistered, "m1", 1))
    assert (await house.client.get("/v1/requests/r1/work", headers=MINE)).status_code == 403
    assert (await house.client.get("/v1/requests/r1/work", headers=HERS)).status_code == 200

    async def listed() -> bool:
        mine = (await house.client.get("/v1/work", headers=MINE)).json()["items"]
        hers = (await house.client.get("/v1/work", headers=HERS)).json()["items"]
        return (len(mine), len(hers)) == (0, 1)

    await eventually(listed)
    order = await house.client.post("/v1/requests/r1/keep", json={"reason": "едет"}, headers=MINE)
    assert order.status_code == 403


async def policy(house: House) -> dict[str, Any]:
    """The one in force, as it is sent back."""
    found: dict[str, Any] = (await house.client.get("/v1/policy", headers=LEAD)).json()
    after, _ = found.pop("version"), found.pop("by")
    return found | {"after": after, "reason": "пробуем иначе"}


async def test_a_policy_is_still_in_force_after_a_restart_and_can_be_changed_again(settings_for: SettingsFor) -> None:
    settings = settings_for(RoutingSettings)
    async with routing(settings) as house:
        changed = await house.client.put("/v1/policy", json=await policy(house) | {"minutes_each": 45.0}, headers=LEAD)
        assert changed.status_code == 200
    async with routing(settings) as house:
        kept = (await house.client.get("/v1/policy", headers=LEAD)).json()
        assert (kept["version"], kept["minutes_each"]) == (2, 45.0)
        again = await house.client.put("/v1/policy", json=await policy(house), headers=LEAD)
        assert (again.status_code, again.json()["version"]) == (200, 3)


async def test_a_newer_policy_counts_at_once_and_each_decision_keeps_its_version(house: House) -> None:
    ivan, _ = await house.hire("Иван", products={"1С:ЗГУ": 5}), await house.hire("Ольга", products={"1С:ЗГУ": 1})
    body = await policy(house)
    assert body["after"] == 1
    body["weights"] |= {"level": 0.0, "load": 100.0}
    changed = await house.client.put("/v1/policy", json=body, headers=LEAD)
    assert (changed.status_code, changed.json()["version"], changed.json()["by"]) == (200, 2, "lead")
    overtaken = await house.client.put("/v1/policy", json=body, headers=LEAD)
    assert (overtaken.status_code, overtaken.json()["type"].rpartition("/")[2]) == (409, "policy-overtaken")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned")
    shown = (await house.client.get("/v1/requests/r1/assignment", headers=LEAD)).json()
    assert (shown["policy"], shown["candidates"][0]["parts"]["level"]) == (2, 0)
    versions = [(await house.client.get(f"/v1/policy/{number}", headers=MINE)).status_code for number in (1, 2, 3)]
    assert versions == [200, 200, 404]
    assert ivan


BAD: tuple[dict[str, Any], ...] = (
    {"weights": {"level": "много"}},
    {"weights": {"level": "40"}},
    {"weights": {"level": True}},
    {"weights": {"level": None}},
    {"weights": {"level": float("nan")}},
    {"weights": {"level": float("inf")}},
    {"weights": {"level": -1}},
    {"weights": {"level": 1e9}},
    {"weights": {"colour": 1}},
    {"weights": dict.fromkeys(("start", "level", "client", "record", "load", "zone", "fairness"), 0)},
    {"record_floor": 1.5},
    {"minutes_each": 0},
    {"postponements": {"urgent": 1.5}},
    {"patience_minutes": {"urgent": 0}},
)


async def test_a_policy_that_cannot_be_reckoned_with_is_refused(house: House) -> None:
    body, json_headers = await policy(house), LEAD | {"Content-Type": "application/json"}
    for over in BAD:
        bad = {name: body[name] | value if isinstance(value, dict) else value for name, value in over.items()}
        answer = await house.client.put("/v1/policy", content=json.dumps(body | bad), headers=json_headers)
        assert answer.status_code == 422, over
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await policy(house))["after"] == 1
    assert (await house.client.put("/v1/policy", json=body, headers=MINE)).status_code == 403
    assert (await house.client.put("/v1/policy", json=body, headers=LEAD)).status_code == 200
