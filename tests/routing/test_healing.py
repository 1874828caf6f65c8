"""What a crash leaves between two writes is put right."""

from functools import partial

import pytest
from pymongo.errors import AutoReconnect

from services.routing.domain.steps import displaced, spoken
from services.routing.domain.work import Work, called_off, held, known, registered, wish_of
from services.routing.settings import RoutingSettings
from shared.contracts.base import Decision
from tests.conftest import SettingsFor
from tests.routing.given import MONDAY, registration
from tests.routing.replicas import Replica, register, replicas


async def wish_for(replica: Replica, request_id: str) -> None:
    """Take a place, and crash before the work item is written."""
    await replica.assigner.place(wish_of(registered(None, request_id, registration()).state))


async def test_a_redelivered_registration_ends_with_one_place_taken(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, other):
        for who in ("ivan", "olga"):
            await one.hire(who)
        await wish_for(one, "r1")
        await other.dispatcher.take_in("r1", registration(), "", "m1")
        await other.roster.refresh()
        await other.sweeper.sweep()
        assert await one.places() == await one.needed()
        assert len(await one.needed()) == 1


async def test_a_place_for_work_that_never_came_is_called_off_only_after_a_while(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), patience=30) as (one, other):
        await one.hire("ivan", capacity=1)
        await wish_for(one, "r1")
        await other.roster.refresh()
        await other.sweeper.sweep()
        other.seconds[0] = 29
        await other.sweeper.sweep()
        assert await one.places() == {("ivan", "r1:1")}
        other.seconds[0] = 31
        await other.sweeper.sweep()
        assert await one.places() == set()
        work = await one.store.works.get("r1")
        assert (work and work.turn, work and work.tale.stage) == (1, "expected")


async def test_an_assignment_that_comes_after_its_turn_was_called_off_does_nothing(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", capacity=1)
        await one.store.works.step("r1", lambda work: called_off(work, "r1", 1))
        await one.dispatcher.take_in("r1", registration(), "", "m1")
        work = known(await one.store.works.get("r1"))
        assert held(work) == ("ivan", "r1:2")
        assert await one.places() == {("ivan", "r1:2")}


async def test_a_place_not_given_back_after_a_finish_is_given_back_by_the_sweep(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), patience=30) as (one, other):
        await one.hire("ivan", capacity=1)
        await one.dispatcher.take_in("r1", registration(), "", "m1")
        await one.dispatcher.speak("r1", "start", "ivan")
        await one.store.works.step("r1", lambda work: spoken(work, "finish", "ivan", MONDAY, text="готово"))
        await other.roster.refresh()
        await other.sweeper.sweep()
        assert await one.places() == set()


async def test_a_place_that_changes_hands_is_given_back_only_when_nobody_took_it_for_a_while(
    settings_for: SettingsFor,
) -> None:
    async with replicas(settings_for(RoutingSettings), patience=30) as (one, other):
        await one.hire("ivan", capacity=1)
        await register(one, "routine", priority="routine")
        await one.store.works.step("routine", lambda work: displaced(work, "ivan", "urgent", MONDAY, 1))
        await other.roster.refresh()
        await other.sweeper.sweep()
        assert await one.places() == {("ivan", "routine:1")}
        other.seconds[0] = 31
        await other.sweeper.sweep()
        assert await one.places() == set()


async def test_work_left_waiting_and_untold_is_given_away_by_the_queue(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, other):
        await one.store.works.step("r1", lambda work: registered(work, "r1", registration()))
        await other.backlog.give_away()
        assert known(await one.store.works.get("r1")).tale.announced
        await one.hire("ivan")
        await other.roster.refresh()
        assert await other.backlog.give_away() == 1


async def test_two_replicas_that_pick_the_same_work_give_it_to_one(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, other):
        for who in ("ivan", "olga"):
            await one.hire(who, capacity=1)
        await one.store.works.step("r1", lambda work: registered(work, "r1", registration()))
        await other.roster.refresh()
        work = known(await one.store.works.get("r1"))
        for replica in (one, other):
            await replica.dispatcher.give(work)
        assert await one.places() == await one.needed()
        events = await one.store.works.collection.find_one({"_id": "r1"})
        assert [event["type"] for event in events["outbox"]].count("work.assigned") == 1


async def test_work_without_anybody_able_does_not_hold_up_the_rest_of_the_queue(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        unknown = registration(products=("1С:Неведомое",))
        for number in range(205):
            await one.store.works.step(
                f"r{number:03}", partial(registered, request_id=f"r{number:03}", registration=unknown)
            )
        last = registration("routine")
        await one.store.works.step("z", lambda work: registered(work, "z", last))
        await one.hire("ivan")
        assert await one.backlog.give_away() == 1
        assert known(await one.store.works.get("z")).tale.specialist_id == "ivan"


async def test_a_place_stays_taken_where_it_is_unknown_whether_the_order_was_written(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", capacity=1)
        await one.store.works.step("r1", lambda work: registered(work, "r1", registration()))
        place = await one.dispatcher.place(wish_of(known(await one.store.works.get("r1"))))

        def answer_lost(_: Work | None) -> Decision[Work]:
            raise AutoReconnect

        with pytest.raises(AutoReconnect):
            await one.dispatcher.commit("r1", answer_lost, place)
        assert await one.places() == {("ivan", "r1:1")}
