"""No personal data in logs."""

import pytest

from shared.observability import mask_personal, masked


@pytest.mark.parametrize(
    "text", ["звонок +79135551234", "тел. 8 (913) 555-12-34", "ИНН 2463012345", "пишет buh@school5.example, ждёт"]
)
def test_numbers_and_addresses_are_masked(text: str) -> None:
    assert not any(part in masked(text) for part in ("555", "2463012345", "buh@school5"))


def test_ids_and_short_numbers_stay() -> None:
    text = "request 5d0e1c3a9b1f5c538f0b7d1e5a60c1f4 attempt 3 of 5 due 2026-11-08 14:05:00 or 2026-11-08"
    assert masked(text) == text


def test_what_is_inside_a_field_is_masked_as_well() -> None:
    contact = {"phone": 79135551234, "named": ["buh@school5.example", {"inn": "2463012345"}], "tries": 2}
    assert mask_personal(None, "", {"contact": contact}) == {
        "contact": {"phone": "[masked]", "named": ["[e-mail]", {"inn": "[masked]"}], "tries": 2}
    }


def test_fields_that_hold_what_people_said_are_masked_whole() -> None:
    assert mask_personal(None, "", {"event": "x", "words": "подожду", "attempt": 2}) == {
        "event": "x", "words": "[masked]", "attempt": 2,
    }  # fmt: skip
