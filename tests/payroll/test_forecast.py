"""What may come of a month: the span, the chances and why, and any «что если» (R-PAY-8)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payroll.domain import clients, prospects
from services.payroll.domain.clients import Client
from services.payroll.domain.forecast import outcome
from services.payroll.domain.prospects import Prospect
from shared.contracts.accounts import (
    ClientChanged,
    DebtChanged,
    DebtPart,
    ProspectDropped,
    ProspectEvent,
    ProspectRegistered,
    ProspectTrialEnded,
    ProspectTrialOpened,
    ProspectWon,
)
from shared.contracts.base import ClientRef
from tests.kit import eventually, publish, token
from tests.payroll.conftest import DIRECTOR, Doors, slug
from tests.payroll.given import AT, Told, client, client_lost, client_won, manager, roubles

NOV, DEC = "2026-11", "2026-12"
MARIA = token("manager", subject="m1")


def debt(client_id: str, probability: float, revision: int = 1, band: Any = "risk") -> DebtChanged:
    """A client that may be lost."""
    return DebtChanged(
        at=AT,
        client_id=f"c-{client_id}",
        revision=revision,
        client=ClientRef(client_id=f"c-{client_id}", name="Школа", zone="Asia/Krasnoyarsk", manager_id="m1"),
        fee=roubles(10000),
        score=9.0,
        band=band,
        loss_probability=probability,
        parts=(DebtPart(part="reopened", score=9.0, reason="заявка открыта снова"),),
    )


def prospect(kind: type[ProspectEvent], revision: int, fee: int | None = 25000, **more: Any) -> ProspectEvent:
    """Something about the prospect `p1`."""
    return kind(
        at=AT,
        prospect_id="p1",
        revision=revision,
        name="Музей",
        zone="Asia/Krasnoyarsk",
        manager_id="m1",
        vouched_by_client_id="fan",
        expected_fee=None if fee is None else roubles(fee),
        next_contact=None,
        **more,
    )


TRIAL = prospect(ProspectTrialOpened, 2, request_id="r1", subject_text="Помогите")
STORY = [
    prospect(ProspectRegistered, 1, fee=None),
    TRIAL,
    prospect(ProspectTrialEnded, 3, request_id="r1", flawless=True),
]


@given(st.permutations(STORY), st.integers(0, 2))
def test_a_prospect_ends_the_same_in_any_order(story: list[ProspectEvent], again: int) -> None:
    state: Prospect | None = None
    for event in (*story, story[again]):
        state = prospects.told(state, event).state
    assert state is not None
    assert (state.stage, state.revision, state.expected_fee) == ("flawless", 3, roubles(25000))


@given(st.permutations([client("a"), client("a", fee=12000, revision=2, by="m2"), debt("a", 0.1), debt("a", 0.4, 2)]))
def test_a_client_ends_the_same_in_any_order(story: list[Any]) -> None:
    state: Client | None = None
    for event in (*story, *story):
        told = clients.indebted(state, event) if isinstance(event, DebtChanged) else clients.told(state, event)
        state = told.state
    assert state is not None
    assert state.card is not None
    assert state.risk is not None
    assert (state.manager_id, state.card.fee, state.risk.probability) == ("m2", roubles(12000), 0.4)


@given(st.integers(-100_000_00, 100_000_00), st.integers(0, 100_000_00), st.integers(0, 100_000_00))
def test_an_outcome_is_the_statement_it_would_become(more: int, won: int, lost: int) -> None:
    facts = (client_won(f"{Decimal(won) / 100}", NOV), client_lost(f"{Decimal(lost) / 100}", NOV))
    so_far = Told.of(*facts).statement(NOV)
    amount = Decimal(more) / 100
    other = client_won(f"{amount}", NOV) if more >= 0 else client_lost(f"{-amount}", NOV)
    become = Told.of(*facts, other).statement(NOV)
    found = outcome(so_far, amount)
    assert (found.growth, found.total, found.dismissal_proposed) == (
        become.growth,
        become.total,
        become.dismissal_proposed,
    )


@pytest.fixture
async def base(doors: Doors) -> Doors:
    """A manager with three clients, two of them at risk, and a prospect at trial; another's client."""
    events = [client("a"), client("b", fee=20000), client("c"), client("x", by="m2"), debt("a", 0.5), debt("b", 0.25)]
    await doors.told(manager(), manager("m2"), client_won(30000, DEC, fact_id="w", day=2))
    await publish(doors.amqp_url, *events, debt("c", 0.01, band="calm"), TRIAL)

    async def there() -> bool:
        mine = await doors.office.store.clients_of("m1")
        return (
            len([each for each in mine if each.risk is not None]) == 3
            and len(await doors.office.store.prospects_of("m1")) == 1
            and len(await doors.office.store.clients_of("m2")) == 1
        )

    await eventually(there)
    return doors


async def test_a_forecast_says_what_each_chance_is_worth_and_why(base: Doors) -> None:
    found = await base.shown("/v1/forecast/m1", MARIA)
    assert (found["so_far"]["month"], found["so_far"]["total"]) == (DEC, "100000.00")
    assert [(each["subject_id"], each["amount"], each["probability"]) for each in found["at_risk"]] == [
        ("c-a", "-10000.00", 0.5),
        ("c-b", "-20000.00", 0.25),
    ]
    assert found["at_risk"][0]["reasons"] == ["заявка открыта снова"]
    assert [(each["amount"], each["probability"], each["reasons"]) for each in found["at_trial"]] == [
        ("25000.00", 0.5, ["пробная заявка в работе"])
    ]
    totals = {name: found[name]["total"] for name in ("worst", "expected", "best")}
    assert totals == {"worst": "70000.00", "expected": "102500.00", "best": "125000.00"}
    assert found["worst"]["dismissal_proposed"] is False


async def test_what_if_any_clients_were_lost_and_any_prospects_won(base: Doors) -> None:
    lost = await base.made("/v1/forecast/m1/what-if", MARIA, {"lost": ["c-a", "c-b", "c-c", "c-a"]})
    assert (lost["growth"], lost["total"], lost["dismissal_proposed"]) == ("-10000.00", "70000.00", True)
    both = await base.made("/v1/forecast/m1/what-if", MARIA, {"lost": ["c-c"], "won": ["p1"]})
    assert (both["growth"], both["total"]) == ("45000.00", "115000.00")
    foreign = await base.post("/v1/forecast/m1/what-if", MARIA, {"lost": ["c-x"], "won": ["p9"]})
    assert (foreign.status_code, foreign.json()["unknown"]) == (422, ["c-x", "p9"])
    assert (await base.post("/v1/forecast/m2/what-if", MARIA, {})).status_code == 403
    assert (await base.get("/v1/forecast/m2", MARIA)).status_code == 403
    assert (await base.get("/v1/forecast/m1?month=2027-05", DIRECTOR)).status_code == 404


async def test_there_is_no_forecast_of_a_closed_month_and_nobody_is_won_twice(base: Doors) -> None:
    await base.closed(NOV)
    closed = await base.get(f"/v1/forecast/m1?month={NOV}", MARIA)
    assert (closed.status_code, slug(closed)) == (409, "month-already-closed")
    assert (await base.post(f"/v1/forecast/m1/what-if?month={NOV}", MARIA, {"lost": ["c-a"]})).status_code == 409
    await publish(base.amqp_url, prospect(ProspectWon, 5, client_id="c-p1", fact_id="won"))
    await eventually(lambda: base.office.store.prospects.count({"stage": "won"}))
    again = await base.post("/v1/forecast/m1/what-if", MARIA, {"won": ["p1"]})
    assert (again.status_code, again.json()["unknown"]) == (422, ["p1"])


async def test_who_is_handed_over_or_gone_or_dropped_is_no_chance_any_more(base: Doors) -> None:
    moved = ClientChanged(**client("a", by="m2", revision=2).model_dump())
    gone = ClientChanged(**client("b", fee=20000, revision=2).model_dump() | {"active": False})
    await publish(base.amqp_url, moved, gone, prospect(ProspectDropped, 4, reason="остались у своих"))

    async def nothing_left() -> bool:
        found = await base.shown("/v1/forecast/m1", MARIA)
        return not found["at_risk"] and not found["at_trial"]

    await eventually(nothing_left)
    theirs = await base.shown("/v1/forecast/m2", DIRECTOR)
    assert [each["subject_id"] for each in theirs["at_risk"]] == ["c-a"]
