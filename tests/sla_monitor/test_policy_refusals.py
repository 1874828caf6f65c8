"""Who may change the policy, from what, and to what: everything else is refused by name."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.kit import token
from tests.sla_monitor.policing import POLICY, body, clock, own, put, urgent
from tests.sla_monitor.running import DIRECTOR, Running

LEAD, MANAGER = token("lead", subject="l1"), token("manager", subject="m1")
SOON = clock("assign", terms=(urgent(3), *clock("assign").terms[1:]))


async def test_of_two_who_change_it_at_once_one_is_told(monitor: Running) -> None:
    match = DIRECTOR | {"If-Match": '"1"'}
    answers = await asyncio.gather(*(monitor.client.put(POLICY, headers=match, json=body([SOON])) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_a_time_that_not_every_replica_could_know_of_is_refused_and_a_preview_goes_on_with_it(
    monitor: Running,
) -> None:
    soon = body([SOON], since=(monitor.clock.now() + timedelta(seconds=2)).isoformat())
    refused = await put(monitor, soon, 422)
    assert refused["type"].endswith("/bad-since")
    said = re.match(r"since: не раньше (\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d) \(о версии", refused["detail"])
    assert said is not None
    first = datetime.strptime(said[1], "%d.%m.%Y %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Krasnoyarsk"))
    assert abs(first - monitor.clock.now()) < timedelta(minutes=10)
    looked = await monitor.client.post(POLICY + "/preview", headers=LEAD, json=soon)
    assert looked.json()["since"][:19] == soon["since"][:19]


async def test_the_time_a_refusal_names_is_taken(monitor: Running) -> None:
    """The version before comes into force on a whole second: the next one may a millisecond later."""
    ahead = (monitor.clock.now() + timedelta(minutes=30)).replace(microsecond=0)
    await put(monitor, body([SOON], since=ahead.isoformat()))
    refused = await put(monitor, body([SOON], since=ahead.isoformat()), 422, after=2)
    named = re.search(r"не раньше (\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d) ", refused["detail"])
    assert named is not None
    first = datetime.strptime(named[1], "%d.%m.%Y %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Krasnoyarsk"))
    assert first == ahead + timedelta(seconds=1)
    await put(monitor, body([SOON], since=first.isoformat()), after=2)


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
