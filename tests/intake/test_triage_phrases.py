"""What accountants write, and what is made of it: a table said on Tuesday, 10 November 2026, at nine in Krasnoyarsk."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.triage import Circumstances, Reason, Triage, judge
from services.intake.triaging import shipped
from shared.calendar import russia

ZONE = ZoneInfo("Asia/Krasnoyarsk")
TABLE = json.loads((Path(__file__).parent / "triage" / "phrases.json").read_text(encoding="utf-8"))


def said(text: str, at: str = "2026-11-10T09:00", *, at_risk: bool = False) -> Triage:
    """What is made of it by the rules we ship."""
    now = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    around = Circumstances(now=now, zone=ZONE, calendar=russia(), at_risk=at_risk)
    return judge(text, shipped(), None, around)


@pytest.mark.parametrize(("text", "priority", "rules", "due", "products"), TABLE, ids=[row[0] for row in TABLE])
def test_the_table(text: str, priority: str, rules: list[str], due: str | None, products: list[str]) -> None:
    found = said(text)
    assert [reason.rule for reason in found.reasons] == rules
    assert found.priority == priority
    assert found.due == (None if due is None else datetime.fromisoformat(due).replace(tzinfo=ZONE))
    assert list(found.products) == products


def test_the_table_is_long_enough() -> None:
    assert len({row[0] for row in TABLE}) >= 60


@pytest.mark.parametrize(
    ("text", "at", "rules", "priority"),
    [
        ("РСВ с ошибкой", "2026-10-24T09:00", ["report_day_near"], "important"),
        ("РСВ с ошибкой", "2026-10-26T09:00", ["report_day_near"], "urgent"),  # the 25th is a Sunday
        ("РСВ с ошибкой", "2026-10-27T09:00", [], "routine"),
        ("РСВ с ошибкой", "2026-11-24T09:00", [], "routine"),
        ("РСВ приняли", "2026-10-26T09:00", [], "routine"),
        ("помогите с зарплатой", "2026-11-18T09:00", ["pay_day_near"], "important"),
        ("помогите с зарплатой", "2026-11-20T09:00", ["pay_day_near"], "urgent"),
        ("помогите с зарплатой", "2026-12-04T09:00", ["pay_day_near"], "urgent"),  # the 5th is a Saturday
        ("помогите с зарплатой", "2026-11-10T09:00", [], "routine"),
        ("годовая отчетность: как исправить", "2027-02-01T09:00", ["report_day_near"], "urgent"),
    ],
)
def test_the_days_institutions_live_by(text: str, at: str, rules: list[str], priority: str) -> None:
    found = said(text, at)
    assert ([reason.rule for reason in found.reasons], found.priority) == (rules, priority)


def test_a_client_at_risk_is_taken_one_step_more_seriously_and_is_not_told() -> None:
    for text, priority in (("Вопрос", "important"), ("Баланс не сходится", "urgent"), ("Срочно", "urgent")):
        found = said(text, at_risk=True)
        assert found.priority == priority
        assert found.reasons[-1].rule == "debt_risk"
        assert "debt_risk" not in {reason.rule for reason in found.shown}


WORDS = [row[0] for row in TABLE] + [
    "до 99.99",
    "к 77 утра",
    "до 25:99",
    "через 99 недель",
    "до 0 числа",
    "ёЁ",
    "İ",
    ".",
]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=40)), max_size=12), st.datetimes())
def test_whatever_is_said_and_whenever_it_is_understood_or_left(parts: list[str], when: datetime) -> None:
    text = " ".join(parts)
    found = said(text, when.isoformat(timespec="minutes"), at_risk=False)
    for reason in found.reasons:
        assert isinstance(reason, Reason)
        assert reason.evidence.split(": срок")[0] in " ".join(text.split())


@pytest.mark.parametrize(
    "word", ["завтра ", "не ", "до ", "до 15 ", "отчет, ", "срок до ", "а", " ", "в ", "1.", "не очень "]
)
def test_a_text_of_the_same_word_over_and_over_is_read_in_bounded_steps(word: str) -> None:
    calls = 0
    compiled = shipped()
    original = compiled.stem

    def counted(text: str) -> str:
        nonlocal calls
        calls += 1
        return original(text)

    compiled.stem = counted
    try:
        said(word * 100_000)
    finally:
        compiled.stem = original
    assert calls <= 20_000
