"""The week's calls of everybody: each manager as their own page has them, and all of them together (R-IMP-1)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from services.accounts import covering, planning
from services.accounts.care_store import CareStore
from services.accounts.domain.calls_plan import CallPlan, Entry
from services.accounts.domain.contact_calls import ContactCall
from services.accounts.domain.coverage import Coverage, together
from services.accounts.domain.matters import Party
from services.accounts.domain.weeks import Week
from services.accounts.settings import AccountsSettings
from shared.service import Service
from shared.store.codec import to_fields
from tests.accounts.conftest import DIRECTOR, Doors
from tests.accounts.test_care_http import MARIA, OTHER, care_of, house, known_client
from tests.conftest import Unserved
from tests.kit import token

__all__ = ["house"]

LEAD = token("lead", subject="l1")
WEEK = Week(2026, 48)
AT = datetime(2026, 11, 24, 5, tzinfo=UTC)
CONTACTS = ("a1", "a2", "a3", "a4", "a5")
MANAGERS = ("m1", "m2", "m3")


def plan(manager_id: str, contacts: Iterable[str]) -> CallPlan:
    """The calls somebody owes."""
    entries = [
        Entry(
            call_id=f"call of {each}", contact_id=each, name="Анна", client_id="c1", client_name="Школа",
            day=WEEK.monday, place=1, debt=0.0,
        )
        for each in contacts
    ]  # fmt: skip
    return CallPlan(
        manager_id=manager_id, week=str(WEEK), planned_at=AT, entries=tuple(entries), size=len(entries)
    )  # fmt: skip


def call(contact_id: str, manager_id: str, *, held: bool, discovered: int = 0) -> ContactCall:
    """A conversation, or an attempt at one."""
    return ContactCall(
        call_id=f"call of {contact_id}",
        contact_id=contact_id,
        client_id="c1",
        party=Party(client_id="c1", name="Школа", zone="Asia/Krasnoyarsk"),
        manager_id=manager_id,
        week=str(WEEK),
        held_at=AT if held else None,
        discovered=discovered if held else 0,
    )


def counted(plans: list[CallPlan], calls: list[ContactCall], manager_id: str) -> Coverage:
    """One manager's week, call by call: the oracle of the query."""
    owed = {entry.contact_id for each in plans if each.manager_id == manager_id for entry in each.entries}
    planned = [each for each in calls if each.contact_id in owed]
    held = [each for each in planned if each.held_at is not None]
    unplanned = [
        each
        for each in calls
        if each.manager_id == manager_id and each.held_at is not None and each.contact_id not in owed
    ]
    return Coverage(
        planned=len(owed),
        held=len(held),
        attempted=len(planned) - len(held),
        unplanned=len(unplanned),
        discovered=sum(each.discovered for each in (*planned, *unplanned)),
    )


@pytest.fixture
def store(settings: AccountsSettings, unserved: Unserved) -> CareStore:
    """On a fresh database."""
    return CareStore(unserved(Service("accounts", settings)))


CALLS = st.dictionaries(
    st.sampled_from(CONTACTS), st.tuples(st.sampled_from(MANAGERS), st.booleans(), st.integers(0, 3))
)


@given(owed=st.dictionaries(st.sampled_from(CONTACTS), st.sampled_from(MANAGERS)), said=CALLS)
@tried(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_the_database_counts_a_week_as_one_would_call_by_call(
    store: CareStore, *, owed: dict[str, str], said: dict[str, tuple[str, bool, int]]
) -> None:
    await store.contact_calls.collection.delete_many({})
    await store.plans.collection.delete_many({})
    plans = [plan(one, [who for who, by in owed.items() if by == one]) for one in {*owed.values()}]
    calls = [call(who, by, held=held, discovered=count) for who, (by, held, count) in said.items()]
    other = call("a1", "m1", held=True)
    kept = [to_fields(each) | {"_id": each.call_id} for each in calls]
    kept.append(to_fields(other) | {"_id": "of another week", "week": str(WEEK.later(1))})
    await store.contact_calls.collection.insert_many(kept)
    if plans:
        await store.plans.collection.insert_many([to_fields(each) | {"_id": each.manager_id} for each in plans])
    expected = {each: counted(plans, calls, each) for each in MANAGERS}
    found = await covering.of_week(store, WEEK)
    assert {each: found.get(each, Coverage()) for each in MANAGERS} == expected
    assert set(found) == {*await store.planned_in(WEEK), *await store.calling_in(WEEK)}
    for each in MANAGERS:
        alone = await covering.of_week(store, WEEK, [each])
        assert alone.get(each, Coverage()) == expected[each]


def test_together_is_the_sum_and_its_share_that_of_the_sum() -> None:
    whole = together([Coverage(planned=3, held=1), Coverage(planned=1, held=1, unplanned=2, discovered=4), Coverage()])
    assert whole == Coverage(planned=4, held=2, unplanned=2, discovered=4)
    assert (whole.share, whole.untried, together([]).share) == (0.5, 2, 1.0)


async def test_a_lead_sees_everybodys_week_page_by_page_with_what_it_comes_to(house: tuple[Doors, str]) -> None:
    doors, _ = house
    two = [{"name": "Анна", "phones": ["+73912000001"]}, {"name": "Вера", "emails": ["v@s.ru"]}]
    _, anna = await known_client(doors, contacts=two)
    _, olga = await known_client(doors, manager_id="m2", contacts=[{"name": "Ольга", "phones": ["+73912000002"]}])
    names = {"m1": "Мария Свойская", "m2": "Олег Иной"}
    assert (await doors.http.patch("/v1/managers/m2", json={"name": names["m2"]}, headers=DIRECTOR)).status_code == 200
    body = {"reached": True, "discovered": [{"subject": "Не печатается табель"}]}
    assert (await doors.post(f"/v1/contacts/{anna}/calls", body, MARIA)).status_code == 201
    assert (await doors.post(f"/v1/contacts/{olga}/calls", {"reached": False}, OTHER)).status_code == 201
    first = (await doors.get("/v1/coverage?limit=1", LEAD)).json()
    second = (await doors.get(f"/v1/coverage?limit=1&cursor={first['next']}", LEAD)).json()
    assert (first["week"], first["managers"], second["next"]) == ("2026-W48", 2, None)
    rows = [*first["items"], *second["items"]]
    for row in rows:
        (own,) = (await doors.get(f"/v1/managers/{row['manager_id']}/coverage?weeks=1", LEAD)).json()
        assert row == own | {"name": names[row["manager_id"]]}
    assert [(row["planned"], row["held"], row["attempted"]) for row in rows] == [(2, 1, 0), (1, 0, 1)]
    totals = {"planned": 3, "held": 1, "attempted": 1, "untried": 1, "share": 0.3333, "unplanned": 0, "discovered": 1}
    assert first["totals"] == second["totals"] == totals


async def test_who_only_held_calls_is_shown_and_given_no_plan(house: tuple[Doors, str]) -> None:
    doors, _ = house
    _, anna = await known_client(doors)
    store = care_of(doors).store
    helped = call(anna, "m3", held=True)
    await store.contact_calls.collection.insert_one(to_fields(helped) | {"_id": helped.call_id})
    rows = (await doors.get("/v1/coverage", LEAD)).json()["items"]
    assert [(row["manager_id"], row["planned"], row["unplanned"]) for row in rows] == [("m1", 1, 0), ("m3", 0, 1)]
    assert await store.planned_in(WEEK) == ["m1"]


async def test_who_gave_the_whole_base_away_owes_no_call_any_more(house: tuple[Doors, str]) -> None:
    doors, _ = house
    client, _ = await known_client(doors)
    await doors.manager("m2")
    await planning.plan_everybody(care_of(doors))
    await doors.confirmed(kind="handed_over", client_id=client.client_id, to_manager_id="m2", effective="2026-11-24")
    rows = (await doors.get("/v1/coverage", LEAD)).json()["items"]
    assert [(row["manager_id"], row["planned"]) for row in rows] == [("m1", 0), ("m2", 1)]


async def test_a_week_that_cannot_be_planned_is_not_shown_as_done(house: tuple[Doors, str]) -> None:
    doors, _ = house
    await known_client(doors)
    care_of(doors).office.clock.offset += timedelta(days=3 * 365)  # type: ignore[attr-defined]
    for path in ("/v1/coverage", "/v1/managers/m1/coverage"):
        answer = await doors.get(path, LEAD)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "no-calendar-year"), answer.text


async def test_a_week_that_is_over_shows_what_was_planned_then(house: tuple[Doors, str]) -> None:
    doors, _ = house
    client, _ = await known_client(doors)
    await planning.plan_everybody(care_of(doors))
    care_of(doors).office.clock.offset += timedelta(days=7)  # type: ignore[attr-defined]
    await doors.confirmed(kind="lost", client_id=client.client_id, reason="конкурент", effective="2026-11-25")
    over = (await doors.get("/v1/coverage?week=2026-W48", DIRECTOR)).json()
    assert [(row["manager_id"], row["planned"]) for row in over["items"]] == [("m1", 1)]
    before = (await doors.get("/v1/coverage?week=2026-W40", DIRECTOR)).json()
    assert (before["items"], before["totals"]["planned"], before["totals"]["share"]) == ([], 0, 1.0)


@pytest.mark.parametrize(
    ("query", "who", "status"),
    [
        ("", MARIA, 403),
        ("", token("specialist"), 403),
        ("", {}, 401),
        ("?week=2026-W54", LEAD, 422),
        ("?week=сейчас", LEAD, 422),
        ("?cursor=%D0%B0", LEAD, 422),
        ("?limit=0", LEAD, 422),
        ("", token("payroll"), 200),
    ],
)
async def test_the_companys_week_is_for_those_who_see_every_base(
    doors: Doors, query: str, who: dict[str, str], status: int
) -> None:
    answer = await doors.get(f"/v1/coverage{query}", who)
    assert answer.status_code == status, answer.text
    if status != 200:
        problem: dict[str, Any] = answer.json()
        assert problem["detail"]
