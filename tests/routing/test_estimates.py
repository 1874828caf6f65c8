"""How long works take, learnt from history, with how true it proves."""

from dataclasses import replace
from datetime import timedelta
from math import exp
from statistics import NormalDist, median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.routing.domain.candidates import Board, Pool, kind_of
from services.routing.domain.estimates import (
    FEWEST,
    Done,
    Model,
    Task,
    calibration,
    learnt,
    quantile,
)
from services.routing.domain.places import Ask, busy, claim, minutes_of, release
from services.routing.domain.specialists import Skill
from services.routing.domain.work import Work, wish_of
from services.routing.estimates import Estimates
from services.routing.history import History
from services.routing.policy_file import shipped
from services.routing.settings import RoutingSettings
from shared.clock import ServiceClock
from tests.conftest import SettingsFor
from tests.kit import eventually, token
from tests.routing.given import (
    MONDAY,
    OFFICE,
    asked,
    candidate,
    had,
    kept,
    minutes,
    registration,
    request,
    specialist,
    told,
    wish,
)
from tests.routing.house import LEAD, House, routing
from tests.routing.replicas import replicas

GOLDEN = 0.6180339887498949
PRODUCTS = {"зуп": 30.0, "бгу": 120.0, "свод": 300.0}
PEOPLE = {"ivan": 1.0, "olga": 0.5, "petr": 2.0}


def spread(number: int, step: float = GOLDEN) -> float:
    """Evenly between 0 and 1, without chance: the same each time."""
    return min(0.999, max(0.001, number * step % 1))


def history(count: int, noise: float = 0.6, slower: float = 1.0) -> list[Done]:
    """Works whose length hangs on the product, the client, a word and the specialist, with log-normal noise; in the
    last quarter everything takes `slower` times as long."""
    found = []
    for number in range(count):
        product = list(PRODUCTS)[number % 3]
        who = list(PEOPLE)[number // 3 % 3]
        client = f"c{number // 9 % 5}"
        hard = number // 45 % 3 == 0
        long = PRODUCTS[product] * PEOPLE[who] * (3.0 if hard else 1.0) * (2.0 if client == "c0" else 1.0)
        long *= exp(noise * NormalDist().inv_cdf(spread(number))) * (slower if number > count * 3 / 4 else 1.0)
        words = frozenset({"обмен", "счита"} if hard else {"счита", "отчет"})
        task = Task(product=product, client_id=client, words=words, specialist_id=who)
        found.append(Done(task=task, at=MONDAY + timedelta(hours=number), minutes=max(1.0, long)))
    return found


def model(count: int = 900, **over: float) -> Model:
    """What such a history teaches."""
    found = learnt(history(count, **over))
    assert found is not None
    return found


TASK = Task(product="бгу", client_id="c1", words=frozenset({"отчет"}), specialist_id="ivan")


def test_a_short_history_says_nothing() -> None:
    assert learnt(history(FEWEST - 1)) is None
    assert calibration(history(FEWEST - 1)) is None


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        pytest.param(TASK, 120, id="product"),
        pytest.param(replace(TASK, product="зуп"), 30, id="a shorter product"),
        pytest.param(replace(TASK, specialist_id="olga"), 60, id="a quick specialist"),
        pytest.param(replace(TASK, client_id="c0"), 240, id="a client where all takes longer"),
        pytest.param(replace(TASK, words=frozenset({"обмен"})), 360, id="a word that tells"),
    ],
)
def test_the_middle_follows_what_is_known(task: Task, expected: float) -> None:
    assert model(noise=0.2).span(task).likely == pytest.approx(expected, rel=0.35)


def test_what_nobody_has_seen_is_taken_for_usual() -> None:
    found = model()
    strange = Task(product="новый", client_id="новый", words=frozenset({"неведом"}), specialist_id="новый")
    assert found.span(strange).likely == pytest.approx(median(one.minutes for one in history(900)), rel=0.3)


def test_one_work_says_little_of_a_client() -> None:
    usual = model()
    odd = Done(task=replace(TASK, client_id="odd"), at=MONDAY, minutes=10_000)
    found = learnt([*history(900), odd])
    assert found is not None
    known, unknown = found.span(odd.task).likely, usual.span(odd.task).likely
    assert unknown < known < 2 * unknown


def test_the_quantiles_prove_true_on_later_works_and_say_more_than_all_works_together() -> None:
    found = calibration(history(1500))
    assert found is not None
    assert found.works == 1200
    assert found.at_or_below["p20"] == pytest.approx(0.2, abs=0.05)
    assert found.at_or_below["p50"] == pytest.approx(0.5, abs=0.05)
    assert found.at_or_below["p80"] == pytest.approx(0.8, abs=0.05)
    assert found.loss < 0.75 * found.loss_of_plain


def test_calibration_shows_when_the_world_has_changed() -> None:
    usual, changed = calibration(history(1500)), calibration(history(1500, slower=5.0))
    assert usual is not None
    assert changed is not None
    assert changed.at_or_below["p80"] < usual.at_or_below["p80"] - 0.05


DONE = st.builds(
    Done,
    task=st.builds(
        Task,
        product=st.sampled_from(["a", "b", ""]),
        client_id=st.sampled_from(["x", "y", ""]),
        words=st.frozensets(st.sampled_from(["u", "v", "w"])),
        specialist_id=st.sampled_from(["i", "o"]),
    ),
    at=st.integers(0, 10_000).map(minutes),
    minutes=st.floats(1, 1e6),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(DONE, min_size=FEWEST, max_size=60), st.randoms(use_true_random=False))
def test_spans_are_in_order_within_reason_and_do_not_hang_on_the_order_of_reading(
    done: list[Done], chance: Any
) -> None:
    found = learnt(done)
    assert found is not None
    for one in done:
        span = found.span(one.task)
        assert 0 < span.low <= span.likely <= span.high < 1e20
    mixed = [replace(one, at=minutes(number)) for number, one in enumerate(done)]
    again = list(mixed)
    chance.shuffle(again)
    assert learnt(again) == learnt(mixed)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.2, 2), (0.5, 5), (0.8, 8), (1.0, 9)])
def test_quantiles_leave_room_for_what_is_new(share: float, expected: float) -> None:
    assert quantile(list(range(1, 10)), share) == expected


def test_what_comes_first_counts_by_how_long_it_takes() -> None:
    board = Board(now=MONDAY, held={"ivan": 0})
    for rank, takes in ((0, 10), (1, 20), (2, 40)):
        board.take("ivan", rank, takes)
    assert [board.ahead("ivan", rank) for rank in (0, 1, 2)] == [10, 30, 70]
    entry = Pool(kind_of(wish()), [candidate()], shipped(), MONDAY).able[0]
    start = [entry.points(3, ahead)[1][0] for ahead in (0, 480, 0)]
    assert start == [100, 50, 100]


def test_places_keep_how_long_their_work_takes() -> None:
    of_old = specialist(holds=("old:1",), capacity=4)
    taken = claim(of_old, [Ask("a:1", 0, None, 30), Ask("b:1", 1, None, 20), Ask("c:1", 2)], MONDAY).state
    assert minutes_of(taken) == (0, 30, 20, 0)
    assert busy(taken, usual=60) == (90, 110, 170)
    assert busy(release(taken, ["a:1", "old:1"]).state, usual=60) == (0, 20, 80)
    assert busy(release(taken, taken.holds).state, usual=60) == (0, 0, 0)


def finished(number: int, took: float, who: str = "ivan", **over: Any) -> Work:
    """A work that took so many minutes, and was accepted."""
    at = number * 300
    work = had(asked(f"done{number:03}", at, **over), who, at + 1, ("start", at + 2), ("finish", at + 2 + took))
    return told(work, "accept", at + 290)


async def test_history_is_read_in_the_working_time_of_whoever_did_it(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan", hours=OFFICE)
        overnight = told(had(asked("r1"), "ivan", 1, ("start", 2), ("finish", 24 * 60 + 2)), "accept", 1500)
        refused = told(had(asked("r2"), "ivan", 1, ("start", 2), ("finish", 5)), "refuse", 1500)
        gone = told(had(asked("r3"), "gone", 1, ("start", 2), ("finish", 32)), "accept", 1500)
        await kept(one.store, overnight, refused, gone, asked("r4"))
        done = await History(one.store).done(minutes(2000))
        assert {(each.task.specialist_id, each.minutes) for each in done} == {("ivan", 540.0), ("gone", 30.0)}
        assert {each.task.product for each in done} == {"згу"}
        assert await History(one.store).done(minutes(2000) + timedelta(days=400)) == []


async def test_estimates_are_learnt_anew(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan")
        estimates = Estimates(History(one.store), lambda: minutes(100_000))
        await estimates.learn()
        asks = wish_of(asked("new"))
        assert (estimates.span(asks, "ivan"), estimates.minutes(asks, "ivan")) == (None, 0)
        assert await estimates.calibration() is None
        await kept(one.store, *(finished(number, 20 + number % 10) for number in range(60)))
        await estimates.learn()
        span = estimates.span(asks, "ivan")
        assert span is not None
        assert 20 <= span.low < span.likely < span.high <= 30
        assert estimates.minutes(asks, "ivan") == round(span.likely)
        found = await estimates.calibration()
        assert found is not None
        assert found.works > FEWEST


async def test_work_goes_to_whoever_is_through_sooner_by_what_history_says(settings_for: SettingsFor) -> None:
    both = (Skill("1С:ЗГУ", 3), Skill("1С:Свод", 3))
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await kept(
            one.store,
            *(finished(number, 20, "gone") for number in range(0, 120, 2)),
            *(finished(number, 240, "gone", products=("1С:Свод",)) for number in range(1, 120, 2)),
        )
        await one.estimates.learn()
        await one.hire("ivan", capacity=3, skills=(Skill("1С:Свод", 3),))
        await one.dispatcher.take_in("long", registration("important", products=("1С:Свод",)), "", "m1")
        await one.hire("olga", capacity=3, skills=both)
        await one.dispatcher.take_in("short", registration("important"), "", "m2")
        await one.dispatcher.take_in("next", registration("important", products=("1С:Свод",)), "", "m3")
        works = await one.store.works_of(["long:1", "short:1", "next:1"])
        assert [works[key].tale.specialist_id for key in ("long", "short", "next")] == ["ivan", "olga", "olga"]
        olga = await one.store.specialists.get("olga")
        assert olga is not None
        assert list(olga.minutes) == pytest.approx([20, 240], rel=0.25)


async def test_the_manager_sees_how_long_it_takes(settings_for: SettingsFor) -> None:
    often = settings_for(RoutingSettings, estimates_seconds=0.1)
    clock = ServiceClock()
    clock.offset = minutes(60 * 300) - clock.now()
    async with replicas(often, count=1) as (one,):
        await kept(one.store, *(finished(number, 20 + number % 10, "somebody") for number in range(60)))
        async with routing(often, clock) as house:
            await house.hire()
            await house.tell(request("r1"))
            await house.stands("r1", "assigned")

            async def shown() -> Any:
                answer = await house.client.get("/v1/requests/r1/assignment", headers=token("manager", subject="m1"))
                return answer.json()["estimate"]

            estimate = await eventually(shown)
            assert 20 <= estimate["low"] <= estimate["likely"] <= estimate["high"] <= 30
            found = (await house.client.get("/v1/estimates/calibration", headers=LEAD)).json()
            assert found["calibration"]["at_or_below"].keys() == {"p20", "p50", "p80"}
            manager = token("manager", subject="m1")
            assert (await house.client.get("/v1/estimates/calibration", headers=manager)).status_code == 403


async def test_without_history_no_span_is_made_up(house: House) -> None:
    await house.hire()
    await house.tell(request("r1"))
    await house.stands("r1", "assigned")
    shown = (await house.client.get("/v1/requests/r1/assignment", headers=LEAD)).json()
    assert shown["estimate"] is None
    answer = (await house.client.get("/v1/estimates/calibration", headers=LEAD)).json()
    assert answer["calibration"] is None
