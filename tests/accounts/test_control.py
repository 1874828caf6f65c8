"""Nothing leaves the control list but by the accountant's satisfied verdict (R-IMP-4), whatever becomes of the rest."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.accounts import listening
from services.accounts.care import Care, party_of
from services.accounts.domain import matters
from services.accounts.domain.matters import Fact, Kind, Matter, Registration
from shared.contracts.base import Decision
from tests.accounts.conftest import Doors
from tests.accounts.test_audit import linked_up, verdict
from tests.accounts.test_care_audit import named
from tests.accounts.test_care_metrics import asked_for
from tests.kit import token

MARIA = token("manager", subject="m1")
LEAD_WHO_WORKED = token("lead", subject="s1")
TWO = [{"name": "Анна", "phones": ["+73912000001"]}, {"name": "Вера", "emails": ["v@s.ru"]}]


def care_of(doors: Doors) -> Care:
    """What the doors work with."""
    care: Care = doors.app.state.care
    return care


async def listed(doors: Doors, manager_id: str = "m1") -> list[dict[str, Any]]:
    """The control list."""
    found: list[dict[str, Any]] = (await doors.get(f"/v1/managers/{manager_id}/control")).json()
    return found


async def called(doors: Doors, contact_id: str, *findings: dict[str, Any], who: dict[str, str] = MARIA) -> Any:
    """A weekly call with these findings."""
    return await doors.post(f"/v1/contacts/{contact_id}/calls", {"reached": True, "findings": list(findings)}, who)


async def withdrawn_under_control(doors: Doors) -> tuple[str, str]:
    """Anna's request, which s1 wanted cancelled and she withdrew; Anna and Vera, her colleague."""
    care, client_id = care_of(doors), await doors.client(contacts=TWO)
    await asked_for(care, client_id, "r1", 2)
    await listening.hear(care, "r1", Fact(kind="cancel_asked", at=care.now(), by="s1", text="не моё"))
    later = care.now() + timedelta(milliseconds=1)
    await listening.hear(care, "r1", Fact(kind="withdrawn", at=later, by="m1", text="сделали сами"))
    anna, vera = (await care.office.client(client_id)).contacts
    return anna.contact_id, vera.contact_id


async def test_a_withdrawn_request_leaves_the_list_by_the_words_of_whose_request_it_is(doors: Doors) -> None:
    anna, vera = await withdrawn_under_control(doors)
    (item,) = await listed(doors)
    assert (item["withdrawn"], item["lost"], "доволен ли" in item["next_step"]) == (True, False, True)
    (sheet,) = (await doors.get(f"/v1/contacts/{anna}/call-sheet", MARIA)).json()
    assert (sheet["open"], sheet["withdrawn"], sheet["under_control"]) == (False, True, True)
    ordered = await doors.post("/v1/control/r1/orders", {"action": "replace", "reason": "сложная"}, MARIA)
    assert (ordered.status_code, "отозвана" in ordered.json()["detail"]) == (409, True)

    fine = {"request_id": "r1", "finding": "fine", "words": "да, всё хорошо"}
    assert (await called(doors, vera, fine)).json()["findings"][0]["verdict"] is False
    assert len(await listed(doors)) == 1, "what a colleague says of it is not her word"
    silent = await called(doors, anna, fine | {"words": " "})
    worked = await called(doors, anna, fine, who=LEAD_WHO_WORKED)
    force = {"order": {"action": "keep", "reason": "ждём"}, "finding": "unfinished"}
    assert [each.status_code for each in (silent, worked, await called(doors, anna, fine | force))] == [422, 422, 409]
    assert len(await listed(doors)) == 1
    for status in (201, 200):
        heard = await called(doors, anna, fine)
        assert (heard.status_code, heard.json()["findings"][0]["verdict"]) == (status, True)
    assert await listed(doors) == []
    matter = await care_of(doors).matter("r1")
    assert [(fact.by, fact.text) for fact in matter.of("satisfied")] == [("m1", "да, всё хорошо")]
    assert not matter.praised, "nothing was solved: it makes nobody a fan"
    await linked_up(doors)
    assert (await verdict(doors))["faults"] == []


async def test_the_word_on_a_request_of_who_has_left_is_anybodys_there(doors: Doors) -> None:
    anna, vera = await withdrawn_under_control(doors)
    client, _ = await care_of(doors).contact(anna)
    left = {"contacts": [{"name": "Вера", "contact_id": vera}]}
    assert (await doors.http.patch(f"/v1/clients/{client.client_id}", json=left, headers=MARIA)).status_code == 200
    await called(doors, vera, {"request_id": "r1", "finding": "fine", "words": "Анна просила передать: хорошо"})
    assert await listed(doors) == []


async def test_an_important_request_of_nobody_present_needs_a_finding_on_any_call(doors: Doors) -> None:
    care, client_id = care_of(doors), await doors.client(contacts=TWO)
    client = await care.office.client(client_id)
    anna, vera = (each.contact_id for each in client.contacts)
    for request_id, whose in (("r1", None), ("r2", "who-left"), ("r3", anna)):
        first = Registration(
            at=care.now(), number=request_id, priority="important", subject="Отчёт", party=party_of(client),
            contact_id=whose,
        )  # fmt: skip
        await listening.take_in(care, request_id, first)
    sheet = (await doors.get(f"/v1/contacts/{vera}/call-sheet", MARIA)).json()
    assert {item["request_id"]: item["needs_finding"] for item in sheet} == {"r1": True, "r2": True, "r3": False}
    silent = await called(doors, vera)
    assert (silent.status_code, silent.json()["request_ids"]) == (422, ["r1", "r2"])
    found = [{"request_id": each, "finding": "fine"} for each in ("r1", "r2")]
    assert (await called(doors, vera, *found)).status_code == 201


async def test_a_prospect_says_of_a_withdrawn_trial_in_a_talk_whether_it_is_content(doors: Doors) -> None:
    care = care_of(doors)
    prospect = await named(doors, await doors.client())
    path = f"/v1/prospects/{prospect}"
    opened = (await doors.post(f"{path}/trials", {"subject": "Отчёт", "failed_by": "не взялись"}, MARIA)).json()
    request_id, at = opened["trials"][0]["request_id"], care.now()
    party = await care.party(prospect)
    first = Registration(at=at, number="1", priority="urgent", subject="Отчёт", party=party, trial=True)
    await listening.take_in(care, request_id, replace(first, origin_id=prospect))
    talk = {"words": "Сами справились, спасибо", "next_contact": "2100-01-01T00:00:00Z", "content": True}
    early = await doors.post(f"{path}/talks", talk, MARIA)
    assert (early.status_code, (await doors.get(path, MARIA)).json()["talks"]) == (422, [])
    await listening.hear(care, request_id, Fact(kind="cancel_asked", at=at, by="s1", text="не моё"))
    await listening.hear(care, request_id, Fact(kind="withdrawn", at=care.now(), by="m1", text="сами"))
    shown = (await doors.get(path, MARIA)).json()
    assert (shown["state"], shown["trials"][0]["flawless"]) == ("tried", False), "another one may be tried"
    assert [item["withdrawn"] for item in await listed(doors)] == [True]
    assert (await doors.post(f"{path}/talks", talk | {"content": False}, MARIA)).status_code == 200
    assert len(await listed(doors)) == 1
    assert (await doors.post(f"{path}/talks", talk, MARIA)).status_code == 200
    assert await listed(doors) == []


async def test_a_client_lost_and_a_prospect_dropped_leave_their_requests_on_the_list(doors: Doors) -> None:
    care, client_id = care_of(doors), await doors.client()
    prospect = await named(doors, client_id)
    await asked_for(care, client_id, "r1", 2, cancelling=True)
    party = await care.party(prospect)
    await listening.hear(care, "t1", Fact(kind="cancel_asked", at=care.now(), by="s1", party=party))
    assert [item["lost"] for item in await listed(doors)] == [False, False]
    await doors.confirmed(kind="lost", client_id=client_id, reason="конкурент решил заявку", request_id="r1")
    assert (await doors.post(f"/v1/prospects/{prospect}/drop", {"reason": "передумали"}, MARIA)).status_code == 200
    items = await listed(doors)
    assert [(item["request_id"], item["lost"]) for item in items] == [("r1", True), ("t1", True)]
    assert all("слово бухгалтера" in item["next_step"] for item in items)
    assert [item["lost"] for item in (await doors.get(f"/v1/clients/{client_id}/control")).json()] == [True]
    for request_id in ("r1", "t1"):
        await listening.hear(care, request_id, Fact(kind="satisfied", at=care.now(), by="m1"))
    assert await listed(doors) == []


async def test_what_was_under_control_stays_so_when_it_is_merged(doors: Doors) -> None:
    care, client_id = care_of(doors), await doors.client()
    await listening.hear(care, "r1", Fact(kind="merged", at=care.now(), ref="r2", by="m1"))
    await asked_for(care, client_id, "r1", 1)
    await asked_for(care, client_id, "r2", 1)
    party = party_of(await care.office.client(client_id))
    await listening.hear(care, "r1", Fact(kind="cancel_asked", at=care.now(), by="s1", party=party))
    assert [item["request_id"] for item in await listed(doors)] == ["r2"]


async def test_a_merge_whose_second_half_was_lost_is_finished_when_it_is_told_again(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    care, client_id = care_of(doors), await doors.client()
    await asked_for(care, client_id, "r1", 1, cancelling=True)
    for other in ("r2", "r3"):
        await asked_for(care, client_id, other, 1)
    at = care.now() + timedelta(seconds=1)
    await listening.hear(care, "r2", Fact(kind="satisfied", at=care.now()))
    await listening.hear(care, "r2", Fact(kind="refused", at=care.now()))
    merged = Fact(kind="merged", at=at, ref="r2", by="m1")
    with monkeypatch.context() as crash:
        crash.setattr(matters, "inherits", _crashes)
        with pytest.raises(ConnectionError):
            await listening.hear(care, "r1", merged)
    assert await listed(doors) == []
    await listening.hear(care, "r1", merged)
    (item,) = await listed(doors)
    assert (item["request_id"], item["reason"].endswith("r1")) == ("r2", True)
    await listening.hear(care, "r2", Fact(kind="merged", at=at, ref="r3", by="m1"))
    assert [item["request_id"] for item in await listed(doors)] == ["r3"]
    await listening.hear(care, "r3", Fact(kind="satisfied", at=at + timedelta(seconds=1)))
    assert await listed(doors) == []
    again = Fact(kind="cancel_asked", at=at + timedelta(seconds=2), ref="2", by="s1", text="не моё")
    await listening.hear(care, "r1", again)
    assert [item["request_id"] for item in await listed(doors)] == ["r3"]


CIRCLE = (("r1", "r2"), ("r2", "r3"), ("r3", "r1"))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_requests_merged_in_a_circle_stay_on_the_list_until_it_is_undone(
    doors: Doors, order: tuple[int, ...]
) -> None:
    care, client_id = care_of(doors), await doors.client()
    for one, _ in CIRCLE:
        await asked_for(care, client_id, one, 1, cancelling=one == "r1")
    at = care.now()
    for place in order:
        one, other = CIRCLE[place]
        await listening.hear(care, one, Fact(kind="merged", at=at, ref=other, by="m1"))
        assert await listed(doors), "nothing leaves it but by the accountant's word"
    assert [item["request_id"] for item in await listed(doors)] == ["r1", "r2", "r3"]
    apart = Fact(kind="unmerged", at=at + timedelta(seconds=1), ref="r3", by="intake")
    for _ in range(2):
        await listening.hear(care, "r2", apart)
        assert [item["request_id"] for item in await listed(doors)] == ["r2"]
    assert not any([(await care.matter(one)).circled for one, _ in CIRCLE])
    await listening.hear(care, "r2", Fact(kind="satisfied", at=at + timedelta(seconds=2), by="m1"))
    assert await listed(doors) == []


async def test_a_circle_made_and_undone_at_the_same_moment_leaves_one_request_on_the_list(doors: Doors) -> None:
    care, client_id = care_of(doors), await doors.client()
    await asked_for(care, client_id, "r1", 1, cancelling=True)
    await asked_for(care, client_id, "r2", 1)
    at = care.now()
    told: list[tuple[str, Kind, int, str]] = [
        ("r1", "merged", 0, "r2"),
        ("r2", "merged", 0, "r1"),
        ("r2", "unmerged", 1, "r1"),
    ]
    facts = [
        (one, Fact(kind=kind, at=at + timedelta(seconds=later), ref=ref, by="m1")) for one, kind, later, ref in told
    ]
    await asyncio.gather(*(listening.hear(care, one, fact) for one, fact in facts))
    assert [item["request_id"] for item in await listed(doors)] == ["r2"]


def _crashes(*_: object) -> Decision[Matter]:
    raise ConnectionError


async def test_what_is_heard_of_a_merged_request_while_it_is_passed_on_is_the_last_to_arrive(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    care, client_id = care_of(doors), await doors.client()
    for one in ("r1", "r2"):
        await asked_for(care, client_id, one, 1)
    merged = await listening.hear(care, "r1", Fact(kind="merged", at=care.now(), ref="r2", by="m1"))
    early = merged.facts[0].at - timedelta(minutes=2)
    steps = care.store.matters.step
    answered = asyncio.Event()

    async def overtaken(key: str, decide: Any, **more: Any) -> Any:
        if key == "r2" and not answered.is_set():  # another replica hears the answer, and passes that on, just now
            answered.set()
            await listening.hear(care, "r1", Fact(kind="satisfied", at=early + timedelta(minutes=1)))
        return await steps(key, decide, **more)

    monkeypatch.setattr(care.store.matters, "step", overtaken)
    await listening.hear(care, "r1", Fact(kind="cancel_asked", at=early, by="s1", text="не моё"))
    assert answered.is_set()
    assert (await care.matter("r2")).of("inherited") == ()


async def test_an_order_said_again_after_the_verdict_is_refused_without_a_traceback(doors: Doors) -> None:
    care, client_id = care_of(doors), await doors.client()
    await asked_for(care, client_id, "r1", 2, cancelling=True)
    body = {"action": "keep", "reason": "ждём выписку"}
    assert (await doors.post("/v1/control/r1/orders", body, MARIA, key="k")).status_code == 201
    await listening.hear(care, "r1", Fact(kind="satisfied", at=care.now() + timedelta(seconds=1)))
    assert (await doors.post("/v1/control/r1/orders", body, MARIA, key="k")).status_code == 409
