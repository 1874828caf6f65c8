"""Closed months are reckoned anew from their sealed facts: nothing differs, unless something was touched."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from typer.testing import CliRunner

from deploy.cli import app as command
from services.payroll import verifying
from services.payroll.domain.books import Books, MonthClose
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.policy import Policies
from services.payroll.domain.seal import seal_of, sealed
from services.payroll.domain.verifying import of_ledger, of_month
from services.payroll.metrics import DIFFERENCES, VERIFIED
from shared.money import ZERO
from tests.kit import PRIVATE_KEY, on_port, token
from tests.payroll.conftest import DIRECTOR, Doors
from tests.payroll.given import AT, POLICIES, Told, client_lost, client_won, manager, reversed_fact
from tests.payroll.test_any_order import POLICIES_OF, Fact, Story, play, stories

SEP, OCT, NOV = "2026-09", "2026-10", "2026-11"


def books_of(told: Told) -> Books:
    """The company's, in which the months of this one manager are closed."""
    months = [
        MonthClose(month=month, state="closed", by="p1", started_at=AT, closed_at=AT, policy=told.policies.of(month))
        for month in sorted({told.begin or SEP} | {statement.month for statement in told.ledger.closed})
    ]
    return Books(months=tuple(months))


def busy() -> Told:
    """Three closed months: won, lost, adjusted, carried, reversed, hired earlier than known."""
    told = Told.of(client_won(30000, SEP, fact_id="w"), client_won(9000, OCT, fact_id="wrong"), hired="2026-09-10")
    told.close(SEP)
    told.hear(client_lost(50000, SEP, fact_id="l"), client_won(10000, OCT), reversed_fact("wrong"))
    told.close(OCT)
    told.hear(client_won(500, "2026-08", fact_id="early"), manager(hired="2026-08-03", revision=2))
    told.close(NOV)
    return told


@given(stories(), POLICIES_OF)
def test_what_was_closed_by_any_story_differs_in_nothing(story: tuple[list[Fact], Story], policies: Policies) -> None:
    told, _ = play(story[1], policies)
    assert list(of_ledger(told.ledger, books_of(told))) == []


def test_months_with_every_kind_of_line_differ_in_nothing() -> None:
    told = busy()
    assert len(told.ledger.closed) == 3
    assert list(of_ledger(told.ledger, books_of(told))) == []


def test_days_of_work_told_of_since_are_no_difference() -> None:
    told = busy()
    told.hear(manager(hired="2026-10-05", left="2026-10-20", revision=3))
    assert list(of_ledger(told.ledger, books_of(told))) == []


def touched(ledger: Ledger, number: int, *, resealed: bool, **changes: Any) -> Ledger:
    """The ledger with one closed statement changed by hand; `resealed`, whoever did it wrote the hash anew too."""
    changed = replace(ledger.closed[number], **changes)
    if resealed:
        changed = replace(changed, seal=seal_of(changed))
    return replace(ledger, closed=(*ledger.closed[:number], changed, *ledger.closed[number + 1 :]))


@pytest.mark.parametrize("resealed", [False, True])
@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("total", Decimal("99999.00"), "к выплате"),
        ("carried", Decimal("-1.00"), "перенесено дальше"),
        ("growth", Decimal("5.00"), "прирост"),
        ("adjustments", (), "к выплате"),
        ("base", Decimal("80000.00"), "оклад"),
    ],
)
def test_a_sum_that_was_touched_is_found_though_the_hash_was_written_anew(
    name: str, value: object, what: str, *, resealed: bool
) -> None:
    told = busy()
    ledger = touched(told.ledger, 1, resealed=resealed, **{name: value})
    found = [one.what for one in of_ledger(ledger, books_of(told)) if one.month == OCT]
    assert what in found
    assert ("печать расчёта" in found) is not resealed


def test_a_line_of_an_adjustment_that_was_touched_is_found() -> None:
    told = busy()
    line = told.ledger.closed[1].adjustments[0]
    less = replace(line, pays=line.pays + 1)
    ledger = touched(told.ledger, 1, resealed=True, adjustments=(less, *told.ledger.closed[1].adjustments[1:]))
    assert "поправки" in [one.what for one in of_ledger(ledger, books_of(told)) if one.month == OCT]


def test_a_fact_that_was_touched_taken_away_or_counted_twice_is_found() -> None:
    told = busy()
    september = told.ledger.closed[0]
    (won,) = september.won
    dearer = replace(won, fee=Decimal("31000.00"))
    resealed = touched(told.ledger, 0, resealed=True, won=(dearer,), growth=dearer.fee, bonus=dearer.fee)
    found = {one.what: one for one in of_ledger(resealed, books_of(told))}
    assert (found["факт w"].kept[-8:], found["факт w"].computed[-8:]) == ("31000.00", "30000.00")
    gone = replace(told.ledger, facts=tuple(fact for fact in told.ledger.facts if fact.fact_id != "w"))
    assert [(one.what, one.computed) for one in of_ledger(gone, books_of(told))] == [("факт w", "нет")]
    twice = touched(told.ledger, 1, resealed=True, won=(*told.ledger.closed[1].won, won))
    assert ("факт w", "учтён и раньше") in {(one.what, one.computed) for one in of_ledger(twice, books_of(told))}


def test_a_policy_the_month_was_not_closed_by_and_a_month_nobody_closed_are_found() -> None:
    told = busy()
    generous = replace(POLICIES.usual, bonus_percent=Decimal(200), version=7)
    ledger = touched(told.ledger, 0, resealed=True, policy=generous, bonus=Decimal("60000.00"), total=Decimal(130000))
    assert ("условия за 2026-09", "7", "0") in {
        (one.what, one.kept, one.computed) for one in of_ledger(ledger, books_of(told))
    }
    without = replace(books_of(told), months=books_of(told).months[:2])
    assert [(one.month, one.what) for one in of_ledger(told.ledger, without)] == [(NOV, "месяц")]


def test_a_month_is_what_its_statements_come_to_together() -> None:
    lines = [("m1", Decimal("70000.00"), "s1"), ("m2", Decimal("80000.00"), "s2")]
    seal = sealed(("m1", "s1"), ("m2", "s2"))
    closed = MonthClose(
        month=OCT, state="closed", by="p1", started_at=AT, closed_at=AT, statements=2, total=Decimal(150000), seal=seal
    )
    assert list(of_month(closed, lines)) == []
    assert [one.what for one in of_month(closed, lines[:1])] == ["расчётов", "сумма расчётов", "печать месяца"]
    assert [one.what for one in of_month(closed, [lines[0], ("m2", lines[1][1], "s3")])] == ["печать месяца"]
    assert list(of_month(replace(closed, seal=None), lines)) == []


async def test_the_command_and_the_night_find_what_was_touched_and_only_that(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", PRIVATE_KEY)
    await doors.told(*(manager(f"m{number}") for number in range(5)), client_won(30000, OCT, fact_id="a"))
    await doors.closed(OCT)
    await doors.told(client_lost(50000, OCT, fact_id="late"))
    await doors.closed(NOV)
    kept = doors.office.store
    async with on_port(doors.app, started=True) as url:
        sound = await asyncio.to_thread(CliRunner().invoke, command, ["pay", "verify", "--url", url])
        assert sound.exit_code == 0, sound.output
        assert "Проверено расчётов: 10. Всё такое" in sound.output
        await kept.ledgers.collection.update_one({"_id": "m3"}, {"$set": {"closed.0.total": Decimal("71000.00")}})
        found = await asyncio.to_thread(CliRunner().invoke, command, ["pay", "verify", "--url", url])
    assert found.exit_code == 1
    assert "2026-10 m3: к выплате: записано 71000.00; выходит 70000.00" in found.output
    assert "2026-10 месяц в целом: сумма расчётов: записано 380000.00; выходит 381000.00" in found.output
    pages = [await verifying.page(doors.office, after, 2) for after in (None, "m1", "m3")]
    assert [(page.checked, len(page.differences), page.next) for page in pages] == [
        (4, 1, "m1"),
        (4, 2, "m3"),
        (2, 0, None),
    ]
    doors.office.clock.offset += timedelta(days=1)  # type: ignore[attr-defined]  # a movable one
    await verifying.nightly(doors.office).tick()
    night = await doors.shown("/v1/statements/verification", DIRECTOR)
    assert (night["day"], night["checked"], night["different"]) == ("2026-12-06", 10, 3)
    assert DIFFERENCES._value.get() == 3
    assert VERIFIED._value.get() > 0


async def test_a_ledger_that_cannot_be_read_is_told_and_the_others_are_verified(doors: Doors) -> None:
    await doors.told(*(manager(f"m{number}") for number in range(4)))
    await doors.closed(OCT)
    await doors.office.store.ledgers.collection.update_one({"_id": "m1"}, {"$set": {"closed.0.total": "много"}})
    await doors.office.store.ledgers.collection.update_one({"_id": "m0"}, {"$unset": {"closed.0.total": 1}})
    await doors.office.store.ledgers.collection.update_one({"_id": "m3"}, {"$set": {"closed.0.base": Decimal(1)}})
    first = await doors.shown("/v1/statements/verify?limit=2")
    second = await doors.shown(f"/v1/statements/verify?limit=2&after={first['next']}")
    documents = [each["manager_id"] for each in first["differences"] if each["what"] == "документ"]
    assert documents == ["m0", "m1"]
    assert ("m3", "оклад") in {(each["manager_id"], each["what"]) for each in second["differences"]}


async def test_only_payroll_and_a_director_verify(doors: Doors) -> None:
    for path in ("/v1/statements/verify", "/v1/statements/verification"):
        assert (await doors.get(path, token("manager", subject="m1"))).status_code == 403
    for wrong in ("limit=0", "limit=201", "limit=x", "after="):
        assert (await doors.get(f"/v1/statements/verify?{wrong}")).status_code == 422
    assert (await doors.shown("/v1/statements/verify"))["checked"] == ZERO
