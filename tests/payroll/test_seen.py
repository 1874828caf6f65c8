"""What is closed is what was looked at and confirmed, whatever slips in just before the confirmation is written."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payroll import closing
from services.payroll.domain import closing as ledgers
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.reckoning import reckon
from services.payroll.domain.recording import introduce, record
from services.payroll.domain.seal import seal_of
from services.payroll.domain.statement import Statement
from services.payroll.main import build_app
from services.payroll.settings import PayrollSettings
from shared.money import ZERO
from tests.kit import listening, serving
from tests.payroll.conftest import DECEMBER, Doors, clock_at, slug
from tests.payroll.given import AT, POLICIES, Told, client_lost, client_won, fact_of, handed, manager, roubles
from tests.payroll.test_any_order import FACTS, MONTHS, Fact, naive_pay

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"


def opened(statement: Statement) -> Statement:
    """As it was looked at before it was closed."""
    return replace(statement, status="open", closed_at=None, seal="")


@given(FACTS, FACTS, st.sampled_from([None, ("2026-09-01", "2026-09-20"), ("2026-10-01", None)]), st.data())
def test_what_slips_in_unmarked_does_not_change_the_statement_and_is_paid_later(
    early: list[Fact], late: list[Fact], days: tuple[str, str | None] | None, data: st.DataObject
) -> None:
    told = Told()
    told.hear(manager(hired="2026-09-10"), *data.draw(st.permutations(early)))
    seen = told.statement(MONTHS[0])
    late = [fact.model_copy(update={"fact_id": f"late-{fact.fact_id}"}) for fact in late]
    news = [] if days is None else [manager(hired=days[0], left=days[1], revision=2)]
    told.hear(*data.draw(st.permutations([*late, *news])))
    begin = MONTHS[0]
    decision = ledgers.close(told.ledger, begin, begin, POLICIES, AT, seen={"m1": seal_of(seen)})
    told.ledger, told.begin, told.first_open = decision.state, begin, MONTHS[1]
    (closed,) = told.ledger.closed
    assert opened(closed) == seen
    if days is None:
        statements = [closed, *(told.statement(month) for month in (*MONTHS[1:], "2027-01"))]
        naive = sum((naive_pay([*early, *late], each.month, POLICIES.usual) for each in statements), ZERO)
        assert sum((each.total for each in statements), ZERO) + statements[-1].carried == naive


@pytest.fixture
async def stalled(settings: PayrollSettings) -> AsyncIterator[Doors]:
    """Payroll that finishes nobody's half closed month."""
    url = settings.amqp_url.get_secret_value()
    app = build_app(settings.model_copy(update={"resume_after_seconds": 3600.0}), clock_at(DECEMBER))
    async with listening(url, "statement.#", "dismissal.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


async def looked_at(doors: Doors) -> dict[str, str]:
    """The hashes of the preview."""
    preview = await doors.office.store.previews.get(NOV)
    assert preview is not None
    return {line.manager_id: line.seal for line in preview.lines}


async def closed_as(doors: Doors) -> dict[str, str]:
    """The hashes the closed statements would have had in the preview."""
    found = await doors.office.store.closed_statements(NOV, None, 100)
    return {statement.manager_id: seal_of(opened(statement)) for statement in found}


async def test_a_handler_that_read_the_books_before_the_confirmation_pays_with_the_next_month(stalled: Doors) -> None:
    await stalled.told(manager("m1"), manager("m2"), manager("m3"), client_won(9000, NOV, by="m1"))
    await stalled.asked(NOV)
    begun = await closing.begin(stalled.office, NOV, "p1")
    # Another replica took these from the queue before, and has only now come to write them.
    fact = fact_of(client_lost(5000, NOV, fact_id="late"))
    writes: dict[str, Any] = {
        "m1": partial(record, manager_id="m1", fact=fact, policies=POLICIES, now=AT),
        "m2": partial(introduce, news=manager("m2", left="2026-10-31", revision=2), day=AT.date()),
    }
    for manager_id, decide in writes.items():
        await stalled.office.store.ledgers.step(manager_id, decide)
    month = await closing.finish(stalled.office, begun)
    assert (month.statements, month.total) == (3, roubles(219000))
    assert await closed_as(stalled) == await looked_at(stalled)
    december = {by: await stalled.shown(f"/v1/statements/{by}/{DEC}") for by in ("m1", "m2", "m3")}
    assert [line["fact"]["fact_id"] for line in december["m1"]["adjustments"]] == ["late"]
    assert [Decimal(each["total"]) for each in december.values()] == [70000, 0, 70000]
    assert [Decimal(each["carried"]) for each in december.values()] == [-5000, -70000, 0]


async def test_terms_that_another_start_set_are_looked_at_before_they_are_paid(
    stalled: Doors, settings: PayrollSettings
) -> None:
    await stalled.told(manager("m1"))
    await stalled.asked(NOV)
    dearer = build_app(settings.model_copy(update={"base_pay": Decimal("80000.00")}), clock_at(DECEMBER))
    async with serving(dearer) as http:
        restarted = Doors(http, stalled.heard, dearer, stalled.amqp_url)
        refused = await restarted.confirm(NOV)
        assert slug(refused) == "review-overtaken"
        assert "условия оплаты изменились" in refused.json()["detail"]
        assert (await restarted.closed(NOV))["total"] == "80000.00"


async def test_the_first_month_ever_closed_is_looked_at_with_what_came_before_it(stalled: Doors) -> None:
    await stalled.told(manager("m1"), manager("m2"), handed(OCT), client_won(1, OCT, source="advert"))
    await stalled.asked(NOV)
    await closing.close(stalled.office, NOV, "p1")
    assert await closed_as(stalled) == await looked_at(stalled)
    (line, _) = (await stalled.shown(f"/v1/statements/m1/{NOV}"))["adjustments"]
    assert (line["amount"], line["fact"]["kind"]) == ("0.00", "handed_over")


def test_where_nothing_gives_what_was_seen_the_ledger_is_settled_as_it_is() -> None:
    told = Told.of(client_won(1000, NOV), client_lost(1, NOV))
    ledger: Ledger = ledgers.close(told.ledger, NOV, NOV, POLICIES, AT, seen={"m1": "unknown"}).state
    settled = reckon(told.ledger, NOV, NOV, POLICIES)
    assert settled is not None
    assert [opened(each) for each in ledger.closed] == [settled]
