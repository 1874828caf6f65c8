"""What is wrong with a value somebody sent, in Russian, by pydantic's stable error types."""

from collections.abc import Mapping
from typing import Any

WORDS: Mapping[str, str] = {
    "missing": "обязательное поле",
    "json_invalid": "это не JSON",
    "extra_forbidden": "такого поля нет",
    "none_required": "значение должно быть пустым (null)",
    "string_type": "нужна строка",
    "string_too_short": "не короче {min_length} симв.",
    "string_too_long": "не длиннее {max_length} симв.",
    "string_pattern_mismatch": "не подходит под образец {pattern}",
    "string_unicode": "строка не читается как Юникод",
    "int_type": "нужно целое число",
    "int_parsing": "нужно целое число",
    "int_parsing_size": "слишком большое число",
    "int_from_float": "нужно целое число, без дробной части",
    "float_type": "нужно число",
    "float_parsing": "нужно число",
    "finite_number": "нужно конечное число",
    "decimal_type": 'нужно число, лучше строкой: "20000.00"',
    "decimal_parsing": 'нужно число, лучше строкой: "20000.00"',
    "decimal_max_places": "знаков после запятой не больше {decimal_places}",
    "decimal_max_digits": "цифр не больше {max_digits}",
    "bool_type": "нужно true или false",
    "bool_parsing": "нужно true или false",
    "greater_than": "должно быть больше {gt}",
    "greater_than_equal": "должно быть не меньше {ge}",
    "less_than": "должно быть меньше {lt}",
    "less_than_equal": "должно быть не больше {le}",
    "multiple_of": "должно делиться на {multiple_of}",
    "literal_error": "одно из: {expected}",
    "enum": "одно из: {expected}",
    "list_type": "нужен список",
    "tuple_type": "нужен список",
    "set_type": "нужен список",
    "dict_type": "нужен объект {{…}}",
    "mapping_type": "нужен объект {{…}}",
    "model_type": "нужен объект {{…}}",
    "model_attributes_type": "нужен объект {{…}} в формате JSON (Content-Type: application/json)",
    "dataclass_type": "нужен объект {{…}}",
    "too_short": "элементов не меньше {min_length}, здесь {actual_length}",
    "too_long": "элементов не больше {max_length}, здесь {actual_length}",
    "date_type": "нужна дата, например 2026-11-23",
    "date_parsing": "нужна дата, например 2026-11-23",
    "date_from_datetime_parsing": "нужна дата, например 2026-11-23",
    "date_from_datetime_inexact": "нужна дата без времени, например 2026-11-23",
    "datetime_type": "нужно время с поясом, например 2026-11-23T09:00:00+07:00",
    "datetime_parsing": "нужно время с поясом, например 2026-11-23T09:00:00+07:00",
    "datetime_from_date_parsing": "нужно время с поясом, например 2026-11-23T09:00:00+07:00",
    "datetime_object_invalid": "такого времени нет",
    "timezone_aware": "нужно время с поясом, например 2026-11-23T09:00:00+07:00",
    "time_type": "нужно время суток, например 09:00",
    "time_parsing": "нужно время суток, например 09:00",
    "time_delta_parsing": "нужна длительность",
    "url_type": "нужен адрес https://…",
    "url_parsing": "нужен адрес https://…",
    "url_scheme": "нужен адрес одного из видов: {expected_schemes}",
    "path_not_file": "такого файла нет, или это папка",
    "bytes_type": "нужны байты",
    "uuid_parsing": "нужен UUID",
    "union_tag_not_found": "нет поля {discriminator}, по которому узнаётся вид",
    "union_tag_invalid": "поле {discriminator}: одно из {expected_tags}",
}
OWN = frozenset({"value_error", "assertion_error"})
"""Raised by our own validators, whose texts are Russian already."""


def in_russian(fault: Mapping[str, Any]) -> str:
    """The message of one of pydantic's errors; pydantic's own where this table has none."""
    context = fault.get("ctx") or {}
    kind = fault["type"]
    if kind in OWN and "error" in context:
        return str(context["error"])
    words = WORDS.get(kind)
    if words is None:
        return str(fault["msg"])
    return words.format_map(_Known({name: str(value).replace(" or ", " или ") for name, value in context.items()}))


class _Known(dict[str, str]):
    """What pydantic tells of an error; a dash for what it does not."""

    def __missing__(self, _: str) -> str:
        return "—"
