"""What letters open, join, and get as an answer; closing letters; duplicates. On the real servers, with a real SMTP
server at the other end."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from functools import partial
from typing import Any

import pytest

from services.intake.domain.mails import answer
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from shared.clock import machine_now
from shared.contracts.accounts import ManagerRegistered
from shared.contracts.routing import WorkClosed, WorkFinished, WorkReopened
from tests.conftest import SettingsFor
from tests.intake.conftest import MANAGER, OTHER_MANAGER, Doors
from tests.intake.samples import MAIL, PHONE
from tests.kit import eventually, listening, publish, serving, token
from tests.mail_server import Post, mail_server

PUBLIC = "https://svoy.example"


@pytest.fixture
async def outside() -> AsyncIterator[Post]:
    """A mail server outside."""
    async with mail_server() as running:
        yield running


@pytest.fixture
async def post(settings_for: SettingsFor, outside: Post) -> AsyncIterator[Doors]:
    """Intake with a way out for letters."""
    settings = settings_for(
        IntakeSettings,
        smtp_url=outside.url,
        mail_from="Svoy <help@svoy.example>",
        mail_addresses="help@svoy.example",
        public_url=PUBLIC,
    )
    app, url = build_app(settings), settings.amqp_url.get_secret_value()
    async with listening(url, "request.#", "message.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


def a_letter(text: str, subject: str = "Отчёт", sender: str = MAIL, **headers: str) -> bytes:
    """A letter to us."""
    message = EmailMessage(policy=WIRE)
    message["From"] = sender
    message["To"] = "help@svoy.example"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def done(request_id: str, round_: int = 1) -> WorkFinished:
    """A specialist calls it done."""
    return WorkFinished(
        at=machine_now(), request_id=request_id, priority="urgent", round=round_, specialist_id="s1", note="Готово"
    )


async def pressed(doors: Doors, letter: EmailMessage, solved: str, words: str = "") -> Any:
    """The answer to the button behind a link of the letter."""
    (link,) = re.findall(rf"{PUBLIC}(\S+)\?solved={solved}", letter.get_content())
    return await doors.http.post(link, data={"solved": solved, "words": words})


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


async def finished(post: Doors, outside: Post) -> tuple[str, EmailMessage]:
    """A request called finished, and its closing letter."""
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    await outside.about(first["number"])
    event = done(first["request_id"])
    await publish(post.amqp_url, event, event)
    return first["request_id"], await outside.about(first["number"], 2)


async def test_the_closing_letter_asks_once_and_closes(post: Doors, outside: Post) -> None:
    request_id, letter = await finished(post, outside)
    (link,) = re.findall(rf"{PUBLIC}(\S+\?solved=yes)", letter.get_content())
    for _ in range(2):
        page = await post.http.get(link)
        assert (page.status_code, 'value="yes" required checked' in page.text) == (200, True)
    assert (await pressed(post, letter, "yes")).status_code == 200
    event = await post.heard.one("request.verdict_given")
    assert (event.body["satisfied"], event.body["taken_by"], event.body["said_by"]) == (True, "closing-letter", MAIL)
    assert (await pressed(post, letter, "no")).status_code == 410
    assert (await post.http.get(link)).status_code == 410
    assert (await post.get(f"/v1/requests/{request_id}")).json()["state"] == "closed"


async def test_an_answer_its_words_contradict_is_doubted_and_closes_nothing(post: Doors, outside: Post) -> None:
    request_id, letter = await finished(post, outside)
    assert "Менеджер" in (await pressed(post, letter, "yes", "всё равно не считает")).text
    event = await post.heard.one("request.verdict_doubted")
    assert (event.subject, event.body["pressed"]) == (request_id, True)
    request = (await post.get(f"/v1/requests/{request_id}")).json()
    assert (request["state"], request["verdicts"], len(request["doubts"])) == ("open", [], 1)


async def test_not_solved_is_taken_as_it_was_pressed_however_kind_the_words(post: Doors, outside: Post) -> None:
    request_id, letter = await finished(post, outside)
    words = "Спасибо, жду звонка специалиста"
    assert (await pressed(post, letter, "no", words)).status_code == 200
    event = await post.heard.one("request.verdict_given")
    assert (event.subject, event.body["satisfied"], event.body["words"]) == (request_id, False, words)
    assert (await post.get(f"/v1/requests/{request_id}")).json()["doubts"] == []


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


async def test_a_link_is_good_for_thirty_days(post: Doors, outside: Post) -> None:
    _, letter = await finished(post, outside)
    (link,) = re.findall(rf"{PUBLIC}(\S+\?solved=yes)", letter.get_content())
    for days, status in ((29.9, 200), (30.1, 410)):
        post.app.state.deps.clock.offset = timedelta(days=days)
        assert (await post.http.get(link)).status_code == status
    assert (await pressed(post, letter, "yes")).status_code == 410


async def test_links_die_when_work_goes_on(post: Doors, outside: Post) -> None:
    request_id, letter = await finished(post, outside)
    about: dict[str, Any] = {"at": machine_now(), "request_id": request_id, "priority": "urgent"}
    await publish(post.amqp_url, WorkReopened(**about, round=2, refused_specialist_id="s1"))

    async def dead() -> bool:
        return (await post.reception.store.requests.get(request_id)).round == 2  # type: ignore[union-attr]

    await eventually(dead)
    assert (await pressed(post, letter, "yes")).status_code == 410
    await publish(post.amqp_url, done(request_id, 2))
    (number,) = re.findall(r"\[Заявка (.+?)\]", str(letter["Subject"]))
    second = await outside.about(number, 3)
    await publish(post.amqp_url, WorkClosed(**about, round=2, specialist_id="s1"))

    async def over() -> bool:
        return (await post.reception.store.requests.get(request_id)).round == 3  # type: ignore[union-attr]

    await eventually(over)
    assert (await pressed(post, second, "yes")).status_code == 410


async def test_who_called_it_finished_takes_no_word_under_any_role(post: Doors, outside: Post) -> None:
    request_id, _ = await finished(post, outside)
    answer = await post.post(
        f"/v1/requests/{request_id}/verdict", {"satisfied": True, "words": "Да"}, token("lead", subject="s1")
    )
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (403, "taken-by-specialist")


async def test_the_page_is_neither_flooded_nor_guessed_and_says_when_to_come_again(post: Doors, outside: Post) -> None:
    request_id, letter = await finished(post, outside)
    (link,) = re.findall(rf"{PUBLIC}(\S+\?solved=yes)", letter.get_content())
    for number in range(60):
        page = await post.http.get(f"/v1/answers/{request_id}/guess{number}")
        if page.status_code == 429:
            break
    else:
        pytest.fail("sixty guesses and nobody minded")
    assert 1 <= int(page.headers["Retry-After"]) <= 2
    assert "Слишком много попыток" in page.text
    assert page.headers["Content-Type"].startswith("text/html")
    assert (await pressed(post, letter, "yes")).status_code == 429
    assert (await post.get(f"/v1/requests/{request_id}")).json()["state"] == "open"

    async def let_in() -> bool:
        return bool((await post.http.get(link)).status_code == 200)

    await eventually(let_in)


async def test_the_conversation_is_told_in_its_order_with_what_was_merged(post: Doors, outside: Post) -> None:
    await post.client()
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    path, number = f"/v1/requests/{first['request_id']}", first["number"]
    await outside.about(number)
    until = (machine_now() + timedelta(hours=1)).isoformat()
    await post.post(f"{path}/wait-promise", {"until": until, "words": "Час подожду", "said_by": "Иванова"})
    await post.letter(a_letter("И баланс", f"Re: [Заявка {number}] Отчёт"))
    await post.letter(a_letter("Я в отпуске", f"Re: [Заявка {number}] Отчёт", Auto_Submitted="auto-replied"))
    await post.post(f"{path}/priority", {"priority": "important", "nature": "long", "reason": "правда долго"})
    other = await post.registered(contact={"phone": PHONE}, subject="Отчёт не проходит")
    await post.post(f"/v1/requests/{other['request_id']}/merge", {"request_id": first["request_id"]})
    said = {"channel": "phone", "words": "Это то же самое"}
    await post.post(f"/v1/requests/{other['request_id']}/follow-ups", said)
    await publish(post.amqp_url, done(first["request_id"]))
    letter = await outside.about(number, 2)
    await pressed(post, letter, "yes", "всё равно не считает")
    await post.post(f"{path}/verdict", {"satisfied": False, "words": "Не считает", "said_by": "Иванова"})
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await post.get(f"{path}/conversation", MANAGER, limit=3, **cursor)).json()
        items += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    kinds = [(item["kind"], item["number"] == number) for item in items]
    assert sorted(items, key=lambda item: item["at"]) == items
    assert [kind for kind in kinds if kind[0] not in {"our_letter", "finished"}] == [
        ("registered", True), ("promise", True), ("follow_up", True), ("mail", True), ("priority", True),
        ("registered", False), ("merged", False), ("follow_up", True), ("answered", True), ("doubt", True),
        ("verdict", True),
    ]  # fmt: skip
    assert kinds.count(("our_letter", True)) == 2
    assert kinds.count(("finished", True)) == 1
    words = {item["kind"]: item["words"] for item in items}
    assert (words["finished"], words["promise"]) == ("Готово", "Час подожду")
    said_by = [item["said_by"] for item in items if item["kind"] == "follow_up"]
    assert said_by == [MAIL, None]
    assert [item["contact_id"] for item in items if item["kind"] == "registered"] == ["c1-a", "c1-a"]
    (link,) = re.findall(rf"{PUBLIC}/v1/answers/(\S+)\?solved=yes", letter.get_content())
    assert link.rpartition("/")[2] not in str(items)
    assert (await post.get(f"{path}/conversation", OTHER_MANAGER)).status_code == 403
    assert (await post.get("/v1/requests/nobody/conversation")).status_code == 404


async def test_a_call_stands_in_the_conversation_it_was_had_in(doors: Doors) -> None:
    await doors.client()
    told = {"call_id": "k1", "phone": PHONE, "direction": "in", "at": machine_now().isoformat()}
    call_id = (await doors.webhook(told | {"event": "answered"})).json()["call_id"]
    asked = await doors.registered(contact={"phone": PHONE}, call_id=call_id)
    page = (await doors.get(f"/v1/requests/{asked['request_id']}/conversation")).json()
    assert [(item["kind"], item["call_status"]) for item in page["items"]] == [
        ("call", "answered"), ("registered", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"solved=maybe", 422),
        (b"solved=%ff", 422),
        (b"&" * 20_000, 422),
        (b"\xff\x00", 422),
        (b"words=" + b"x" * 40_000, 413),
    ],
)
async def test_a_button_nobody_made_changes_nothing(post: Doors, outside: Post, body: bytes, status: int) -> None:
    request_id, letter = await finished(post, outside)
    (link,) = re.findall(rf"{PUBLIC}(\S+)\?solved=yes", letter.get_content())
    assert (await post.http.post(link, content=body)).status_code == status
    for guess in (b"solved=yes", b""):
        page = await post.http.post(link[:-1] + "!", content=guess)
        assert page.status_code == 410
        assert "Заявка №" not in page.text
    assert (await post.http.get(f"/v1/answers/nobody/{'x' * 32}")).status_code == 410
    assert (await post.get(f"/v1/requests/{request_id}")).json()["state"] == "open"


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
