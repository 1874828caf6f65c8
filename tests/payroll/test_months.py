"""The life of a month at the doors: looked through, asked for, confirmed by another, exported once."""

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import openpyxl

from services.payroll.main import build_app
from services.payroll.settings import PayrollSettings
from shared.contracts.accounts import ManagerRegistered
from shared.contracts.base import Event
from shared.messaging.outbound import NotPublished
from tests.kit import eventually, publish, serving, token
from tests.payroll.conftest import ASKER, DECEMBER, DIRECTOR, OFFICER, Doors, clock_at, slug
from tests.payroll.given import client_lost, client_won, handed, manager, reversed_fact

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"
MARIA = token("manager", subject="m1")


def employee(manager_id: str, number: str | None = "0001", snils: str | None = "112-233-445 95") -> ManagerRegistered:
    """A manager the payroll of 1С knows."""
    return manager(manager_id).model_copy(update={"personnel_number": number, "snils": snils})


async def test_a_preview_shows_what_changed_since_the_one_before(doors: Doors) -> None:
    await doors.told(manager("m1"), manager("m2"), client_won(20000, NOV, by="m1"))
    first = await doors.made(f"/v1/months/{NOV}/review", ASKER)
    assert (first["number"], first["statements"], first["total"], first["changes"]) == (1, 2, "160000.00", [])
    await doors.told(client_won(5000, NOV, by="m2"), client_won(1, NOV, by="m1", source="advert"))
    second = await doors.made(f"/v1/months/{NOV}/review", OFFICER)
    assert [(each["manager_id"], each["before"], each["after"]) for each in second["changes"]] == [
        ("m1", "90000.00", "90000.00"),
        ("m2", "70000.00", "75000.00"),
    ]
    assert (await doors.shown(f"/v1/months/{NOV}/review")) == second
    lines = await doors.shown(f"/v1/months/{NOV}/review/lines?limit=1")
    assert ([line["total"] for line in lines["items"]], lines["next"] is None) == (["90000.00"], False)
    assert (await doors.get(f"/v1/months/{OCT}/review")).status_code == 404
    closed = await doors.closed(NOV)
    assert (closed["total"], closed["requested_by"], closed["by"]) == ("165000.00", "p2", "p1")


async def test_one_asks_and_another_confirms(doors: Doors) -> None:
    await doors.told(manager())
    assert slug(await doors.post(f"/v1/months/{NOV}/request")) == "review-first"
    await doors.asked(NOV)
    assert (await doors.shown(f"/v1/months/{NOV}"))["state"] == "requested"
    refused = await doors.confirm(NOV, ASKER)
    assert (refused.status_code, slug(refused)) == (403, "confirmed-by-the-same")
    assert (await doors.made(f"/v1/months/{NOV}/withdraw"))["state"] == "in_review"
    assert slug(await doors.confirm(NOV)) == "close-not-requested"
    for door in ("review", "request", "withdraw", "close", "exports"):
        assert (await doors.post(f"/v1/months/{NOV}/{door}", MARIA)).status_code == 403
    await doors.closed(NOV)
    month = await doors.shown(f"/v1/months/{NOV}")
    assert (month["state"], month["done"], month["every"]) == ("closed", 1, 1)


async def test_a_close_waits_until_accounts_has_told_everything(doors: Doors) -> None:
    await doors.told(manager())
    await doors.made(f"/v1/months/{NOV}/review", ASKER)
    behind = [None, datetime(2026, 11, 30, 16, 59, tzinfo=UTC), datetime(2026, 12, 5, 2, 50, tzinfo=UTC)]
    for until in behind:
        if until is not None:
            await doors.complete(until)
        refused = await doors.post(f"/v1/months/{NOV}/request", ASKER)
        assert (refused.status_code, slug(refused), refused.headers["Retry-After"]) == (409, "events-pending", "5")
        assert "учёт клиентов" in refused.json()["detail"]
    await doors.complete(DECEMBER + timedelta(hours=1))
    assert (await doors.post(f"/v1/months/{NOV}/request", ASKER)).status_code == 200


async def test_a_close_waits_while_a_message_is_parked(doors: Doors) -> None:
    await doors.told(manager())
    await doors.made(f"/v1/months/{NOV}/review", ASKER)
    await doors.complete()
    await publish(doors.amqp_url, reversed_fact("w", by_id="w"))
    await eventually(doors.office.unprocessed)
    refused = await doors.post(f"/v1/months/{NOV}/request", ASKER)
    assert (slug(refused), refused.json()["pending"]) == (
        "events-pending",
        ["сообщений ещё не обработано: 1 (отложенные навсегда — svoy parked list)"],
    )


async def test_after_a_new_policy_the_month_is_looked_through_anew_and_that_preview_is_shown(doors: Doors) -> None:
    await doors.told(manager())
    await doors.complete()
    for number in (1, 2):
        assert (await doors.made(f"/v1/months/{NOV}/review", ASKER))["number"] == number
    richer = {"effective": NOV, "base": "80000.00", "reason": "приказ 17"}
    await doors.made("/v1/policies", DIRECTOR, richer)
    assert slug(await doors.post(f"/v1/months/{NOV}/request", ASKER)) == "review-first"
    again = await doors.made(f"/v1/months/{NOV}/review", ASKER)
    assert (again["number"], again["total"], again["changes"][0]["after"]) == (3, "80000.00", "80000.00")
    assert (await doors.shown(f"/v1/months/{NOV}/review")) == again


async def test_a_review_that_takes_longer_than_an_answer_shows_how_far_it_is(settings: PayrollSettings) -> None:
    slow = settings.model_copy(update={"close_answers_within_seconds": 0.001, "resume_after_seconds": 3600.0})
    app = build_app(slow, clock_at(DECEMBER))
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        await doors.told(*[manager(f"m{number:03}") for number in range(70)])
        await doors.complete()
        async with doors.office.looking:
            begun = await doors.post(f"/v1/months/{NOV}/review", ASKER)
            shown = begun.json()
            assert (begun.status_code, shown["state"], shown["done"], shown["every"]) == (202, "looking", 0, 70)
            assert slug(await doors.post(f"/v1/months/{NOV}/request", ASKER)) == "review-not-finished"
            assert (await doors.get(f"/v1/months/{NOV}/review")).status_code == 404
            joined = await doors.post(f"/v1/months/{NOV}/review", OFFICER)
            assert (joined.status_code, (await doors.office.store.company_books()).looks) == (202, 1)

        async def seen() -> bool:
            return bool((await doors.shown(f"/v1/months/{NOV}"))["state"] == "in_review")

        doors.office.left_over.set()
        await eventually(seen)
        assert (await doors.shown(f"/v1/months/{NOV}/review"))["statements"] == 70


async def test_a_policy_set_while_a_month_is_looked_through_makes_the_look_void(doors: Doors) -> None:
    await doors.told(manager())
    async with doors.office.looking:
        review = asyncio.create_task(doors.post(f"/v1/months/{NOV}/review", ASKER))
        await eventually(lambda: doors.office.store.books.count({"looks": 1}))
        await doors.made("/v1/policies", DIRECTOR, {"effective": NOV, "base": "80000.00", "reason": "приказ"})
    answer = await review
    assert (answer.status_code, slug(answer)) == (409, "review-overtaken")
    assert (await doors.shown(f"/v1/months/{NOV}"))["state"] == "open"
    assert (await doors.made(f"/v1/months/{NOV}/review", ASKER))["total"] == "80000.00"


async def test_while_the_broker_cannot_say_what_waits_nothing_is_closed(doors: Doors) -> None:
    async def cannot_say() -> int:
        raise NotPublished("no broker")

    await doors.told(manager())
    await doors.asked(NOV)
    office = replace(doors.office, unprocessed=cannot_say)
    doors.app.state.deps, usual = office, doors.office
    refused = await doors.confirm(NOV)
    doors.app.state.deps = usual
    assert (refused.status_code, slug(refused)) == (409, "events-pending")
    assert "брокер сообщений не отвечает" in refused.json()["detail"]
    assert (await doors.confirm(NOV)).status_code == 200


async def test_a_reversal_without_its_fact_waits_and_holds_the_close(doors: Doors) -> None:
    await doors.told(manager(), client_won(30000, NOV, fact_id="good"))
    await publish(doors.amqp_url, reversed_fact("later"))
    await eventually(doors.office.store.waiting_reversals)
    assert slug(await doors.ask(NOV)) == "facts-waiting"
    await doors.told(client_won(9000, NOV, fact_id="later"))
    await doors.closed(NOV)
    statement = await doors.shown(f"/v1/statements/m1/{NOV}")
    assert (statement["total"], [each["reverses_fact_id"] for each in statement["reversed"]]) == (
        "100000.00",
        ["later"],
    )


async def test_a_closed_month_is_exported_once_and_once_more_only_marked(
    settings: PayrollSettings,
) -> None:
    app = build_app(
        settings.model_copy(update={"organisation_inn": "2463000000", "organisation_kpp": "246301001"}),
        clock_at(DECEMBER),
    )
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        await doors.told(employee("m1"), employee("m2", number=None), client_won(20000, NOV, by="m1"))
        assert slug(await doors.post(f"/v1/months/{NOV}/exports")) == "month-not-closed"
        await doors.closed(NOV)
        lacking = await doors.post(f"/v1/months/{NOV}/exports")
        assert (slug(lacking), lacking.json()["missing"]) == (
            "employees-incomplete",
            {"Менеджер m2 (m2)": ["табельный номер"]},
        )
        await doors.told(employee("m2", number="0002").model_copy(update={"revision": 2}))

        await eventually(partial(_numbered, doors, "m2", "0002"))
        once, more = OFFICER | {"Idempotency-Key": "1"}, OFFICER | {"Idempotency-Key": "2"}
        first = await doors.made(f"/v1/months/{NOV}/exports", once)
        assert (first["number"], first["again"]) == (1, False)
        repeated = await doors.post(f"/v1/months/{NOV}/exports", once)
        assert (repeated.status_code, repeated.json()) == (200, first)
        assert slug(await doors.post(f"/v1/months/{NOV}/exports")) == "exported-already"
        again = await doors.made(f"/v1/months/{NOV}/exports", more, {"reason": "файл потеряли"})
        assert (await doors.post(f"/v1/months/{NOV}/exports", more, {"reason": "файл потеряли"})).json() == again
        otherwise = await doors.post(f"/v1/months/{NOV}/exports", more, {"reason": "другое"})
        assert slug(otherwise) == "idempotency-key-reused"
        assert (again["number"], again["again"], again["reason"]) == (2, True, "файл потеряли")
        one, two = [(await doors.get(f"/v1/months/{NOV}/exports/{number}.json")).json() for number in (1, 2)]
        assert (one["control_total"], two["control_total"], two["again"]) == ("160000.00", "160000.00", True)
        assert [each["guid"] for each in one["documents"]] == [each["guid"] for each in two["documents"]]
        bonus = one["documents"][0]["accruals"][1]
        assert (bonus["code"], bonus["amount"]) == ("00002", "20000.00")
        kinds = ("json", "xlsx")
        before = [(await doors.get(f"/v1/months/{NOV}/exports/1.{kind}")).content for kind in kinds]
        await publish(doors.amqp_url, employee("m1", number="9999").model_copy(update={"revision": 2}))
        await eventually(partial(_numbered, doors, "m1", "9999"))
        files = [await doors.get(f"/v1/months/{NOV}/exports/1.{kind}") for kind in ("xlsx", "json")]
        assert [file.content for file in reversed(files)] == before
        rows = _rows(files[0].content)
        assert [row[1] for row in rows[2:-1]] == ["0001", "0001", "0002"]
        assert (rows[-1][0], rows[-1][9]) == ("Контрольный итог", 160000)
        assert (await doors.get(f"/v1/months/{NOV}/exports/3.json")).status_code == 404
        assert (await doors.get(f"/v1/months/{NOV}/exports/1.exe")).status_code == 422
        assert (await doors.shown(f"/v1/months/{NOV}"))["state"] == "exported"


async def test_the_register_adds_up_to_what_the_books_say(doors: Doors) -> None:
    await doors.told(manager("m1"), manager("m2"), client_won("20000.50", NOV, by="m2"))
    assert slug(await doors.get(f"/v1/months/{NOV}/register")) == "month-not-closed"
    await doors.closed(NOV)
    register = await doors.shown(f"/v1/months/{NOV}/register")
    assert (register["total"], register["control_total"], register["statements"]) == ("160000.50", "160000.50", 2)
    rows = _rows((await doors.get(f"/v1/months/{NOV}/register.xlsx")).content)
    assert rows[1][8:10] == ("Прощается", "К выплате")
    assert [row[9] for row in rows[2:6]] == [70000, 90000.5, 160000.5, 160000.5]


async def test_what_a_month_forgives_stands_in_its_register(doors: Doors) -> None:
    forgiving = {"effective": NOV, "base": "70000.00", "carries": False, "reason": "приказ 18"}
    await doors.told(manager(), client_won(30000, OCT))
    await doors.closed(OCT)
    await doors.made("/v1/policies", DIRECTOR, forgiving)
    await doors.told(client_lost(50000, OCT))
    await doors.closed(NOV)
    (line,) = (await doors.shown(f"/v1/months/{NOV}/register"))["lines"]
    assert (line["adjusted"], line["forgiven"], line["total"]) == ("-30000.00", "-30000.00", "70000.00")
    rows = _rows((await doors.get(f"/v1/months/{NOV}/register.xlsx")).content)
    assert rows[2][3:10] == (70000, 0, -30000, 0, 0, -30000, 70000)
    assert sum(rows[2][3:7]) - rows[2][7] - rows[2][8] == rows[2][9]


async def test_two_closes_of_the_same_facts_have_the_same_hashes(doors: Doors, settings: PayrollSettings) -> None:
    await doors.told(*[manager(f"m{number}") for number in range(9)], client_won(1000, NOV, by="m3"))
    before = (await doors.made(f"/v1/months/{NOV}/review", ASKER))["seal"]
    assert (await doors.made(f"/v1/months/{NOV}/review", OFFICER))["seal"] == before
    closed = await doors.closed(NOV)
    seals = [(await doors.shown(f"/v1/statements/m{number}/{NOV}"))["seal"] for number in range(9)]
    assert len(set(seals)) == 9
    async with serving(build_app(settings, clock_at(DECEMBER))) as other:
        again = await other.get(f"/v1/months/{NOV}", headers=OFFICER)
        assert again.json()["seal"] == closed["seal"]


async def test_a_close_that_takes_longer_than_an_answer_goes_on_by_itself(settings: PayrollSettings) -> None:
    app = build_app(
        settings.model_copy(update={"close_answers_within_seconds": 0.001, "resume_after_seconds": 3600.0}),
        clock_at(DECEMBER),
    )
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        await doors.told(*[manager(f"m{number:03}") for number in range(60)])
        await doors.asked(NOV)
        answer = await doors.confirm(NOV)
        assert (answer.status_code, answer.json()["state"]) == (200, "closing")

        async def closed() -> bool:
            month = await doors.shown(f"/v1/months/{NOV}")
            return bool(month["state"] == "closed" and month["done"] == month["every"] == 60)

        await eventually(closed)


async def _numbered(doors: Doors, manager_id: str, number: str) -> bool:
    known = await doors.office.store.ledgers.get(manager_id)
    return known is not None and known.manager is not None and known.manager.personnel_number == number


def _rows(content: bytes) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


async def test_the_first_month_due_is_that_of_the_first_word_or_of_the_first_fact(doors: Doors) -> None:
    office = doors.office

    async def due(*told: Event) -> str | None:
        await doors.told(*told)
        shown = (await doors.shown("/v1/months"))["items"]
        assert [each["month"] for each in shown] == [each for each in (await office.store.first_due(),) if each]
        return await office.store.first_due()

    assert await due() is None
    assert await due(client_won(1000, OCT, by="unknown")) is None
    assert await due(manager("gone", hired="2019-03-01", left="2020-01-01")) is None
    assert await due(manager("later", hired="2026-12-01")) == DEC
    assert await due(manager(hired="2019-03-01")) == NOV
    nothing = (client_won(1000, OCT, source="advert"), client_won(0, OCT), handed(OCT, of="m1", to="later"))
    assert await due(*nothing, client_won(1000, OCT, by="later")) == NOV
    assert await due(client_lost(1000, OCT)) == OCT
    assert await due(client_won(1000, "2026-09", fact_id="undone"), reversed_fact("undone")) == "2026-09"
    store = office.store
    assert [await store.employed(month) for month in ("2019-02", "2019-03", DEC)] == [False, True, True]
