"""Facts come in through the broker, pay goes out through HTTP and the broker: on real servers."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.payroll.main import build_app
from services.payroll.settings import PayrollSettings
from shared.contracts.payroll import DismissalProposed, StatementClosed
from tests.kit import publish, serving, token
from tests.payroll.conftest import DECEMBER, DIRECTOR, OFFICER, Doors, clock_at
from tests.payroll.given import AT, client_lost, client_won, handed, manager, roubles

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"
SEED = (
    client_lost(20000, NOV, fact_id="l1", day=12),
    client_won(20000, NOV, fact_id="w1", day=15),
    client_won(30000, NOV, fact_id="w2", day=18),
    client_won(50000, NOV, fact_id="w3", day=21),
)
MARIA = token("manager", subject="m1")


async def test_the_seeds_month_from_the_first_message_to_the_closed_statement(doors: Doors) -> None:
    await doors.told(*reversed(SEED), *SEED, manager(), manager())
    so_far = await doors.shown(f"/v1/statements/m1/{NOV}", MARIA)
    assert (so_far["total"], so_far["status"], so_far["closed_at"]) == ("150000.00", "open", None)
    month = await doors.closed(NOV)
    assert (month["state"], month["statements"], month["total"], month["by"]) == ("closed", 1, "150000.00", "p1")
    statement = await doors.shown(f"/v1/statements/m1/{NOV}", MARIA)
    assert statement | {"status": "open", "closed_at": None, "seal": None} == so_far
    assert (statement["status"], statement["closed_at"]) == ("closed", month["started_at"])
    assert statement["formula"].replace("\u00a0", " ") == "70 000 − 20 000 + 20 000 + 30 000 + 50 000 = 150 000"
    told = (await doors.heard.one("statement.closed")).as_(StatementClosed)
    assert (told.statement_id, told.total, told.growth) == ("m1:2026-11", roubles(150000), roubles(80000))
    assert doors.heard.types() == ["statement.closed"]


async def test_every_line_of_a_statement_names_its_fact_and_what_is_behind_it(doors: Doors) -> None:
    await doors.told(manager(), *SEED, client_won(40000, NOV, fact_id="ad", source="advert"))
    statement = await doors.shown(f"/v1/statements/m1/{NOV}", MARIA)
    (line,) = statement["lost"]
    assert line == {
        "fact_id": "l1",
        "kind": "lost",
        "month": NOV,
        "effective": "2026-11-12",
        "at": "2026-11-23T05:00:00Z",
        "client_id": "c-l1",
        "client_name": "Школа l1",
        "fee": "20000.00",
        "amount": "-20000.00",
        "source": None,
        "reason": "заявку решил конкурент",
        "request_id": "r-l1",
        "vouched_by_client_id": None,
        "from_manager_id": None,
        "to_manager_id": None,
        "proposed_by": "m1",
        "confirmed_by": "d1",
        "reverses_fact_id": None,
    }
    won = [(line["fact_id"], line["amount"], line["vouched_by_client_id"]) for line in statement["won"]]
    assert won == [("w1", "20000.00", "fan"), ("w2", "30000.00", "fan"), ("w3", "50000.00", "fan")]
    assert [(line["fact_id"], line["amount"]) for line in statement["without_pay"]] == [("ad", "0.00")]


async def test_a_fact_for_a_closed_month_becomes_an_adjustment_and_a_dismissal_is_proposed_then(doors: Doors) -> None:
    await doors.told(manager(), client_won(30000, NOV, fact_id="w"))
    await doors.closed(NOV)
    closed = await doors.shown(f"/v1/statements/m1/{NOV}")
    await doors.told(client_lost(50000, NOV, fact_id="l"), client_won(10000, DEC, fact_id="w2"))
    proposed = (await doors.heard.one("dismissal.proposed")).as_(DismissalProposed)
    assert (proposed.manager_id, proposed.month, proposed.growth) == ("m1", NOV, roubles(-20000))
    assert proposed.fact_ids == ("w", "l")
    assert await doors.shown(f"/v1/statements/m1/{NOV}") == closed
    december = await doors.shown(f"/v1/statements/m1/{DEC}")
    (line,) = december["adjustments"]
    assert (line["month"], line["fact"]["fact_id"], line["amount"]) == (NOV, "l", "-30000.00")
    assert (december["total"], december["carried"], december["dismissal_proposed"]) == ("70000.00", "-20000.00", False)


async def test_a_month_of_losses_is_paid_and_a_dismissal_proposed_with_the_evidence(doors: Doors) -> None:
    await doors.told(manager(), client_lost(6900, NOV, fact_id="l"), client_won(50000, NOV, source="tender"))
    await doors.closed(NOV)
    await doors.heard.several(2)
    assert sorted(doors.heard.types()) == ["dismissal.proposed", "statement.closed"]
    (proposed,) = doors.heard.of("dismissal.proposed")
    assert (proposed.body["month"], proposed.body["fact_ids"]) == (NOV, ["l"])


async def test_months_are_closed_once_in_order_and_only_after_their_end(doors: Doors) -> None:
    await doors.told(manager(), client_won(1000, OCT))
    answers = [await doors.close(month) for month in (DEC, NOV, OCT, OCT, NOV, "2026-09")]
    assert [answer.status_code for answer in answers] == [409, 409, 200, 409, 200, 409]
    slugs = [answer.json().get("type", "").rpartition("/")[2] for answer in answers]
    assert slugs == ["month-not-ended", "month-out-of-order", "", "month-already-closed", "", "before-the-books"]
    assert answers[1].json()["close_first"] == OCT
    assert answers[3].json()["closed_at"] == answers[2].json()["closed_at"].replace("Z", "+00:00")
    months = (await doors.shown("/v1/months"))["items"]
    assert [(month["month"], month["state"]) for month in months] == [(DEC, "open"), (NOV, "closed"), (OCT, "closed")]
    assert len((await doors.shown("/v1/facts"))["items"]) == 1


async def test_a_month_can_be_closed_as_soon_as_the_services_clock_says_so(doors: Doors) -> None:
    await doors.told(manager(hired="2026-12-01"))
    assert (await doors.close(DEC)).status_code == 409
    seconds = (doors.office.clock.offset + timedelta(days=27)).total_seconds()  # type: ignore[attr-defined]
    moved = await doors.http.put("/v1/clock", json={"offset_seconds": seconds}, headers=DIRECTOR)
    assert moved.status_code == 200
    assert (await doors.close(DEC, DIRECTOR)).status_code == 200


async def test_a_close_waits_for_the_word_of_a_manager_whose_facts_are_known(doors: Doors) -> None:
    await doors.told(manager("m1"), client_lost(5000, NOV, fact_id="orphan", by="m2"), handed(NOV, to="m3"))
    refused = await doors.close(NOV)
    assert (refused.status_code, refused.json()["facts"]) == (409, {"m2": ["orphan"]})
    assert [month["state"] for month in (await doors.shown("/v1/months"))["items"]] == ["in_review"]
    waiting = (await doors.shown("/v1/facts?manager_id=m2"))["items"]
    assert [(fact["fact_id"], fact["manager_known"]) for fact in waiting] == [("orphan", False)]
    assert (await doors.get(f"/v1/statements/m2/{NOV}")).status_code == 404
    await doors.told(manager("m2"))
    assert (await doors.closed(NOV))["statements"] == 2


async def test_what_is_closed_is_still_there_after_a_restart(doors: Doors, settings: PayrollSettings) -> None:
    await doors.told(manager(), *SEED)
    await doors.closed(NOV)
    closed = await doors.shown(f"/v1/statements/m1/{NOV}")
    async with serving(build_app(settings, clock_at(DECEMBER))) as again:
        answer = await again.get(f"/v1/statements/m1/{NOV}", headers=OFFICER)
        assert answer.json() == closed


async def test_what_happens_is_counted(doors: Doors) -> None:
    names = ["facts", "months_closed", "statements_closed", "adjustments"]
    labels = {"facts": {"kind": "won"}}

    def counted() -> list[float]:
        found = [REGISTRY.get_sample_value(f"svoy_payroll_{name}_total", labels.get(name, {})) or 0 for name in names]
        return [*found, REGISTRY.get_sample_value("svoy_payroll_month_close_seconds_count") or 0]

    before = counted()
    await doors.told(manager(), *SEED, *SEED)
    await doors.closed(OCT)
    await doors.told(client_won(1000, OCT, fact_id="late"))
    await doors.closed(NOV)
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [4, 2, 2, 1, 2]
    shown = (await doors.get("/metrics")).text
    assert all(f'svoy_payroll_facts_total{{kind="{kind}"}}' in shown for kind in ("won", "lost", "handed_over"))


@pytest.mark.parametrize("hidden", [AT, DECEMBER], ids=["registered in November", "registered in December"])
async def test_nobody_is_paid_here_for_the_years_before_they_were_registered(doors: Doors, hidden: object) -> None:
    await publish(doors.amqp_url, manager(hired="2019-01-01", at=hidden))  # type: ignore[arg-type]
    await doors.taken_in(manager())
    (only,) = (await doors.shown("/v1/months"))["items"]
    assert (only["month"], only["state"]) == (NOV if hidden is AT else DEC, "open")
