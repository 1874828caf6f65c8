"""The record of a specialist, from facts, with what speaks of self-interest (R-COI-1)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.routing.domain.attempts import attempts
from services.routing.domain.dossier import Dossier, Period, dossier
from services.routing.domain.facts import Client, Did
from services.routing.domain.signals import Eyes
from services.routing.domain.steps import spoken
from services.routing.domain.work import Work, registered
from services.routing.domain.worktime import real_minutes, spent, worked_by
from services.routing.history import WORKS, History, _had, _of_clients
from services.routing.settings import RoutingSettings
from services.routing.stems import stems
from tests.conftest import SettingsFor
from tests.kit import token
from tests.routing.given import (
    MONDAY,
    OFFICE,
    SCHOOL,
    asked,
    given_to,
    had,
    kept,
    minutes,
    profile,
    registration,
    request,
    told,
)
from tests.routing.house import LEAD, House
from tests.routing.replicas import replicas

EYES = Eyes(worked=real_minutes, zone="Asia/Krasnoyarsk", stems=stems, now=minutes(100))
LONG_WAY_OFF = minutes(60 * 24 * 30)


def record(*own: Work, others: tuple[Work, ...] = (), period: Period | None = None, **eyes: Any) -> Dossier:
    """Ivan's record."""
    return dossier("ivan", own, others, period or Period(), replace(EYES, **eyes))


def kinds(found: Dossier) -> list[tuple[str, str]]:
    """The signals, the latest first."""
    return [(one.kind, one.request_id) for one in found.signals]


def test_every_go_is_told_with_when_it_was_worked_on() -> None:
    work = had(asked(), "ivan", 1, ("start", 2), ("postpone", 5), ("start", 20), ("finish", 30), until=minutes(15))
    work = had(told(work, "refuse", 40), "olga", 41, ("start", 42), ("finish", 50))
    first, second = attempts(told(work, "accept", 60))
    assert (first.specialist_id, first.outcome) == ("ivan", "refused")
    assert first.spans == [(minutes(2), minutes(5)), (minutes(20), minutes(30))]
    assert (second.specialist_id, second.outcome, second.finished_at) == ("olga", "accepted", minutes(50))


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        pytest.param(lambda work: work, "open", id="still theirs"),
        pytest.param(lambda work: told(work, "withdraw", 9), "left", id="withdrawn"),
        pytest.param(lambda work: told(work, "accept", 9), "left", id="accepted before it was called finished"),
        pytest.param(lambda work: told(work, "refuse", 9), "left", id="taken away by the accountant"),
        pytest.param(lambda work: told(work, "merge", 9), "open", id="merging is nobody's doing"),
    ],
)
def test_a_go_that_was_not_finished(after: Any, outcome: str) -> None:
    assert [one.outcome for one in attempts(after(had(asked(), "ivan", 1, ("start", 2))))] == [outcome]


def test_work_out_of_hours_counts_for_what_it_took_but_no_more_than_a_shift() -> None:
    office = worked_by(profile(hours=OFFICE))
    night = MONDAY + timedelta(hours=12)
    assert spent(((night, night + timedelta(minutes=30)),), office) == 30
    assert spent(((MONDAY, MONDAY + timedelta(days=1)),), office) == 9 * 60
    saturday = MONDAY + timedelta(days=5)
    assert spent(((saturday, saturday + timedelta(days=1)),), office) == 480


def test_shifts_that_touch_are_one() -> None:
    split = worked_by(profile(hours=(((0, 600), (600, 1440)),) * 7))
    assert split(MONDAY, MONDAY + timedelta(days=2)) == 2 * 24 * 60


def test_the_record_counts_what_happened_in_the_period_by_month() -> None:
    october = datetime(2026, 10, 31, 18, 30, tzinfo=UTC)  # the 1st of November in Krasnoyarsk
    early = registered(None, "r0", registration(at=october)).state
    early = given_to(early, "ivan", october)
    early = spoken(early, "postpone", "ivan", october, text="занят", until=LONG_WAY_OFF).state
    work = had(asked(), "ivan", 1, ("start", 2), ("ask_cancel", 5))
    work = told(work, "withdraw", 9)
    all_of_it = record(early, work)
    assert {kind: ids for kind, ids in all_of_it.requests.items() if ids} == {
        "postponed": ["r0"],
        "cancel_asked": ["r1"],
        "cancel_wanted": ["r1"],
    }
    assert all_of_it.months == {"2026-11": {"postponed": 1, "cancel_asked": 1, "cancel_wanted": 1}}
    late = record(early, work, period=Period(MONDAY, minutes(9)))
    assert {kind: ids for kind, ids in late.requests.items() if ids} == {"cancel_asked": ["r1"]}
    assert (late.works.given, late.works.finished) == (1, 0)


def test_the_works_of_the_period_stand_with_what_the_accountant_said() -> None:
    good = told(had(asked("r1"), "ivan", 1, ("start", 2), ("finish", 5)), "accept", 9)
    bad = told(had(asked("r2"), "ivan", 1, ("start", 2), ("finish", 5)), "refuse", 9)
    hers = had(asked("r3"), "olga", 1, ("start", 2), ("finish", 5))
    works = record(good, bad, hers).works
    assert (works.given, works.finished, works.accepted, works.refused) == (2, 2, 1, 1)


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        pytest.param((), [], id="undecided"),
        pytest.param((("withdraw", 9),), [], id="wanted by the accountant"),
        pytest.param((("accept", 9),), ["unwanted_cancel"], id="accepted instead"),
        pytest.param((("refuse", 9),), ["unwanted_cancel"], id="given to somebody else"),
    ],
)
def test_a_cancellation_the_accountant_did_not_want(then: tuple[Any, ...], expected: list[str]) -> None:
    work = had(asked(), "ivan", 1, ("start", 2), ("ask_cancel", 5))
    for said, at in then:
        work = told(work, said, at)
    found = record(work)
    assert [one.kind for one in found.signals] == expected
    assert all(one.evidence["reason"] == "почему" for one in found.signals)


@pytest.mark.parametrize(
    ("said", "took", "expected"),
    [(300, 30, True), (300, 120, False), (60, 10, False), (None, 30, False)],
    ids=["far above", "not three times", "less than an hour more", "nothing said"],
)
def test_an_estimate_far_above_what_it_took(said: int | None, took: float, expected: bool) -> None:  # noqa: FBT001
    work = had(asked(), "ivan", 1, ("start", 2), ("finish", 2 + took), minutes=said)
    assert ("overestimate" in dict(kinds(record(work)))) is expected


SAME = "Зарплата опять не считается!"
BROKEN = "после обновления не открывается отчёт"
OTHER = "выставить счёт поставщику"
FINISHED: tuple[tuple[Did, float], ...] = (("start", 2), ("finish", 10))
DAY = 24 * 60


@pytest.mark.parametrize(
    ("text", "at", "over", "expected"),
    [
        pytest.param(SAME, 5 * DAY, {}, "fault_back", id="the same words"),
        pytest.param(SAME, 5 * DAY, {"products": ()}, "fault_back", id="the product not known"),
        pytest.param(SAME, 5 * DAY, {"products": ("1С:БГУ",)}, None, id="another product"),
        pytest.param(SAME, 15 * DAY, {}, None, id="long after"),
        pytest.param(SAME, 5, {}, None, id="before the finish"),
        pytest.param(SAME, DAY, {"client": Client(client_id="x", name="Х", zone="UTC")}, None, id="another client"),
        pytest.param(BROKEN, 2 * DAY, {}, "caused_by_fix", id="it speaks of the fix"),
        pytest.param("слетели настройки обмена", 2 * DAY, {}, "caused_by_fix", id="something broke"),
        pytest.param(BROKEN, 4 * DAY, {}, None, id="too late for the fix"),
        pytest.param(OTHER, DAY, {}, None, id="another matter"),
    ],
)
def test_what_comes_after_a_finish(text: str, at: float, over: dict[str, Any], expected: str | None) -> None:
    mine = had(asked(text="не считает зарплату"), "ivan", 1, *FINISHED)
    found = record(mine, others=(asked("r2", at, text, **over),))
    assert kinds(found) == ([(expected, "r2")] if expected else [])
    if expected:
        assert found.signals[0].evidence["after_request_id"] == "r1"


def test_what_comes_after_is_laid_to_whoever_finished_last() -> None:
    mine = had(asked("r1"), "ivan", 1, *FINISHED)
    hers = had(asked("r2", 20), "olga", 21, ("start", 22), ("finish", 30))
    assert kinds(record(mine, others=(hers, asked("r3", 40)))) == [("fault_back", "r2")]


def test_a_merged_request_is_no_fault_of_its_own() -> None:
    mine = had(asked("r1"), "ivan", 1, *FINISHED)
    assert kinds(record(mine, others=(told(asked("r2", 20), "merge", 21),))) == []


@pytest.mark.parametrize(
    ("work", "now", "expected"),
    [
        pytest.param(given_to(asked(priority="urgent"), "ivan", minutes(0)), 119, [], id="not long yet"),
        pytest.param(given_to(asked(priority="urgent"), "ivan", minutes(0)), 121, [121.0], id="never started"),
        pytest.param(given_to(asked(), "ivan", minutes(0)), 121, [], id="routine work may rest longer"),
        pytest.param(
            had(asked(priority="urgent"), "ivan", 0, ("start", 1), ("progress", 200), ("finish", 210)),
            900, [199.0], id="between two signs",
        ),
        pytest.param(
            had(asked(priority="urgent"), "ivan", 0, ("start", 1), ("postpone", 2), until=minutes(500)),
            600, [], id="put off with a date",
        ),
        pytest.param(
            had(asked(priority="urgent"), "ivan", 0, ("start", 1), ("postpone", 2), until=minutes(500)),
            700, [200.0], id="the date gone by",
        ),
        pytest.param(
            had(asked(priority="urgent"), "ivan", 0, ("start", 1), ("ask_cancel", 2)), 700, [], id="the others' turn"
        ),
        pytest.param(
            told(had(asked(priority="urgent"), "ivan", 0, ("start", 1), ("finish", 2)), "accept", 600),
            700, [], id="the accountant's time",
        ),
    ],
)  # fmt: skip
def test_a_long_silence(work: Work, now: float, expected: list[float]) -> None:
    found = record(work, now=minutes(now))
    silences = [one for one in found.signals if one.kind == "silence"]
    assert [one.evidence["working_minutes"] for one in silences] == expected
    assert [one.text for one in silences] == [f"молчал, рабочих минут: {lasted:.0f}" for lasted in expected]


def test_a_silence_counts_the_specialists_own_hours() -> None:
    evening = MONDAY + timedelta(hours=8)  # 18:00, the end of the shift
    work = registered(None, "r1", registration(at=evening)).state
    found = record(
        given_to(work, "ivan", evening), now=evening + timedelta(hours=16), worked=worked_by(profile(hours=OFFICE))
    )
    assert found.signals == []


def test_signals_are_of_the_period_alone_and_the_latest_stand_first() -> None:
    mine = had(asked("r1"), "ivan", 1, *FINISHED)
    others = (asked("r2", 2 * DAY), asked("r3", 5 * DAY))
    assert kinds(record(mine, others=others)) == [("fault_back", "r3"), ("fault_back", "r2")]
    assert kinds(record(mine, others=others, period=Period(None, minutes(3 * DAY)))) == [("fault_back", "r2")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Не считает зарплату", "зарплата снова не считается"), ("Отчёты не открываются", "не открывается отчет")],
)
def test_words_are_alike_by_their_stems(one: str, other: str) -> None:
    assert len(stems(one) & stems(other)) >= 2


@pytest.mark.parametrize("text", ["", "!!! ???", "😀" * 1000, "ж" * 100_000, "\x00\u202e", "не на по"])
def test_strange_texts_have_few_words(text: str) -> None:
    assert len(stems(text)) <= 1


async def test_history_is_read_by_its_indexes_and_tells_the_period(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan")
        mine = had(asked("r1"), "ivan", 1, *FINISHED)
        others = [asked(f"x{number}", number, client=replace(SCHOOL, client_id=f"c{number}")) for number in range(50)]
        await kept(one.store, mine, asked("r2", 2 * DAY), *others)
        ivan = await one.store.specialists.get("ivan")
        assert ivan is not None
        told = await History(one.store).record(ivan, Period(), minutes(3 * DAY))
        assert (told.complete, kinds(told.dossier)) == (True, [("fault_back", "r2")])
        empty = await History(one.store).record(ivan, Period(minutes(90 * DAY)), minutes(99 * DAY))
        assert (empty.dossier.works.given, kinds(empty.dossier)) == (0, [])
        for where in (_had("ivan", Period(MONDAY, minutes(99))), _of_clients([mine], Period())):
            plan = await one.store.works.collection.find(where).sort("registered.at", -1).limit(WORKS).explain()
            assert plan["executionStats"]["totalDocsExamined"] <= 2


async def test_the_record_over_http(house: House) -> None:
    ivan = await house.hire(capacity=2)
    await house.tell(request("r1"))
    await house.stands("r1", "assigned", ivan)
    assert (await house.says(ivan, "r1", "start", estimate_minutes=600)).status_code == 200
    assert (await house.says(ivan, "r1", "ask-cancel", reason="долго")).status_code == 200
    assert (await house.says(ivan, "r1", "start")).status_code == 200
    assert (await house.says(ivan, "r1", "finish", note="готово")).status_code == 200
    path = f"/v1/specialists/{ivan}/record"
    found = (await house.client.get(path, headers=LEAD)).json()
    assert (found["counts"]["cancel_asked"], found["works"]) == (
        1, {"given": 1, "finished": 1, "accepted": 0, "refused": 0},
    )  # fmt: skip
    assert found["signal_counts"] | {"unwanted_cancel": 1, "overestimate": 1} == found["signal_counts"]
    assert {one["kind"] for one in found["signals"]} == {"unwanted_cancel", "overestimate"}
    assert (found["complete"], list(found["months"].values())) == (True, [{"cancel_asked": 1}])
    past = await house.client.get(f"{path}?from=2020-01-01T00:00:00Z&until=2020-02-01T00:00:00Z", headers=LEAD)
    assert (past.json()["counts"]["cancel_asked"], past.json()["signals"]) == (0, [])
    for headers in (token("manager", subject="m1"), token("specialist", subject=ivan)):
        shown = (await house.client.get(path, headers=headers)).json()
        assert (shown["counts"]["cancel_asked"], shown["signals"], shown["signal_counts"]) == (1, None, None)


async def test_everybodys_record_page_by_page(house: House) -> None:
    hired = {await house.hire(f"Специалист {number}") for number in range(3)}
    path, seen = "/v1/records?limit=2", []
    while path:
        page = (await house.client.get(path, headers=LEAD)).json()
        seen += [one["specialist_id"] for one in page["items"]]
        path = f"/v1/records?limit=2&cursor={page['next']}" if page["next"] else ""
    assert seen == sorted(hired)


async def test_records_are_for_leads_and_directors_and_for_a_period_that_makes_sense(house: House) -> None:
    backwards = "from=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z"
    for query in ("from=вчера", "until=2026-01-01", backwards, "limit=0"):
        answer = await house.client.get(f"/v1/records?{query}", headers=LEAD)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    for role, status in (("manager", 403), ("specialist", 403), ("service", 403), ("director", 200)):
        assert (await house.client.get("/v1/records", headers=token(role))).status_code == status
    assert (await house.client.get("/v1/specialists/nobody/record", headers=LEAD)).status_code == 404
