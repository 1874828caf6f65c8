"""One matter or more: proposed at registration, joined, raised by what the client adds, merged in no circles."""

from typing import Any

import pytest

from services.intake.domain import merging
from services.intake.main import build_app
from services.intake.matters import settle
from services.intake.settings import IntakeSettings
from shared.clock import machine_now
from shared.contracts.accounts import ContactCard
from tests.intake.conftest import MANAGER, OTHER_MANAGER, Doors
from tests.intake.letters import a_letter
from tests.intake.samples import MAIL, PHONE
from tests.kit import eventually, serving

REPORT = "Не сдаётся отчёт 6-НДФЛ"


async def shown(doors: Doors, request_id: str) -> dict[str, Any]:
    """A request as it is now."""
    found: dict[str, Any] = (await doors.get(f"/v1/requests/{request_id}")).json()
    return found


async def told(doors: Doors, request_id: str, words: str, call_id: str | None = None) -> dict[str, Any]:
    """The request after the client said this."""
    said = {"channel": "phone", "words": words, "call_id": call_id}
    answer = await doors.post(f"/v1/requests/{request_id}/follow-ups", said)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_urgent_words_in_a_follow_up_raise_the_priority_with_their_reasons_once(doors: Doors) -> None:
    await doors.client()
    asked = await doors.registered(contact={"phone": PHONE}, subject="Вопрос по отпускным")
    assert asked["priority"] == "routine"
    for _ in range(2):
        after = await told(doors, asked["request_id"], "Срочно! Зарплата сегодня", "k1")
    assert (after["priority"], after["corrections"], len(after["follow_ups"])) == ("urgent", [], 1)
    pressing = after["follow_ups"][0]["pressing"]
    assert (pressing["raised"], pressing["was"], pressing["evidence"][0]) == (True, "routine", "urgent_word: Срочно")
    event = await doors.heard.one("request.reprioritised")
    assert (event.body["priority"], event.body["by"]) == ("urgent", "intake")
    assert "urgent_word" in event.body["reason"]
    assert (await doors.heard.one("request.followed_up")).body["urges"] is None
    calmer = await told(doors, asked["request_id"], "Не срочно")
    assert (calmer["priority"], calmer["follow_ups"][1]["pressing"]) == ("urgent", None)


async def test_a_follow_up_is_kept_whole(doors: Doors) -> None:
    asked = await doors.registered()
    words = "а" * 4_999 + "я"
    after = await told(doors, asked["request_id"], words)
    assert after["follow_ups"][0]["words"] == words
    assert (await doors.heard.one("request.followed_up")).body["words"] == words[:2_000]


async def test_a_letter_that_joins_raises_it_too_and_the_counting_of_corrections_stays_peoples(doors: Doors) -> None:
    await doors.client()
    first = (await doors.letter(a_letter("Вопрос по отпуску", "Отпуск"))).json()
    joined = (await doors.letter(a_letter("Горит, сегодня зарплата!", f"Re: [Заявка {first['number']}]"))).json()
    assert joined["kind"] == "follow_up"
    assert (await shown(doors, first["request_id"]))["priority"] == "urgent"
    counted = (await doors.get("/v1/triage/confusion")).json()
    assert (counted["requests"], counted["differ"]) == (1, 0)


@pytest.mark.parametrize("by_person", ["correction", "given"])
async def test_where_a_person_had_set_the_priority_the_manager_is_shown_instead(doors: Doors, by_person: str) -> None:
    given = "routine" if by_person == "given" else None
    asked = await doors.registered(subject="Важно: баланс", priority=given)
    path = f"/v1/requests/{asked['request_id']}"
    if by_person == "correction":
        await doors.post(f"{path}/priority", {"priority": "routine", "reason": "ждёт"})
    after = await told(doors, asked["request_id"], "Срочно!")
    assert (after["priority"], after["follow_ups"][0]["pressing"]["raised"]) == ("routine", False)
    assert after["attention"] == ["клиент торопит: срочно"]
    assert (await doors.heard.one("request.followed_up")).body["urges"] == "urgent"
    assert (await doors.get("/v1/requests", MANAGER)).json()["items"][0]["attention"] == ["клиент торопит: срочно"]
    seen = await doors.post(f"{path}/priority", {"priority": "urgent", "reason": "правда"})
    assert seen.json()["attention"] == []


async def test_the_same_matter_by_phone_and_mail_is_proposed_when_it_is_registered(doors: Doors) -> None:
    cards = (
        ContactCard(contact_id="c1-a", name="Иванова", phones=(PHONE,)),
        ContactCard(contact_id="c1-b", name="Петрова", emails=(MAIL,)),
    )
    await doors.client(contacts=cards)
    by_phone = await doors.registered(contact={"phone": PHONE}, subject=REPORT)
    by_mail = (await doors.letter(a_letter("Не сдаётся 6-НДФЛ, отчёт висит", "6-НДФЛ"))).json()
    (first, second) = await doors.heard.several(2, "request.registered")
    assert first.body["possible_duplicates"] == []
    assert second.body["possible_duplicates"] == [
        {"request_id": by_phone["request_id"], "reasons": ["похожие слова", "разные каналы"]}
    ]
    found = await shown(doors, by_mail["request_id"])
    assert [one["number"] for one in found["possible_duplicates"]] == [by_phone["number"]]
    assert found["attention"] == [f"похожа на заявку {by_phone['number']}"]
    await doors.post(f"/v1/requests/{by_mail['request_id']}/distinct", {"request_id": by_phone["request_id"]})
    assert (await shown(doors, by_mail["request_id"]))["attention"] == []


async def test_a_letter_of_somebody_unknown_is_proposed_and_two_clients_of_one_sender_but_not_merged(
    doors: Doors,
) -> None:
    await doors.client("c1")
    await doors.client("c2", contacts=())
    await doors.client("c3", contacts=(), manager_id="m2")
    one = await doors.registered(contact={"phone": PHONE}, subject=REPORT)
    unknown = (await doors.letter(a_letter("Не сдаётся отчёт 6-НДФЛ", REPORT, "someone@mail.ru"))).json()
    beside = await doors.registered(contact={"phone": PHONE}, client_id="c2", subject=REPORT)
    foreign = await doors.registered(contact={"phone": PHONE}, client_id="c3", subject=REPORT)
    found = {
        name: {other["request"]["request_id"]: other["reasons"] for other in listed}
        for name, listed in [
            (name, (await doors.get(f"/v1/requests/{request['request_id']}/duplicates", who)).json())
            for name, request, who in (("one", one, MANAGER), ("foreign", foreign, OTHER_MANAGER))
        ]
    }
    assert found == {
        "one": {
            unknown["request_id"]: ["похожие слова", "разные каналы", "отправитель не опознан"],
            beside["request_id"]: ["похожие слова", "тот же отправитель", "записаны за разными клиентами одной базы"],
        },
        "foreign": {unknown["request_id"]: ["похожие слова", "разные каналы", "отправитель не опознан"]},
    }
    refused = await doors.post(f"/v1/requests/{beside['request_id']}/merge", {"request_id": one["request_id"]})
    assert (refused.status_code, "другого клиента" in refused.json()["detail"]) == (409, True)
    merged = await doors.post(f"/v1/requests/{unknown['request_id']}/merge", {"request_id": one["request_id"]})
    assert merged.json()["merged_into"] == one["request_id"]


async def three(doors: Doors) -> list[str]:
    """Three open requests of one client."""
    await doors.client()
    asked = [await doors.registered(contact={"phone": PHONE}, subject=f"Вопрос {number}") for number in range(3)]
    return [one["request_id"] for one in asked]


async def test_a_circle_of_three_is_refused_and_a_chain_leads_to_its_end(doors: Doors) -> None:
    a, b, c = await three(doors)
    for one, other in ((a, b), (b, c)):
        assert (await doors.post(f"/v1/requests/{one}/merge", {"request_id": other})).status_code == 200
    refused = await doors.post(f"/v1/requests/{c}/merge", {"request_id": a})
    assert (refused.status_code, "круг" in refused.json()["detail"]) == (409, True)
    assert (await shown(doors, c))["state"] == "open"
    fourth = (await doors.registered(contact={"phone": PHONE}))["request_id"]
    merged = (await doors.post(f"/v1/requests/{fourth}/merge", {"request_id": a})).json()
    assert merged["merged_into"] == c
    await told(doors, a, "И ещё", "k7")
    assert [len((await shown(doors, one))["follow_ups"]) for one in (a, b, c, fourth)] == [1, 1, 1, 0]


async def test_a_circle_a_crash_left_is_broken_by_whoever_comes_next(settings: IntakeSettings) -> None:
    app = build_app(settings.model_copy(update={"pair_every_seconds": 0.2}))
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        ids = await three(doors)
        requests, now = doors.reception.store.requests, machine_now()
        targets = [await requests.get(one) for one in ids]
        for one, into in zip(ids, [*targets[1:], targets[0]], strict=True):
            assert into is not None
            await requests.step(one, lambda state, into=into: merging.merge(state, into, by="m1", now=now))  # type: ignore[misc]

        async def broken() -> bool:
            found = [await shown(doors, one) for one in ids]
            return any(one["state"] == "open" for one in found) and not await doors.reception.store.unchecked()

        await eventually(broken)
        for one in ids:
            assert not (await settle(doors.reception, one)).merge_unchecked


async def test_what_was_urgent_while_it_was_merged_is_urgent_when_it_is_taken_apart(doors: Doors) -> None:
    a, b, _ = await three(doors)
    await doors.post(f"/v1/requests/{a}/merge", {"request_id": b})
    merged = await told(doors, a, "Срочно, зарплата сегодня")
    assert (merged["priority"], (await shown(doors, b))["priority"]) == ("routine", "urgent")
    apart = (await doors.post(f"/v1/requests/{a}/unmerge")).json()
    assert (apart["state"], apart["priority"], len(apart["follow_ups"])) == ("open", "urgent", 1)
    raised = await doors.heard.several(2, "request.reprioritised")
    assert {one.subject for one in raised} == {a, b}


async def test_a_letter_about_a_merged_request_whose_target_is_over_opens_one_that_names_that(doors: Doors) -> None:
    first = (await doors.letter(a_letter("Не проходит отчёт"))).json()
    into = (await doors.letter(a_letter("Не сходится баланс", "Баланс"))).json()
    path, target = (f"/v1/requests/{one['request_id']}" for one in (first, into))
    assert (await doors.post(f"{path}/merge", {"request_id": into["request_id"]})).status_code == 200
    subject = f"Re: [Заявка {first['number']}] Отчёт"
    assert (await doors.letter(a_letter("Ещё файл", subject))).json()["request_id"] == first["request_id"]
    assert (await doors.post(f"{target}/verdict", {"satisfied": True, "words": "Да"})).status_code == 200
    again = (await doors.letter(a_letter("Опять не проходит", subject))).json()
    assert (again["kind"], again["request_id"] in {first["request_id"], into["request_id"]}) == ("request", False)
    assert (await shown(doors, again["request_id"]))["follows"] == into["request_id"]
    said = {"channel": "phone", "words": "Опять не проходит"}
    assert (await doors.post(f"{path}/follow-ups", said)).status_code == 409
    assert [len((await doors.get(one)).json()["follow_ups"]) for one in (path, target)] == [1, 1]


async def test_a_letter_that_was_joined_before_a_crash_opens_nothing_though_its_request_is_over_since(
    doors: Doors,
) -> None:
    first = (await doors.letter(a_letter("Не проходит отчёт"))).json()
    answer = a_letter("Ещё файл", f"Re: [Заявка {first['number']}] Отчёт")
    joined = (await doors.letter(answer)).json()
    await doors.post(f"/v1/requests/{first['request_id']}/verdict", {"satisfied": True, "words": "Да"})
    await doors.reception.store.mails.collection.delete_one({"_id": joined["message_id"]})
    assert (await doors.letter(answer)).json()["request_id"] == first["request_id"]
    assert await doors.reception.store.requests.count({}) == 1


async def two(doors: Doors) -> tuple[str, str]:
    """The same matter by phone and by mail."""
    await doors.client()
    by_phone = await doors.registered(contact={"phone": PHONE}, subject="Не сдаётся отчёт 6-НДФЛ")
    by_mail = (await doors.letter(a_letter("Не сдаётся 6-НДФЛ, отчёт висит", "6-НДФЛ"))).json()
    return by_phone["request_id"], by_mail["request_id"]


async def test_the_same_matter_twice_is_proposed_merged_and_taken_apart_without_loss(doors: Doors) -> None:
    first, second = await two(doors)
    (proposed,) = (await doors.get(f"/v1/requests/{second}/duplicates")).json()
    assert proposed["request"]["request_id"] == first
    assert set(proposed["reasons"]) == {"похожие слова", "тот же бухгалтер", "разные каналы"}
    merged = await doors.post(f"/v1/requests/{second}/merge", {"request_id": first})
    assert (merged.status_code, merged.json()["state"], merged.json()["merged_into"]) == (200, "merged", first)
    assert (await doors.heard.one("request.merged")).body["into_request_id"] == first
    said = {"channel": "phone", "words": "Ещё и 4-ФСС", "call_id": "k1"}
    for _ in range(2):
        assert (await doors.post(f"/v1/requests/{second}/follow-ups", said)).status_code == 200
    both = [(await doors.get(f"/v1/requests/{one}")).json()["follow_ups"] for one in (first, second)]
    assert [len(one) for one in both] == [1, 1]
    assert (await doors.post(f"/v1/requests/{second}/verdict", {"satisfied": True, "words": "да"})).status_code == 409
    apart = (await doors.post(f"/v1/requests/{second}/unmerge")).json()
    assert (apart["state"], apart["merged_into"], len(apart["follow_ups"])) == ("open", None, 1)
    assert (await doors.heard.one("request.unmerged")).body["from_request_id"] == first
    assert (await doors.get(f"/v1/requests/{second}/duplicates")).json() == []
    assert (await doors.post(f"/v1/requests/{second}/unmerge")).status_code == 409


async def test_only_what_can_be_one_matter_is_merged(doors: Doors) -> None:
    first, second = await two(doors)
    path = f"/v1/requests/{first}/merge"
    assert (await doors.post(path, {"request_id": first})).status_code == 409
    assert (await doors.post(path, {"request_id": "nobody"})).status_code == 404
    assert (await doors.post(path, {"request_id": second}, OTHER_MANAGER)).status_code == 403
    assert (await doors.post(path, {"request_id": 5})).status_code == 422
    await doors.post(f"/v1/requests/{second}/withdrawal", {"reason": "Сами"})
    assert (await doors.post(path, {"request_id": second})).status_code == 409


async def test_what_a_person_kept_apart_is_not_proposed_again(doors: Doors) -> None:
    first, second = await two(doors)
    assert (await doors.post(f"/v1/requests/{first}/distinct", {"request_id": second}, MANAGER)).status_code == 200
    for one in (first, second):
        assert (await doors.get(f"/v1/requests/{one}/duplicates")).json() == []
