"""Specialists from a table, as Excel and 1C write it."""

import pytest

from services.routing.csv_import import BadTable, read
from services.routing.domain.specialists import Limits, Skill
from tests.kit import token
from tests.routing.given import request
from tests.routing.house import LEAD, House

HEAD = "Код;Имя;Продукты;Часы;Пояс;Ёмкость;Работает;Лимит важных;Лимит обычных"
IVAN = "001;Иван Петров;1С:ЗГУ=4, 1С:БГУ=3;пн-пт 09:00-13:00, 14:00-18:00, сб 10:00-14:00;Asia/Krasnoyarsk;5;да;4;2"
OLGA = "002;Ольга;1С:ЗГУ=5;пн-вс 00:00-24:00;Asia/Krasnoyarsk;1;;;"
PATH = "/v1/specialists/import"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_is_read_in_the_encodings_people_have(encoding: str, end: str) -> None:
    ivan, olga = read(end.join([HEAD, IVAN, OLGA, ""]).encode(encoding))
    assert (ivan.code, ivan.profile.name, ivan.profile.capacity) == ("001", "Иван Петров", 5)
    assert ivan.profile.skills == (Skill("1С:ЗГУ", 4), Skill("1С:БГУ", 3))
    assert ivan.profile.hours[0] == ((540, 780), (840, 1080))
    assert ivan.profile.hours[5:] == (((600, 840),), ())
    assert ivan.profile.limits == Limits(important=4, routine=2)
    assert (olga.profile.active, olga.profile.limits) == (True, None)


def test_commas_between_columns_need_quotes_around_lists() -> None:
    table = 'code,name,products,hours,zone,capacity\n7,Анна,"ЗГУ=1, БГУ=2",mon-fri 09:00-18:00,UTC,3\n'
    assert [row.profile.name for row in read(table.encode())] == ["Анна"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (IVAN.replace("=4", "=6"), "от 1 до 5"),
        (IVAN.replace("=4", ""), "продукты"),
        (IVAN.replace("пн-пт", "пт-пн"), "дни недели"),
        (IVAN.replace("09:00-13:00", "9-13"), "часы"),
        (IVAN.replace("09:00-13:00", "13:00-09:00"), "не позже начала"),
        (IVAN.replace("пн-пт 09:00-13:00, 14:00-18:00, сб 10:00-14:00", ""), "ни в один день"),
        (IVAN.replace("Asia/Krasnoyarsk", "Asia/Nowhere"), "часовой пояс"),
        (IVAN.replace(";5;", ";много;"), "ёмкость"),
        (IVAN.replace(";5;", ";²;"), "ёмкость"),
        (IVAN.replace(";да;", ";может;"), "да или нет"),
        (IVAN.replace(";4;2", ";2;4"), "limits"),
        (OLGA, "уже был"),
        ("003", "ёмкость"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_and_nothing_is_taken(line: str, says: str) -> None:
    with pytest.raises(BadTable) as refused:
        read(f"{HEAD}\n{OLGA}\n{line}".encode())
    assert [one["line"] for one in refused.value.lines] == [3]
    assert says in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x98", b"a;b\n1;2", HEAD.encode(), f'{HEAD}\n"001;x'.encode()])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(BadTable):
        read(content)


async def test_a_table_takes_effect_on_what_waits_and_the_same_again_changes_nothing(house: House) -> None:
    await house.tell(request("r1"))
    await house.stands("r1", "waiting")
    table = f"{HEAD}\n{IVAN}\n{OLGA}".encode()
    first = await house.client.post(PATH, content=table, headers=LEAD)
    assert (first.status_code, len(first.json()["created"])) == (200, 2)
    await house.stands("r1", "assigned")
    again = (await house.client.post(PATH, content=table, headers=LEAD)).json()
    assert (again["created"], again["changed"], len(again["unchanged"])) == ([], [], 2)
    more = table.replace(b"1;;;", b"2;;;")
    assert len((await house.client.post(PATH, content=more, headers=LEAD)).json()["changed"]) == 1
    bad = await house.client.post(PATH, content=table + b"\n003;;;;;;", headers=LEAD)
    assert (bad.status_code, bad.json()["lines"][0]["line"]) == (422, 4)
    assert (await house.client.post(PATH, content=table, headers=token("manager"))).status_code == 403
