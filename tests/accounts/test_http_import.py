"""`POST /v1/clients/import` on real servers."""

import asyncio
from typing import Any

import pytest

from tests.accounts.conftest import DIRECTOR, Doors
from tests.accounts.samples import inn
from tests.kit import token

HEADER = "ИНН;Наименование;Менеджер;Абонентская плата;Дата начала;Бухгалтер;Телефон;Почта"


def row(number: int, **over: str) -> str:
    """The row of a good client."""
    cells = {"inn": inn(number), "name": f"Школа № {number}", "manager": "Мария Свойская", "fee": "20 000,00"}
    cells |= {"since": "01.09.2026", "contact": "Анна", "phone": f"8391200{number:04d}", "email": ""}
    return ";".join((cells | over).values())


def table(*rows: str) -> str:
    return "\n".join([HEADER, *rows])


BAD = row(3, fee="-1")


async def take(doors: Doors, text: str, query: str = "", encoding: str = "utf-8") -> Any:
    """The answer to an import."""
    headers = DIRECTOR | {"content-type": "text/csv"}
    return await doors.http.post(f"/v1/clients/import{query}", content=text.encode(encoding), headers=headers)


async def clients(doors: Doors) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await doors.get("/v1/clients?limit=200")).json()["items"]
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
async def test_a_base_of_a_hundred_is_taken_once(doors: Doors, encoding: str) -> None:
    await doors.manager()
    text = table(*(row(number) for number in range(1, 101)), row(1, contact="Ольга", phone=""))
    first = (await take(doors, text, encoding=encoding)).json()
    assert (first["rows_taken"], first["rows_refused"], first["clients_created"]) == (101, 0, 100)
    told = await doors.heard.several(100, "client.registered")
    assert {event.body["source"] for event in told} == {"opening"}
    again = (await take(doors, text, encoding=encoding)).json()
    assert (again["clients_created"], again["clients_changed"], again["clients_unchanged"]) == (0, 0, 100)
    assert len(await clients(doors)) == 100
    assert len(doors.heard.of("client.registered", "client.changed")) == 100


async def test_bad_rows_are_told_and_good_ones_taken(doors: Doors) -> None:
    await doors.manager()
    report = (await take(doors, table(row(1), row(2, inn="7707083894"), BAD))).json()
    assert (report["written"], report["rows_taken"], report["rows_refused"]) == (True, 1, 2)
    assert report["faults"] == [
        {
            "line": 3,
            "column": "ИНН",
            "value": "7707083894",
            "wrong": "контрольная цифра ИНН не сходится",
            "advice": "проверьте ИНН по карточке учреждения",
        },
        {
            "line": 4,
            "column": "Абонентская плата",
            "value": "-1",
            "wrong": "абонентская плата должна быть больше нуля",
            "advice": "проверьте сумму",
        },
    ]
    assert [client["inn"] for client in await clients(doors)] == [inn(1)]


async def test_a_dry_run_only_reports(doors: Doors) -> None:
    await doors.manager()
    report = (await take(doors, table(row(1), BAD), "?dry_run=true")).json()
    assert (report["written"], report["clients_created"], report["rows_refused"]) == (False, 1, 1)
    assert await clients(doors) == []


async def test_all_or_nothing_takes_nothing_where_one_row_is_bad(doors: Doors) -> None:
    await doors.manager()
    answer = await take(doors, table(row(1), BAD), "?all_or_nothing=true")
    assert (answer.status_code, answer.json()["report"]["faults"][0]["line"]) == (422, 3)
    assert await clients(doors) == []
    assert (await take(doors, table(row(1), row(3)), "?all_or_nothing=true")).json()["clients_created"] == 2


async def test_the_same_base_sent_twice_at_once_is_taken_once(doors: Doors) -> None:
    await doors.manager()
    text = table(*(row(number) for number in range(1, 21)))
    reports = [answer.json() for answer in await asyncio.gather(take(doors, text), take(doors, text))]
    assert sum(report["clients_created"] for report in reports) == 20
    assert all(report["faults"] == [] for report in reports)


async def test_a_list_completes_known_clients_and_touches_no_money(doors: Doors) -> None:
    known = await doors.client(inn=inn(5))
    head = "ИНН;Бухгалтер;Почта;Абонентская плата"
    report = (await take(doors, f"{head}\n{inn(5)};Ольга;o@b.ru;\n{inn(5)};Пётр;;")).json()
    assert (report["clients_changed"], report["faults"]) == (1, [])
    client = (await doors.get(f"/v1/clients/{known}")).json()
    assert [each["name"] for each in client["contacts"]] == ["Анна", "Ольга", "Пётр"]
    (fault,) = (await take(doors, f"{head}\n{inn(5)};Ольга;;25000")).json()["faults"]
    assert (fault["column"], fault["wrong"]) == ("Абонентская плата", "записана плата 20\u00a0000,00 ₽")
    assert (await doors.get(f"/v1/clients/{known}")).json()["fee"] == "20000.00"


async def test_rows_that_name_nobody_go_to_the_manager_of_the_order(doors: Doors) -> None:
    await doors.manager("m7")
    await take(doors, table(row(1, manager="")), "?manager_id=m7")
    assert [client["manager_id"] for client in await clients(doors)] == ["m7"]
    assert (await take(doors, table(row(2)), "?manager_id=nobody")).status_code == 404


async def test_what_is_no_list_is_refused_whole(doors: Doors) -> None:
    answer = await take(doors, "Наименование\nШкола")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "csv-unreadable")
    headers = DIRECTOR | {"content-type": "application/json"}
    assert (await doors.http.post("/v1/clients/import", content=b"{}", headers=headers)).status_code == 415
    assert (await take(doors, "ИНН\n" + "1" * 10_000_000)).status_code == 413


async def test_only_a_director_hands_over_a_base(doors: Doors) -> None:
    headers = token("manager", subject="m1") | {"content-type": "text/csv"}
    answer = await doors.http.post("/v1/clients/import", content=table(row(1)).encode(), headers=headers)
    assert answer.status_code == 403
