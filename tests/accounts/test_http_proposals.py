"""`/v1/proposals` on real servers (R-BASE-3)."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from tests.accounts.conftest import DIRECTOR, OTHER_DIRECTOR, Doors
from tests.accounts.samples import inn
from tests.kit import token

MARIA = token("manager", subject="m1")
DAY = "2026-10-10"


def slug(answer: Any) -> str:
    """What sort of problem it is."""
    return str(answer.json()["type"].rpartition("/")[2])


async def test_a_managers_win_by_referral_is_confirmed_and_told(doors: Doors) -> None:
    fan = await doors.client()
    new = {"name": "Детский сад № 7", "inn": inn(77), "contacts": [{"name": "Ольга", "emails": ["o@sad7.ru"]}]}
    asked = {"kind": "won", "client": new, "fee": "30000", "source": "referral", "effective": DAY}
    asked |= {"vouched_by_client_id": fan, "request_id": "r7", "reason": "решили до того, как завели Svoy"}
    first = await doors.post("/v1/proposals", asked, MARIA, key="k1")
    again = await doors.post("/v1/proposals", asked, MARIA, key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    proposal = first.json()
    assert (proposal["state"], proposal["client_name"], proposal["concerns"]) == ("proposed", "Детский сад № 7", ["m1"])
    assert doors.heard.of("client.won") == []

    done = await doors.post(f"/v1/proposals/{proposal['proposal_id']}/confirm")
    assert (done.status_code, done.json()["state"], done.json()["decided_by"]) == (200, "confirmed", "d1")
    told = (await doors.heard.one("client.won")).body
    assert told == {
        "at": done.json()["decided_at"],
        "fact_id": proposal["proposal_id"],
        "client_id": proposal["client_id"],
        "client_name": "Детский сад № 7",
        "manager_id": "m1",
        "fee": "30000.00",
        "effective": DAY,
        "proposed_by": "m1",
        "confirmed_by": "d1",
        "source": "referral",
        "vouched_by_client_id": fan,
        "request_id": "r7",
    }
    registered = (await doors.heard.several(2, "client.registered"))[1].body
    assert (registered["client_id"], registered["since"]) == (proposal["client_id"], DAY)
    assert registered["contacts"][0]["emails"] == ["o@sad7.ru"]
    assert (await doors.get(f"/v1/clients/{proposal['client_id']}", MARIA)).json()["active"]


async def test_a_loss_is_told_with_the_fee_and_the_manager_of_its_day(doors: Doors) -> None:
    client = await doors.client()
    await doors.manager("m2")
    await doors.confirmed(kind="fee", client_id=client, fee="25000", effective="2026-10-01")
    await doors.confirmed(kind="handed_over", client_id=client, to_manager_id="m2", effective="2026-10-20")
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент", effective="2026-10-19")
    shown = (await doors.get(f"/v1/proposals/{waiting}")).json()
    assert (shown["fee_that_day"], shown["concerns"]) == ("25000.00", ["m1", "m2"])
    await doors.post(f"/v1/proposals/{waiting}/confirm", who=OTHER_DIRECTOR)
    told = (await doors.heard.one("client.lost")).body
    assert (told["fact_id"], told["fee"], told["manager_id"]) == (waiting, "25000.00", "m1")
    moved = (await doors.heard.one("client.handed_over")).body
    assert (moved["from_manager_id"], moved["to_manager_id"]) == ("m1", "m2")
    assert not (await doors.get(f"/v1/clients/{client}")).json()["active"]


async def test_a_lost_client_is_won_back_and_lost_again(doors: Doors) -> None:
    client = await doors.client()
    back = {"kind": "won", "client_id": client, "fee": "15000", "source": "advert", "manager_id": "m1"}
    await doors.confirmed(kind="lost", client_id=client, reason="конкурент", effective="2026-10-01")
    await doors.confirmed(**back, effective="2026-10-05")
    await doors.confirmed(kind="lost", client_id=client, reason="не платит", effective="2026-10-10")
    stays = (await doors.get(f"/v1/clients/{client}")).json()["stays"]
    assert [(stay["since"], stay["until"]) for stay in stays] == [
        ("2026-09-01", "2026-10-01"),
        ("2026-10-05", "2026-10-10"),
    ]
    assert [event.body["fee"] for event in await doors.heard.several(2, "client.lost")] == ["20000.00", "15000.00"]


async def test_a_proposal_is_confirmed_by_another_director_only(doors: Doors) -> None:
    client = await doors.client()
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент")
    own = await doors.post(f"/v1/proposals/{waiting}/confirm")
    assert (own.status_code, slug(own)) == (403, "own-proposal")
    for who in (MARIA, token("lead"), token("payroll")):
        assert (await doors.post(f"/v1/proposals/{waiting}/confirm", who=who)).status_code == 403
    assert (await doors.post(f"/v1/proposals/{waiting}/confirm", who=OTHER_DIRECTOR)).status_code == 200


async def test_a_manager_who_is_a_director_decides_nothing_about_their_own_pay(doors: Doors) -> None:
    client = await doors.client()
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент")
    both = token("manager", "director", subject="m1")
    yes = await doors.post(f"/v1/proposals/{waiting}/confirm", who=both)
    no = await doors.post(f"/v1/proposals/{waiting}/refuse", {"reason": "не согласна"}, both)
    assert (yes.status_code, slug(yes), no.status_code, slug(no)) == (403, "own-pay", 403, "own-pay")
    assert (await doors.get(f"/v1/proposals/{waiting}")).json()["state"] == "proposed"


async def test_a_refused_proposal_moves_nothing(doors: Doors) -> None:
    client = await doors.client()
    waiting = await doors.proposed(kind="lost", client_id=client, reason="конкурент", who=MARIA)
    assert (await doors.post(f"/v1/proposals/{waiting}/refuse", {})).status_code == 422
    answer = await doors.post(f"/v1/proposals/{waiting}/refuse", {"reason": "клиент остаётся"})
    assert (answer.json()["state"], answer.json()["refusal"]) == ("refused", "клиент остаётся")
    late = await doors.post(f"/v1/proposals/{waiting}/confirm")
    assert (late.status_code, slug(late)) == (409, "already-decided")
    assert (await doors.get(f"/v1/clients/{client}")).json()["active"]
    assert doors.heard.of("client.lost", "client.changed") == []


async def test_confirming_twice_tells_the_fact_once(doors: Doors) -> None:
    client = await doors.client()
    done = await doors.confirmed(kind="lost", client_id=client, reason="конкурент")
    again = await doors.post(f"/v1/proposals/{done['proposal_id']}/confirm", who=OTHER_DIRECTOR)
    assert (again.status_code, again.json()) == (200, done)
    await doors.client()
    await doors.heard.several(2, "client.registered")
    assert len(doors.heard.of("client.lost")) == 1


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"kind": "fee", "fee": "-1"}, 422, "больше нуля"),
    ({"kind": "fee", "fee": "20000.123"}, 422, "не больше двух знаков"),
    ({"kind": "fee", "fee": "20000.00"}, 409, "и так платит"),
    ({"kind": "lost", "reason": " "}, 422, "пусто"),
    ({"kind": "lost", "reason": "к", "effective": "2999-01-01"}, 422, "день ещё не наступил"),
    ({"kind": "lost", "reason": "к", "effective": "2026-08-31"}, 422, "раньше дня, с которого клиент с нами"),
    ({"kind": "lost", "reason": "к", "client_id": "nobody"}, 404, "Такого клиента нет"),
    ({"kind": "handed_over", "to_manager_id": "nobody"}, 422, "менеджера nobody нет"),
    ({"kind": "handed_over", "to_manager_id": "m1"}, 409, "и так ведёт"),
    ({"kind": "won", "fee": "1", "source": "advert", "manager_id": "m1"}, 409, "и так с нами"),
    ({"kind": "stolen"}, 422, "kind"),
    ({"kind": "lost", "reason": "к", "effective": 1760054400}, 422, "дата пишется строкой"),
]


@pytest.mark.parametrize(("body", "status", "words"), WRONG)
async def test_what_cannot_be_is_not_proposed(doors: Doors, body: dict[str, Any], status: int, words: str) -> None:
    client = await doors.client()
    answer = await doors.post("/v1/proposals", {"client_id": client, "effective": DAY} | body)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert (await doors.get("/v1/proposals")).json()["items"] == []


WRONG_WINS: list[tuple[dict[str, Any], int, str]] = [
    ({"fee": "-0.01"}, 422, "fee"),
    ({"fee": "1.001"}, 422, "fee"),
    ({"client": {"name": "Сад", "inn": "7707083894"}}, 422, "контрольная цифра"),
    ({"client": {"name": "Сад", "inn": inn(1)}}, 409, "Школа № 1"),
    ({"client_id": "c1"}, 422, "либо client"),
    ({"source": "opening", "vouched_by_client_id": None}, 422, "source"),
    ({"vouched_by_client_id": None}, 422, "vouched_by_client_id"),
    ({"vouched_by_client_id": "nobody"}, 422, "vouched_by_client_id"),
    ({"manager_id": None}, 422, "manager_id"),
    ({"manager_id": "gone"}, 422, "не работает в этот день"),
]


@pytest.mark.parametrize(("over", "status", "words"), WRONG_WINS)
async def test_a_win_that_contradicts_itself_is_refused(
    doors: Doors, over: dict[str, Any], status: int, words: str
) -> None:
    fan = await doors.client(inn=inn(1))
    await doors.post("/v1/managers", {"manager_id": "gone", "name": "Г", "hired": "2026-01-12", "left": "2026-10-09"})
    new = {"name": "Детский сад № 7", "inn": inn(77)}
    asked = {"kind": "won", "client": new, "fee": "30000", "source": "referral", "effective": DAY}
    asked |= {"vouched_by_client_id": fan, "manager_id": "m1", "reason": "довольны"}
    answer = await doors.post("/v1/proposals", asked | over)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


async def test_a_manager_proposes_and_sees_only_what_is_theirs(doors: Doors) -> None:
    own, foreign = await doors.client(), await doors.client(manager_id="m2")
    theirs = await doors.proposed(kind="lost", client_id=own, reason="конкурент")
    other = await doors.proposed(kind="lost", client_id=foreign, reason="конкурент")
    refused = await doors.post(
        "/v1/proposals", {"kind": "lost", "client_id": foreign, "effective": DAY, "reason": "к"}, MARIA
    )
    assert (refused.status_code, slug(refused)) == (403, "not-your-base")
    assert [each["proposal_id"] for each in (await doors.get("/v1/proposals", MARIA)).json()["items"]] == [theirs]
    assert slug(await doors.get(f"/v1/proposals/{other}", MARIA)) == "not-your-base"
    assert (await doors.get(f"/v1/proposals/{theirs}", MARIA)).status_code == 200


async def test_proposals_are_listed_by_state_the_oldest_first(doors: Doors) -> None:
    client = await doors.client()
    waiting = [await doors.proposed(kind="lost", client_id=client, reason=f"причина {n}") for n in range(3)]
    await doors.post(f"/v1/proposals/{waiting[1]}/refuse", {"reason": "нет"}, OTHER_DIRECTOR)
    first = (await doors.get("/v1/proposals?state=proposed&limit=1")).json()
    rest = (await doors.get(f"/v1/proposals?state=proposed&cursor={first['next']}")).json()
    found = [each["proposal_id"] for each in first["items"] + rest["items"]]
    assert found == [waiting[0], waiting[2]]
    assert (await doors.get("/v1/proposals?state=lost")).status_code == 422
    for place in (b"abc", b"p1 2026-11-01", b"p1 0001-01-01T00:00:00+14:00"):
        odd = await doors.get(f"/v1/proposals?cursor={urlsafe_b64encode(place).decode()}")
        assert (odd.status_code, slug(odd)) == (422, "bad-cursor")


async def test_one_key_is_not_for_two_proposals(doors: Doors) -> None:
    client = await doors.client()
    asked = {"kind": "lost", "client_id": client, "effective": DAY, "reason": "конкурент"}
    await doors.post("/v1/proposals", asked, key="k1")
    other = await doors.post("/v1/proposals", asked | {"reason": "не платит"}, key="k1")
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")


async def test_a_repeat_finds_the_proposal_though_the_client_has_moved_on(doors: Doors) -> None:
    client = await doors.client()
    await doors.manager("m2")
    asked = {"kind": "handed_over", "client_id": client, "to_manager_id": "m2", "effective": DAY}
    first = await doors.post("/v1/proposals", asked, MARIA, key="k1")
    await doors.post(f"/v1/proposals/{first.json()['proposal_id']}/confirm")
    again = await doors.post("/v1/proposals", asked, MARIA, key="k1")
    assert (again.status_code, again.json()["proposal_id"]) == (200, first.json()["proposal_id"])


async def test_a_proposal_nobody_knows_is_not_found(doors: Doors) -> None:
    assert (await doors.get("/v1/proposals/nobody")).status_code == 404
    assert (await doors.post("/v1/proposals/nobody/confirm")).status_code == 404
    assert (await doors.post("/v1/proposals/nobody/refuse", {"reason": "нет"}, DIRECTOR)).status_code == 404
