"""The policy over HTTP: shown, kept for ever, changed for what starts or for what is open, previewed."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

from shared.contracts.accounts import ClientRegistered
from shared.contracts.sla_monitor import SlaBreached
from tests.kit import token
from tests.sla_monitor.policing import POLICY, REQUEST, applied, body, clock, own, put, urgent
from tests.sla_monitor.running import Running
from tests.sla_monitor.telling import CLIENT, MISSED, ZONE, assigned, registered, started

LEAD, MANAGER = token("lead", subject="l1"), token("manager", subject="m1")
SOON = clock("assign", terms=(urgent(3), *clock("assign").terms[1:]))


async def dues(monitor: Running, request_id: str = "r1") -> dict[str, str]:
    """When each clock of a request is due."""
    items = (await monitor.get("/v1/obligations", request_id=request_id))["items"]
    return {one["clock"]: one["due"] for one in items}


async def test_version_one_is_the_table_the_program_comes_with(monitor: Running) -> None:
    shown = await monitor.client.get(POLICY, headers=MANAGER)
    assert shown.headers["ETag"] == '"1"'
    found = shown.json()
    assert (found["version"], found["by"], found["in_force"]) == (1, "svoy", True)
    assert [one["clock"] for one in found["clocks"]] == [
        "pickup", "callback", "wait_promise", "assign", "start", "progress", "finish", "verdict", "weekly_call",
        "prospect_contact",
    ]  # fmt: skip
    assert found["clocks"][0]["terms"][0]["target_seconds"] == 20
    assert found["calendars"]["company"]["mon"] == ["09:00-13:00", "14:00-18:00"]


async def test_what_is_shown_can_be_sent_back_as_it_is(monitor: Running) -> None:
    found = await monitor.get(POLICY)
    sent = {name: found[name] for name in ("clocks", "calendars")} | {"reason": "то же самое"}
    again = await put(monitor, sent)
    assert again["version"] == 2
    assert (again["clocks"], again["calendars"]) == (found["clocks"], found["calendars"])


async def test_every_version_is_kept_with_who_when_and_why(monitor: Running) -> None:
    await put(monitor, body([SOON], reason="жаловались"))
    await put(monitor, body(reason="вернули"), after=2)
    kept = (await monitor.get(POLICY + "/history"))["items"]
    assert [(one["version"], one["by"], one["reason"]) for one in kept] == [
        (3, "d1", "вернули"), (2, "d1", "жаловались"), (1, "svoy", "Таблица часов, с которой поставлена программа."),
    ]  # fmt: skip
    second = await monitor.get(POLICY, version=2)
    assert second["clocks"][3]["terms"][0]["target_seconds"] == 180
    first = await monitor.get(POLICY + "/history", limit=2)
    assert [one["version"] for one in first["items"]] == [3, 2]
    rest = await monitor.get(POLICY + "/history", cursor=first["next"])
    assert ([one["version"] for one in rest["items"]], rest["next"]) == ([1], None)
    await monitor.get(POLICY, 404, version=4)


async def test_it_counts_for_what_starts_from_then_on(monitor: Running) -> None:
    await monitor.tell(registered())
    before = await monitor.timeline(REQUEST, 1)
    made = await put(monitor, body([SOON]))
    assert not made["in_force"]
    since = datetime.fromisoformat(made["since"])
    assert since - monitor.clock.now() <= timedelta(seconds=5)
    await monitor.forward(seconds=7)
    await applied(monitor, 2)
    assert (await monitor.get(REQUEST))["obligations"] == before["obligations"]
    await monitor.tell(lambda at: registered()(at).model_copy(update={"request_id": "r2"}))
    after = await monitor.timeline("/v1/requests/r2/timeline", 1)
    (assign,) = [one for one in after["obligations"] if one["clock"] == "assign"]
    assert datetime.fromisoformat(assign["due"]) - datetime.fromisoformat(assign["since"]) == timedelta(minutes=3)
    assert assign["policy_version"] == 2


async def test_the_preview_is_what_then_happens_and_every_due_time_is_proved(monitor: Running) -> None:
    await monitor.tell(registered(), MISSED, *(of(number) for number in range(7)))
    await monitor.timeline("/v1/requests/x6/timeline", 1)
    await monitor.timeline("/v1/calls/k1/timeline", 1)
    await monitor.timeline(REQUEST, 1)
    sent = body([SOON, clock("callback", terms=(clock("callback").terms[0],))], applies_to_open=True)
    asked = sent | {"since": (monitor.clock.now() + timedelta(seconds=8)).isoformat()}
    moves: list[Any] = []
    pages, cursor = 0, None
    while True:
        params: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await monitor.client.post(POLICY + "/preview", headers=LEAD, json=asked, params=params)).json()
        moves, pages, cursor = [*moves, *page["items"]], pages + 1, page["next"]
        if cursor is None:
            break
    assert pages == 4  # nine timelines, and one empty page: the third was full
    assert {(move["clock"], move["about"]) for move in moves} == {("assign", "request")}
    assert len(moves) == 8
    assert (await monitor.get(POLICY))["version"] == 1
    before = await dues(monitor)
    assert before["assign"] == next(move["due_before"] for move in moves if move["about_id"] == "r1")
    await put(monitor, asked)
    await monitor.forward(seconds=10)
    await applied(monitor, 2)
    for move in moves:
        assert (await dues(monitor, move["about_id"]))["assign"] == move["due_after"], move
    assert (await dues(monitor))["wait_promise"] == before["wait_promise"]
    assert (await monitor.get("/v1/clocks/verify"))["differences"] == []


async def test_a_clients_region_is_as_accounts_says_and_its_holidays_are_nobodys_time(monitor: Running) -> None:
    off = [(monitor.clock.now() + timedelta(days=number)).date().isoformat() for number in range(30)]
    off = [day for day in off if day < "2027-12-01"]
    sent = body([clock("assign", terms=(urgent(60, calendar="client"),))])
    sent["calendars"]["regional_holidays"] = {"16": off}
    about: dict[str, Any] = {"name": "Гимназия № 3", "inn": "7707083893", "zone": ZONE, "manager_id": "m1"}
    fee = {"fee": "20000.00", "source": "opening", "since": date(2026, 1, 1), "revision": 1}
    await monitor.tell(lambda at: ClientRegistered(at=at, client_id="c1", region="16", **about, **fee))
    await put(monitor, sent)
    await monitor.forward(seconds=7)
    other = CLIENT.model_copy(update={"client_id": "c9"})
    await monitor.tell(registered(), lambda at: registered(client=other)(at).model_copy(update={"request_id": "r9"}))
    at_home = await monitor.timeline(REQUEST, 1)
    elsewhere = await monitor.timeline("/v1/requests/r9/timeline", 1)
    assert at_home["facts"][0]["client"]["client_id"] == "c1"
    theirs, others = (
        next(one["due"] for one in shown["obligations"] if one["clock"] == "assign") for shown in (at_home, elsewhere)
    )
    assert theirs[:10] > off[-1] > others[:10]
    assert (await monitor.get("/v1/clocks/verify"))["differences"] == []


def of(number: int) -> Any:
    """A request of its own."""
    return lambda at: registered()(at).model_copy(update={"request_id": f"x{number}"})


async def test_a_clock_nobody_shipped_runs_and_breaks(monitor: Running) -> None:
    await put(monitor, body([own()]))
    await monitor.forward(seconds=7)
    await monitor.tell(registered(), assigned(), started(), ago=0)
    await monitor.tell(of(0))
    await monitor.timeline("/v1/requests/x0/timeline", 1)
    assert "look" in {one["clock"] for one in (await monitor.get("/v1/obligations", clock="look"))["items"]}
    await monitor.forward(minutes=11)
    heard = [event.as_(SlaBreached) for event in await monitor.ear.several(3, "sla.breached")]
    assert ("look", "x0") in {(event.clock, event.about_id) for event in heard}
    assert 'svoy_sla_breached_total{clock="look",priority="urgent"}' in (await monitor.client.get("/metrics")).text
    asked: dict[str, Any] = {"about": "request", "about_id": "x0", "obligation_id": "x0:look:1"}
    found = await monitor.get("/v1/clocks/explanation", **asked)
    assert (found["policy_version"], found["seconds"]) == (2, 600)


async def test_many_who_look_at_once_learn_each_version_once(monitor: Running) -> None:
    await asyncio.gather(*(monitor.get(POLICY) for _ in range(20)))
    await asyncio.gather(put(monitor, body([SOON])), *(monitor.get(POLICY) for _ in range(20)))
    await asyncio.gather(put(monitor, body(), after=2), *(monitor.get(POLICY) for _ in range(20)))
    assert [one["version"] for one in (await monitor.get(POLICY + "/history"))["items"]] == [3, 2, 1]
    assert (await monitor.get(POLICY, version=2))["clocks"][3]["terms"][0]["target_seconds"] == 180
