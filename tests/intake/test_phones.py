"""Numbers as people and providers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.phones import Phone, phone_in

NUMBERS = [
    ("8 (391) 222-33-44", Phone("+73912223344")),
    ("+7 391 222-33-44 доб. 102", Phone("+73912223344", "102")),
    ("79131234567", Phone("+79131234567")),
    ("9131234567", Phone("+79131234567")),
    ("8-800-555-35-35", Phone("+78005553535")),
    ("+375 29 123-45-67", Phone("+375291234567")),
]


@pytest.mark.parametrize(("text", "phone"), NUMBERS)
def test_a_number_is_understood_however_it_is_written(text: str, phone: Phone) -> None:
    assert phone_in(text) == phone


@pytest.mark.parametrize(
    "text", ["", "102", "anonymous", "sip:102@pbx.local", "0000000000", "2223344", "+7 391 222-33-4", "1" * 300]
)
def test_short_hidden_and_sip_values_are_no_numbers(text: str) -> None:
    assert phone_in(text) is None


@given(st.text(max_size=80))
def test_whatever_comes_out_is_the_same_number_again(text: str) -> None:
    phone = phone_in(text)
    assert phone is None or phone_in(phone.number) == Phone(phone.number)
