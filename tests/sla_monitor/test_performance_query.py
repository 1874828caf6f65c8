"""The report the database counts is what counting obligation by obligation comes to, and is read from an index."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.sla_monitor.domain.facts import Client, Fact
from services.sla_monitor.domain.obligations import Ending, Obligation
from services.sla_monitor.domain.performance import By
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.reading import performance
from services.sla_monitor.reading.performance import Wanted, lines, parts_of, pipeline
from services.sla_monitor.store import Base, Store
from shared.service import Service
from shared.store.codec import to_fields
from tests.sla_monitor.reports import expected
from tests.sla_monitor.telling import NOON, ZONE

MOMENTS = st.integers(-40 * 86_400_000, 40 * 86_400_000).map(lambda number: NOON + timedelta(milliseconds=number))
HALVES = st.integers(-4, 40).map(lambda number: timedelta(milliseconds=number * 500))
"""Around the whole seconds, where rounding could differ."""
SPANS = HALVES | st.integers(0, 10**9).map(lambda number: timedelta(milliseconds=number))
SOMEBODY = st.sampled_from(["s1", "s2", None])
BASES = st.sampled_from([None, Base(manager_id="m1", clients=("c1",), unheard=("c2",))])
EVERY: tuple[By, ...] = ("month", "manager", "specialist", "client", "clock")
EVER: Any = {"since": NOON - timedelta(days=100), "until": NOON + timedelta(days=100), "zone": ZONE}


@st.composite
def obligations(draw: st.DrawFn) -> Obligation:
    """Some obligation."""
    endings: list[Ending | None] = ["met", "met", "cancelled", None]
    since, ending = draw(MOMENTS), draw(st.sampled_from(endings))
    return Obligation(
        id="x",
        clock=draw(st.sampled_from(["assign", "start"])),
        priority=draw(st.sampled_from(["urgent", "routine", None])),
        since=since,
        warn_at=since,
        due=since + draw(SPANS),
        specialist_id=draw(SOMEBODY),
        ending=ending,
        ended=None if ending is None else since + draw(SPANS),
        paused=since if ending is None and draw(st.booleans()) else None,
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Some request with them."""
    who = draw(st.sampled_from(["c1", "c2", None]))
    client = who and Client(
        client_id=who, name=f"Клиент {who}", zone=ZONE, manager_id=draw(st.sampled_from(["m1", None]))
    )
    named = [Fact(kind="work.assigned", at=NOON, who=one, name=f"Имя {one}") for one in draw(st.sets(SOMEBODY)) if one]
    return Timeline(
        about="request",
        about_id="x",
        began=NOON,
        client=client or None,
        facts=tuple(named),
        obligations=tuple(draw(st.lists(obligations(), max_size=5))),
    )


@pytest.fixture
def store(service: Service) -> Store:
    """On a fresh database."""
    return Store(service)


async def kept(store: Store, found: Sequence[Timeline]) -> None:
    """These and no other timelines."""
    await store.timelines.collection.delete_many({})
    if found:
        await store.timelines.collection.insert_many(
            [to_fields(one) | {"_id": f"{number}", "version": 1} for number, one in enumerate(found)]
        )


@given(
    found=st.lists(timelines(), max_size=8),
    now=MOMENTS,
    period=st.tuples(MOMENTS, MOMENTS).map(sorted),
    narrowed=st.fixed_dictionaries(
        {"base": BASES}, optional={"clock": st.just("assign"), "priority": st.just("urgent")}
    ),
    at_most=st.integers(1, 5),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
async def test_the_database_counts_as_the_domain_would(
    store: Store, *, found: list[Timeline], now: Any, period: Any, narrowed: Any, at_most: int
) -> None:
    await kept(store, found)
    since, until = period
    for by in EVERY:
        wanted = Wanted(by=by, since=since, until=until, zone=ZONE, **narrowed)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(performance, "TIMELINES", 0)
            patched.setattr(performance, "OBLIGATIONS_A_PART", at_most)
            assert await lines(store, wanted, now) == expected(found, wanted, now), by


async def test_what_began_on_whole_seconds_is_split_as_well(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "TIMELINES", 100)
    monkeypatch.setattr(performance, "OBLIGATIONS_A_PART", 55)
    one = Obligation(id="x", clock="progress", priority=None, since=NOON, warn_at=NOON, due=NOON, ending="met")
    moments = [NOON + timedelta(seconds=number) for number in range(4)]
    owed = tuple(replace(one, since=since, ended=since + timedelta(seconds=5)) for since in moments)
    await kept(store, [Timeline(about="request", about_id="x", began=NOON, obligations=owed)] * 100)
    wanted = Wanted(by="clock", **EVER)
    parts = await parts_of(store, wanted)
    question = pipeline(wanted, NOON, parts)
    sizes = [len(part["seconds"]) async for part in store.timelines.collection.aggregate(question)]
    assert (parts, len(sizes), sum(sizes)) == (8, 8, 400)
    assert max(sizes) < 110


async def test_a_client_is_called_what_the_events_called_them_last(store: Store) -> None:
    named = [("Школа", 3), ("Лицей", 9), ("Гимназия", 6)]
    one = Obligation(id="x", clock="assign", priority=None, since=NOON, warn_at=NOON, due=NOON)
    plain = Timeline(about="request", about_id="x", began=NOON)
    await kept(
        store,
        [
            replace(
                plain,
                client=Client(client_id="c1", name=name, zone=ZONE),
                obligations=(replace(one, since=NOON + timedelta(days=days)),),
            )
            for name, days in named
        ],
    )
    (line,) = await lines(store, Wanted(by="client", **EVER), NOON + timedelta(days=50))
    assert (line.name, line.breached) == ("Лицей", 3)


@pytest.mark.parametrize("base", [None, Base(manager_id="m1", clients=("c1",))], ids=["everybody's", "one base's"])
@pytest.mark.parametrize("by", EVERY)
async def test_the_database_answers_lines_alone_and_looks_at_the_period_alone(
    service: Service, store: Store, by: By, base: Base | None
) -> None:
    database = service.database
    await service.store.prepare()
    one = Obligation(id="x", clock="assign", priority=None, since=NOON, warn_at=NOON, due=NOON, ending="met")
    client = Client(client_id="c1", name="Школа", zone=ZONE, manager_id="m1")
    found = [
        Timeline(
            about="request",
            about_id="x",
            began=NOON,
            client=client,
            obligations=(replace(one, since=NOON + since, ended=NOON + since + timedelta(seconds=number)),),
        )
        for since in (timedelta(), timedelta(days=20))
        for number in range(30)
    ]
    await kept(store, found)
    await database.command("profile", 2)
    wanted = Wanted(by=by, since=NOON, until=NOON + timedelta(days=1), zone=ZONE, base=base)
    (line,) = await lines(store, wanted, NOON + timedelta(days=50))
    await database.command("profile", 0)
    assert (line.breached, line.p50_seconds, line.p95_seconds) == (29, 14, 28)
    looks = [look async for look in database["system.profile"].find({"command.aggregate": "timelines"})]
    assert {look["planSummary"] for look in looks} == {"IXSCAN { obligations.since: 1 }"}
    assert [(look["nreturned"], look["docsExamined"]) for look in looks] == [(1, 30)]
