"""A base of clients read from an XLSX file: what a spreadsheet makes of numbers and dates is undone."""

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from services.accounts.importing.cells import Managers
from services.accounts.importing.csv_text import Unreadable
from services.accounts.importing.sheet import read
from services.accounts.importing.xlsx_rows import UNPACKED_LIMIT
from tests.accounts.conftest import DIRECTOR, Doors
from tests.accounts.samples import inn

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MANAGERS = Managers.of({"m1": "Мария Свойская"})
HEADER = ["ИНН", "КПП", "Регион", "Тариф", "Наименование", "Менеджер", "Абонплата", "Клиент с", "Бухгалтер",
          "Должность", "Телефон"]  # fmt: skip
ANNA: list[Any] = [int(inn(1)), 246601001, 24, "особый", "Школа № 1", "m1", 20000.5, date(2026, 9, 1), "Анна",
                   "главный бухгалтер", 83912000001]  # fmt: skip
OLGA: list[Any] = [int(inn(1)), None, None, None, None, None, None, None, "Ольга", None, None]


def book(*rows: list[Any]) -> bytes:
    """The rows as an XLSX file."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_numbers_and_dates_of_a_spreadsheet_are_understood() -> None:
    sheet = read(book(HEADER, ANNA, [], OLGA), MANAGERS)
    assert (sheet.rows, sheet.faults) == (2, ())
    listed = sheet.entries[0].listed
    assert (listed.inn, listed.kpp, listed.region, listed.tariff) == (inn(1), "246601001", "24", "особый")
    assert (str(listed.fee), str(listed.since)) == ("20000.50", "2026-09-01")
    assert [(each.name, each.role, each.phones) for each in listed.contacts] == [
        ("Анна", "главный бухгалтер", ("+73912000001",)),
        ("Ольга", None, ()),
    ]
    assert [row.line for row in sheet.entries[0].rows] == [2, 4]


def test_the_zero_an_inn_begins_with_is_put_back() -> None:
    (entry,) = read(book(["ИНН", "Бухгалтер"], [105000015, "Анна"]), MANAGERS).entries
    assert entry.listed.inn == "0105000015"


@pytest.mark.parametrize("body", [b"PK\x03\x04 and no more", book()[:-100], book()])
def test_what_is_no_table_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body, MANAGERS)


def test_a_small_file_that_would_unpack_to_a_huge_one_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (UNPACKED_LIMIT + 1))
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(Unreadable, match="чересчур велика"):
        read(out.getvalue(), MANAGERS)


async def test_a_spreadsheet_is_reported_row_by_row_taken_and_taken_again(doors: Doors) -> None:
    await doors.manager()
    bad = [*ANNA[:6], 5, *ANNA[7:]]
    bad[0] = int(inn(2))
    body = book(HEADER, ANNA, OLGA, bad)
    headers = DIRECTOR | {"content-type": XLSX}
    reports = [
        (await doors.http.post(f"/v1/clients/import{query}", content=body, headers=headers)).json()
        for query in ("?dry_run=true", "", "")
    ]
    outcomes = [[line["outcome"] for line in report["lines"]] for report in reports]
    assert outcomes == [
        ["created", "created", "refused"],
        ["created", "created", "refused"],
        ["unchanged", "unchanged", "refused"],
    ]
    assert "unusual_fee" in reports[0]["faults"][0]["wrong"]
    meant = await doors.http.post("/v1/clients/import?unusual_fees=true", content=body, headers=headers)
    assert meant.json()["clients_created"] == 1
    told = await doors.heard.several(2, "client.registered")
    assert {event.body["kpp"] for event in told} == {"246601001"}
