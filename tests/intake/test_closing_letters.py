"""The letter that asks whether it is solved: its links, its page, and what the accountant's answer comes to."""

import re
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import machine_now
from shared.contracts.routing import WorkClosed, WorkReopened
from tests.intake.conftest import Doors
from tests.intake.letters import done, finished, pressed
from tests.intake.samples import MAIL, PUBLIC
from tests.kit import eventually, publish, token
from tests.mail_server import Post


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
