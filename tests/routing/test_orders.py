"""What a manager orders (R-IMP-3, R-COI-2)."""

from datetime import timedelta

from shared.contracts.intake import VerdictGiven
from shared.contracts.routing import WorkForced, WorkReplaced
from tests.kit import eventually, token
from tests.routing.given import minutes, request
from tests.routing.house import LEAD, House

SOON = (minutes(0) + timedelta(days=3650)).isoformat()


async def test_a_manager_gives_waiting_work_to_somebody_able(house: House) -> None:
    await house.tell(request("r1"))
    await house.stands("r1", "waiting")
    ivan = await house.hire(hours={"mon": ["00:00-00:01"]})
    refused = await house.orders("r1", "assign", specialist_id=ivan)
    assert (refused.status_code, refused.json()["reasons"]) == (409, {"not_at_work": 1, "able": 0})
    assert "сейчас не на работе" in refused.json()["detail"]
    done = await house.orders("r1", "assign", specialist_id=ivan, overrule="согласился выйти")
    assert (done.status_code, done.json()["specialist_id"]) == (200, ivan)
    again = await house.orders("r1", "assign", specialist_id=ivan)
    assert (again.status_code, again.json()["stage"]) == (409, "assigned")
    assert again.json()["allowed"] == ["replace", "force"]


async def test_nobody_can_be_given_more_than_their_capacity_by_order_either(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    await house.tell(request("r2"))
    await house.stands("r2", "waiting")
    refused = await house.orders("r2", "assign", specialist_id=ivan, overrule="очень надо")
    assert refused.status_code == 409
    assert "нет свободного места" in refused.json()["detail"]
    assert (await house.orders("r2", "assign", specialist_id="nobody")).status_code == 409


async def test_a_lost_specialist_is_replaced_and_freed(house: House) -> None:
    ivan = await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    nobody = await house.orders("r1", "replace", reason="пропал")
    assert nobody.status_code == 409
    olga = await house.hire("Ольга")
    done = await house.orders("r1", "replace", reason="пропал")
    assert (done.status_code, done.json()["specialist_id"]) == (200, olga)
    told = (await house.heard.one("work.replaced")).as_(WorkReplaced)
    assert (told.from_specialist_id, told.to_specialist_id, told.by) == (ivan, olga, "m1")
    assert (await house.load(ivan), await house.load(olga)) == (0, 1)
    assert (await house.says(ivan, "r1", "start")).status_code == 409


async def test_complex_work_is_replaced_by_somebody_more_competent(house: House) -> None:
    ivan = await house.hire("Иван", products={"1С:ЗГУ": 4})
    await house.tell(request("r1", "important", nature="complex"))
    await house.stands("r1", "assigned", ivan)
    await house.hire("Ольга", products={"1С:ЗГУ": 4})
    refused = await house.orders("r1", "replace", reason="не справляется")
    assert refused.json()["reasons"]["low_level"] == 2
    oleg = await house.hire("Олег", products={"1С:ЗГУ": 5})
    assert (await house.orders("r1", "replace", reason="не справляется")).json()["specialist_id"] == oleg


async def test_a_forced_specialist_cannot_postpone_beyond_the_date(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    assert (await house.orders("r1", "force", finish_by="2020-01-01T00:00:00Z")).status_code == 422
    assert (await house.orders("r1", "force", finish_by="9999-12-31T23:59:59-10:00")).status_code == 422
    assert (await house.orders("r1", "force", finish_by=SOON)).status_code == 200
    told = (await house.heard.one("work.forced")).as_(WorkForced)
    assert (told.specialist_id, told.by) == (ivan, "m1")
    refused = await house.says(ivan, "r1", "postpone", until="2099-01-01T00:00:00Z", reason="потом")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "bound-by-date")


async def test_a_refused_specialist_gets_it_back_only_by_force(house: House) -> None:
    ivan = await house.hire("Иван")
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    await house.finished(ivan, "r1")
    at = minutes(999_999)
    await house.tell(VerdictGiven(at=at, request_id="r1", satisfied=False, words="не считает", taken_by="m1"))
    await house.stands("r1", "waiting")
    assert (await house.orders("r1", "assign", specialist_id=ivan, overrule="сам доделает")).status_code == 409
    far = (at + timedelta(days=3)).isoformat()
    assert (await house.orders("r1", "force", finish_by=far)).status_code == 200
    work = await house.stands("r1", "assigned", ivan)
    assert [fact["what"] for fact in work["history"]][-2:] == ["assign", "force"]


async def test_an_order_for_work_nobody_ever_had_is_refused(house: House) -> None:
    await house.tell(request("r1"))
    await house.stands("r1", "waiting")
    refused = await house.orders("r1", "force", finish_by=SOON)
    assert (refused.status_code, refused.json()["stage"]) == (409, "waiting")


async def test_a_manager_orders_only_in_their_own_base(house: House) -> None:
    ivan = await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    foreign = token("manager", subject="m2")
    answer = await house.client.post("/v1/requests/r1/replace", json={"reason": "хочу"}, headers=foreign)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "not-your-base")
    assert (await house.client.get("/v1/requests/r1/work", headers=foreign)).status_code == 403
    assert (await house.client.get("/v1/work", headers=foreign)).json()["items"] == []
    assert (await house.client.get("/v1/work", headers=token("manager", subject="m1"))).json()["items"]


async def test_an_assignment_explains_every_candidate(house: House) -> None:
    ivan = await house.hire("Иван", products={"1С:ЗГУ": 5})
    olga = await house.hire("Ольга", products={"1С:ЗГУ": 3})
    anna = await house.hire("Анна", products={"1С:БГУ": 5})
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    shown = (await house.client.get("/v1/requests/r1/assignment", headers=LEAD)).json()
    assert (shown["winner"], shown["able"]) == (ivan, 2)
    assert [(one["specialist_id"], one["score"], one["won"]) for one in shown["candidates"]] == [
        (ivan, 100 + 40 + 80 + 60 + 5 + 5, True),
        (olga, 100 + 24 + 80 + 60 + 5 + 5, False),
    ]
    assert shown["candidates"][1]["parts"] == {
        "start": 100, "level": 24, "client": 0, "record": 80, "load": 60, "zone": 5, "fairness": 5,
    }  # fmt: skip
    assert shown["policy"] == 1
    assert shown["candidates"][1]["why"] == "меньше на 16: уровень −16"
    assert shown["barred"] == [
        {"reason": "no_product", "text": "не знает продукта", "count": 1, "specialist_ids": [anna]}
    ]


async def test_who_has_finished_for_the_client_before_is_preferred(house: House) -> None:
    both = sorted([await house.hire("Иван"), await house.hire("Ольга")])
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", both[0])
    await house.finished(both[0], "r1")
    await eventually(lambda: _is_free(house, both[0]))
    await house.tell(request("r2"))
    await house.stands("r2", "assigned", both[0])
    shown = (await house.client.get("/v1/requests/r2/assignment", headers=LEAD)).json()
    assert shown["candidates"][0]["parts"]["client"] == 10


async def _is_free(house: House, who: str) -> bool:
    return await house.load(who) == 0
