"""Between the frozen dataclasses of a domain and the documents of a database."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec
from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128

S = TypeVar("S")

NATIVE = (datetime, Decimal)
"""Types the driver stores by itself: not to be turned into strings."""


class _DecimalCodec(TypeCodec):
    """Exact decimals both ways: BSON's Decimal128."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


CODEC_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry([_DecimalCodec()])
)


def to_fields(state: object) -> dict[str, Any]:
    """The fields of a state as a document keeps them: times as dates, days as ISO strings, money exact."""
    return cast("dict[str, Any]", msgspec.to_builtins(state, builtin_types=NATIVE))


def from_fields(fields: dict[str, Any], kind: type[S]) -> S:
    """The state a document keeps. Fields the dataclass does not know are ignored; missing ones take their default."""
    return msgspec.convert(fields, kind, builtin_types=NATIVE)
