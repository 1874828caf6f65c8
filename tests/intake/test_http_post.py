"""What letters open, join, and get as an answer; duplicates; who is not answered. On the real servers, with a real SMTP
server at the other end."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from functools import partial

import pytest

from services.intake.domain.mails import answer
from shared.clock import machine_now
from shared.contracts.accounts import ManagerRegistered
from tests.intake.conftest import Doors
from tests.intake.letters import a_letter, done
from tests.intake.samples import MAIL
from tests.kit import eventually, publish
from tests.mail_server import Post


async def test_a_letter_is_answered_with_its_number_and_an_answer_to_that_joins_it(post: Doors, outside: Post) -> None:
    await post.client()
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    reply = await outside.about(first["number"])
    assert (reply["Auto-Submitted"], reply["To"]) == ("auto-replied", MAIL)
    answer = a_letter("И ещё баланс", "Re: что угодно", "colleague@elsewhere.ru", In_Reply_To=reply["Message-ID"])
    joined = (await post.letter(answer)).json()
    assert (joined["kind"], joined["request_id"]) == ("follow_up", first["request_id"])
    event = await post.heard.one("request.followed_up")
    assert (event.subject, event.body["words"]) == (first["request_id"], "И ещё баланс")
    again = await post.letter(answer)
    assert (again.status_code, again.json()) == (200, joined)
    assert len((await post.get(f"/v1/requests/{first['request_id']}")).json()["follow_ups"]) == 1
    assert await post.reception.store.requests.count({}) == 1


async def test_the_number_in_a_subject_is_believed_of_its_own_client_alone(post: Doors) -> None:
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    subject = f"Re: [Заявка {first['number']}] Отчёт"
    assert (await post.letter(a_letter("и ещё", subject))).json()["request_id"] == first["request_id"]
    assert (await post.letter(a_letter("и моё", subject, "thief@x.ru"))).json()["request_id"] != first["request_id"]


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("auto_reply", a_letter("Я в отпуске", "Re: Отчёт", Auto_Submitted="auto-replied")),
        ("auto_reply", a_letter("Буду завтра", "Автоответ: Отчёт")),
        ("bulk", a_letter("Скидки", List_Id="<news.shop.ru>")),
        ("bulk", a_letter("Скидки", Precedence="bulk")),
        ("bounce", a_letter("Адрес не найден", "Недоставленное сообщение", "mailer-daemon@mail.ru")),
        ("own", a_letter("Ваше письмо получено", sender="help@svoy.example")),
        ("thanks", a_letter("Спасибо большое!\n\n> Готово", "Re: Отчёт")),
    ],
)
async def test_what_no_person_asks_is_kept_and_opens_nothing(post: Doors, outside: Post, kind: str, raw: bytes) -> None:
    answer = await post.letter(raw)
    assert (answer.status_code, answer.json()["kind"], answer.json()["request_id"]) == (201, kind, None)
    path = f"/v1/emails/{answer.json()['message_id']}"
    assert (await post.get(f"{path}/raw")).content == raw
    assert (await post.heard.one("message.received")).body["kind"] == kind
    assert await post.reception.store.requests.count({}) == 0
    assert await post.app.state.post.deliveries.documents.count({}) == 0
    assert outside.taken == []


async def test_a_bounce_is_attached_to_the_request_it_answers(post: Doors, outside: Post) -> None:
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    ours = (await outside.about(first["number"]))["Message-ID"]
    bounce = a_letter(f"Не доставлено:\nMessage-ID: {ours}", "Undelivered Mail", "MAILER-DAEMON@mail.ru")
    told = (await post.letter(bounce)).json()
    assert (told["kind"], told["request_id"]) == ("bounce", first["request_id"])
    assert (await post.get(f"/v1/requests/{first['request_id']}")).json()["follow_ups"] == []


async def test_a_sender_is_not_answered_more_than_a_few_times_an_hour(post: Doors) -> None:
    told = [(await post.letter(a_letter(f"Вопрос {n}", f"Тема {n}"))).json()["message_id"] for n in range(5)]
    answered = [(await post.get(f"/v1/emails/{one}")).json()["answered"] for one in told]
    assert answered == [True, True, True, False, False]
    at_once = [post.letter(a_letter(f"Срочно {n}", f"Шторм {n}", "storm@school5.ru")) for n in range(12)]
    assert {answer.status_code for answer in await asyncio.gather(*at_once)} == {201}
    assert await post.app.state.post.deliveries.documents.count({}) == 6


def test_an_address_is_told_of_a_request_once_and_of_so_many_within_an_hour() -> None:
    now = datetime(2026, 11, 2, 3, tzinfo=UTC)
    first = answer(None, "r1", 1, now).state
    assert first.told("r1")
    assert answer(first, "r1", 1, now + timedelta(minutes=1)).state is first
    assert not answer(first, "r2", 1, now + timedelta(minutes=59)).state.told("r2")
    later = answer(first, "r2", 1, now + timedelta(minutes=60)).state
    assert (later.told("r1"), later.told("r2")) == (False, True)
    assert not answer(None, "r1", 0, now).state.told("r1")


async def test_a_letter_about_a_request_that_is_over_opens_one_that_names_it(post: Doors) -> None:
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    path = f"/v1/requests/{first['request_id']}"
    await post.post(f"{path}/verdict", {"satisfied": True, "words": "Да", "said_by": "Иванова"})
    subject = f"Re: [Заявка {first['number']}] Отчёт"
    assert (await post.letter(a_letter("Спасибо!", subject))).json()["kind"] == "thanks"
    second = (await post.letter(a_letter("Опять не проходит", subject))).json()
    assert second["request_id"] != first["request_id"]
    assert (await post.get(f"/v1/requests/{second['request_id']}")).json()["follows"] == first["request_id"]
    closed = (await post.get(path)).json()
    assert (closed["state"], closed["verdicts"][0]["said_by"]) == ("closed", "Иванова")


async def test_letters_name_the_manager_who_holds_the_client_at_present(post: Doors, outside: Post) -> None:
    await post.client()
    for number, name in (("m1", "Вера Свойская"), ("m2", "Нина Новая")):
        told = ManagerRegistered(at=machine_now(), manager_id=number, revision=1, name=name, hired=date(2026, 1, 12))
        await publish(post.amqp_url, told)
        await eventually(partial(post.app.state.post.managers.get, number))
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    assert "Вера Свойская" in (await outside.about(first["number"])).get_content()
    await post.client(revision=2, manager_id="m2")
    await publish(post.amqp_url, done(first["request_id"]))
    assert "Нина Новая" in (await outside.about(first["number"], 2)).get_content()


async def test_attachments_lie_in_the_file_store_and_quotes_are_folded_not_cut(doors: Doors) -> None:
    message = EmailMessage(policy=WIRE)
    message["From"] = MAIL
    message.set_content("Срок вчера\n\n> старое\n> срочно сегодня\nС уважением,\nИванова")
    message.add_attachment(b"<script>", maintype="text", subtype="html", filename="a.html")
    message.add_attachment(b"MZ\x00", maintype="image", subtype="png", filename="отчёт\u202egnp.exe")
    taken = (await doors.letter(message.as_bytes())).json()
    path = f"/v1/emails/{taken['message_id']}"
    read = (await doors.get(path)).json()
    assert [(one["kept"], one["risky"]) for one in read["attachments"]] == [(True, False), (True, True)]
    assert "\u202e" not in read["attachments"][1]["name"]
    assert [block["kind"] for block in read["blocks"]] == ["said", "quote", "signature"]
    assert "".join(block["text"] for block in read["blocks"]) == read["text"]
    page = await doors.get(f"{path}/attachments/1")
    assert (page.content, page.headers["content-type"]) == (b"<script>", "application/octet-stream")
    assert await doors.reception.store.attachments.get(f"{taken['message_id']}/2") == b"MZ\x00"
