"""Money is exact (R-PAY-7)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import NotRoubles, exact_roubles, roubles_text, rounded


@pytest.mark.parametrize(
    ("value", "amount"),
    [("20000", "20000.00"), ("6900.5", "6900.50"), (100, "100.00"), (Decimal("-0.01"), "-0.01"), ("1e3", "1000.00")],
)
def test_exact_amounts_are_taken(value: object, amount: str) -> None:
    assert str(exact_roubles(value)) == amount


@pytest.mark.parametrize("value", [20000.5, "0.001", "1.999", "деньги", "", "NaN", "Infinity", None, True, "1e13"])
def test_what_is_no_exact_amount_is_refused_with_an_example_of_one(value: object) -> None:
    with pytest.raises(NotRoubles, match=r'(?i)сумм.* например "20000.00"'):
        exact_roubles(value)


@pytest.mark.parametrize(
    ("exact", "paid"), [("0.005", "0.01"), ("0.004", "0.00"), ("-0.005", "-0.01"), ("1.115", "1.12")]
)
def test_rounding_is_half_up(exact: str, paid: str) -> None:
    assert rounded(Decimal(exact)) == Decimal(paid)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_an_amount_survives_its_text(amount: Decimal) -> None:
    assert exact_roubles(str(amount)) == amount


def test_people_read_spaces_and_a_comma() -> None:
    assert roubles_text(Decimal(150000)) == "150\u00a0000,00"
