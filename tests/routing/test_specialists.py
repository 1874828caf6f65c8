"""A specialist's profile, hours, and places."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from services.routing.domain.absences import Absence, at_work, substitutes
from services.routing.domain.exclusions import Exclusion
from services.routing.domain.places import Ask, claim, release
from services.routing.domain.refusals import (
    BadAbsence,
    BadExclusion,
    BadProfile,
    CapacityBelowLoad,
    UnknownExclusion,
    UnknownSpecialist,
)
from services.routing.domain.specialists import Limits, Skill, change, checked, exclude, plan_absence, readmit, register
from shared.contracts.routing import SpecialistChanged, SpecialistExcluded, SpecialistReadmitted, SpecialistRegistered
from tests.routing.given import ALWAYS, MONDAY, OFFICE, minutes, profile, specialist


def asks(*tickets: str, rank: int = 0, client_id: str | None = None) -> list[Ask]:
    """Places asked for."""
    return [Ask(one, rank, client_id) for one in tickets]


def absence(start: float, end: float, substitute_id: str | None = None, absence_id: str = "a1") -> Absence:
    """From so many minutes after the start, to so many."""
    return Absence(
        absence_id=absence_id, start=minutes(start), end=minutes(end), reason="отпуск", substitute_id=substitute_id
    )


@pytest.mark.parametrize(
    ("at", "present"),
    [
        ("2026-11-23T01:59", False),  # 08:59 in Krasnoyarsk
        ("2026-11-23T02:00", True),
        ("2026-11-23T10:59", True),
        ("2026-11-23T11:00", False),
        ("2026-11-22T18:00", False),  # still Sunday in UTC, Monday 01:00 there
        ("2026-11-28T05:00", False),  # Saturday
    ],
)
def test_hours_are_local_to_the_specialist(at: str, present: bool) -> None:  # noqa: FBT001 - a table
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert (next(at_work(OFFICE, "Asia/Krasnoyarsk", (), now))[0] == now) is present


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"skills": ()}, "продукт"),
        ({"skills": (Skill(" ", 3),)}, "название"),
        ({"skills": (Skill("1С:ЗГУ", 3), Skill("згу", 4))}, "дважды"),
        ({"skills": (Skill("1С:ЗГУ", 6),)}, "от 1 до 5"),
        ({"capacity": 0}, "Ёмкость"),
        ({"zone": "Asia/Nowhere"}, "часовой пояс"),
        ({"zone": "../etc/passwd"}, "часовой пояс"),
        ({"hours": ((),) * 7}, "ни в один день"),
        ({"hours": (((600, 540),),) * 7}, "не позже начала"),
        ({"hours": (((540, 720), (700, 1080)),) * 7}, "пересекаются"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(over: dict[str, Any], says: str) -> None:
    with pytest.raises(BadProfile, match=says):
        checked(profile(**over))


def test_a_specialist_is_registered_once() -> None:
    decision = register(None, "ivan", profile(), MONDAY)
    assert decision.events == (SpecialistRegistered(at=MONDAY, specialist_id="ivan", name="Иван Петров"),)
    assert register(decision.state, "ivan", profile(), MONDAY).events == ()


def test_a_change_is_told_and_the_same_again_is_not() -> None:
    decision = change(specialist(), profile(capacity=5), MONDAY)
    assert decision.events == (SpecialistChanged(at=MONDAY, specialist_id="ivan", name="Иван Петров"),)
    assert change(decision.state, profile(capacity=5), MONDAY).events == ()
    with pytest.raises(UnknownSpecialist):
        change(None, profile(), MONDAY)


def test_the_capacity_cannot_be_set_below_the_load() -> None:
    with pytest.raises(CapacityBelowLoad, match="2"):
        change(specialist(holds=("r1:1", "r2:1")), profile(capacity=1), MONDAY)


def test_places_are_taken_up_to_the_capacity_and_no_further() -> None:
    taken = claim(specialist(capacity=2), asks("r1:1", "r2:1", "r3:1"), MONDAY).state
    assert taken.holds == ("r1:1", "r2:1")
    assert claim(taken, asks("r3:1"), MONDAY).state is taken
    assert claim(taken, asks("r1:1"), MONDAY).state is taken


def test_who_is_given_no_new_work_takes_no_place() -> None:
    idle = specialist(active=False)
    assert claim(idle, asks("r1:1"), MONDAY).state is idle


def test_a_place_given_back_is_free_and_the_client_remembered() -> None:
    freed = release(specialist(holds=("r1:1", "r2:1")), ["r1:1"], "school").state
    assert (freed.holds, freed.clients) == (("r2:1",), ("school",))
    assert release(freed, ["r1:1"], "clinic").state is freed


def test_work_goes_from_shift_to_shift_and_absences_are_cut_out() -> None:
    sunday = datetime(2026, 11, 22, 5, tzinfo=UTC)
    monday, tuesday = (
        (datetime(2026, 11, day, 2, tzinfo=UTC), datetime(2026, 11, day, 11, tzinfo=UTC)) for day in (23, 24)
    )
    assert list(islice(at_work(OFFICE, "Asia/Krasnoyarsk", (), sunday), 2)) == [monday, tuesday]
    doctor = absence(120, 180)
    assert list(islice(at_work(OFFICE, "Asia/Krasnoyarsk", [doctor], minutes(10)), 3)) == [
        (minutes(10), minutes(120)), (minutes(180), monday[1]), tuesday,
    ]  # fmt: skip
    till_noon = Absence(absence_id="a", start=sunday, end=minutes(120), reason="врач")
    assert next(at_work(OFFICE, "Asia/Krasnoyarsk", [till_noon], sunday)) == (minutes(120), monday[1])
    for_good = Absence(absence_id="a", start=sunday, end=minutes(60 * 24 * 30), reason="отпуск")
    assert list(at_work(OFFICE, "Asia/Krasnoyarsk", [for_good], sunday)) == []


def test_shifts_that_touch_are_one() -> None:
    (stretch,) = at_work(ALWAYS, "Asia/Krasnoyarsk", (), MONDAY)
    assert stretch == (MONDAY, datetime(2026, 11, 30, 17, tzinfo=UTC))
    night = ((), (), ((1320, 1440),), ((0, 360),), (), (), ())
    begin = datetime(2026, 11, 25, 15, tzinfo=UTC)
    assert list(at_work(night, "Asia/Krasnoyarsk", (), MONDAY)) == [(begin, begin + timedelta(hours=8))]


def test_substitutes_are_followed_to_the_first_who_is_there() -> None:
    everybody = {"a": [absence(0, 100, "b")], "b": [absence(0, 50, "c")], "c": []}
    assert substitutes("a", everybody, minutes(10)) == ["b", "c"]
    assert substitutes("a", everybody, minutes(60)) == ["b"]
    assert substitutes("a", everybody, minutes(200)) == []
    circle = {"a": [absence(0, 100, "b")], "b": [absence(0, 100, "a")]}
    assert substitutes("a", circle, minutes(10)) == ["b"]


@pytest.mark.parametrize(
    ("new", "everybody", "says"),
    [
        (absence(10, 10), {}, "раньше"),
        (absence(0, 60 * 24 * 2000), {}, "длиннее"),
        (absence(0, 100, "ivan"), {"ivan": []}, "Круг"),
        (absence(0, 100, "nobody"), {}, "нет среди специалистов"),
        (absence(0, 100, "b"), {"b": [absence(50, 150, "ivan")]}, "Круг"),
        (absence(0, 100, "b"), {"b": [absence(50, 150, "c")], "c": [absence(60, 70, "ivan")]}, "Круг"),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused(new: Absence, everybody: dict[str, Any], says: str) -> None:
    with pytest.raises(BadAbsence, match=says):
        plan_absence(specialist(), new, everybody, MONDAY)


def test_a_circle_that_never_closes_at_one_moment_is_none() -> None:
    everybody = {"b": [absence(150, 200, "ivan")], "c": [absence(0, 50, "ivan")]}
    planned = plan_absence(specialist(), absence(0, 100, "b"), everybody, MONDAY)
    assert planned.events == (SpecialistChanged(at=MONDAY, specialist_id="ivan", name="Иван Петров"),)
    with pytest.raises(BadAbsence, match="уже есть"):
        plan_absence(planned.state, absence(50, 60, absence_id="a2"), {}, MONDAY)


def test_places_kept_free_for_what_matters_more() -> None:
    keeps = specialist(capacity=3, limits=Limits(important=2, routine=1))
    taken = claim(keeps, asks("r1:1", "r2:1", rank=2), MONDAY).state
    assert taken.holds == ("r1:1",)
    taken = claim(taken, asks("i1:1", "i2:1", rank=1), MONDAY).state
    assert taken.holds == ("r1:1", "i1:1")
    taken = claim(taken, asks("u1:1", "u2:1"), MONDAY).state
    assert (taken.holds, taken.ranks) == (("r1:1", "i1:1", "u1:1"), (2, 1, 0))
    freed = release(taken, ["i1:1"]).state
    assert (freed.holds, freed.ranks) == (("r1:1", "u1:1"), (2, 0))
    with pytest.raises(BadProfile, match="limits"):
        checked(profile(capacity=3, limits=Limits(important=1, routine=2)))


def test_a_place_changes_hands_in_one_step() -> None:
    full = specialist(holds=("r1:1",), capacity=1)
    assert claim(full, asks("u:1"), MONDAY, instead_of="r1:1").state.holds == ("u:1",)
    assert claim(full, asks("u:1"), MONDAY).state is full


def test_who_is_kept_away_from_a_client_takes_no_place_for_it_until_readmitted() -> None:
    new = Exclusion(exclusion_id="e1", client_id="school", reason="нагрубил", since=MONDAY, until=minutes(60), by="m1")
    decision = exclude(specialist(), new)
    assert isinstance(decision.events[0], SpecialistExcluded)
    ivan = decision.state
    assert claim(ivan, asks("r1:1", client_id="school"), minutes(59)).state is ivan
    assert claim(ivan, asks("r1:1", client_id="clinic"), minutes(59)).state.holds == ("r1:1",)
    assert claim(ivan, asks("r1:1", client_id="school"), minutes(60)).state.holds == ("r1:1",)
    with pytest.raises(BadExclusion, match="уже действует"):
        exclude(ivan, replace(new, exclusion_id="e2"))
    with pytest.raises(BadExclusion, match="в прошлом"):
        exclude(specialist(), replace(new, until=MONDAY))
    readmitted = readmit(ivan, "e1", "school", "m1", minutes(5))
    assert isinstance(readmitted.events[0], SpecialistReadmitted)
    assert claim(readmitted.state, asks("r1:1", client_id="school"), minutes(6)).state.holds == ("r1:1",)
    with pytest.raises(UnknownExclusion):
        readmit(readmitted.state, "e1", "school", "m1", minutes(5))
