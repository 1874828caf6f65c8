"""A night is verified once, by one replica, whatever it is that is verified."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge

from shared.clock import FixedClock
from shared.service import Service
from shared.settings import ServiceSettings
from shared.store import Documents
from shared.verification import Nightly, Page, Verification, last
from shared.verification.night import LEFT_AFTER, TOLD, claimed, verified
from tests.conftest import SettingsFor

AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
"""Three o'clock of the night to the 24th in Krasnoyarsk."""
ZONE = "Asia/Krasnoyarsk"
DAY = "2026-11-24"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """A number that should have been even."""

    number: int


Night = Verification[Odd]


def page(*numbers: int, goes_on: bool = False) -> Page[Odd]:
    """What was found among these."""
    odd = tuple(Odd(number=number) for number in numbers if number % 2)
    return Page(checked=len(numbers), differences=odd, next=str(numbers[-1]) if goes_on else None)


BEGUN: Night = claimed(None, day=DAY, now=AT).state
ENDED: Night = verified(BEGUN, mine=BEGUN, page=page(1, 2), now=AT + MINUTE).state


@pytest.mark.parametrize(
    ("night", "after", "taken"),
    [
        (None, timedelta(), True),
        (BEGUN, LEFT_AFTER - MINUTE, False),
        (BEGUN, LEFT_AFTER, True),
        (replace(BEGUN, alive=AT + MINUTE), LEFT_AFTER, False),
        (ENDED, 2 * LEFT_AFTER, False),
    ],
)
def test_a_night_is_one_replicas_unless_it_was_left(night: Night | None, after: timedelta, *, taken: bool) -> None:
    now = AT + after
    found = claimed(night, day=DAY, now=now).state
    assert found == (Verification(day=DAY, began=now, alive=now) if taken else night)


def test_the_first_differences_are_kept_and_all_are_counted() -> None:
    first = verified(BEGUN, mine=BEGUN, page=page(*range(2 * TOLD - 2), goes_on=True), now=AT + MINUTE).state
    assert (first.checked, first.different, first.ended) == (2 * TOLD - 2, TOLD - 1, None)
    whole = verified(first, mine=BEGUN, page=page(1001, 1003, 1005), now=AT + 2 * MINUTE).state
    assert (whole.checked, whole.different, whole.ended) == (2 * TOLD + 1, TOLD + 2, AT + 2 * MINUTE)
    assert whole.differences == (*first.differences, Odd(number=1001))
    assert (whole.began, whole.alive) == (AT, AT + 2 * MINUTE)


class Replica:
    """One of the replicas that look through the same numbers, three at a time."""

    def __init__(self, service: Service, clock: FixedClock, numbers: list[int]) -> None:
        self.asked: list[str | None] = []
        self.found = Gauge("found", "Differences.", registry=CollectorRegistry())
        self.when = Gauge("verified", "When.", registry=CollectorRegistry())
        self.nights: Documents[Night] = service.documents("verifications", Verification[Odd])
        self.night = Nightly(
            what="numbers",
            nights=self.nights,
            page=partial(self._page, numbers),
            clock=clock,
            zone=ZONE,
            differences=self.found,
            verified=self.when,
        )

    async def _page(self, numbers: list[int], after: str | None) -> Page[Odd]:
        self.asked.append(after)
        rest = [number for number in numbers if number > int(after or 0)]
        return page(*rest[:3], goes_on=len(rest) > 3)


@pytest.fixture
def service(settings_for: SettingsFor) -> Iterator[Service]:
    """One with a database, and no need of a broker."""
    made = Service("intake", settings_for(ServiceSettings))
    with closing(made.store):
        yield made


async def test_of_two_replicas_one_verifies_a_night_and_both_show_what_was_found(service: Service) -> None:
    clock = FixedClock(AT - MINUTE)
    one, other = (Replica(service, clock, [1, 2, 3, 4, 5]) for _ in range(2))
    await one.night.tick()
    assert (one.asked, await last(one.nights)) == ([], None)  # it is not yet three o'clock
    clock.forward(minutes=1)
    for replica in (one, other, one):
        await replica.night.tick()
    assert (one.asked, other.asked) == ([None, "3"], [])
    for replica in (one, other):
        assert (replica.found._value.get(), replica.when._value.get()) == (3, AT.timestamp())
    clock.forward(days=1)
    await other.night.tick()
    assert other.asked == [None, "3"]
    newest = await last(one.nights)
    assert newest is not None
    assert (newest.day, newest.checked, newest.different) == ("2026-11-25", 5, 3)


async def test_a_night_left_by_a_replica_that_died_is_verified_from_its_beginning(service: Service) -> None:
    clock = FixedClock(AT)
    replica = Replica(service, clock, [1, 2, 3, 4, 5])
    await replica.nights.step(DAY, partial(claimed, day=DAY, now=AT))
    await replica.nights.step(DAY, partial(verified, mine=BEGUN, page=page(1, 2, 3, goes_on=True), now=AT))
    await replica.night.tick()
    assert (replica.asked, await last(replica.nights)) == ([], None)
    clock.moment += LEFT_AFTER
    await replica.night.tick()
    found = await last(replica.nights)
    assert found is not None
    assert (found.checked, found.different, found.began) == (5, 3, AT + LEFT_AFTER)


async def test_a_replica_that_comes_back_keeps_out_of_the_night_another_took_over(service: Service) -> None:
    clock = FixedClock(AT)
    slow, other = (Replica(service, clock, [1, 2, 3, 4, 5]) for _ in range(2))

    async def late(after: str | None) -> Page[Odd]:
        found = await slow.night.page(after)
        clock.moment += LEFT_AFTER
        await other.night.tick()
        return found

    await replace(slow.night, page=late).tick()
    assert (slow.asked, other.asked) == ([None], [None, "3"])
    found = await last(other.nights)
    assert found is not None
    assert (found.checked, found.different, found.ended) == (5, 3, AT + LEFT_AFTER)


async def test_a_night_is_kept_as_it_always_was(service: Service) -> None:
    kept: dict[str, Any] = {
        "day": DAY, "began": AT, "alive": AT, "checked": 2, "different": 1, "differences": [{"number": 1}], "ended": AT
    }  # fmt: skip
    old = Replica(service, FixedClock(AT), [])
    await old.nights.collection.insert_one({"_id": DAY, "version": 3, "outbox": [], "seen": []} | kept)
    night = replace(ENDED, alive=AT, ended=AT)
    assert await last(old.nights) == night
    # A night that was never finished, and one that came later and is not finished yet, do not stand for the last.
    await old.nights.step("2026-11-25", partial(claimed, day="2026-11-25", now=AT))
    assert await last(old.nights) == night
    await old.nights.step("2026-11-25", partial(verified, mine=BEGUN, page=page(1, 2), now=AT))
    written = await old.nights.collection.find_one({"_id": "2026-11-25"})
    assert {name: written[name] for name in kept} == kept | {"day": "2026-11-25"}
    assert set(written) - set(kept) <= {"_id", "version", "outbox", "seen", "write_id"}
