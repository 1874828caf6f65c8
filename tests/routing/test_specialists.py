"""A specialist's profile, hours, and places."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.routing.domain.refusals import BadProfile, CapacityBelowLoad, UnknownSpecialist
from services.routing.domain.specialists import Skill, at_work, change, checked, claim, register, release
from shared.contracts.routing import SpecialistChanged, SpecialistRegistered
from tests.routing.given import MONDAY, OFFICE, profile, specialist


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
    assert at_work(profile(hours=OFFICE), datetime.fromisoformat(at).replace(tzinfo=UTC)) is present


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
        ({"hours": (((600, 540),),) * 7}, "раньше начала"),
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
    taken = claim(specialist(capacity=2), ["r1:1", "r2:1", "r3:1"]).state
    assert taken.holds == ("r1:1", "r2:1")
    assert claim(taken, ["r3:1"]).state is taken
    assert claim(taken, ["r1:1"]).state is taken


def test_who_is_given_no_new_work_takes_no_place() -> None:
    idle = specialist(active=False)
    assert claim(idle, ["r1:1"]).state is idle


def test_a_place_given_back_is_free_and_the_client_remembered() -> None:
    freed = release(specialist(holds=("r1:1", "r2:1")), ["r1:1"], "school").state
    assert (freed.holds, freed.clients) == (("r2:1",), ("school",))
    assert release(freed, ["r1:1"], "clinic").state is freed
