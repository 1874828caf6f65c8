"""Quotes, thanks, contradictions, and our own letters read back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels import email, quotes
from services.intake.domain.contradiction import contradicts
from services.intake.domain.threads import only_thanks, thread
from shared.delivery.delivery import Delivery, Letter
from shared.delivery.mail import Mail

SAID = "Отчёт не проходит."


@pytest.mark.parametrize(
    "below",
    [
        "\n\n-----Исходное сообщение-----\nОт: Кто-то\nне отчёт",
        "\n\n12.03.2026 10:15, Иванова пишет:\n> старое",
        "\n\n12 марта 2026 г., 10:15 от help@svoy.example написал(а):\nстарое",
        "\n\nOn Mon, 2 Nov 2026 at 10:00, Help <help@svoy.example> wrote:\n> old",
        "\n\nОт: Поддержка\nДата: 12.03.2026\nТема: Заявка\n\nстарое",
        "\n\n________________________________\nFrom: Help\nSent: Monday\n\nold",
        "\n\nС уважением,\nИванова\nбухгалтер",
        "\n\nС уважением, Иванова Ольга",
        "\n\n-- \nИванова",
        "\n\nОтправлено с iPhone",
        "\n\nОтправлено из мобильной Яндекс Почты",
        "\n\nSent from my Galaxy",
    ],
)
def test_what_is_below_is_folded(below: str) -> None:
    assert quotes.said(SAID + below) == SAID


def test_what_is_passed_on_is_part_of_what_is_said() -> None:
    text = "Посмотрите\n\n-------- Пересылаемое сообщение --------\nОт: банк\nДата: вчера\n\nПлатёж не прошёл"
    assert "Платёж не прошёл" in quotes.said(text)


def test_an_answer_between_the_quotes_is_kept() -> None:
    assert quotes.said("> Какая ошибка?\nОшибка 5\n> Когда?\nВчера") == "Ошибка 5\nВчера"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["> a\n", "-- \n", "С уважением,\n", "b\r\n", "От: x\n", "Тема: y\n", "\u2028"]) | st.text()
    )
)
def test_folding_never_takes_anything_away(lines: list[str]) -> None:
    text = "".join(lines)
    assert "".join(block.text for block in quotes.folded(text)) == text


@pytest.mark.parametrize(("begins", "kind"), [("", "said"), ("Анна, 10:15, пишет:\n", "quote")])
def test_of_a_text_of_millions_of_lines_the_first_are_folded_and_the_rest_is_as_the_last(
    begins: str, kind: str
) -> None:
    text = begins + "а\n" * quotes.LINES + "> б\n" * 10 + "конец"
    assert quotes.folded(text) == (quotes.Block(kind, text),)  # type: ignore[arg-type]  # one of its kinds


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("всё равно не считает", True),
        ("Спасибо, но отчёт опять не проходит", True),
        ("ошибка осталась", True),
        ("не до конца решено", True),
        ("это не помогает", True),
        ("Проблема осталась", True),
        ("теперь пропали проводки", True),
        ("отчёт пустой", True),
        ("всё ещё висит", True),
        ("программа зависает", True),
        ("Больше не выдаёт ошибку, спасибо!", False),
        ("Спасибо, всё работает", False),
        ("ошибка пропала, больше не виснет", False),
        ("Пусть так и будет, осталась довольна", False),
        ("остальное от нас зависит", False),
        ("", False),
    ],
)
def test_words_that_contradict_a_pressed_solved_are_noticed(words: str, expected: bool) -> None:  # noqa: FBT001
    assert contradicts(words) is expected


@pytest.mark.parametrize(("said", "thanks"), [
    ("Спасибо!", True), ("Спасибо большое за помощь", True), ("ок, спасибо", True), ("Спасибо, но не работает", False),
    ("Добрый день", False), ("", False), ("Спасибо. И ещё вопрос по НДС", False),
])  # fmt: skip
def test_thanks_alone_are_thanks(said: str, thanks: bool) -> None:  # noqa: FBT001
    assert only_thanks(said) is thanks


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=60)


@settings(max_examples=100, deadline=None)
@given(WORDS.filter(str.strip), st.lists(WORDS, max_size=5))
def test_what_we_send_is_read_as_it_was_written(subject: str, lines: list[str]) -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    request_id = "0" * 32
    delivery = Delivery(delivery_id=f"ack-{request_id}", about=request_id, created_at=now, due=now)
    text = "\n".join(line.rstrip() for line in lines).strip()
    wire = Mail("smtp://127.0.0.1", "Svoy <help@svoy.example>").compose(
        delivery, Letter(to=("buh@school5.ru",), subject=f"[Заявка 100 245] {subject}", text=text)
    )
    read = email.read(wire.as_bytes())
    assert (read.text, read.sender) == (text, "help@svoy.example")
    assert read.subject == " ".join(f"[Заявка 100 245] {subject}".split())
    about = thread(f"Re: {read.subject}", (str(wire["Message-ID"]),), "")
    assert (about.ours, about.number) == ((request_id,), "100 245")
