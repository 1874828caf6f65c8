"""A month closes once and whole, whatever comes in meanwhile and whatever crashes: on real servers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from services.payroll import closing, resuming
from services.payroll.closing import Step
from services.payroll.main import build_app
from services.payroll.settings import PayrollSettings
from shared.contracts.accounts import ClientLost, ClientWon
from tests.kit import eventually, listening, publish, serving
from tests.payroll.conftest import DECEMBER, Doors, clock_at
from tests.payroll.given import client_lost, client_won, manager

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"
MANAGERS = [f"m{number:02}" for number in range(80)]


@pytest.fixture
async def replicas(settings: PayrollSettings) -> AsyncIterator[list[Doors]]:
    """Three of payroll side by side, on one database and one queue."""
    url = settings.amqp_url.get_secret_value()
    async with AsyncExitStack() as stack:
        heard = await stack.enter_async_context(listening(url, "statement.#", "dismissal.#"))
        apps = [build_app(settings, clock_at(DECEMBER)) for _ in range(3)]
        yield [Doors(await stack.enter_async_context(serving(app)), heard, app, url) for app in apps]


@pytest.fixture
async def stalled(settings: PayrollSettings) -> AsyncIterator[Doors]:
    """Payroll that finishes nobody's half closed month."""
    url = settings.amqp_url.get_secret_value()
    app = build_app(settings.model_copy(update={"resume_after_seconds": 3600.0}), clock_at(DECEMBER))
    async with listening(url, "statement.#", "dismissal.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


async def test_of_many_who_close_a_month_at_once_exactly_one_does(replicas: list[Doors]) -> None:
    await replicas[0].told(*map(manager, MANAGERS[:20]))
    await replicas[0].asked(NOV)
    answers = await asyncio.gather(*(doors.confirm(NOV) for doors in replicas for _ in range(4)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 11}
    month = (await replicas[0].shown("/v1/months"))["items"][1]
    assert (month["state"], month["statements"], month["total"]) == ("closed", 20, "1400000.00")
    await replicas[0].heard.several(20, "statement.closed")
    assert len({event.subject for event in replicas[0].heard.events}) == 20
    assert len({event.id for event in replicas[0].heard.events}) == 20


async def test_facts_that_come_while_a_month_is_closed_count_exactly_once(replicas: list[Doors]) -> None:
    doors = replicas[0]
    managers = MANAGERS[:12]
    await doors.told(*map(manager, managers))
    facts = [fact for number, by in enumerate(managers) for fact in _facts(number, by)]

    await doors.told(*facts[:12])

    async def come() -> None:
        for fact in facts[12:24]:
            await publish(doors.amqp_url, fact, fact)

    await asyncio.gather(come(), replicas[1].closed(NOV))
    await publish(doors.amqp_url, *facts)
    await doors.taken_in(*facts)
    statements = [await doors.shown(f"/v1/statements/{by}/{month}") for by in managers for month in (NOV, DEC)]
    settled = Counter(fact_id for statement in statements for fact_id in _fact_ids(statement))
    assert settled == Counter(fact.fact_id for fact in facts)
    assert any(statement["adjustments"] for statement in statements)
    for number, by in enumerate(managers):
        paid = [Decimal(statement["total"]) for statement in statements if statement["manager_id"] == by]
        carried = Decimal(statements[2 * number + 1]["carried"])
        growth = sum(fact.fee if isinstance(fact, ClientWon) else -fact.fee for fact in _facts(number, by))
        assert sum(paid) + carried == 140000 + max(growth, 0)


async def test_a_close_that_crashed_half_way_is_finished_by_whoever_is_there(
    stalled: Doors, settings: PayrollSettings
) -> None:
    await stalled.told(*map(manager, MANAGERS))
    await _half_close(stalled, 5)
    refused = await stalled.close(NOV)
    assert (refused.status_code, refused.json()["type"]) == (409, "https://svoy.example/problems/month-is-closing")
    async with serving(build_app(settings, clock_at(DECEMBER))):
        month = await eventually(partial(_closed, stalled))
    assert (month["statements"], month["total"], month["by"]) == (80, "5600000.00", "p1")
    told = await stalled.heard.several(80, "statement.closed")
    assert len({event.id for event in told}) == len({event.subject for event in told}) == 80


async def test_a_close_cancelled_on_the_way_is_finished_and_told_once(
    stalled: Doors, settings: PayrollSettings
) -> None:
    await stalled.told(*map(manager, MANAGERS), client_won(1000, NOV, by="m07"))
    await stalled.asked(NOV)
    close = asyncio.create_task(closing.close(stalled.office, NOV, "p1"))
    await eventually(lambda: stalled.office.store.ledgers.count({"closed.month": NOV}))
    close.cancel()
    await asyncio.gather(close, return_exceptions=True)
    async with serving(build_app(settings, clock_at(DECEMBER))):
        month = await eventually(partial(_closed, stalled))
    assert (month["statements"], month["total"]) == (80, "5601000.00")
    told = await stalled.heard.several(80, "statement.closed")
    assert len({event.id for event in told}) == len({event.subject for event in told}) == 80
    assert (await stalled.close(NOV)).status_code == 409


async def test_a_fact_that_comes_between_crash_and_resumption_counts_with_the_next_month(
    stalled: Doors, settings: PayrollSettings
) -> None:
    await stalled.told(manager("m1"), manager("m2"))
    await _half_close(stalled, 1)
    await stalled.told(client_lost(5000, NOV, fact_id="a", by="m1"), client_lost(5000, NOV, fact_id="b", by="m2"))
    async with serving(build_app(settings, clock_at(DECEMBER))):
        await eventually(partial(_closed, stalled))
    found = {
        (by, month): _fact_ids(await stalled.shown(f"/v1/statements/{by}/{month}"))
        for by in ("m1", "m2")
        for month in (NOV, DEC)
    }
    assert found == {("m1", NOV): [], ("m1", DEC): ["a"], ("m2", NOV): [], ("m2", DEC): ["b"]}
    assert [event.body["manager_id"] for event in await stalled.heard.several(2, "dismissal.proposed")] == ["m1", "m2"]


async def test_a_manager_told_of_while_a_month_is_closed_is_paid_once_with_the_next_month(
    stalled: Doors, settings: PayrollSettings
) -> None:
    await stalled.told(manager("m2"))
    await _half_close(stalled, 1)
    await stalled.told(manager("m1"))
    async with serving(build_app(settings, clock_at(DECEMBER))):
        month = await eventually(partial(_closed, stalled))
    assert (month["statements"], month["total"]) == (1, "70000.00")
    december = await stalled.shown(f"/v1/statements/m1/{DEC}")
    assert ([line["amount"] for line in december["adjustments"]], december["total"]) == (["70000.00"], "140000.00")


async def test_days_of_work_that_change_while_a_month_is_closed_count_with_the_next(
    stalled: Doors, settings: PayrollSettings
) -> None:
    await stalled.told(manager("m1"), manager("m2"), manager("m3", hired="2026-12-01"))
    await _half_close(stalled, 0)
    changed = [manager("m1", left="2026-10-31", revision=2), manager("m3", hired="2026-11-02", revision=2)]
    await publish(stalled.amqp_url, *changed)

    async def known() -> bool:
        ledgers = await stalled.office.store.ledgers_of(["m1", "m3"])
        return [each.manager.revision for each in ledgers if each.manager] == [2, 2]

    await eventually(known)
    async with serving(build_app(settings, clock_at(DECEMBER))):
        month = await eventually(partial(_closed, stalled))
    assert (month["statements"], month["total"]) == (2, "140000.00")
    found = {by: await stalled.shown(f"/v1/statements/{by}/{DEC}") for by in ("m1", "m2", "m3")}
    assert {by: each["total"] for by, each in found.items()} == {"m1": "0.00", "m2": "70000.00", "m3": "140000.00"}
    assert found["m1"]["carried"] == "-70000.00"


def _facts(number: int, by: str) -> list[ClientWon | ClientLost]:
    return [
        client_won(1000 * (number + 1), NOV, fact_id=f"{by}-w1", by=by),
        client_lost(5000, NOV, fact_id=f"{by}-l1", by=by),
        client_won(3000, NOV, fact_id=f"{by}-w2", by=by),
    ]


async def _half_close(doors: Doors, statements: int) -> None:
    """What a kill in the middle leaves: the month begun, some statements closed."""
    await doors.asked(NOV)
    begun = await closing.begin(doors.office, NOV, "p1")
    policies = await doors.office.store.policies(doors.office.usual)
    await Step(doors.office, begun, NOV, policies).over(await doors.office.store.unsettled(NOV, statements))


async def _closed(doors: Doors) -> dict[str, Any] | None:
    """November, once it is closed."""
    months = (await doors.shown("/v1/months"))["items"]
    return next((month for month in months if (month["month"], month["state"]) == (NOV, "closed")), None)


def _fact_ids(statement: dict[str, Any]) -> list[str]:
    lines = [*statement["won"], *statement["lost"], *statement["without_pay"]]
    return [line["fact_id"] for line in (*lines, *(line["fact"] for line in statement["adjustments"]))]


@pytest.mark.parametrize("statements", [0, 1, 17, 29])
async def test_wherever_a_close_is_broken_off_the_statements_have_the_same_hashes(
    stalled: Doors, statements: int
) -> None:
    await stalled.told(*map(manager, MANAGERS[:30]), client_won(9000, NOV, by="m03"), client_lost(1, NOV, by="m04"))
    whole = await stalled.closed(NOV)
    undone: dict[str, Any] = {"closed": [], "settled_to": None, "proposed": [], "cases": []}
    reopened = {"months.0.state": "closing", "months.0.closed_at": None, "months.0.seal": None}
    store = stalled.office.store
    await store.ledgers.collection.update_many({}, {"$set": undone, "$inc": {"version": 1}})
    await store.books.collection.update_many({}, {"$set": reopened, "$inc": {"version": 1}})
    books = await store.company_books()
    begun = books.closing
    assert begun is not None
    broken_off = Step(stalled.office, begun, NOV, books.in_force(stalled.office.usual))
    await broken_off.over(await store.unsettled(NOV, statements) if statements else [])
    assert await store.progress(NOV) == (statements, 30)
    await resuming.resume_once(stalled.office)
    again = await stalled.shown(f"/v1/months/{NOV}")
    assert (again["state"], again["seal"], again["total"]) == ("closed", whole["seal"], whole["total"])
