"""What is stored comes back as it was: the number, its places, its type."""

from decimal import Decimal, Inexact
from typing import Any

import bson
import pytest
from bson.decimal128 import Decimal128
from hypothesis import example, given
from hypothesis import strategies as st

from shared.store.codec import CODEC_OPTIONS


def stored(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` after the way to the database and back."""
    return bson.decode(bson.encode(fields, codec_options=CODEC_OPTIONS), codec_options=CODEC_OPTIONS)


@given(st.lists(st.decimals(allow_nan=False, min_value=-(10**20), max_value=10**20, places=6)))
@example([Decimal("1.0"), Decimal("1.00"), Decimal(1), Decimal("1E+2"), Decimal(100), Decimal("-0.00"), Decimal(0)])
@example([Decimal("Infinity"), Decimal("-Infinity"), Decimal("1E-6176"), Decimal("9" * 34)])
def test_a_number_keeps_its_places_and_its_sign(amounts: list[Decimal]) -> None:
    back = stored({"amounts": amounts})["amounts"]
    assert [str(amount) for amount in back] == [str(amount) for amount in amounts]
    assert {type(amount) for amount in back} <= {Decimal}


def test_what_is_written_is_what_the_driver_writes() -> None:
    amounts = [Decimal("20000.00"), Decimal(20000), Decimal("-6900.5")]
    assert bson.encode({"a": amounts}, codec_options=CODEC_OPTIONS) == bson.encode(
        {"a": list(map(Decimal128, amounts))}
    )


def test_a_number_that_does_not_fit_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(Inexact):
            stored({"amount": Decimal("1." + "1" * 40)})


def test_integers_and_texts_stay_what_they_are() -> None:
    fields = {"whole": 20000, "text": "20000.00", "exact": Decimal(20000)}
    assert {name: type(value) for name, value in stored(fields).items()} == {
        "whole": int,
        "text": str,
        "exact": Decimal,
    }
