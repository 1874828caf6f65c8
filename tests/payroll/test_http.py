"""Who may see what, how lists are paged, and what a wrong question is answered with."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from tests.kit import FOREIGN_KEY, token
from tests.payroll.conftest import DIRECTOR, OFFICER, Doors, slug
from tests.payroll.given import client_lost, client_won, handed, manager

OCT, NOV, DEC = "2026-10", "2026-11", "2026-12"
MARIA = token("manager", subject="m1")
STATEMENT = f"/v1/statements/m1/{NOV}"


@pytest.mark.parametrize(
    "who",
    [token("manager", subject="m1", hours=-1), token("manager", subject="m1", key=FOREIGN_KEY), {}],
    ids=["expired", "foreign", "none"],
)
async def test_without_a_good_token_nothing_is_shown_or_closed(doors: Doors, who: dict[str, str]) -> None:
    answers = [await doors.get(path, who) for path in (STATEMENT, "/v1/facts", "/v1/months")]
    answers.append(await doors.close(NOV, who))
    assert {answer.status_code for answer in answers} == {401}
    assert (await doors.shown("/v1/months"))["items"] == []


async def test_a_manager_sees_only_their_own_pay(doors: Doors) -> None:
    await doors.told(manager("m1"), manager("m2"), client_won(9000, NOV, fact_id="theirs", by="m2"))
    assert (await doors.get(STATEMENT, MARIA)).status_code == 200
    others = [await doors.get(path, MARIA) for path in (f"/v1/statements/m2/{NOV}", "/v1/facts?manager_id=m2")]
    others += [await doors.get("/v1/statements/nobody/2026-11", MARIA)]
    assert [(answer.status_code, slug(answer)) for answer in others] == [(403, "not-your-pay")] * 3
    assert "theirs" not in "".join(answer.text for answer in others)
    assert (await doors.shown("/v1/facts", MARIA))["items"] == []
    assert (await doors.get(f"/v1/statements?month={NOV}", MARIA)).status_code == 403
    assert (await doors.close(NOV, MARIA)).status_code == 403


async def test_what_a_month_cost_in_all_is_not_shown_to_a_manager(doors: Doors) -> None:
    await doors.told(manager("m1"), manager("m2"))
    await doors.closed(OCT)
    assert [(await doors.shown("/v1/months", who))["items"][1]["total"] for who in (DIRECTOR, MARIA)] == [
        "140000.00",
        None,
    ]


@pytest.mark.parametrize("who", [OFFICER, DIRECTOR], ids=["payroll", "director"])
async def test_payroll_and_directors_see_everybody(doors: Doors, who: dict[str, str]) -> None:
    await doors.told(manager("m1"), manager("m2"), client_won(9000, NOV, by="m2"))
    assert (await doors.get(f"/v1/statements/m2/{NOV}", who)).status_code == 200
    assert len((await doors.shown("/v1/facts?manager_id=m2", who))["items"]) == 1
    assert len((await doors.shown(f"/v1/statements?month={NOV}", who))["items"]) == 2


@pytest.mark.parametrize("role", ["specialist", "lead", "integration"])
async def test_others_see_no_pay(doors: Doors, role: str) -> None:
    assert (await doors.get(STATEMENT, token(role, subject="m1"))).status_code == 403


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "2026-1", "26-11", "ноябрь", "2026-11-01", "9999-12", "२०२६-११", "20२६-11"]
)
async def test_a_month_that_is_none_is_refused(doors: Doors, month: str) -> None:
    answers = [
        await doors.get(path + month) for path in ("/v1/statements/m1/", "/v1/statements?month=", "/v1/facts?month=")
    ]
    answers.append(await doors.close(month))
    assert [(answer.status_code, slug(answer)) for answer in answers] == [(422, "invalid")] * 4
    assert all("месяц пишется так: 2026-11" in answer.json()["detail"] for answer in answers)


@pytest.mark.parametrize(
    ("path", "who", "body"),
    [
        (f"/v1/months/{NOV}/request", OFFICER, {"doubts_acepted": "верно"}),
        (f"/v1/months/{NOV}/exports", OFFICER, {"raeson": "потеряли"}),
        ("/v1/forecast/m1/what-if", OFFICER, {"loss": ["c1"]}),
        (f"/v1/statements/m1/{NOV}/objections", token("manager", subject="m1"), {"words": "нет", "fact": "f"}),
        ("/v1/objections/o1/answer", OFFICER, {"accepted": True, "reason": "да", "fact": "f"}),
        (f"/v1/dismissals/m1/{NOV}/objection", token("manager", subject="m1"), {"words": "нет", "why": "x"}),
        (f"/v1/dismissals/m1/{NOV}/decision", DIRECTOR, {"dismissed": True, "reason": "x", "evidence": "y"}),
    ],
)
async def test_a_field_that_nobody_knows_is_refused_and_not_left_out(
    doors: Doors, path: str, who: dict[str, str], body: dict[str, Any]
) -> None:
    refused = await doors.post(path, who, body)
    assert (refused.status_code, slug(refused)) == (422, "invalid")
    assert "такого поля нет" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (70000.5, "сумма пишется в рублях строкой"),
        ("семьдесят", "это не сумма в рублях"),
        ("70000.001", "в сумме больше двух знаков"),
        ("1e13", "такой суммы никто не платит"),
    ],
)
async def test_what_is_no_sum_is_refused_in_russian_with_an_example(doors: Doors, base: object, said: str) -> None:
    body = {"effective": NOV, "base": base, "reason": "приказ 18"}
    refused = await doors.post("/v1/policies", DIRECTOR, body)
    assert (refused.status_code, slug(refused)) == (422, "invalid")
    assert f"base: {said}" in refused.json()["detail"]
    assert '"20000.00"' in refused.json()["detail"]


async def test_a_list_of_statements_needs_a_month(doors: Doors) -> None:
    assert (await doors.get("/v1/statements")).status_code == 422


@pytest.mark.parametrize(
    ("path", "problem", "said"),
    [
        ("/v1/statements/nobody/2026-11", "unknown-manager", "Менеджера nobody нет."),
        (f"/v1/statements/late/{NOV}", "no-statement", "не работает в этом месяце (ноябрь 2026): принят с 01.12.2026"),
        (f"/v1/statements/gone/{NOV}", "no-statement", "принят с 12.01.2026 по 31.10.2026."),
        ("/v1/statements/late/2027-01", "no-statement", "Январь 2027 ещё не начался."),
    ],
)
async def test_where_there_is_no_statement_the_answer_says_why(
    doors: Doors, path: str, problem: str, said: str
) -> None:
    await doors.told(manager("late", hired="2026-12-01"), manager("gone", left="2026-10-31"))
    answer = await doors.get(path)
    assert (answer.status_code, slug(answer)) == (404, problem)
    assert said in answer.json()["detail"]


async def test_months_closed_before_a_manager_was_known_say_so(doors: Doors) -> None:
    await doors.told(manager("m1"))
    await doors.closed(OCT)
    await doors.told(manager("m2"))
    answers = [await doors.get(f"/v1/statements/m2/{month}") for month in ("2026-09", OCT)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "ведётся с месяца октябрь 2026" in answers[0].json()["detail"]
    assert "оплата — поправкой" in answers[1].json()["detail"]
    november = await doors.shown(f"/v1/statements/m2/{NOV}")
    assert (november["adjusted"], november["total"], november["adjustments"][0]["fact"]) == (
        "70000.00",
        "140000.00",
        None,
    )


async def test_lists_are_paged(doors: Doors) -> None:
    managers = [f"m{number}" for number in range(1, 6)]
    facts = [client_won(1000 + number, NOV, fact_id=f"f {number}", by=f"m{number % 5 + 1}") for number in range(7)]
    await doors.told(*map(manager, managers), *facts, handed(OCT, of="m1", to="m2"))
    listed = await everything(doors, "/v1/facts")
    assert [fact["fact_id"] for fact in listed] == ["h1", "h1", *(fact.fact_id for fact in facts)]
    assert [fact["fact_id"] for fact in await everything(doors, f"/v1/facts?month={OCT}")] == ["h1", "h1"]
    assert [fact["fact_id"] for fact in await everything(doors, f"/v1/facts?month={NOV}&manager_id=m1")] == [
        "f 0",
        "f 5",
    ]
    assert [one["manager_id"] for one in await everything(doors, f"/v1/statements?month={NOV}")] == managers
    for month in ("2026-09", OCT, NOV):
        await doors.closed(month)
    assert [month["month"] for month in await everything(doors, "/v1/months")] == [DEC, NOV, OCT, "2026-09"]


@pytest.mark.parametrize("path", ["/v1/facts", f"/v1/statements?month={NOV}", "/v1/months"])
@pytest.mark.parametrize("cursor", [b'{"a":1}', b"[" * 5000, b"[1, 2, 3]"], ids=["object", "deep", "numbers"])
async def test_a_cursor_nobody_gave_is_refused_or_finds_nothing_wrong(doors: Doors, path: str, cursor: bytes) -> None:
    await doors.told(manager(), client_lost(1, NOV))
    join = "&" if "?" in path else "?"
    assert (await doors.get(f"{path}{join}cursor=ы")).status_code == 422
    assert (await doors.get(f"{path}{join}limit=0")).status_code == 422
    odd = await doors.get(f"{path}{join}cursor={urlsafe_b64encode(cursor).decode()}")
    assert odd.status_code == (422 if "facts" in path else 200)


async def everything(doors: Doors, path: str) -> list[dict[str, Any]]:
    """All pages, two items each."""
    items: list[dict[str, Any]] = []
    join, cursor = "&" if "?" in path else "?", ""
    while True:
        page = await doors.shown(f"{path}{join}limit=2{cursor}")
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"
