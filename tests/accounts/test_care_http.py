"""Weekly calls, control, debt, fans and prospects through the doors, on real servers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

from services.accounts import calling, debts, planning, referring
from services.accounts.care import Care, call_id_of, party_of
from services.accounts.domain import contact_calls
from services.accounts.domain.contact_calls import ContactCall, Found, Talk
from services.accounts.main import build_app
from services.accounts.settings import AccountsSettings
from shared.clock import ServiceClock
from shared.contracts.base import ClientRef
from shared.contracts.intake import CallMissed, CallReturned, RequestRegistered, VerdictGiven
from shared.contracts.routing import WorkCancelAsked
from shared.contracts.sla_monitor import SlaBreached
from tests.accounts.conftest import DIRECTOR, OTHER_DIRECTOR, Doors
from tests.accounts.samples import inn
from tests.accounts.test_audit import linked_up, verdict
from tests.conftest import SettingsFor
from tests.kit import eventually, listening, publish, serving, token

MARIA = token("manager", subject="m1")
OTHER = token("manager", subject="m2")


TUESDAY = datetime(2026, 11, 24, 5, tzinfo=UTC)
"""Noon in Krasnoyarsk, of a week in which five days are worked."""


@pytest.fixture
async def house(settings_for: SettingsFor) -> AsyncIterator[tuple[Doors, str]]:
    """Accounts running on a Tuesday, hearing what is published at the address."""
    settings, clock = settings_for(AccountsSettings, debts_every_seconds=0.2), ServiceClock()
    clock.offset = TUESDAY - clock.now()
    app = build_app(settings, clock)
    url = settings.amqp_url.get_secret_value()
    async with (
        listening(url, "contact_call.#", "control.#", "referral.#", "prospect.#", "debt.#", "client.#") as heard,
        serving(app) as http,
    ):
        yield Doors(http, heard, app, count(1)), url


def care_of(doors: Doors) -> Care:
    """What the doors work with."""
    care: Care = doors.app.state.care
    return care


async def known_client(doors: Doors, **over: Any) -> tuple[ClientRef, str]:
    """A client of m1 and its accountant."""
    client_id = await doors.client(**over)
    shown = (await doors.get(f"/v1/clients/{client_id}")).json()
    ref = ClientRef(client_id=client_id, name=shown["name"], zone=shown["zone"], manager_id=shown["manager_id"])
    return ref, shown["contacts"][0]["contact_id"]


def registered(
    doors: Doors, request_id: str, client: ClientRef, contact_id: str | None, **over: Any
) -> RequestRegistered:
    """An important request of an hour ago."""
    usual: dict[str, Any] = {
        "at": care_of(doors).now() - timedelta(hours=1),
        "number": f"№{request_id}",
        "channel": "phone",
        "priority": "important",
        "subject_text": "Не сходится отчёт",
        "client": client,
        "contact_id": contact_id,
    }
    return RequestRegistered(request_id=request_id, **(usual | over))


def satisfied(doors: Doors, request_id: str, *, content: bool = True) -> VerdictGiven:
    """The accountant's word, now."""
    at = care_of(doors).now()
    return VerdictGiven(at=at, request_id=request_id, satisfied=content, words="Спасибо", taken_by="m1")


async def known_matter(doors: Doors, request_id: str, **wanted: Any) -> None:
    """Wait until the request stands like this."""

    async def there() -> bool:
        matter = await care_of(doors).store.matters.get(request_id)
        return matter is not None and all(getattr(matter, name) == value for name, value in wanted.items())

    await eventually(there)


async def test_every_accountant_is_in_the_plan_and_a_call_held_is_told_whole(house: tuple[Doors, str]) -> None:
    doors, url = house
    two = [{"name": "Анна", "phones": ["+73912000001"]}, {"name": "Вера", "emails": ["v@s.ru"]}]
    client, anna = await known_client(doors, contacts=two)
    await publish(url, registered(doors, "r1", client, anna), registered(doors, "r2", client, anna, priority="routine"))
    await known_matter(doors, "r1", open=True)
    await known_matter(doors, "r2", open=True)
    plan = (await doors.get("/v1/managers/m1/call-plan", MARIA)).json()
    assert {item["name"]: item["standing"] for item in plan["items"]} == {"Анна": "planned", "Вера": "planned"}
    sheet = (await doors.get(f"/v1/contacts/{anna}/call-sheet", MARIA)).json()
    assert {item["request_id"]: item["needs_finding"] for item in sheet} == {"r1": True, "r2": False}

    missed = await doors.post(f"/v1/contacts/{anna}/calls", {"reached": False}, MARIA)
    assert (missed.status_code, len(missed.json()["attempts"])) == (201, 1)
    await doors.heard.one("contact_call.attempted")
    without = await doors.post(f"/v1/contacts/{anna}/calls", {"reached": True}, MARIA)
    assert (without.status_code, without.json()["request_ids"]) == (422, ["r1"])

    finish_by = (care_of(doors).now() + timedelta(days=2)).isoformat()
    order = {"action": "force", "reason": "обещал к пятнице", "finish_by": finish_by}
    body = {
        "reached": True,
        "findings": [{"request_id": "r1", "finding": "unfinished", "words": "бросили", "order": order}],
        "discovered": [{"subject": "Не печатается табель", "nature": "long"}],
    }
    first = await doors.post(f"/v1/contacts/{anna}/calls", body, MARIA)
    again = await doors.post(f"/v1/contacts/{anna}/calls", body, MARIA)
    other = await doors.post(f"/v1/contacts/{anna}/calls", body | {"note": "ещё"}, MARIA)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    held = (await doors.heard.one("contact_call.held")).body
    assert [found["finding"] for found in held["findings"]] == ["unfinished"]
    assert [each["request_id"] for each in held["discovered"]] == first.json()["discovered_request_ids"]
    opened = (await doors.heard.one("control.opened")).body
    ordered = (await doors.heard.one("control.ordered")).body
    assert (opened["request_id"], ordered["action"], ordered["request_id"]) == ("r1", "force", "r1")
    found = (await doors.get("/v1/managers/m1/discovered", MARIA)).json()
    assert [each["subject"] for each in found] == ["Не печатается табель"]
    cover = (await doors.get("/v1/managers/m1/coverage?weeks=2", MARIA)).json()
    assert [week["held"] for week in cover] == [1, 0]
    never = (await doors.get("/v1/managers/m1/never-reached", MARIA)).json()
    assert [each["name"] for each in never] == ["Вера"]


async def test_a_call_with_somebody_who_was_owed_none_is_seen_in_the_weeks_coverage(house: tuple[Doors, str]) -> None:
    doors, _ = house
    away = {"name": "Вера", "emails": ["v@s.ru"], "away_until": "2026-12-31"}
    client, _ = await known_client(doors, contacts=[{"name": "Анна", "phones": ["+73912000001"]}, away])
    vera = (await doors.get(f"/v1/clients/{client.client_id}")).json()["contacts"][1]["contact_id"]
    body = {"reached": True, "discovered": [{"subject": "Не печатается табель"}]}
    assert (await doors.post(f"/v1/contacts/{vera}/calls", body, MARIA)).status_code == 201
    (week,) = (await doors.get("/v1/managers/m1/coverage?weeks=1", MARIA)).json()
    assert {name: week[name] for name in ("planned", "held", "unplanned", "discovered")} == {
        "planned": 1,
        "held": 0,
        "unplanned": 1,
        "discovered": 1,
    }


async def test_a_plan_is_told_to_the_clocks(house: tuple[Doors, str]) -> None:
    doors, _ = house
    _, anna = await known_client(doors)
    care = care_of(doors)
    await planning.plan(care, "m1", care.week().later(1))
    await planning.tell(care)
    planned = (await doors.heard.one("contact_call.planned")).body
    assert (planned["contact_id"], planned["week"]) == (anna, str(care.week().later(1)))
    assert planned["day"] in {str(day) for day in care.week().later(1).days}


async def test_a_cancellation_is_on_the_list_at_once_and_only_the_accountant_takes_it_off(
    house: tuple[Doors, str],
) -> None:
    doors, url = house
    client, anna = await known_client(doors)
    asked = WorkCancelAsked(
        at=care_of(doors).now(), request_id="r1", priority="important", client=client, specialist_id="s1",
        reason="не нужно",
    )  # fmt: skip
    await publish(url, asked, registered(doors, "r1", client, anna))
    await doors.heard.one("control.opened")
    await known_matter(doors, "r1", open=True, controlled=True)
    items = (await doors.get("/v1/managers/m1/control", MARIA)).json()
    assert [(item["request_id"], "отмены" in item["reason"]) for item in items] == [("r1", True)]
    assert "Решите" in items[0]["next_step"]
    for who in (OTHER, token("specialist", subject="s1")):
        answer = await doors.get("/v1/managers/m1/control", who)
        assert answer.status_code == 403

    bad = await doors.post("/v1/control/r1/orders", {"action": "force", "reason": "надо"}, MARIA)
    foreign = await doors.post("/v1/control/r1/orders", {"action": "replace", "reason": "надо"}, OTHER)
    kept = await doors.post("/v1/control/r1/orders", {"action": "replace", "reason": "сложная"}, MARIA, key="k")
    again = await doors.post("/v1/control/r1/orders", {"action": "replace", "reason": "сложная"}, MARIA, key="k")
    assert (bad.status_code, foreign.status_code, kept.status_code) == (422, 403, 201)
    assert again.json()["action"] == "replace"

    await publish(url, satisfied(doors, "r1"))
    closed = (await doors.heard.one("control.closed")).body
    assert closed["request_id"] == "r1"
    assert (await doors.get("/v1/managers/m1/control", MARIA)).json() == []
    assert len(doors.heard.of("control.ordered")) == 1
    late = await doors.post("/v1/control/r1/orders", {"action": "replace", "reason": "поздно"}, MARIA)
    assert late.status_code == 409


async def test_the_debt_says_why_and_is_what_the_facts_come_to(house: tuple[Doors, str]) -> None:
    doors, url = house
    client, anna = await known_client(doors)
    care, now = care_of(doors), care_of(doors).now()
    breach = SlaBreached(
        at=now - timedelta(minutes=30), obligation_id="r1:start:1", about="request", about_id="r1", clock="start",
        due=now - timedelta(minutes=30),
    )  # fmt: skip
    calls = [
        CallMissed(at=now - timedelta(minutes=5), call_id=call, phone=None, direction="in", client=client)
        for call in ("call1", "call2")
    ]
    back = CallReturned(at=now, call_id="call2", phone=None, direction="out", client=client, by_call_id="call3")
    old = registered(doors, "r1", client, anna, priority="urgent", at=now - timedelta(days=8))
    await publish(url, breach, *calls, back, old)
    await doors.heard.one("debt.changed")

    async def whole() -> dict[str, Any] | None:
        found: dict[str, Any] = (await doors.get(f"/v1/clients/{client.client_id}/debt", MARIA)).json()
        return found if {p["part"] for p in found["parts"]} == {"open", "breached", "missed_call"} else None

    shown = await eventually(whole)
    assert (shown["band"], shown["score"]) == ("risk", 77.0)
    assert shown["contacts"][anna] > 0
    assert {change["part"] for change in shown["changes"]} >= {"breached", "missed_call"}
    await debts.refresh_dirty(care)
    risk = (await doors.get("/v1/managers/m1/debts", MARIA)).json()
    assert [item["client_id"] for item in risk["items"]] == [client.client_id]
    proof = (await doors.post("/v1/debts/verify")).json()
    assert proof == {"checked": 1, "differences": []}

    collection = care.store.debts.collection
    await collection.update_one({"_id": client.client_id}, {"$set": {"score": 1.0}})
    broken = (await doors.post("/v1/debts/verify")).json()
    assert [each["what"] for each in broken["differences"]] == ["баллы"]
    assert (await doors.post("/v1/debts/verify", who=MARIA)).status_code == 403


async def test_a_fan_is_asked_once_and_brings_a_client(house: tuple[Doors, str]) -> None:
    doors, url = house
    client, anna = await known_client(doors)
    care = care_of(doors)
    ask = f"/v1/clients/{client.client_id}/referral-asks"
    refused = await doors.post(ask, {"contact_id": anna}, MARIA)
    assert (refused.status_code, "есть: 0" in refused.json()["reasons"][0]["why"]) == (409, True)
    for number in range(3):
        await publish(url, registered(doors, f"r{number}", client, anna), satisfied(doors, f"r{number}"))
        await known_matter(doors, f"r{number}", flawless=True)
    await publish(url, registered(doors, "open", client, anna))
    await known_matter(doors, "open", open=True)
    held_up = await doors.post(ask, {"contact_id": anna}, MARIA)
    assert [each["request_id"] for each in held_up.json()["reasons"]] == ["open"]
    await publish(url, satisfied(doors, "open"))
    await known_matter(doors, "open", open=False)
    assert [fan["fan"] for fan in (await doors.get("/v1/managers/m1/fans", MARIA)).json()] == [True]
    asked = [(await doors.post(ask, {"contact_id": anna}, MARIA, key=key)).status_code for key in "aab"]
    assert asked == [201, 200, 409]

    soon = (care.now() + timedelta(days=3)).isoformat()
    new = {"name": "Музей", "vouched_by_client_id": client.client_id, "next_contact": soon, "competitor": "ООО Шаг"}
    past = await doors.post("/v1/prospects", new | {"next_contact": "2020-01-01T00:00:00Z"}, MARIA)
    unknown = await doors.post("/v1/prospects", new | {"vouched_by_client_id": "nobody"}, MARIA)
    made = await doors.post("/v1/prospects", new, MARIA, key="p")
    assert (past.status_code, unknown.status_code, made.status_code) == (422, 422, 201)
    prospect = made.json()["prospect_id"]
    early = await doors.post(f"/v1/prospects/{prospect}/win", _win(care), MARIA)
    assert early.status_code == 409
    trial = {"subject": "Не отправляется отчёт", "failed_by": "обещали неделю"}
    assert (
        await doors.post(f"/v1/prospects/{prospect}/trials", trial | {"priority": "routine"}, MARIA)
    ).status_code == 422
    opened = (await doors.post(f"/v1/prospects/{prospect}/trials", trial, MARIA)).json()
    told = (await doors.heard.one("prospect.trial_opened")).body
    request_id = opened["trials"][0]["request_id"]
    assert (told["request_id"], told["priority"]) == (request_id, "urgent")
    guest = ClientRef(client_id=prospect, name="Музей", zone="Asia/Krasnoyarsk", manager_id="m1")
    first = registered(doors, request_id, guest, None, priority="urgent", trial=True, origin_id=prospect)
    await publish(url, satisfied(doors, request_id), first)
    assert (await doors.heard.one("prospect.trial_ended")).body["flawless"] is True

    proposed = await doors.post(f"/v1/prospects/{prospect}/win", _win(care), MARIA)
    again = await doors.post(f"/v1/prospects/{prospect}/win", _win(care), MARIA)
    assert (proposed.status_code, proposed.json()["state"], again.status_code) == (200, "winning", 200)
    proposal = proposed.json()["wins"][0]["proposal_id"]
    assert (await doors.post(f"/v1/proposals/{proposal}/confirm", who=DIRECTOR)).status_code == 200
    await referring.follow_wins(care)
    won = (await doors.heard.one("prospect.won")).body
    assert (won["fact_id"], won["next_contact"]) == (proposal, None)
    chain = (await doors.get(f"/v1/clients/{won['client_id']}/referral-chain", MARIA)).json()
    assert [link["fan_client_id"] for link in chain["came_through"]] == [client.client_id]
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == []
    counted = (await doors.get("/v1/referrals/conversion", MARIA)).json()
    assert counted == {"asked": 1, "named": 1, "tried": 1, "flawless": 1, "won": 1, "dropped": 0}


async def test_only_a_director_wins_after_a_trial_that_was_not_flawless(house: tuple[Doors, str]) -> None:
    doors, url = house
    client, _ = await known_client(doors)
    care = care_of(doors)
    soon = (care.now() + timedelta(days=3)).isoformat()
    new = {"name": "Музей", "vouched_by_client_id": client.client_id, "next_contact": soon}
    prospect = (await doors.post("/v1/prospects", new, MARIA)).json()["prospect_id"]
    trial = {"subject": "Отчёт", "failed_by": "не смогли"}
    opened = (await doors.post(f"/v1/prospects/{prospect}/trials", trial, MARIA)).json()
    request_id = opened["trials"][0]["request_id"]
    guest = ClientRef(client_id=prospect, name="Музей", zone="Asia/Krasnoyarsk", manager_id="m1")
    first = registered(doors, request_id, guest, None, trial=True, origin_id=prospect)
    await publish(url, first, satisfied(doors, request_id, content=False))
    await known_matter(doors, request_id, open=True)
    await publish(url, satisfied(doors, request_id))
    assert (await doors.heard.one("prospect.trial_ended")).body["flawless"] is False
    manager = await doors.post(f"/v1/prospects/{prospect}/win", _win(care) | {"reason": "хочу"}, MARIA)
    silent = await doors.post(f"/v1/prospects/{prospect}/win", _win(care), DIRECTOR)
    director = await doors.post(f"/v1/prospects/{prospect}/win", _win(care) | {"reason": "довольны"}, DIRECTOR)
    assert (manager.status_code, silent.status_code, director.status_code) == (409, 409, 200)
    proposal = director.json()["wins"][0]["proposal_id"]
    await doors.post(f"/v1/proposals/{proposal}/refuse", {"reason": "рано"}, OTHER_DIRECTOR)
    assert (await doors.get(f"/v1/prospects/{prospect}", MARIA)).json()["state"] == "tried"
    dropped = await doors.post(f"/v1/prospects/{prospect}/drop", {"reason": "передумали"}, MARIA)
    assert (dropped.json()["state"], dropped.json()["next_contact"]) == ("dropped", None)
    talk = {"words": "звонил", "next_contact": soon}
    assert (await doors.post(f"/v1/prospects/{prospect}/talks", talk, MARIA)).status_code == 409


async def test_what_follows_from_a_call_is_done_after_a_crash(house: tuple[Doors, str]) -> None:
    doors, url = house
    client, anna = await known_client(doors)
    care = care_of(doors)
    await publish(url, registered(doors, "r1", client, anna))
    await known_matter(doors, "r1", open=True)
    week = care.week()
    new = ContactCall(
        call_id=call_id_of(anna, week),
        contact_id=anna,
        client_id=client.client_id,
        party=party_of(await care.office.client(client.client_id)),
        manager_id="m1",
        week=str(week),
    )
    talk = Talk(at=care.now(), by="m1", findings=(Found(request_id="r1", finding="not_started"),))
    await care.store.contact_calls.step(
        new.call_id, partial(contact_calls.hold, new=new, talk=talk, important=["r1"])
    )  # and nothing after it: the process is gone
    for call in await care.store.unsettled():
        await calling.settle(care, call)
        await calling.settle(care, call)
    await known_matter(doors, "r1", controlled=True)
    assert await care.store.unsettled() == []
    assert len(await doors.heard.several(1, "control.opened")) == 1


async def test_a_base_handed_over_takes_its_calls_control_and_debt_along(house: tuple[Doors, str]) -> None:
    doors, url = house
    client, anna = await known_client(doors)
    await doors.manager("m2")
    care = care_of(doors)
    asked = WorkCancelAsked(
        at=care.now(), request_id="r1", priority="important", client=client, specialist_id="s1", reason="нет"
    )
    await publish(url, registered(doors, "r1", client, anna), asked)
    await known_matter(doors, "r1", open=True, controlled=True)
    week = care.week().later(1)
    before = await planning.plan(care, "m1", week)
    await planning.tell(care)
    await doors.heard.one("contact_call.planned")
    today = str(care.office.today())
    await doors.confirmed(kind="handed_over", client_id=client.client_id, to_manager_id="m2", effective=today)
    path = f"call-plan?week={week}"
    gone = (await doors.get(f"/v1/managers/m1/{path}", MARIA)).json()["items"]
    mine = (await doors.get(f"/v1/managers/m2/{path}", OTHER)).json()["items"]
    assert ([entry.contact_id for entry in before.entries], gone) == ([anna], [])
    assert [item["contact_id"] for item in mine] == [anna]
    await planning.tell(care)
    told = await doors.heard.several(2, "contact_call.planned")
    assert [event.body["manager_id"] for event in told] == ["m1", "m2"]
    assert told[0].body["contact_call_id"] == told[1].body["contact_call_id"]
    assert told[0].body["revision"] < told[1].body["revision"]
    assert doors.heard.of("contact_call.cancelled") == []
    assert (await doors.get("/v1/managers/m1/control", MARIA)).json() == []
    assert [item["request_id"] for item in (await doors.get("/v1/managers/m2/control", OTHER)).json()] == ["r1"]
    assert (await doors.get(f"/v1/contacts/{anna}/call-sheet", MARIA)).status_code == 403


def _win(care: Care) -> dict[str, Any]:
    return {"inn": inn(500), "fee": "30000.00", "effective": str(care.office.today())}
