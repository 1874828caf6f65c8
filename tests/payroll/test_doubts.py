"""What a person has to look at before a month is closed: facts in doubt, and what nobody has seen yet."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from services.payroll import office as payroll_office
from tests.kit import eventually, publish
from tests.payroll.conftest import ASKER, DECEMBER, Doors, accepting, slug
from tests.payroll.given import client, client_lost, client_won, manager, reversed_fact

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"


async def test_facts_in_doubt_are_shown_and_need_a_reason(doors: Doors) -> None:
    await doors.told(
        manager(),
        client("known", since="2026-01-01"),
        client_lost(6900, NOV, fact_id="ghost"),
        client_lost(6900, NOV, fact_id="known"),
        client_won(9000, OCT, fact_id="w1").model_copy(update={"client_id": "twice"}),
        client_won(9000, NOV, fact_id="w2", by="m2").model_copy(update={"client_id": "twice"}),
        manager("m2"),
        client_won(1, OCT, fact_id="o1").model_copy(update={"client_id": "accepted before"}),
        client_won(1, OCT, fact_id="o2", by="m2").model_copy(update={"client_id": "accepted before"}),
    )
    assert list((await doors.made(f"/v1/months/{OCT}/review", ASKER))["doubts"]) == ["o2"]
    await doors.closed(OCT)
    preview = await doors.made(f"/v1/months/{NOV}/review", ASKER)
    assert {fact_id: why.split(":")[0] for fact_id, why in preview["doubts"].items()} == {
        "ghost": "потерян тот, кто клиентом не был",
        "w2": "клиент пришёл второй раз, не уходив",
    }
    refused = await doors.post(f"/v1/months/{NOV}/request", ASKER)
    assert (refused.status_code, slug(refused), sorted(refused.json()["doubts"])) == (
        409,
        "facts-in-doubt",
        ["ghost", "w2"],
    )
    empty = await doors.post(f"/v1/months/{NOV}/request", ASKER, {"doubts_accepted": "  "})
    assert empty.status_code == 422
    for hostile in ("w2", ["x" * 201], [7], [None], ["w2"] * 501):
        refused = await doors.post(f"/v1/months/{NOV}/request", ASKER, {"doubts_accepted": "да", "doubts": hostile})
        assert refused.status_code == 422
    assert _doubts(await doors.post(f"/v1/months/{NOV}/request", ASKER, accepting("проверили", "w2"))) == ["ghost"]
    assert _doubts(await doors.post(f"/v1/months/{NOV}/request", ASKER, accepting("проверили"))) == ["ghost", "w2"]
    await doors.made(f"/v1/months/{NOV}/request", ASKER, accepting("обоих проверили", "ghost", "w2"))
    await doors.confirm(NOV)
    assert (await doors.shown(f"/v1/months/{NOV}"))["doubts_accepted"] == "обоих проверили"


async def test_what_comes_in_doubt_after_the_preview_or_the_request_has_to_be_answered_for(doors: Doors) -> None:
    won = client_won(9000, NOV, fact_id="w1", day=2)
    await doors.told(manager(), manager("m2"), manager("m3"), won)
    await doors.complete()
    assert (await doors.made(f"/v1/months/{NOV}/review", ASKER))["doubts"] == {}
    twice, thrice = (
        client_won(9000, NOV, fact_id=fact_id, day=day, by=by).model_copy(update={"client_id": won.client_id})
        for fact_id, day, by in (("w2", 3, "m2"), ("w3", 4, "m3"))
    )
    await doors.told(twice)
    assert _doubts(await doors.post(f"/v1/months/{NOV}/request", ASKER)) == ["w2"]
    answered = accepting("вернулся через день", "w2")
    overtaken = await doors.post(f"/v1/months/{NOV}/request", ASKER, answered)
    assert (slug(overtaken), overtaken.json()["managers"]) == ("review-overtaken", ["m2"])
    await doors.made(f"/v1/months/{NOV}/review", ASKER)
    await doors.made(f"/v1/months/{NOV}/request", ASKER, answered)
    await doors.told(thrice)
    assert _doubts(await doors.confirm(NOV)) == ["w3"]
    await doors.made(f"/v1/months/{NOV}/withdraw", ASKER)
    assert _doubts(await doors.post(f"/v1/months/{NOV}/request", ASKER)) == ["w2", "w3"]
    assert _doubts(await doors.post(f"/v1/months/{NOV}/request", ASKER, answered)) == ["w3"]
    await doors.made(f"/v1/months/{NOV}/review", ASKER)
    await doors.made(f"/v1/months/{NOV}/request", ASKER, accepting("вернулся через день", "w2", "w3"))
    assert (await doors.confirm(NOV)).json()["doubts_accepted"] == "вернулся через день"


async def test_a_fact_that_fits_and_comes_after_the_preview_is_not_paid_unseen(doors: Doors) -> None:
    await doors.told(manager("m1"), manager("m2"))
    await doors.complete()
    await doors.made(f"/v1/months/{NOV}/review", ASKER)
    await doors.told(client_won(9000, NOV, by="m2"), client_won(1, DEC, by="m1"))
    await _overtaken(doors, await doors.post(f"/v1/months/{NOV}/request", ASKER), "m2")
    await doors.asked(NOV)
    await doors.told(client_won(5000, NOV, by="m1"), client_won(5000, DEC, by="m2"))
    await _overtaken(doors, await doors.confirm(NOV), "m1")
    await doors.asked(NOV)
    await doors.told(client_won(5000, DEC, by="m2"))
    assert (await doors.confirm(NOV)).json()["total"] == "154000.00"


async def _overtaken(doors: Doors, refused: Any, manager_id: str) -> None:
    assert (refused.status_code, slug(refused), refused.json()["managers"]) == (409, "review-overtaken", [manager_id])
    assert "осмотрите месяц ещё раз" in refused.json()["detail"]
    assert (await doors.shown(f"/v1/months/{NOV}"))["closed_at"] is None


async def test_what_is_in_doubt_at_the_request_is_what_another_look_would_find(doors: Doors) -> None:
    managers = [f"m{number}" for number in range(4)]
    facts = [
        (client_won if number % 3 else client_lost)(
            100 + number,
            (OCT, NOV)[number % 2],
            fact_id=f"f{number:02}",
            day=1 + 5 * number % 28,
            by=managers[number % 4],
        ).model_copy(update={"client_id": f"c{number % 5}"})
        for number in range(40)
    ]
    await doors.told(*map(manager, managers), *facts[::2])
    await doors.closed(OCT)
    await doors.told(*facts[1:20:2])
    await doors.complete()
    first = (await doors.made(f"/v1/months/{NOV}/review", ASKER))["doubts"]
    await doors.told(*facts[21::2], reversed_fact("f01", of="m1"), reversed_fact("f02", of="m2"))
    at_the_request = _doubts(await doors.post(f"/v1/months/{NOV}/request", ASKER))
    again = (await doors.made(f"/v1/months/{NOV}/review", ASKER))["doubts"]
    assert sorted(again) == at_the_request
    assert first
    assert set(first) != set(again)


async def test_what_was_in_doubt_and_has_been_cleared_up_holds_nothing(doors: Doors) -> None:
    await doors.told(manager(), client_lost(6900, NOV, fact_id="ours"), client_lost(6900, NOV, fact_id="wrong"))
    await doors.complete()
    assert sorted((await doors.made(f"/v1/months/{NOV}/review", ASKER))["doubts"]) == ["ours", "wrong"]
    await doors.told(reversed_fact("wrong"))
    await publish(doors.amqp_url, client("ours"))
    await eventually(lambda: doors.office.store.clients_named(["c-ours"]))
    assert slug(await doors.post(f"/v1/months/{NOV}/request", ASKER)) == "review-overtaken"
    assert (await doors.made(f"/v1/months/{NOV}/review", ASKER))["doubts"] == {}
    await doors.made(f"/v1/months/{NOV}/request", ASKER)


async def test_a_fact_of_a_day_on_which_its_manager_did_not_work_is_in_doubt(doors: Doors) -> None:
    await doors.told(
        manager("m1", hired="2026-11-10", left="2026-11-20"),
        client_won(9000, NOV, fact_id="before", day=9),
        client_won(9000, NOV, fact_id="first day", day=10),
        client_won(9000, NOV, fact_id="last day", day=20),
        client_won(9000, NOV, fact_id="after", day=21),
        client_won(9000, NOV, fact_id="undone", day=30),
        reversed_fact("undone"),
        client_won(0, NOV, fact_id="free", day=1),
        client_won(9000, OCT, fact_id="opening", source="opening"),
    )
    doubts = (await doors.made(f"/v1/months/{NOV}/review", ASKER))["doubts"]
    assert sorted(doubts) == ["after", "before"]
    assert doubts["before"] == "«Менеджер m1» в этот день не работает: «Школа before», 09.11.2026"


async def test_days_of_work_that_change_what_closed_months_paid_are_in_doubt(doors: Doors) -> None:
    await doors.told(manager("m1"), manager("m2", hired="2026-11-01"))
    await doors.closed(OCT)
    await publish(doors.amqp_url, manager("m1", left="2026-09-30", revision=2), manager("m2", revision=2))
    await doors.told(manager("m3").model_copy(update={"at": DECEMBER + timedelta(days=1)}))
    await eventually(partial(_revised, doors, "m1", "m2"))
    doubts = (await doors.made(f"/v1/months/{NOV}/review", ASKER))["doubts"]
    assert doubts == {
        "m1:2026-10": "«Менеджер m1»: по новым срокам работы менеджер не работал, а оплату получил за октябрь 2026",
        "m2:2026-10": "«Менеджер m2»: по новым срокам работы менеджер работал и не получил оклад за октябрь 2026",
    }
    await doors.complete()
    assert _doubts(await doors.post(f"/v1/months/{NOV}/request", ASKER)) == sorted(doubts)
    await doors.closed(NOV)
    m1, m2 = [await doors.shown(f"/v1/statements/{each}/{NOV}") for each in ("m1", "m2")]
    assert (m1["total"], m1["carried"], m2["total"]) == ("0.00", "-70000.00", "140000.00")


async def _revised(doors: Doors, *managers: str) -> bool:
    ledgers = await doors.office.store.ledgers_of(managers)
    return all(ledger.manager is not None and ledger.manager.revision == 2 for ledger in ledgers)


async def test_a_fact_that_two_managers_bear_and_one_with_an_odd_id_are_in_doubt(doors: Doors) -> None:
    once = client_won(9000, NOV, fact_id="f1", by="m1")
    odd = client_lost(1, NOV, fact_id="$set.a\x1f", by="m1")
    await doors.told(manager("m1"), manager("m2"), once, once.model_copy(update={"manager_id": "m2"}), odd)
    await doors.complete()
    preview = await doors.made(f"/v1/months/{NOV}/review", ASKER)
    assert preview["doubts"]["f1"] == "факт стоит у нескольких менеджеров сразу"
    assert sorted(preview["doubts"]) == ["$set.a\x1f", "f1"]
    accepted = accepting("разобрались", "$set.a\x1f", "f1")
    asked = await doors.made(f"/v1/months/{NOV}/request", ASKER, accepted)
    assert sorted(asked["doubts"]) == ["$set.a\x1f", "f1"]
    assert (await doors.confirm(NOV)).status_code == 200


async def test_a_fact_that_is_just_being_recorded_is_waited_for(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payroll_office, "WRITTEN_WITHIN", 60.0)
    looked = asyncio.Event()

    async def nothing_in_the_queue() -> int:
        looked.set()
        return 0

    won = client_won(9000, NOV, fact_id="w1", day=2)
    await doors.told(manager(), won)
    await doors.complete()
    await doors.made(f"/v1/months/{NOV}/review", ASKER)
    again = client_won(9000, NOV, fact_id="w2", day=3).model_copy(update={"client_id": won.client_id})
    doors.app.state.deps = replace(doors.office, unprocessed=nothing_in_the_queue)
    with doors.office.recording():
        asked = asyncio.create_task(doors.post(f"/v1/months/{NOV}/request", ASKER))
        await asyncio.wait_for(looked.wait(), 20)
        await doors.told(again)
        assert not asked.done()
    assert _doubts(await asked) == ["w2"]


def _doubts(answer: Any) -> list[str]:
    assert (answer.status_code, slug(answer)) == (409, "facts-in-doubt"), answer.text
    return sorted(answer.json()["doubts"])
