"""The policy over HTTP: shown, changed for what starts or for what is open, previewed, refused, kept for ever."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.sla_monitor.domain.policies import Terms
from services.sla_monitor.main import build_app
from services.sla_monitor.monitor import Monitor
from services.sla_monitor.policy_book import LEFT_AFTER, PolicyOvertaken, claimed, enacted, swept
from services.sla_monitor.settings import SlaMonitorSettings
from services.sla_monitor.store import Store
from shared.contracts import intake
from shared.contracts.accounts import ClientRegistered
from shared.contracts.sla_monitor import SlaBreached
from shared.service import Service
from shared.store import Busy
from tests.conftest import SettingsFor
from tests.kit import eventually, publish, serving, token
from tests.sla_monitor.conftest import DIRECTOR, Running, Start
from tests.sla_monitor.policing import body, clock, own, urgent, version
from tests.sla_monitor.telling import CLIENT, MISSED, NOON, ZONE, assigned, call, minute, registered, started

POLICY = "/v1/policies"
REQUEST = "/v1/requests/r1/timeline"
LEAD, MANAGER = token("lead", subject="l1"), token("manager", subject="m1")
SOON = clock("assign", terms=(urgent(3), *clock("assign").terms[1:]))


async def put(
    monitor: Running, sent: Any, status: int = 200, *, after: int | str | None = 1, who: Any = DIRECTOR
) -> Any:
    """What the door answers to a new version after that one."""
    match = {} if after is None else {"If-Match": f'"{after}"' if isinstance(after, int) else after}
    answer = await monitor.client.put(POLICY, headers=who | match, json=sent)
    assert answer.status_code == status, answer.text
    return answer.json()


async def applied(monitor: Running, number: int) -> Any:
    """The version, once it has gone through the timelines."""

    async def found() -> Any:
        shown = (await monitor.client.get(POLICY, headers=DIRECTOR, params={"version": number})).json()
        return shown if shown.get("applied") else None

    return await eventually(found)


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


async def test_of_two_who_change_it_at_once_one_is_told(monitor: Running) -> None:
    match = DIRECTOR | {"If-Match": '"1"'}
    answers = await asyncio.gather(*(monitor.client.put(POLICY, headers=match, json=body([SOON])) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_a_time_that_not_every_replica_could_know_of_is_refused_and_a_preview_goes_on_with_it(
    monitor: Running,
) -> None:
    soon = body([SOON], since=(monitor.clock.now() + timedelta(seconds=2)).isoformat())
    assert (await put(monitor, soon, 422))["type"].endswith("/bad-since")
    looked = await monitor.client.post(POLICY + "/preview", headers=LEAD, json=soon)
    assert looked.json()["since"][:19] == soon["since"][:19]


async def test_who_has_not_seen_the_newest_does_not_overwrite_it(monitor: Running) -> None:
    await put(monitor, body([SOON]))
    assert (await put(monitor, body(), 412))["type"].endswith("/policy-overtaken")
    assert (await put(monitor, body(), 428, after=None))["type"].endswith("/if-match-required")
    for strange in ("*", "W/1x", '""', "-1", "1e3", "9" * 30):
        assert (await put(monitor, body(), 422, after=strange))["type"].endswith("/bad-if-match")
    assert (await monitor.get(POLICY))["version"] == 2


async def test_only_a_director_changes_it_and_a_lead_may_look(monitor: Running) -> None:
    for who in (LEAD, MANAGER, token("service")):
        await put(monitor, body(), 403, who=who)
    await put(monitor, body(), 401, who={})
    assert (await monitor.client.post(POLICY + "/preview", headers=MANAGER, json=body())).status_code == 403
    assert (await monitor.client.post(POLICY + "/preview", headers=LEAD, json=body())).status_code == 200
    await monitor.get(POLICY, 403, who=token("specialist", subject="s1"))


def without(sent: dict[str, Any], name: str) -> dict[str, Any]:
    """The body with a field less."""
    return {key: value for key, value in sent.items() if key != name}


def changed(number: int, **over: Any) -> dict[str, Any]:
    """The body with another clock of that number."""
    sent = body([own()])
    sent["clocks"][number] |= over
    return sent


def terms(**over: Any) -> dict[str, Any]:
    """The body whose own clock has other terms."""
    sent = body([own()])
    sent["clocks"][10]["terms"][0] |= over
    return sent


def calendars(**over: Any) -> dict[str, Any]:
    """The body with other calendars."""
    sent = body()
    sent["calendars"] |= over
    return sent


STEP = {"role": "manager", "after_minutes": 0}


SENSELESS: tuple[tuple[Any, str], ...] = (
    ({}, "reason"),
    ([], "body"),
    (without(body(), "calendars"), "calendars"),
    (body(reason="  "), "reason"),
    (body(clocks=[]), "clocks"),
    (body(clocks={"a": 1}), "clocks"),
    (body(surprise=1), "surprise"),
    (body(applies_to_open="да"), "applies_to_open"),
    (body(since="вчера"), "since"),
    (body(since="2026-11-01T00:00:00"), "since"),
    (body(since="2026-11-01T00:00:00Z"), "since"),
    (body(since="2999-11-01T00:00:00Z"), "since"),
    (body(since="0001-01-01T00:00:00+14:00"), "since"),
    (changed(10, clock="Look At"), "clocks.10.clock"),
    (changed(10, clock="finish"), "clocks.10.clock"),
    (changed(10, title=""), "clocks.10.title"),
    (changed(10, about="weather"), "clocks.10.about"),
    (changed(10, starts=["request.vanished"]), "clocks.10.starts.0"),
    (changed(10, starts=["request.registered"] * 41), "clocks.10.starts"),
    (changed(10, met_by=[]), "clocks.10.met_by"),
    (changed(10, starts=["work.started"]), "clocks.10.met_by"),
    (changed(10, paused_by=["request.followed_up"]), "clocks.10.resumed_by"),
    (changed(3, clock="assigned"), "clocks"),
    (terms(priorities=[]), "clocks.10.terms.0.priorities"),
    (terms(priorities=["asap"]), "clocks.10.terms.0.priorities.0"),
    (terms(target_seconds=0), "clocks.10.terms.0.target_seconds"),
    (terms(target_seconds=1e300), "clocks.10.terms.0.target_seconds"),
    (terms(target_seconds="600"), "clocks.10.terms.0.target_seconds"),
    (terms(warnings=[]), "clocks.10.terms.0.warnings"),
    (terms(warnings=[1]), "clocks.10.terms.0.warnings.0"),
    (terms(calendar="lunar"), "clocks.10.terms.0.calendar"),
    (terms(ladder={"steps": [], "repeat_minutes": 5}), "clocks.10.terms.0.ladder.steps"),
    (terms(ladder={"steps": [STEP], "repeat_minutes": 0}), "clocks.10.terms.0.ladder.repeat_minutes"),
    (
        terms(ladder={"steps": [STEP | {"after_minutes": 9}, STEP], "repeat_minutes": 5}),
        "clocks.10.terms.0.ladder",
    ),
    (calendars(company={}), "calendars.company"),
    (calendars(company={"mon": ["9-18"]}), "calendars.company.mon"),
    (calendars(company={"mon": ["14:00-18:00", "09:00-13:00"]}), "calendars.company.mon"),
    (calendars(regional_holidays={"Татарстан": []}), "calendars.regional_holidays"),
    (calendars(regional_holidays={"16": ["2026-02-30"]}), "calendars.regional_holidays.16"),
    (calendars(regional_holidays={"16": ["2031-01-01"]}), "calendars.regional_holidays.16"),
    (calendars(company_region="Красноярск"), "calendars.company_region"),
)


async def test_a_policy_that_makes_no_sense_is_refused_by_the_field(monitor: Running) -> None:
    for sent, field in SENSELESS:
        problem = await put(monitor, sent, 422)
        named = [error["field"] for error in problem.get("errors", [])]
        assert any(name.startswith(field) for name in named) or field in problem["detail"], (field, problem)
        looked = await monitor.client.post(POLICY + "/preview", headers=DIRECTOR, json=sent)
        assert looked.status_code == 422, field
    assert (await monitor.get(POLICY))["version"] == 1


async def test_what_is_no_json_and_no_cursor_is_refused(monitor: Running) -> None:
    answer = await monitor.client.put(POLICY, headers=DIRECTOR | {"If-Match": '"1"'}, content=b"{")
    assert answer.status_code in {400, 422}
    await monitor.get(POLICY + "/history", 422, cursor="MTIz4oaS")
    await monitor.get(POLICY, 422, version=0)
    await monitor.get(POLICY, 422, version="newest")


async def test_a_second_replica_learns_of_it_and_each_due_time_moves_once(
    settings: SlaMonitorSettings, service: Service, amqp_url: str, start: Start
) -> None:
    async with start(settings) as monitor, serving(build_app(settings, monitor.clock)) as other:
        events = [call(intake.CallMissed, call_id=f"k{number}")(monitor.clock.now()) for number in range(30)]
        await publish(amqp_url, *events)
        store = Store(service)
        await eventually(lambda: _kept(store, 30))
        sooner = clock("callback", terms=(Terms(priorities=(None,), target=timedelta(minutes=2)),))
        await put(monitor, body([sooner], applies_to_open=True))
        monitor.clock.offset += timedelta(seconds=7)
        await applied(monitor, 2)

        async def known() -> bool:
            shown = (await other.get(POLICY, headers=DIRECTOR)).json()
            return bool(shown["version"] == 2 and shown["in_force"] and shown["applied"])

        await eventually(known)
        sweep = await service.database["policy_sweeps"].find_one({"_id": "2"})
        assert (sweep["changed"], sweep["number"]) == (30, 2)
        assert await store.timelines.count({"obligations.policy": 2, "reckoned_by": 2}) == 30
        verified = (await other.get("/v1/clocks/verify", headers=DIRECTOR)).json()
        assert (verified["checked"], verified["differences"]) == (30, [])


async def test_a_page_in_which_something_could_not_be_written_is_gone_through_again(
    monkeypatch: pytest.MonkeyPatch, monitor: Running
) -> None:
    await monitor.tell(MISSED)
    await monitor.timeline("/v1/calls/k1/timeline", 1)
    whole, failed = Monitor.reckon, asyncio.Event()

    async def once(self: Monitor, key: str) -> bool:
        if failed.is_set():
            return await whole(self, key)
        failed.set()
        raise Busy

    monkeypatch.setattr(Monitor, "reckon", once)
    sooner = clock("callback", terms=(Terms(priorities=(None,), target=timedelta(minutes=2)),))
    await put(monitor, body([sooner], applies_to_open=True))
    monitor.clock.offset += timedelta(seconds=7)
    await eventually(failed.is_set)
    assert (await monitor.get(POLICY))["applied"] is False
    monitor.clock.offset += LEFT_AFTER
    await applied(monitor, 2)
    (one,) = (await monitor.timeline("/v1/calls/k1/timeline", 1))["obligations"]
    assert datetime.fromisoformat(one["due"]) - datetime.fromisoformat(one["since"]) == timedelta(minutes=2)


async def test_a_setting_that_changed_is_a_version_of_its_own_unless_a_person_has_made_one(
    settings_for: SettingsFor, start: Start
) -> None:
    settings = settings_for(SlaMonitorSettings)
    async with start(settings) as monitor:
        assert (await applied(monitor, 1))["calendars"]["company_region"] is None
    moved = settings.model_copy(update={"working_hours": "08:00-17:00", "company_region": "16"})
    async with start(moved) as monitor:
        found = await applied_soon(monitor, 2)
        assert (found["by"], found["calendars"]["company"]["mon"]) == ("svoy", ["08:00-17:00"])
        assert found["calendars"]["company_region"] == "16"
        await put(monitor, body(), after=2)
    async with start(settings) as monitor:
        assert (await monitor.get(POLICY))["version"] == 3


async def applied_soon(monitor: Running, number: int) -> Any:
    """The version, once it is there."""

    async def found() -> Any:
        answer = await monitor.client.get(POLICY, headers=DIRECTOR, params={"version": number})
        return answer.json() if answer.status_code == 200 else None

    return await eventually(found)


async def _kept(store: Store, many: int) -> bool:
    return await store.timelines.count({}) == many


def test_one_replica_takes_a_version_through_and_another_takes_over_what_it_left() -> None:
    first = claimed(None, number=2, now=NOON).state
    assert claimed(first, number=2, now=minute(0.5)).state is first
    page = swept(first, number=2, last="request:r5", changed=3, now=minute(0.9)).state
    left = claimed(page, number=2, now=minute(0.9) + LEFT_AFTER).state
    assert (left.after, left.changed, left.alive) == ("request:r5", 3, minute(0.9) + LEFT_AFTER)
    done = swept(left, number=2, last=None, changed=1, now=minute(3)).state
    assert (done.changed, done.ended) == (4, minute(3))
    assert claimed(done, number=2, now=minute(99)).state is done


def test_a_version_that_is_made_is_never_another() -> None:
    made = version(2, 0)
    assert enacted(made, new=made).state is made
    with pytest.raises(PolicyOvertaken):
        enacted(made, new=version(2, 1))
