"""How bases grow, by manager and month (R-BASE-1, R-PAY-5)."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.accounts import metrics
from services.accounts.domain.client import Client
from services.accounts.domain.facts import settle
from services.accounts.domain.growth import Growth, Month, months, of_month
from services.accounts.domain.proposal import Proposal
from services.accounts.domain.refusals import AccountsError
from tests.accounts.conftest import Doors
from tests.accounts.samples import AT, SINCE, client, hand_over, inn, loss, new_fee, win
from tests.accounts.test_reversing import reversal
from tests.kit import token

END = date(2026, 12, 31)
MOVES = st.lists(st.tuples(st.sampled_from("hfwlr"), st.integers(0, 100), st.sampled_from("abc")), max_size=10)


def lived(moves: list[tuple[str, int, str]]) -> Client:
    """A client after whatever of these moves was possible."""
    state = client(manager_id="a")
    for number, (kind, offset, who) in enumerate(moves):
        day, name = SINCE + timedelta(days=offset), f"p{number}"
        terms: dict[str, Proposal] = {
            "h": hand_over(who, name, effective=day),
            "f": new_fee(f"1000{number}.00", name, effective=day),
            "l": loss(name, effective=day),
            "w": win(name, effective=day, newcomer=None, manager_id=who),
            "r": reversal(f"p{offset % 10}", name, effective=day),
        }
        try:
            state = settle(state, terms[kind], "d1", AT).state
        except AccountsError:
            continue
    return state


@given(st.lists(MOVES, max_size=5))
def test_whatever_happened_the_month_adds_up_and_goes_on_where_the_last_one_ended(
    histories: list[list[tuple[str, int, str]]],
) -> None:
    clients = [lived(moves) for moves in histories]
    before: dict[str, Growth] = {}
    for month in months(Month(2026, 8), Month(2026, 12)):
        now = of_month(clients, month, END)
        for manager_id in now.keys() | before.keys():
            growth, last = now.get(manager_id, Growth()), before.get(manager_id, Growth())
            moved = growth.won + growth.begun + growth.received - growth.lost - growth.given
            assert growth.start + moved == growth.end
            assert (growth.start, growth.fees_start) == (last.end, last.fees_end)
        before = now
    held = sum(client.active for client in clients)
    assert sum(growth.end for growth in before.values()) == held
    paid = sum((client.fee for client in clients if client.active), Decimal(0))
    assert sum((growth.fees_end for growth in before.values()), Decimal(0)) == paid


def test_the_seeds_month_is_two_more() -> None:
    clients = [
        *(settle(None, win(f"w{n}", effective=date(2026, 11, n)), "d1", AT).state for n in (5, 6, 7)),
        settle(client(), loss("l", effective=date(2026, 11, 10)), "d1", AT).state,
    ]
    growth = of_month(clients, Month(2026, 11), date(2026, 11, 23))["m1"]
    assert (growth.start, growth.won, growth.lost, growth.end, growth.grown) == (1, 3, 1, 3, 2)
    assert not growth.reached
    assert (growth.fees_won, growth.fees_lost) == (Decimal("90000.00"), Decimal("20000.00"))


async def test_a_managers_months_are_shown_and_measured_without_names(doors: Doors) -> None:
    own = await doors.client(since="2026-01-12")
    other = await doors.client(since="2026-01-12")
    await doors.manager("m2")
    await doors.confirmed(kind="lost", client_id=own, reason="конкурент", effective="2026-10-10")
    await doors.confirmed(kind="handed_over", client_id=other, to_manager_id="m2", effective="2026-10-12")
    await doors.confirmed(
        kind="won", client={"name": "Сад", "inn": inn(77)}, fee="30000", source="referral", manager_id="m1",
        vouched_by_client_id=other, effective="2026-10-15", reason="решили до того, как завели Svoy",
    )  # fmt: skip
    maria = token("manager", subject="m1")
    path = "/v1/managers/m1/growth?since=2026-09&until=2026-11"
    months = (await doors.get(path, maria)).json()["items"]
    assert [(each["month"], each["start"], each["end"]) for each in months] == [
        ("2026-09", 2, 2),
        ("2026-10", 2, 1),
        ("2026-11", 1, 1),
    ]
    october = months[1]
    assert (october["won"], october["lost"], october["given"], october["grown"]) == (1, 1, 1, 0)
    assert (october["fees_start"], october["fees_won"], october["fees_end"]) == ("40000.00", "30000.00", "30000.00")
    everybody = (await doors.get("/v1/growth?month=2026-10")).json()["items"]
    assert everybody[0] == october
    assert [(each["manager_id"], each["end"]) for each in everybody] == [("m1", 1), ("m2", 1)]
    assert len((await doors.get("/v1/growth", maria)).json()["items"]) == 1
    first = (await doors.get("/v1/growth?month=2026-10&limit=1")).json()
    rest = (await doors.get(f"/v1/growth?month=2026-10&limit=1&cursor={first['next']}")).json()
    assert (first["items"] + rest["items"], rest["next"]) == (everybody, None)
    assert (await doors.get("/v1/managers/m2/growth", maria)).status_code == 403
    for wrong in ("month=2026-13", "month=2026-W53", "month=x"):
        refused = await doors.get(f"/v1/growth?{wrong}")
        assert (refused.status_code, refused.json()["detail"]) == (422, "month: месяц пишется так: 2026-11")
    assert (await doors.get("/v1/managers/m1/growth?since=1990-01")).status_code == 422
    assert (await doors.get("/v1/managers/m1/growth?since=2026-05&until=2026-01")).status_code == 422
    await metrics.renew_growth(doors.office)
    shown = (await doors.http.get("/metrics")).text
    assert 'svoy_accounts_month_clients{part="end"}' in shown
    assert not any("m1" in line for line in shown.splitlines() if line.startswith("svoy_accounts_"))
