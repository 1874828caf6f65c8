"""`/v1/emails` on the real servers."""

import asyncio
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from services.intake.channels import email
from services.intake.domain.mails import NO_SUBJECT, UNREADABLE, Letter
from shared.ids import derived_id
from tests.intake.conftest import DIRECTOR, MANAGER, OTHER_MANAGER, SPECIALIST, Doors
from tests.intake.samples import MAIL
from tests.kit import FOREIGN_KEY, token


def letter(text: str = "Зарплата сегодня, не считает аванс", charset: str = "koi8-r") -> bytes:
    """A letter of a known accountant."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Иванова Ольга <{MAIL}>"
    message["Subject"] = "Помогите"
    message["Message-ID"] = "<1@school5.ru>"
    message.set_content(text, charset=charset, cte="base64")
    message.add_attachment("<b>не запускать</b>".encode(), maintype="text", subtype="html", filename="Отчёт.html")
    return message.as_bytes()


async def test_a_koi8_letter_becomes_a_request_of_its_client(doors: Doors) -> None:
    await doors.client()
    answer = await doors.letter(letter(), await doors.key("emails:write"))
    assert answer.status_code == 201
    body = answer.json()
    assert (body["client_id"], body["priority"], body["identified"]) == ("c1", "urgent", True)
    request = (await doors.get(f"/v1/requests/{body['request_id']}")).json()
    assert (request["channel"], request["subject"]) == ("email", "Помогите")
    assert request["text"] == "Зарплата сегодня, не считает аванс"
    assert request["message_id"] == body["message_id"]
    received, registered = await doors.heard.one("message.received"), await doors.heard.one("request.registered")
    assert received.body["request_id"] == registered.subject == body["request_id"]
    assert received.body["client"]["client_id"] == "c1"


async def test_what_could_be_read_the_raw_letter_and_its_attachments_are_there(doors: Doors) -> None:
    raw = letter()
    path = f"/v1/emails/{(await doors.letter(raw)).json()['message_id']}"
    read = (await doors.get(path)).json()
    assert (read["sender"], read["sender_name"], read["size"]) == (MAIL, "Иванова Ольга", len(raw))
    assert read["text"] == "Зарплата сегодня, не считает аванс"
    assert [(one["number"], one["name"]) for one in read["attachments"]] == [(1, "Отчёт.html")]
    kept = await doors.get(f"{path}/raw")
    assert (kept.content, kept.headers["content-type"]) == (raw, "message/rfc822")
    attachment = await doors.get(f"{path}/attachments/1")
    assert attachment.content.decode() == "<b>не запускать</b>"
    assert attachment.headers["content-disposition"].startswith('attachment; filename="_____.html"')
    assert attachment.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in attachment.headers["content-security-policy"]
    assert (await doors.get(f"{path}/attachments/2")).status_code == 404
    assert (await doors.get(f"{path}/attachments/one")).status_code == 422


async def test_the_same_letter_again_answers_the_same(doors: Doors) -> None:
    raw = letter()
    first = await doors.letter(raw)
    by_another_way = await doors.letter(b"Received: from elsewhere\r\n" + raw)
    assert (first.status_code, by_another_way.status_code) == (201, 200)
    assert first.content == by_another_way.content
    other = await doors.letter(letter("Другой текст"))
    assert other.status_code == 201
    assert await doors.reception.store.requests.count({}) == 2


async def test_the_same_letter_at_once_is_one_request_and_kept_once(doors: Doors) -> None:
    raw = letter()
    answers = await asyncio.gather(*(doors.letter(raw) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert await doors.reception.store.requests.count({}) == 1
    assert await doors.reception.store.letter(answers[0].json()["message_id"]) == raw


async def test_a_crash_between_request_and_letter_is_healed_by_the_repeat(doors: Doors) -> None:
    raw = letter()
    first = (await doors.letter(raw)).json()
    await doors.reception.store.mails.collection.delete_one({"_id": first["message_id"]})
    doors.reception.store.mails._cache.clear()
    again = await doors.letter(raw)
    assert (again.status_code, again.json()) == (201, first)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("Просто текст без заголовков".encode("koi8-r"), NO_SUBJECT),
        (b"From: nobody\r\nContent-Type: text/plain; charset=cp-1251\r\n\r\n" + "срочно".encode("cp1251"), NO_SUBJECT),
        (b"Subject: many\r\n" + b"".join(b"X-%d: v\r\n" % n for n in range(10_000)) + b"\r\nbody", "many"),
        (b"\x00\xff\xfe\x80", NO_SUBJECT),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--", UNREADABLE),
    ],
    ids=["no headers", "broken charset", "10 000 headers", "no text", "nothing"],
)
async def test_no_letter_is_refused_or_lost(doors: Doors, raw: bytes, subject: str) -> None:
    answer = await doors.letter(raw)
    assert answer.status_code == 201
    body = answer.json()
    assert not body["identified"]
    read = (await doors.get(f"/v1/emails/{body['message_id']}")).json()
    assert (read["subject"], read["request_id"]) == (subject, body["request_id"])
    assert (await doors.get(f"/v1/emails/{body['message_id']}/raw")).content == raw


async def test_a_letter_from_nobody_known_becomes_the_clients_once_they_are_known(doors: Doors) -> None:
    body = (await doors.letter(letter())).json()
    assert not body["identified"]
    await doors.client()
    event = await doors.heard.one("request.identified")
    assert (event.subject, event.body["client"]["client_id"]) == (body["request_id"], "c1")


async def test_what_is_no_letter_is_refused(doors: Doors) -> None:
    path = "/v1/emails"
    assert (await doors.post(path, {"subject": "x"})).status_code == 415
    assert (await doors.letter(b"")).status_code == 422
    assert (await doors.letter(b"x" * 10_000_001)).status_code == 413
    assert await doors.reception.store.requests.count({}) == 0


async def test_only_who_may_sends_and_reads_letters(doors: Doors) -> None:
    await doors.client()
    for who, status in [
        ({}, 401),
        (token("manager", hours=-1), 401),
        (token("manager", key=FOREIGN_KEY), 401),
        (SPECIALIST, 403),
        (await doors.key("requests:write"), 403),
    ]:
        assert (await doors.letter(letter(), who)).status_code == status, who
    path = f"/v1/emails/{(await doors.letter(letter())).json()['message_id']}"
    for inner in ("", "/raw", "/attachments/1"):
        assert (await doors.get(path + inner, MANAGER)).status_code == 200
        assert (await doors.get(path + inner, OTHER_MANAGER)).status_code == 403
        assert (await doors.get(path + inner, SPECIALIST)).status_code == 403
    assert (await doors.get("/v1/emails/nobody", DIRECTOR)).status_code == 404


async def test_a_clients_letter_that_opened_nothing_is_seen_in_its_base_alone(doors: Doors) -> None:
    await doors.client()
    taken = (await doors.letter(b"Auto-Submitted: auto-replied\r\n" + letter())).json()
    assert (taken["kind"], taken["request_id"]) == ("auto_reply", None)
    for inner in ("", "/raw", "/attachments/1"):
        path = f"/v1/emails/{taken['message_id']}{inner}"
        assert (await doors.get(path, MANAGER)).status_code == 200
        assert (await doors.get(path, OTHER_MANAGER)).status_code == 403


async def test_a_letter_is_kept_before_it_is_read(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = letter()

    def broken(_: bytes) -> Letter:
        raise RecursionError

    monkeypatch.setattr(email, "read", broken)
    with pytest.raises(RecursionError):
        await doors.app.state.post.receive(raw, "tests")
    assert await doors.reception.store.letter(derived_id("mail", *email.identity_of(raw))) == raw
