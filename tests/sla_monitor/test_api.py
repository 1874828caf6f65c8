"""What the doors of sla_monitor answer, to whom, and what they refuse."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from services.sla_monitor.settings import SlaMonitorSettings
from shared.contracts import intake
from shared.contracts.base import ClientRef
from tests.kit import FOREIGN_KEY, token
from tests.sla_monitor.running import Running
from tests.sla_monitor.telling import (
    MISSED,
    At,
    assigned,
    call,
    finished,
    progressed,
    registered,
    reprioritised,
    request,
    started,
)

OTHER = ClientRef(client_id="c2", name="Лицей № 7", zone="Asia/Omsk", manager_id="m2")
ALL = "/v1/obligations"


def of(request_id: str, event: At) -> At:
    """The same event about another request."""
    return lambda at: event(at).model_copy(update={"request_id": request_id})


async def some(monitor: Running) -> None:
    """Two requests of two managers' clients, and a missed call."""
    await monitor.tell(registered(), assigned(), MISSED)
    await monitor.tell(of("r2", registered("routine", client=OTHER, number="100 246")))
    await monitor.timeline("/v1/requests/r1/timeline", 2)
    await monitor.timeline("/v1/requests/r2/timeline", 1)
    await monitor.timeline("/v1/calls/k1/timeline", 1)


def ids(page: dict[str, Any]) -> list[str]:
    """The obligations of a page."""
    return [one["obligation_id"] for one in page["items"]]


async def test_what_is_to_be_done_is_listed_by_due_time(monitor: Running) -> None:
    await some(monitor)
    assert ids(await monitor.get(ALL)) == ["k1:callback:1", "r1:wait_promise:1", "r1:start:1", "r2:assign:1"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"clock": "start"}, ["r1:start:1"]),
        ({"manager_id": "m2"}, ["r2:assign:1"]),
        ({"priority": "routine"}, ["r2:assign:1"]),
        ({"state": "open", "due_within": 12}, ["k1:callback:1", "r1:wait_promise:1"]),
        ({"due_within": 0}, []),
        ({"state": "met"}, ["r1:assign:1"]),
        ({"state": "met", "since": "2100-01-01T00:00:00Z"}, []),
        ({"state": "breached"}, []),
        ({"request_id": "r1"}, ["r1:assign:1", "r1:wait_promise:1", "r1:start:1"]),
        ({"request_id": "r1", "state": "met"}, ["r1:assign:1"]),
        ({"call_id": "k1"}, ["k1:callback:1"]),
        ({"call_id": "nobody"}, []),
    ],
)
async def test_the_list_is_narrowed(monitor: Running, query: dict[str, Any], expected: list[str]) -> None:
    await some(monitor)
    assert ids(await monitor.get(ALL, **query)) == expected


async def test_it_is_listed_as_it_stands_at_the_moment(monitor: Running) -> None:
    await some(monitor)
    await monitor.forward(minutes=8)
    assert ids(await monitor.get(ALL, state="breached")) == ["k1:callback:1"]
    assert ids(await monitor.get(ALL, state="warned")) == ["r1:wait_promise:1"]
    assert ids(await monitor.get(ALL, state="open")) == ["r1:start:1", "r2:assign:1"]
    assert ids(await monitor.get(ALL, due_within=1)) == ["k1:callback:1"]


async def test_pages_join_without_gap_or_overlap(monitor: Running) -> None:
    at = monitor.clock.now()
    await monitor.publish(*(call(intake.CallMissed, call_id=f"k{number:02}")(at) for number in range(7)))
    for number in range(7):
        await monitor.timeline(f"/v1/calls/k{number:02}/timeline", 1)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await monitor.get(ALL, limit=3, **cursor)
        seen += ids(page)
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [f"k{number:02}:callback:1" for number in range(7)]


async def test_an_obligation_says_what_it_is_about(monitor: Running) -> None:
    await some(monitor)
    await monitor.tell(started(), finished())
    await monitor.timeline("/v1/requests/r1/timeline", 4)
    (one,) = (await monitor.get(ALL, request_id="r1", clock="finish"))["items"]
    assert (one["number"], one["client"]["manager_id"], one["specialist_id"]) == ("100 245", "m1", "s1")
    assert (one["state"], one["late"], one["breached"], one["priority"]) == ("met", False, False, "urgent")
    assert one["met_at"] == one["ended_at"] is not None
    due, since = (datetime.fromisoformat(one[name]) for name in ("due", "since"))
    assert due - since == timedelta(hours=4)


async def test_a_timeline_tells_the_facts_in_order_with_their_words(monitor: Running) -> None:
    now = monitor.clock.now()
    told = (registered("routine"), reprioritised("urgent"), assigned(), started(), progressed())
    await monitor.publish(*(event(now + timedelta(seconds=number)) for number, event in enumerate(told)))
    timeline = await monitor.timeline("/v1/requests/r1/timeline", 5)
    assert [(fact["kind"], fact["who"], fact["note"]) for fact in timeline["facts"]] == [
        ("request.registered", None, "Не сдаётся отчёт"),
        ("request.reprioritised", "m1", "так"),
        ("work.assigned", "s1", None),
        ("work.started", "s1", None),
        ("work.progressed", "s1", "ищу причину"),
    ]
    assert (timeline["priority"], timeline["number"], timeline["client"]["name"]) == (
        "urgent",
        "100 245",
        "Гимназия № 3",
    )
    assert [one["clock"] for one in timeline["obligations"]] == [
        "assign", "wait_promise", "start", "progress", "finish", "progress",
    ]  # fmt: skip


async def test_a_manager_sees_only_their_own_base(monitor: Running) -> None:
    await some(monitor)
    await monitor.tell(of("r3", registered(client=None)))
    await monitor.timeline("/v1/requests/r3/timeline", 1)
    mine = token("manager", subject="m2")
    assert ids(await monitor.get(ALL, who=mine)) == ["r2:assign:1"]
    assert ids(await monitor.get(ALL, who=mine, manager_id="m2")) == ["r2:assign:1"]
    reports = {"/v1/performance": {"by": "clock"}}
    for path, what in ((ALL, "сроки"), ("/v1/escalations", "эскалации"), ("/v1/performance", "отчёты")):
        refused = await monitor.get(path, 403, who=mine, manager_id="m1", **reports.get(path, {}))
        assert refused["type"].endswith("/foreign-base")
        assert refused["detail"] == f"Менеджер видит {what} только своей базы."
    await monitor.get("/v1/requests/r2/timeline", who=mine)
    for path in ("/v1/requests/r1/timeline", "/v1/requests/r3/timeline", "/v1/calls/k1/timeline"):
        assert (await monitor.get(path, 403, who=mine))["detail"] == "Эта заявка или звонок не из вашей базы."


@pytest.mark.parametrize("path", [ALL, "/v1/policies", "/v1/requests/r1/timeline", "/v1/calls/k1/timeline"])
async def test_who_may_not_is_refused(monitor: Running, path: str) -> None:
    await monitor.get(path, 401, who={})
    await monitor.get(path, 401, who=token("director", hours=-1))
    await monitor.get(path, 401, who=token("director", key=FOREIGN_KEY))
    await monitor.get(path, 403, who=token("specialist"))


async def test_what_nobody_heard_of_is_not_found(monitor: Running) -> None:
    for path in ("/v1/requests/unknown/timeline", "/v1/calls/unknown/timeline"):
        problem = await monitor.get(path, 404)
        assert problem["type"].endswith("/unknown-subject")
        assert problem["detail"] == "О такой заявке или таком звонке ничего не известно."


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "late"}, "state"),
        ({"clock": "lunch"}, "clock"),
        ({"priority": "asap"}, "priority"),
        ({"due_within": -1}, "due_within"),
        ({"due_within": "soon"}, "due_within"),
        ({"due_within": 1e9}, "due_within"),
        ({"since": "2026-11-01T00:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"limit": 0}, "limit"),
        ({"cursor": "???"}, "cursor"),
        ({"cursor": "bm8gZGF0ZQ=="}, "cursor"),
        ({"cursor": "MjAyNi0xMS0wMSBh"}, "cursor"),
        ({"cursor": urlsafe_b64encode(b"0001-01-01T00:00:00+14:00 a").decode()}, "cursor"),
        ({"request_id": "r1", "call_id": "k1"}, "request_id"),
        ({"request_id": ""}, "request_id"),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused_by_name(
    monitor: Running, query: dict[str, Any], field: str
) -> None:
    problem = await monitor.get(ALL, 422, **query)
    assert field in problem["detail"]


async def test_a_request_nobody_identified_shows_without_a_client(monitor: Running) -> None:
    await monitor.tell(registered(client=None))
    assert (await monitor.timeline("/v1/requests/r1/timeline", 1))["client"] is None
    await monitor.tell(request(intake.RequestIdentified, client=OTHER, by="m2"))
    assert (await monitor.timeline("/v1/requests/r1/timeline", 2))["client"]["manager_id"] == "m2"


@pytest.mark.parametrize("bad", ["", "9-18", "18:00-09:00"])
def test_working_hours_that_make_no_sense_stop_the_start(bad: str) -> None:
    secret = SecretStr("x")
    with pytest.raises(ValidationError, match=r"[Рр]абочие часы"):
        SlaMonitorSettings(amqp_url=secret, mongo_url=secret, jwt_public_key=secret, working_hours=bad)


@pytest.mark.parametrize(("given", "found"), [("", None), ("24", "24")])
def test_a_region_is_two_digits_or_none(given: str, found: str | None) -> None:
    secret = SecretStr("x")
    keys: dict[str, Any] = {"amqp_url": secret, "mongo_url": secret, "jwt_public_key": secret}
    assert SlaMonitorSettings(**keys, company_region=given).company_region == found
    with pytest.raises(ValidationError, match="company_region"):
        SlaMonitorSettings(**keys, company_region="Красноярский край")
