"""What people write, brought into one form, or refused with what to do."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts import values
from services.accounts.values import Unfit
from tests.accounts.samples import inn

TAKEN: list[tuple[Callable[[Any], object], object, object]] = [
    (values.text, "  Школа \n № 1 ", "Школа № 1"),
    (values.inn, "7707083893", "7707083893"),
    (values.inn, " 77 07 083893 ", "7707083893"),
    (values.inn, "500100732259", "500100732259"),
    (values.phone, "8 (391) 200-00-00, доб. 102", "+73912000000"),
    (values.phone, "+7 999 123-45-67", "+79991234567"),
    (values.email, " Glavbuh@School1.RU ", "glavbuh@school1.ru"),
    (values.email, "бух@школа.рф", "бух@школа.рф"),
    (values.zone, "Asia/Krasnoyarsk", "Asia/Krasnoyarsk"),
    (values.zone, "МСК", "Europe/Moscow"),
    (values.zone, "мск + 4", "Asia/Krasnoyarsk"),
    (values.zone, "MSK-1", "Europe/Kaliningrad"),
    (values.fee, "20000", Decimal("20000.00")),
    (values.fee, 6900, Decimal("6900.00")),
    (values.fee, "0.01", Decimal("0.01")),
    (values.written_fee, "20 000,50 ₽", Decimal("20000.50")),
    (values.written_fee, "6\u00a0900 руб.", Decimal("6900.00")),
    (values.written_day, "01.09.2026", date(2026, 9, 1)),
    (values.written_day, "2026-09-01", date(2026, 9, 1)),
    (values.source, "Реклама", "advert"),
    (values.source, "tender", "tender"),
]

REFUSED: list[tuple[Callable[[Any], object], object, str]] = [
    (values.text, " \n ", "пусто"),
    (values.text, "x" * 501, "длиннее 500"),
    (values.text, "Школа\0", "непечатные"),
    (values.inn, "7707083894", "контрольная цифра"),
    (values.inn, "0000000000", "нулей"),
    (values.inn, "000000000000", "нулей"),
    (values.inn, "12345", "не ИНН"),
    (values.inn, "77О7083893", "не ИНН"),
    (values.phone, "102", "не бывает"),
    (values.phone, "перезвонить", "не номер"),
    (values.phone, "sip:100@vats", "не номер"),
    (values.phone, "+7 391 200", "не бывает"),
    (values.email, "anna", "не адрес"),
    (values.email, "a@b", "не адрес"),
    (values.email, "a@b.ru, c@d.ru", "не адрес"),
    (values.zone, "Asia", "пояса нет"),
    (values.zone, "../etc/passwd", "пояса нет"),
    (values.zone, "МСК+12", "пояса нет"),
    (values.fee, "-1", "больше нуля"),
    (values.fee, "0", "больше нуля"),
    (values.fee, "20000.123", "двух знаков"),
    (values.fee, 20000.5, "не сумма"),
    (values.fee, "NaN", "не сумма"),
    (values.fee, True, "не сумма"),
    (values.fee, None, "не сумма"),
    (values.fee, "1e15", "не сумма"),
    (values.fee, "1e3", "не сумма"),
    (values.fee, "1_000", "не сумма"),
    (values.fee, "20000.000", "двух знаков"),
    (values.written_fee, "20.000", "двух знаков"),
    (values.written_fee, "20,000", "двух знаков"),
    (values.written_fee, "1,234.50", "не сумма"),
    (values.written_day, "31.02.2026", "не дата"),
    (values.written_day, "01.09.26", "не дата"),
    (values.written_day, "01.09.0026", "давней"),
    (values.source, "сосед сказал", "источника нет"),
]


@pytest.mark.parametrize(("parse", "written", "meant"), TAKEN)
def test_what_people_write_is_understood(parse: Callable[[Any], object], written: object, meant: object) -> None:
    assert parse(written) == meant


@pytest.mark.parametrize(("parse", "written", "why"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_advice(parse: Callable[[Any], object], written: object, why: str) -> None:
    with pytest.raises(Unfit) as refused:
        parse(written)
    assert why in refused.value.wrong
    assert refused.value.advice


@given(st.integers(1, 9_999_999), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_of_an_inn_is_noticed(number: int, place: int, by: int) -> None:
    right = inn(number)
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    assert values.inn(right) == right
    if wrong[-1] != right[-1] or inn_differs(right, wrong):
        with pytest.raises(Unfit):
            values.inn(wrong)


def inn_differs(right: str, wrong: str) -> bool:
    """Whether the check digit tells the two apart: 10 counts as 0, so that it does not always."""
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    left, other = (sum(w * int(d) for w, d in zip(weights, n[:9], strict=True)) % 11 % 10 for n in (right, wrong))
    return left != other


@given(st.text(max_size=60))
def test_nothing_written_breaks_a_parser(written: str) -> None:
    for parse in (values.text, values.inn, values.phone, values.email, values.zone, values.written_fee):
        try:
            again = parse(written)
        except Unfit:
            continue
        assert parse(str(again)) == again
