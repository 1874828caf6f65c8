"""Between the frozen dataclasses of a domain and the documents of a database."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128

S = TypeVar("S")

NATIVE = (datetime, Decimal)
"""Types the driver stores by itself: not to be turned into strings."""
REMEMBERED = 16_384
"""Amounts kept both ways, some 3 MB at most: fees and sums repeat, and the driver converts each in Python."""


class _DecimalCodec(TypeCodec):
    """Exact decimals both ways: BSON's Decimal128."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return _to_bson(str(value))

    def transform_bson(self, value: Decimal128) -> Decimal:
        return _from_bson(value.bid)


# By the text, and by the bytes, of the number: 1.0 and 1.00 are equal, and are not to be stored one for the other.
@lru_cache(REMEMBERED)
def _to_bson(text: str) -> Decimal128:
    return Decimal128(text)


@lru_cache(REMEMBERED)
def _from_bson(bid: bytes) -> Decimal:
    return Decimal128.from_bid(bid).to_decimal()


CODEC_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry([_DecimalCodec()])
)


def to_fields(state: object) -> dict[str, Any]:
    """The fields of a state as a document keeps them: times as dates, days as ISO strings, money exact."""
    return cast("dict[str, Any]", msgspec.to_builtins(state, builtin_types=NATIVE))


def from_fields(fields: dict[str, Any], kind: type[S]) -> S:
    """The state a document keeps. Fields the dataclass does not know are ignored; missing ones take their default."""
    return msgspec.convert(fields, kind, builtin_types=NATIVE)
