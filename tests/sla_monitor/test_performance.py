"""Reports: what was met, met late and breached, how long it took, for whom, and as a spreadsheet."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sla_monitor.api.performance import as_csv
from services.sla_monitor.domain.performance import Line, Part, Performance, percentile
from shared.contracts import intake
from shared.contracts.accounts import ClientChanged
from tests.kit import eventually, token
from tests.sla_monitor.running import Running
from tests.sla_monitor.telling import ZONE, assigned, call, registered, started

REPORT = "/v1/performance"


def test_what_was_met_late_is_breached_as_well() -> None:
    found = Line("a")
    found.add(Part(key="a", count=7, met_late=0, seconds=(5,) * 6))
    found.add(Part(key="a", count=3, met_late=1, seconds=(100,)))
    one = found.performance()
    assert (one.met, one.met_late, one.breached, one.share_met) == (6, 1, 4, 0.6)
    assert (one.p50_seconds, one.p95_seconds) == (5, 100)


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.sampled_from([50, 95]))
def test_a_percentile_is_the_least_time_that_so_many_did_not_exceed(times: list[int], percent: int) -> None:
    counted = sorted((seconds, times.count(seconds)) for seconds in set(times))
    found = percentile(counted, percent)
    assert found in times
    assert sum(one <= found for one in times) * 100 >= percent * len(times)
    assert sum(one < found for one in times) * 100 < percent * len(times)


def test_nothing_in_a_spreadsheet_is_a_formula() -> None:
    evil = '=HYPERLINK("http://x","y")'
    lines = [
        Performance(key=key, name=evil, met=1, met_late=0, breached=0, share_met=1.0, p50_seconds=1, p95_seconds=None)
        for key in ("+1", "-1", "@a", "\tx", "plain")
    ]
    rows = list(csv.reader(StringIO(as_csv("client", lines))))[1:]
    assert [row[0] for row in rows] == ["'+1", "'-1", "'@a", "'\tx", "plain"]
    assert {row[1] for row in rows} == {f"'{evil}"}


async def told(monitor: Running) -> None:
    """Two calls returned in 60 s and 400 s, one never, and a request assigned at once."""
    at = monitor.clock.now() - timedelta(seconds=1000)
    for number, took in enumerate((60, 400)):
        await monitor.publish(
            call(intake.CallMissed, call_id=f"k{number}")(at),
            call(intake.CallReturned, call_id=f"k{number}", by_call_id="x")(at + timedelta(seconds=took)),
        )
    await monitor.publish(call(intake.CallMissed, call_id="k9")(at), registered()(at), assigned()(at))
    await monitor.timeline("/v1/requests/r1/timeline", 2)
    for key, facts in (("k0", 2), ("k1", 2), ("k9", 1)):
        await monitor.timeline(f"/v1/calls/{key}/timeline", facts)


async def test_a_report_counts_and_measures_by_clock(monitor: Running) -> None:
    await told(monitor)
    lines = {one["key"]: one for one in (await monitor.get(REPORT, by="clock"))["lines"]}
    found = lines["callback"]
    assert (found["met"], found["met_late"], found["breached"]) == (1, 1, 2)
    assert (found["p50_seconds"], found["p95_seconds"]) == (60, 400)
    assert (lines["assign"]["met"], lines["assign"]["breached"]) == (1, 0)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("manager", [("m1", None)]),
        ("client", [("c1", "Гимназия № 3")]),
        ("specialist", [("s1", "Иванов"), (None, None)]),
        ("clock", [("assign", "не назначен специалист"), ("callback", "не перезвонили"),
                   ("start", "специалист не начал"), ("wait_promise", "не получено обещание подождать")]),
    ],
)  # fmt: skip
async def test_a_report_is_by_whom_it_is_asked_with_their_names_in_order(
    monitor: Running, by: str, expected: list[tuple[str | None, str | None]]
) -> None:
    await told(monitor)
    lines = (await monitor.get(REPORT, by=by))["lines"]
    assert [(one["key"], one["name"]) for one in lines] == expected
    narrowed = (await monitor.get(REPORT, by=by, clock="callback", priority="urgent"))["lines"]
    assert narrowed == []


async def test_a_client_is_called_what_accounts_calls_them_now(monitor: Running) -> None:
    await told(monitor)
    about: dict[str, Any] = {"client_id": "c1", "inn": "7707083893", "zone": ZONE, "manager_id": "m1"}
    fee = {"fee": "20000.00", "source": "opening", "since": date(2026, 1, 1)}
    renamed = ClientChanged(at=monitor.clock.now(), revision=2, name="Лицей № 3", **about, **fee)
    await monitor.publish(renamed)

    async def called() -> Any:
        (line,) = (await monitor.get(REPORT, by="client"))["lines"]
        return line if line["name"] == "Лицей № 3" else None

    assert (await eventually(called))["key"] == "c1"


async def test_what_began_in_the_period_counts_however_old_the_request_is(monitor: Running) -> None:
    now = monitor.clock.now()
    await monitor.publish(registered()(now - timedelta(days=3)), assigned()(now - timedelta(days=3)))
    await monitor.publish(started()(now - timedelta(hours=1)))
    await monitor.timeline("/v1/requests/r1/timeline", 3)
    today = await monitor.get(REPORT, by="clock", since=(now - timedelta(days=1)).isoformat())
    assert {one["key"] for one in today["lines"]} == {"progress"}
    until = (now - timedelta(days=1)).isoformat()
    before = await monitor.get(REPORT, by="clock", since=(now - timedelta(days=4)).isoformat(), until=until)
    assert {one["key"] for one in before["lines"]} == {"assign", "start", "wait_promise"}


async def test_months_are_the_companys(monitor: Running) -> None:
    """In Krasnoyarsk it is seven hours later: of the two evenings of October by UTC, one is in November there."""
    evenings = datetime(2026, 10, 31, 16, 59, tzinfo=UTC), datetime(2026, 10, 31, 20, 0, tzinfo=UTC)
    for number, at in enumerate(evenings):
        await monitor.publish(call(intake.CallMissed, call_id=f"k{number}")(at))
        await monitor.timeline(f"/v1/calls/k{number}/timeline", 1)
    report = await monitor.get(REPORT, by="month", since="2026-10-01T00:00:00Z", until="2026-11-10T00:00:00Z")
    assert [(one["key"], one["breached"]) for one in report["lines"]] == [("2026-10", 1), ("2026-11", 1)]


async def test_a_manager_reads_of_their_own_base_alone(monitor: Running) -> None:
    await told(monitor)
    mine, other = token("manager", subject="m1"), token("manager", subject="m2")
    assert len((await monitor.get(REPORT, by="clock", who=mine))["lines"]) >= 2
    assert (await monitor.get(REPORT, by="clock", who=other))["lines"] == []
    await monitor.get(REPORT, 403, by="clock", manager_id="m1", who=other)
    await monitor.get(REPORT, 403, by="clock", who=token("specialist"))
    await monitor.get(REPORT, 401, by="clock", who={})


async def test_a_report_comes_as_a_spreadsheet(monitor: Running) -> None:
    await told(monitor)
    answer = await monitor.client.get(f"{REPORT}.csv", params={"by": "client"}, headers=token("director"))
    assert answer.headers["content-type"].startswith("text/csv")
    head, line = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert head[:3] == ["Клиент", "Имя", "В срок"]
    assert line[:2] == ["c1", "Гимназия № 3"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"by": "weather"},
        {"by": "clock", "since": "2026-11-01"},
        {"by": "clock", "since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
        {"by": "clock", "since": "1990-11-02T00:00:00Z"},
        {"by": "clock", "since": "0001-01-01T00:00:00+14:00"},
        {"by": "clock", "priority": "asap"},
        {"by": "clock", "clock": "lunch"},
        {"by": "clock", "manager_id": ""},
    ],
)
async def test_a_report_that_makes_no_sense_is_refused(monitor: Running, query: dict[str, Any]) -> None:
    await monitor.get(REPORT, 422, **query)
