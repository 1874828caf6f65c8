"""A base of clients read from a CSV file: good rows, and a report of each bad one."""

import csv
import io
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.importing.cells import Managers
from services.accounts.importing.csv_text import CELLS_LIMIT, ROWS_LIMIT, Unreadable
from services.accounts.importing.sheet import Sheet, read
from tests.accounts.samples import inn

MANAGERS = Managers.of({"m1": "Мария Свойская", "m2": "Пётр Иванов", "m3": "Иванова Анна", "m4": "иванова  анна"})
HEADER = ["ИНН", "Наименование", "Часовой пояс", "Менеджер", "Абонентская плата, руб.", "Дата начала", "Источник",
          "Бухгалтер", "Телефон", "Почта"]  # fmt: skip
ANNA = [inn(1), "Школа № 1", "МСК+4", "Мария Свойская", "20 000,00", "01.09.2026", "", "Анна", "8 391 200-00-01", ""]
OLGA = [inn(1), "", "", "", "", "", "", "Ольга", "", "olga@school1.ru"]
SAD = [inn(2), "Детский сад № 2", "Asia/Irkutsk", "m2", "6900", "2026-09-01", "реклама", "Пётр", "", "PS@sad2.ru"]


def table(*rows: list[str], delimiter: str = ";", encoding: str = "utf-8", header: list[str] = HEADER) -> bytes:
    """The rows as a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue().encode(encoding)


def faults(sheet: Sheet) -> list[tuple[int, str | None, str, str]]:
    """Where, which column, which value, and why."""
    return [(fault.line, fault.column, fault.value, fault.wrong) for fault in sheet.faults]


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
def test_several_rows_make_one_client(delimiter: str, encoding: str) -> None:
    sheet = read(table(ANNA, OLGA, SAD, delimiter=delimiter, encoding=encoding), MANAGERS)
    assert (sheet.rows, sheet.faults) == (3, ())
    school, sad = (entry.listed for entry in sheet.entries)
    assert (school.name, school.zone, school.manager_id, school.fee, school.since, school.source) == (
        "Школа № 1", "Asia/Krasnoyarsk", "m1", Decimal("20000.00"), date(2026, 9, 1), None,
    )  # fmt: skip
    assert [(each.name, each.phones, each.emails) for each in school.contacts] == [
        ("Анна", ("+73912000001",), ()),
        ("Ольга", (), ("olga@school1.ru",)),
    ]
    assert (sad.source, sad.manager_id, sad.contacts[0].emails) == ("advert", "m2", ("ps@sad2.ru",))


def test_english_headers_in_any_order_and_several_phones_are_understood() -> None:
    header = ["Contact", "Phone", "phone 2", "E-Mail", "INN", "note", "fee (RUB)"]
    row = ["Anna", "+7 391 200-00-01 / 8(391)2000002, доб. 5", "83912000003", "a@b.ru; c@d.ru", inn(1), "!", "6900"]
    sheet = read(table(row, header=header, delimiter=","), MANAGERS)
    (anna,) = sheet.entries[0].listed.contacts
    assert anna.phones == ("+73912000001", "+73912000002", "+73912000003")
    assert anna.emails == ("a@b.ru", "c@d.ru")
    assert sheet.columns.ignored == ("note",)


def test_every_fault_of_a_row_is_told_with_its_line_column_and_value() -> None:
    bad = [inn(1)[:9] + str((int(inn(1)[9]) + 1) % 10), "", "Марс", "никто", "-5", "31.02.2026", "слух", "Анна", "12",
           "anna"]  # fmt: skip
    sheet = read(table(ANNA, bad), MANAGERS)
    assert [(column, wrong) for _, column, _, wrong in faults(sheet)] == [
        ("ИНН", "контрольная цифра ИНН не сходится"),
        ("Часовой пояс", "такого часового пояса нет"),
        ("Менеджер", "такого менеджера нет"),
        ("Абонентская плата, руб.", "абонентская плата должна быть больше нуля"),
        ("Дата начала", "это не дата"),
        ("Источник", "такого источника нет"),
        ("Телефон", "такого номера не бывает"),
        ("Почта", "это не адрес почты"),
    ]
    assert {line for line, *_ in faults(sheet)} == {3}
    assert all(fault.advice for fault in sheet.faults)
    assert [entry.listed.inn for entry in sheet.entries] == [inn(1)]


BAD_ROWS: list[tuple[list[str], str | None, str]] = [
    (["", *ANNA[1:]], "ИНН", "ИНН не указан"),
    ([*ANNA[:3], "Иванова Анна", *ANNA[4:]], "Менеджер", "несколько"),
    ([*ANNA[:4], "20000,001", *ANNA[5:]], "Абонентская плата, руб.", "двух знаков"),
    ([*ANNA[:7], "", *ANNA[8:]], "Бухгалтер", "чьи это телефон и почта"),
    ([*ANNA[:8], "8 391 200-00-01;" * 21, ""], "Телефон", "больше 20 значений"),
    ([*ANNA, "лишнее"], None, "больше, чем колонок"),
]


@pytest.mark.parametrize(("row", "column", "wrong"), BAD_ROWS)
def test_a_bad_row_is_told_and_the_others_are_taken(row: list[str], column: str | None, wrong: str) -> None:
    sheet = read(table(row, SAD), MANAGERS)
    ((line, told, _, why),) = faults(sheet)
    assert (line, told) == (2, column)
    assert wrong in why
    assert [entry.listed.inn for entry in sheet.entries] == [inn(2)]


def test_rows_of_one_client_must_agree() -> None:
    other = [*OLGA[:4], "25000", *OLGA[5:]]
    sheet = read(table(ANNA, other), MANAGERS)
    assert faults(sheet) == [(3, "Абонентская плата, руб.", "25000", "в строке 2 у этого ИНН другое значение")]
    assert len(sheet.entries[0].listed.contacts) == 1


def test_rows_that_name_no_manager_get_the_one_of_the_order() -> None:
    row = [*ANNA[:3], "", *ANNA[4:]]
    sheet = read(table(row, SAD), Managers.of({"m1": "Мария", "m2": "Пётр"}, "m1"))
    assert [entry.listed.manager_id for entry in sheet.entries] == ["m1", "m2"]


def test_the_line_of_a_row_is_where_it_begins_in_the_file() -> None:
    two_lines = [*ANNA[:1], "Школа\n№ 1", *ANNA[2:]]
    sheet = read(table(two_lines, ["1", *SAD[1:]]), MANAGERS)
    assert [line for line, *_ in faults(sheet)] == [4]
    assert sheet.entries[0].listed.name == "Школа № 1"


UNREADABLE: list[tuple[bytes, str]] = [
    (b"", "пуст"),
    (b"\n\n;;\n", "пуст"),
    ("Наименование;Телефон\nШкола;1\n".encode(), "Нет колонки «ИНН»"),
    ("ИНН;Менеджер;ЗКД\n".encode(), "«Менеджер» и «ЗКД» значат одно"),
    ("ИНН;Имя\n".encode("utf-16"), "не текст CSV"),
    (b"PK\x03\x04\x00\x00", "не таблица XLSX"),
    ("ИНН\n".encode("cp1251") + b"\x98", "Кодировка"),
    ('ИНН;Наименование\n1;"Школа\n'.encode(), "Строка 2: кавычки"),
    ("ИНН\n".encode() + b"1\n" * (ROWS_LIMIT + 1), f"больше {ROWS_LIMIT} строк"),
    ("ИНН\n".encode() + b";" * CELLS_LIMIT, f"Строка 2: больше {CELLS_LIMIT} колонок"),
]


@pytest.mark.parametrize(("body", "words"), UNREADABLE)
def test_a_file_that_is_no_list_is_refused_whole(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(body, MANAGERS)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    with suppress(Unreadable):
        read(body, MANAGERS)


CELL = st.text(st.characters(codec="cp1251", exclude_categories=["Cc"]), max_size=12)


@given(st.lists(st.lists(CELL, min_size=10, max_size=10), max_size=5))
def test_every_row_is_taken_or_told(rows: list[list[str]]) -> None:
    sheet = read(table(*rows), MANAGERS)
    taken = {cells.line for entry in sheet.entries for cells in entry.rows}
    told = {fault.line for fault in sheet.faults}
    assert not taken & told
    assert len(taken | told) == sheet.rows


@given(st.permutations([ANNA, OLGA, SAD]), st.sampled_from(["utf-8", "utf-8-sig", "cp1251"]))
def test_the_order_of_rows_makes_no_other_clients(rows: list[list[str]], encoding: str) -> None:
    sheet = read(table(*rows, encoding=encoding), MANAGERS)
    found = {entry.listed.inn: entry.listed for entry in sheet.entries}
    assert found[inn(1)].fee == Decimal("20000.00")
    assert {each.name for each in found[inn(1)].contacts} == {"Анна", "Ольга"}
    assert sheet.faults == ()
