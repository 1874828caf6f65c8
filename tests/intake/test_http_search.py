"""Requests are found by their words and channel, and leave as a table."""

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.intake.domain.callers import Caller
from services.intake.domain.requests import Register, register
from services.intake.domain.triage import Triage
from services.intake.tables import csv_of
from tests.intake.conftest import OTHER_MANAGER, SPECIALIST, Doors
from tests.intake.samples import PHONE


async def test_requests_are_found_by_words_number_and_channel(doors: Doors) -> None:
    first = await doors.registered(subject="Не сходится БАЛАНС", text="Форма 0503130 (годовая)")
    await doors.registered(subject="Отпускные", text="Отчёт по ним", channel="portal")
    said = {"channel": "phone", "words": "Приложили скан"}
    assert (await doors.post(f"/v1/requests/{first['request_id']}/follow-ups", said)).status_code == 200
    cases = [
        ({"text": "баланс"}, 1),
        ({"text": "0503130 (год"}, 1),
        ({"text": ".*"}, 0),
        ({"text": first["number"]}, 1),
        ({"text": first["number"].replace(" ", "")}, 1),
        ({"text": "отчет"}, 1),
        ({"text": "ОТЧЁТ"}, 1),
        ({"text": "приложили скан"}, 1),
        ({"channel": "portal"}, 1),
        ({"channel": "email"}, 0),
        ({}, 2),
    ]
    for query, count in cases:
        assert len((await doors.get("/v1/requests", **query)).json()["items"]) == count, query
    assert (await doors.get("/v1/requests", channel="smoke")).status_code == 422
    assert (await doors.get("/v1/requests", text="x" * 101)).status_code == 422


async def test_the_table_holds_what_one_may_see_and_no_formulas(doors: Doors) -> None:
    await doors.client()
    await doors.registered(contact={"phone": PHONE}, subject="=HYPERLINK(1); срочно")
    answer = await doors.get("/v1/requests/export.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert '"\'=HYPERLINK(1); срочно"' in answer.text
    head, row = answer.content.decode("utf-8-sig").splitlines()[:2]
    assert head.startswith("Номер;Зарегистрирована;Состояние;Приоритет;Канал;Клиент;Менеджер;")
    assert ";открыта;срочная;телефон;Школа № c1;m1;" in row
    assert "HYPERLINK" not in (await doors.get("/v1/requests/export.csv", OTHER_MANAGER)).text
    assert (await doors.get("/v1/requests/export.csv", SPECIALIST)).status_code == 403


def test_a_table_of_more_than_fits_says_so_and_runs_nothing() -> None:
    judged = Triage("urgent")
    caller = Caller(name="Иванова")
    command = Register(channel="phone", subject="\t=1+1", text="@\x00x", caller=caller, triage=judged, by="m1")
    moment = datetime(2026, 11, 27, 20, 30, tzinfo=UTC)
    one = register(None, command, "r1", "100 000", moment).state
    rows = list(
        csv.reader(
            io.StringIO(csv_of([one] * 3, 2, {}, ZoneInfo("Asia/Krasnoyarsk")).decode("utf-8-sig")), delimiter=";"
        )
    )
    assert [len(row) for row in rows] == [10, 10, 10, 1]
    assert rows[3] == ["Показаны первые 2: уточните поиск"]
    assert (rows[1][1], rows[1][7], rows[1][8]) == ("28.11.2026 03:30", "'\t=1+1", "'@x")
