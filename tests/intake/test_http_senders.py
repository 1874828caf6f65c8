"""«Кто это?»: unknown senders are queued with suggestions; a person's word gives the client everything of theirs."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from services.intake.domain.callers import Caller
from services.intake.domain.identity import Identity, Word
from services.intake.domain.requests import Register
from services.intake.domain.senders import Link, linked
from services.intake.domain.triage import Triage
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from shared.clock import machine_now
from shared.contracts.accounts import ContactCard
from tests.intake.conftest import DIRECTOR, MANAGER, OTHER_MANAGER, SPECIALIST, Doors
from tests.intake.letters import a_letter
from tests.intake.samples import MAIL, PHONE
from tests.kit import eventually, serving

STRANGER = "+79137654321"
ADDRESS = "buh.petrova@mail.ru"
QUEUE = "/v1/senders/unknown"
IDENTIFY = "/v1/senders/identify"


async def a_call(doors: Doors, call_id: str = "k1", phone: str = STRANGER, minutes: float = 10) -> None:
    """A missed call, so many minutes ago."""
    began = machine_now() - timedelta(minutes=minutes)
    for event, after in (("rang", 0), ("missed", 20)):
        at = (began + timedelta(seconds=after)).isoformat()
        body = {"event": event, "call_id": call_id, "phone": phone, "direction": "in", "at": at}
        assert (await doors.webhook(body)).status_code == 200


async def queue(doors: Doors, **query: Any) -> list[dict[str, Any]]:
    """The senders nobody knows."""
    items: list[dict[str, Any]] = (await doors.get(QUEUE, MANAGER, **query)).json()["items"]
    return items


async def test_everything_from_a_sender_joins_the_client_and_counts_from_its_own_time(doors: Doors) -> None:
    await doors.client()
    await a_call(doors)
    asked = await doors.registered(contact={"phone": "8 913 765-43-21", "name": "Петрова"}, subject="Срочно: отчёт")
    (unknown,) = await queue(doors)
    assert (unknown["phone"], unknown["pressing"], unknown["count"], unknown["name"]) == (
        STRANGER, "urgent", 2, "Петрова",
    )  # fmt: skip
    began = (await doors.heard.one("call.missed")).body["at"]
    said = {"phone": STRANGER, "client_id": "c1", "contact_id": "c1-a"}
    told = (await doors.post(IDENTIFY, said)).json()
    assert (told["requests"], told["calls"], told["mails"], told["joining"]) == (1, 1, 0, False)
    identified = await doors.heard.one("request.identified")
    assert (identified.subject, identified.body["client"]["client_id"], identified.body["contact_id"]) == (
        asked["request_id"], "c1", "c1-a",
    )  # fmt: skip
    call = await doors.heard.one("call.identified")
    assert (call.body["missed_at"], call.body["client"]["manager_id"], call.body["by"]) == (began, "m1", "m1")
    assert await queue(doors) == []
    shown = (await doors.get(f"/v1/requests/{asked['request_id']}")).json()
    assert (shown["client"]["client_id"], shown["known_by"]) == ("c1", ["link"])
    later = await doors.registered(contact={"phone": STRANGER})
    assert later["client_id"] == "c1"
    await a_call(doors, "k2", minutes=1)
    (missed,) = [one for one in (await doors.heard.several(2, "call.missed")) if one.body["at"] != began]
    assert missed.body["client"]["client_id"] == "c1"


async def test_letters_join_too_and_thanks_that_opened_nothing(doors: Doors) -> None:
    await doors.client()
    first = (await doors.letter(a_letter("Не проходит отчёт", sender=ADDRESS))).json()
    thanks = (await doors.letter(a_letter("Спасибо!", "Re: Отчёт по школе", sender="other@mail.ru"))).json()
    assert {one["email"] for one in await queue(doors)} == {ADDRESS, "other@mail.ru"}
    for address in (ADDRESS, "other@mail.ru"):
        await doors.post(IDENTIFY, {"email": address.upper(), "client_id": "c1"})
    events = await doors.heard.several(2, "message.identified")
    assert {one.subject for one in events} == {first["message_id"], thanks["message_id"]}
    assert await queue(doors) == []
    assert (await doors.get(f"/v1/emails/{thanks['message_id']}")).json()["client"]["client_id"] == "c1"
    assert (await doors.letter(a_letter("И ещё", "Баланс", sender=ADDRESS))).json()["client_id"] == "c1"


async def test_a_wrong_word_is_put_right_and_takes_along_what_it_had_moved(doors: Doors) -> None:
    for client_id in ("c1", "c2", "c3"):
        card = ContactCard(contact_id=f"{client_id}-a", name="Иванова", emails=(f"{client_id}@school.ru",))
        await doors.client(client_id, contacts=(card,))
    await a_call(doors)
    moved, own = [await doors.registered(contact={"phone": STRANGER}) for _ in range(2)]
    await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c1"})
    later = await doors.registered(contact={"phone": STRANGER})
    await doors.post(f"/v1/requests/{own['request_id']}/client", {"client_id": "c3"})
    told = (await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c2"})).json()
    assert ([link["client_id"] for link in told["links"]], told["requests"], told["calls"]) == (["c1", "c2"], 2, 1)
    found = [(await doors.get(f"/v1/requests/{one['request_id']}")).json() for one in (moved, own, later)]
    assert [one["client"]["client_id"] for one in found] == ["c2", "c3", "c2"]
    again = (await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c2"})).json()
    assert (again["requests"], again["calls"], len(again["links"])) == (0, 0, 2)
    calls = await doors.heard.several(2, "call.identified")
    assert [one.body["client"]["client_id"] for one in calls] == ["c1", "c2"]


async def test_what_a_crash_left_between_the_word_and_the_joining_is_taken_up(settings: IntakeSettings) -> None:
    app = build_app(settings.model_copy(update={"pair_every_seconds": 0.2}))
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        await doors.client()
        asked = await doors.registered(contact={"phone": STRANGER})
        key, word = f"tel:{STRANGER}", Link("c1", None, "m1", machine_now())
        await doors.reception.store.senders.step(key, lambda known: linked(known, key, word))

        async def joined() -> bool:
            found = (await doors.get(f"/v1/requests/{asked['request_id']}")).json()
            return bool(found["client"]) and not (await doors.get("/v1/senders", phone=STRANGER)).json()["joining"]

        await eventually(joined)


async def test_what_was_written_by_an_older_word_while_a_newer_was_said_is_moved_on(settings: IntakeSettings) -> None:
    app = build_app(settings.model_copy(update={"pair_every_seconds": 0.2}))
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        for client_id in ("c1", "c2"):
            await doors.client(client_id, contacts=())
            await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": client_id})
        first = await doors.reception.store.clients.get("c1")
        assert first is not None
        older = Identity(first.client(), link=Word(f"tel:{STRANGER}", 1))
        command = Register(
            channel="phone", subject="x", text="", caller=Caller(phone=STRANGER), identity=older,
            triage=Triage("routine"), by="m1",
        )  # fmt: skip
        await doors.reception.register(command, "r1")

        async def moved_on() -> bool:
            return bool((await doors.get("/v1/requests/r1")).json()["client"]["client_id"] == "c2")

        await eventually(moved_on)


async def test_a_word_said_at_once_to_two_replicas_ends_in_one_client(settings: IntakeSettings) -> None:
    apps = [build_app(settings), build_app(settings)]
    async with serving(apps[0]) as one, serving(apps[1]) as other:
        doors = Doors(one, None, apps[0], settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        for client_id in ("c1", "c2"):
            card = ContactCard(contact_id=f"{client_id}-a", name="Иванова")
            await doors.client(client_id, contacts=(card,))
        asked = await asyncio.gather(*(doors.registered(contact={"phone": STRANGER}) for _ in range(5)))

        def word(http: httpx.AsyncClient, client_id: str) -> Any:
            return http.post(IDENTIFY, json={"phone": STRANGER, "client_id": client_id}, headers=DIRECTOR)

        answers = await asyncio.gather(*(word(http, name) for http, name in ((one, "c1"), (other, "c2"))))
        assert [answer.status_code for answer in answers] == [200, 200]
        last = (await doors.get("/v1/senders", phone=STRANGER)).json()["links"][-1]["client_id"]
        for request in asked:
            found = (await doors.get(f"/v1/requests/{request['request_id']}")).json()
            assert found["client"]["client_id"] == last


async def test_a_number_of_several_clients_offers_them_and_one_call_can_be_given_alone(doors: Doors) -> None:
    await doors.client("c1")
    await doors.client("c2")
    await a_call(doors, phone=PHONE)
    (unknown,) = await queue(doors)
    assert [(one["client_id"], one["contact_name"], one["reasons"]) for one in unknown["suggestions"]] == [
        (name, "Иванова", ["номер записан у клиента"]) for name in ("c1", "c2")
    ]
    call_id = unknown["pieces"][0]["id"]
    offered = (await doors.get(f"/v1/calls/{call_id}/suggestions", MANAGER)).json()
    assert [one["client_id"] for one in offered] == ["c1", "c2"]
    given = await doors.post(f"/v1/calls/{call_id}/client", {"client_id": "c2"})
    assert (given.json()["client"]["client_id"], await queue(doors)) == ("c2", [])
    assert (await doors.post(f"/v1/calls/{call_id}/client", {"client_id": "nobody"})).status_code == 404
    assert not (await doors.registered(contact={"phone": PHONE}))["identified"]
    exact = {"phone": f"{PHONE} доб. 102", "client_id": "c2"}
    assert (await doors.post(IDENTIFY, exact)).json()["extension"] == "102"
    assert (await doors.registered(contact={"phone": f"{PHONE} доб. 102"}))["client_id"] == "c2"
    assert not (await doors.registered(contact={"phone": PHONE}))["identified"]


async def test_suggestions_say_why(doors: Doors) -> None:
    cards = (ContactCard(contact_id="c1-a", name="Петрова Анна", phones=("+73912223344",), emails=("a@school5.ru",)),)
    await doors.client("c1", contacts=cards, name="Школа № 5", inn="7707083893")
    await doors.client("c2", contacts=(ContactCard(contact_id="c2-a", name="Сидорова", emails=("b@school5.ru",)),),
                       name="Лицей № 2", inn="7736050003")  # fmt: skip
    cases = [
        ({"phone": "+7 391 222-33-99"}, {"c1": ["соседний номер: +73912223344"]}),
        ({"email": "new@school5.ru"}, {"c1": ["почтовый домен учреждения"], "c2": ["почтовый домен учреждения"]}),
        ({"name": "Анна Петрова, "}, {}),
        ({"name": "петрова  анна"}, {"c1": ["так зовут бухгалтера: Петрова Анна"]}),
        ({"email": "x@mail.ru", "name": "школа №5"}, {"c1": ["клиент назван в тексте"]}),
    ]
    for contact, expected in cases:
        asked = await doors.registered(contact=contact)
        offered = (await doors.get(f"/v1/requests/{asked['request_id']}/suggestions", MANAGER)).json()
        assert {one["client_id"]: one["reasons"] for one in offered} == expected, contact
    text = "Это лицей №2, у нас не сходится баланс. ИНН 7736050003, ИНН 7707083893"
    asked = await doors.registered(contact={"email": "y@mail.ru"}, text=text)
    offered = (await doors.get(f"/v1/requests/{asked['request_id']}/suggestions", MANAGER)).json()
    assert [(one["client_id"], one["reasons"]) for one in offered] == [
        ("c1", ["ИНН назван в тексте"]), ("c2", ["ИНН назван в тексте", "клиент назван в тексте"]),
    ]  # fmt: skip
    assert (await doors.registered(contact={"email": "y@mail.ru"}, text="ИНН 7736050003"))["client_id"] == "c2"


async def test_what_spoke_against_is_shown(doors: Doors) -> None:
    await doors.client("c1", inn="7707083893")
    await doors.client("c2", inn="7736050003", contacts=())
    asked = await doors.registered(contact={"phone": PHONE}, text="Акт с ИНН 7736050003")
    shown = (await doors.get(f"/v1/requests/{asked['request_id']}")).json()
    assert (shown["known_by"], shown["against"]) == (["phone"], [{"client_id": "c2", "tiers": ["inn"]}])


async def test_who_is_none_of_ours_leaves_the_queue_and_can_be_put_right(doors: Doors) -> None:
    await doors.client()
    await doors.registered(contact={"phone": STRANGER})
    told = (await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": None})).json()
    assert (told["links"][0]["client_id"], await queue(doors)) == (None, [])
    await doors.registered(contact={"phone": STRANGER})
    assert await queue(doors) == []
    assert (await doors.post(IDENTIFY, {"phone": STRANGER, "client_id": "c1"})).json()["requests"] == 2


async def test_the_queue_is_paged_the_most_pressing_first_then_the_longest_waiting(doors: Doors) -> None:
    for number in range(3):
        await doors.registered(contact={"phone": f"+7913765432{number}"}, priority="routine")
    await doors.registered(contact={"phone": STRANGER}, priority="urgent")
    nameless = await doors.registered(contact={"name": "Иванова"}, priority="routine")
    await a_call(doors, "k9", "+79137654329")
    seen, cursor = [], None
    for _ in range(4):
        page = (await doors.get(QUEUE, MANAGER, limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += [one["phone"] or one["request_id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [
        STRANGER, "+79137654329", "+79137654320", "+79137654321"[:11] + "1", "+79137654322", nameless["request_id"],
    ][:3] + seen[3:]  # fmt: skip
    assert len(seen) == 5
    assert len(set(seen)) == 5


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"phone": STRANGER}, 422),
        ({"phone": STRANGER, "email": MAIL, "client_id": "c1"}, 422),
        ({"phone": "112", "client_id": "c1"}, 422),
        ({"email": "not an address", "client_id": "c1"}, 422),
        ({"phone": STRANGER, "client_id": ""}, 422),
        ({"phone": STRANGER, "client_id": {"$ne": None}}, 422),
        ({"phone": STRANGER, "client_id": "nobody"}, 404),
        ({"phone": STRANGER, "client_id": "c1", "contact_id": "nobody"}, 404),
        ({"phone": STRANGER, "client_id": "c1", "extra": 1}, 422),
        ({"phone": PHONE, "client_id": "c2"}, 409),
    ],
)
async def test_a_word_that_makes_no_sense_is_refused(doors: Doors, body: dict[str, Any], status: int) -> None:
    await doors.client()
    await doors.client("c2", contacts=())
    answer = await doors.post(IDENTIFY, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert await doors.reception.store.senders.count({}) == 0


async def test_only_those_who_may_speak_are_heard(doors: Doors) -> None:
    await doors.client()
    await doors.client("c2", manager_id="m2", contacts=())
    said = {"phone": STRANGER, "client_id": "c1"}
    assert (await doors.post(IDENTIFY, said, SPECIALIST)).status_code == 403
    assert (await doors.get(QUEUE, SPECIALIST)).status_code == 403
    assert (await doors.post(IDENTIFY, said)).status_code == 200
    assert (await doors.post(IDENTIFY, said | {"client_id": "c2"}, OTHER_MANAGER)).status_code == 403
    assert (await doors.get("/v1/senders", OTHER_MANAGER, phone=STRANGER)).status_code == 403
    assert (await doors.get("/v1/senders", MANAGER, phone="+79130000001")).status_code == 404
    assert (await doors.get("/v1/senders", MANAGER)).status_code == 422
    assert (await doors.get(QUEUE, MANAGER, cursor="bm90aGluZw==")).status_code == 422


async def test_a_card_that_learns_the_number_takes_its_calls_and_letters(doors: Doors) -> None:
    await a_call(doors)
    await doors.letter(a_letter("Спасибо!", "Re: Отчёт", sender=ADDRESS))
    card = ContactCard(contact_id="c1-a", name="Петрова", phones=(STRANGER,), emails=(ADDRESS,))
    await doors.client(contacts=(card,))
    assert (await doors.heard.one("call.identified")).body["contact_id"] == "c1-a"
    assert (await doors.heard.one("message.identified")).body["contact_id"] == "c1-a"
    await eventually(partial(_empty, doors))


async def _empty(doors: Doors) -> bool:
    return await queue(doors) == []
