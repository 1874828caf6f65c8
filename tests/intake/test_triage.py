"""Priority from the accountant's own words (R-REQ-1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.triage import EVIDENCE, READ, Reason
from services.intake.triaging import triage
from shared.contracts.base import Priority

URGENT = [
    ("СРОЧНО!!! помогите", "urgent_word", "СРОЧНО"),
    ("нужна срочная помощь", "urgent_word", "срочная"),
    ("не работает срочно помогите", "urgent_word", "срочно"),
    ("Не можем сдать отчёт в казначейство", "cannot_send_report", "Не можем сдать отчёт"),
    ("второй день не могу отправить 6-НДФЛ", "cannot_send_report", "не могу отправить 6-НДФЛ"),
    ("не можем никак отчет отправить", "cannot_send_report", "не можем никак отчет отправить"),
    ("не получается отчитаться", "cannot_send_report", "не получается отчитаться"),
    ("РСВ не можем отправить", "report_cannot_be_sent", "РСВ не можем отправить"),
    ("отчет 0503737 не уходит", "report_stuck", "отчет 0503737 не уходит"),
    ("не выгружается баланс", "report_stuck", "не выгружается баланс"),
    ("зарплата сегодня", "pay_today", "зарплата сегодня"),
    ("сегодня надо\nвыдать зарплату", "pay_today", "сегодня надо выдать зарплату"),
    ("Аванс до конца дня", "pay_today", "Аванс до конца дня"),
    ("не можем начислить отпускные", "cannot_pay", "не можем начислить отпускные"),
    ("Сегодня последний день сдачи", "last_day", "Сегодня последний день"),
    ("у нас всё встало", "work_stopped", "всё встало"),
    ("1С не запускается", "program_down", "1С не запускается"),
    ("не открывается база", "program_down", "не открывается база"),
    ("Не могу зайти в 1С", "program_down", "Не могу зайти в 1С"),
    ("Дело не терпит отлагательства", "urgent_word", "не терпит отлагательства"),
    ("Директор не может ждать", "urgent_word", "не может ждать"),
    ("Срочность высокая", "urgent_word", "Срочность"),
    ("Не срочно было, а теперь срочно", "urgent_word", "срочно"),
]
IMPORTANT = [
    ("Это важно", "important_word", "важно"),
    ("не очень срочно, но важно", "important_word", "важно"),
    ("баланс не сходится", "wrong_figures", "не сходится"),
    ("отпускные завтра", "pay_soon", "отпускные завтра"),
]
ROUTINE = [
    "Как поменять фамилию в карточке?",
    "не срочно, когда будет время",
    "Не очень срочно",
    "ничего срочного",
    "без особой срочности",
    "срочности нет",
    "Срочность: нет",
    "не так уж и срочно",
    "не надо срочно, подождём",
    "неважно",
    "это не важно",
    "несрочно",
    "Срочный трудовой договор не печатается",
    "зарплата рассчитана, спасибо",
    "",
]


@pytest.mark.parametrize(("text", "rule", "evidence"), URGENT)
def test_these_words_make_a_request_urgent(text: str, rule: str, evidence: str) -> None:
    judged = triage(text)
    assert judged.priority == "urgent"
    assert Reason(rule, evidence) in judged.reasons


@pytest.mark.parametrize(("text", "rule", "evidence"), IMPORTANT)
def test_these_words_make_a_request_important(text: str, rule: str, evidence: str) -> None:
    judged = triage(text)
    assert judged.priority == "important"
    assert Reason(rule, evidence) in judged.reasons


@pytest.mark.parametrize("text", ROUTINE)
def test_without_pressing_words_a_request_is_routine(text: str) -> None:
    judged = triage(text)
    assert judged.priority == "routine"
    assert judged.reasons == ()


def test_a_denied_word_does_not_silence_another() -> None:
    judged = triage("Договор не срочно, а вот зарплата сегодня")
    assert judged.priority == "urgent"
    assert [reason.rule for reason in judged.reasons] == ["pay_today"]


@pytest.mark.parametrize("given_priority", ["urgent", "important", "routine"])
def test_what_the_integration_says_wins_and_the_words_are_kept(given_priority: Priority) -> None:
    judged = triage("Срочно, баланс не сходится", given_priority)
    assert judged.priority == given_priority
    assert judged.reasons[0] == Reason("given", given_priority)
    assert [reason.rule for reason in judged.reasons[1:]] == ["urgent_word", "wrong_figures"]


def test_each_rule_is_a_reason_once_and_the_more_pressing_stands_first() -> None:
    judged = triage("Важно! Срочно, очень срочно, срочно: не сходится баланс")
    assert [reason.rule for reason in judged.reasons] == ["urgent_word", "important_word", "wrong_figures"]


def test_a_long_text_is_read_only_so_far() -> None:
    assert triage("а" * READ + " срочно").priority == "routine"


@given(st.text(max_size=300))
def test_whatever_the_text_every_reason_has_its_evidence_in_it(text: str) -> None:
    for reason in triage(text).reasons:
        assert 0 < len(reason.evidence) <= EVIDENCE
        assert reason.evidence in " ".join(text.split())


@given(st.sampled_from([text for text, _, _ in URGENT]), st.sampled_from(ROUTINE[:1]), st.booleans())
def test_letter_case_and_what_stands_around_do_not_matter(text: str, other: str, upper: bool) -> None:  # noqa: FBT001
    around = f"Добрый день! {other} {text}. Иванова, школа № 5"
    assert triage(around.upper() if upper else around).priority == "urgent"
