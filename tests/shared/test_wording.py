"""What is wrong with a value is said in Russian."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

import pytest
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core.core_schema import ErrorType

from shared.wording import WORDS, in_russian


def _never(_: str) -> str:
    raise ValueError("так нельзя")


class Form(BaseModel):
    """One field of each kind our doors have."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="a", min_length=1, max_length=3)
    count: int = Field(default=1, ge=1, le=9)
    fee: Decimal = Field(default=Decimal(1), decimal_places=2)
    day: date = date(2026, 11, 23)
    at: AwareDatetime | None = None
    kind: Literal["urgent", "routine"] = "urgent"
    items: list[int] = Field(default=[], max_length=1)
    own: Annotated[str, AfterValidator(_never)] | None = None
    part: "Form | None" = None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": ""}, "не короче 1 симв."),
        ({"name": "abcd"}, "не длиннее 3 симв."),
        ({"name": 7}, "нужна строка"),
        ({"count": 10}, "должно быть не больше 9"),
        ({"count": "x"}, "нужно целое число"),
        ({"fee": "1.234"}, "знаков после запятой не больше 2"),
        ({"fee": "x"}, 'нужно число, лучше строкой: "20000.00"'),
        ({"day": "31.02.2026"}, "нужна дата, например 2026-11-23"),
        ({"at": "2026-11-23T09:00:00"}, "нужно время с поясом, например 2026-11-23T09:00:00+07:00"),
        ({"kind": "soon"}, "одно из: 'urgent' или 'routine'"),
        ({"items": [1, 2]}, "элементов не больше 1, здесь 2"),
        ({"own": "x"}, "так нельзя"),
        ({"part": 7}, "нужен объект {…}"),
        ({"extra": 7}, "такого поля нет"),
    ],
)
def test_each_fault_has_its_words(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(body)
    assert [in_russian(fault) for fault in caught.value.errors()] == [message]


def test_every_word_is_for_an_error_there_is() -> None:
    by_python = {"path_not_file"}  # of `FilePath`, which is checked outside the core
    assert set(WORDS) <= set(get_args(ErrorType)) | by_python


def test_what_the_table_does_not_have_keeps_the_words_it_came_with() -> None:
    assert in_russian({"type": "is_instance_of", "msg": "Input should be a thing"}) == "Input should be a thing"
    assert in_russian({"type": "less_than", "msg": "…", "ctx": {}}) == "должно быть меньше —"
