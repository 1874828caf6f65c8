"""Nobody slips in before those who wait, and nobody is left waiting beside somebody free (R-URG-4)."""

from dataclasses import replace

import pytest

from services.routing import store
from services.routing.domain.assignment import Explained
from services.routing.domain.candidates import Wish
from services.routing.domain.exclusions import Exclusion
from services.routing.domain.facts import Did
from services.routing.domain.record import share
from services.routing.domain.refusals import NobodyCan
from services.routing.domain.specialists import Skill, change, exclude
from services.routing.domain.work import known, wish_of
from services.routing.settings import RoutingSettings
from tests.conftest import SettingsFor
from tests.routing.given import OFFICE, SCHOOL, minutes, profile, registration, wish, word
from tests.routing.replicas import Replica, register, replicas


async def test_what_comes_later_does_not_take_the_place_before_the_queue_is_gone_through(
    settings_for: SettingsFor,
) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", capacity=1)
        await register(one, "first")
        assert (await register(one, "waits", at=minutes(1))).tale.stage == "waiting"
        await one.dispatcher.hear("first", word("withdraw", minutes(2)), "m")
        late = await register(one, "late", priority="routine", at=minutes(3))
        assert (late.tale.stage, late.deeds[-1].text) == (
            "waiting",
            "Свободное место сначала получат те, кто раньше в очереди.",
        )
        assert one.woken.is_set()
        assert await one.backlog.give_away() == 1
        assert known(await one.store.works.get("waits")).tale.specialist_id == "ivan"


async def test_what_comes_first_in_the_queue_takes_the_place_at_once(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", capacity=1)
        await register(one, "first")
        await register(one, "waits", priority="routine")
        await one.dispatcher.hear("first", word("withdraw", minutes(2)), "m")
        assert (await register(one, "urgent", at=minutes(3))).tale.stage == "assigned"


async def test_who_waits_for_somebody_else_holds_up_nobody(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", capacity=1)
        await register(one, "waits", products=("1С:Неведомое",))
        assert (await register(one, "late", priority="routine", at=minutes(3))).tale.stage == "assigned"


async def test_among_equals_the_oldest_comes_first(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        for request_id, at in (("a", 3), ("c", 1), ("b", 2)):
            await register(one, request_id, at=minutes(at))
            await one.dispatcher.hear(request_id, word("promised", minutes(5), until=minutes(60)), request_id)
        queue = await one.store.waiting(10)
        assert [work.request_id for work in queue] == ["c", "b", "a"]
        assert sorted(queue, key=lambda work: wish_of(work).order) == queue
        assert await one.store.waiting(10, after=queue[0]) == queue[1:]


async def test_once_the_queue_was_gone_through_newcomers_are_served_at_once_again(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", capacity=1)
        await register(one, "first")
        await register(one, "waits")
        await one.hire("olga", capacity=2)
        assert await one.backlog.give_away() == 1
        assert (await register(one, "late", priority="routine", at=minutes(3))).tale.stage == "assigned"


async def test_urgent_work_that_waits_takes_the_place_of_routine_work_that_lies_there_when_somebody_comes(
    settings_for: SettingsFor,
) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        one.clock.moment = early = minutes(-90)
        await one.hire("ivan", capacity=1, hours=OFFICE)
        assert (await register(one, "routine", priority="routine", at=early)).tale.specialist_id == "ivan"
        for request_id in ("urgent", "urgent2"):
            assert (await register(one, request_id, at=early)).tale.stage == "waiting"
        one.clock.moment = minutes(0)
        assert await one.backlog.give_away() == 1
        works = await one.store.works_of(["routine:1", "urgent:1", "urgent2:1"])
        assert (works["urgent"].tale.specialist_id, works["urgent2"].tale.stage) == ("ivan", "waiting")
        assert (works["routine"].tale.stage, works["routine"].tale.ahead) == ("waiting", 1)
        assert await one.places() == await one.needed()


async def test_a_place_that_became_free_while_the_waiting_was_written_wakes_the_queue(
    settings_for: SettingsFor,
) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", capacity=1)
        one.woken.clear()
        one.assigner.waits(wish("urgent"))
        assert one.woken.is_set()


async def test_complex_work_that_was_refused_is_replaced_by_somebody_above_whoever_had_it(
    settings_for: SettingsFor,
) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan")
        await register(one, "r1", nature="complex")
        steps: tuple[Did, ...] = ("start", "finish")
        for step in steps:
            await one.dispatcher.speak("r1", step, "ivan", text="готово")
        work = await one.dispatcher.hear("r1", word("refuse", minutes(9)))
        await one.hire("olga")
        with pytest.raises(NobodyCan) as refused:
            await one.orders.replace(work, None, "m1", "не справился", overrule=False)
        assert refused.value.reasons["low_level"] == 2
        await one.hire("oleg", skills=(Skill("1С:ЗГУ", 5),))
        work = await one.orders.replace(work, None, "m1", "не справился", overrule=False)
        assert work.tale.specialist_id == "oleg"


async def test_words_heard_before_the_registration_decide_who_is_able(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings)) as (one, _):
        await one.hire("ivan", skills=(Skill("1С:ЗГУ", 3),))
        await one.dispatcher.hear("r1", word("reprioritised", minutes(1), priority="important", nature="complex"), "m")
        work = await register(one, "r1")
        assert (work.tale.stage, work.deeds[-1].text) == ("waiting", "Свободных нет: не хватает уровня — 1.")
        assert await one.places() == set()


async def test_who_turns_out_to_be_kept_away_while_the_place_is_taken_does_not_get_it(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        unknown = await register(one, "r1", client=None)
        complex_ = await register(one, "r2", client=None)
        await one.hire("ivan", skills=(Skill("1С:ЗГУ", 3),))
        exclusion = Exclusion(
            exclusion_id="e", client_id="school", reason="нагрубил", since=minutes(0), until=None, by="m1"
        )
        stepped = await one.store.specialists.step("ivan", lambda state: exclude(state, exclusion))
        one.roster.put(stepped.state)
        take = one.assigner.place

        async def place(wanted: Wish) -> Explained:
            found = await take(wanted)
            monkeypatch.setattr(one.assigner, "place", take)
            await one.dispatcher.hear("r1", word("identified", minutes(1), client=SCHOOL))
            await one.dispatcher.hear("r2", word("reprioritised", minutes(1), nature="complex"))
            return found

        for work in (unknown, complex_):
            monkeypatch.setattr(one.assigner, "place", place)
            await one.dispatcher.give(work)
            assert known(await one.store.works.get(work.request_id)).tale.stage == "waiting"
        assert await one.places() == set()


async def test_every_demand_is_tried_however_many_there_are(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PENDING_AT_ONCE", 2)
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan", capacity=5)
        for number in range(5):
            await register(one, f"r{number}", priority="routine")
            ordered = word("ordered", minutes(5), action="force", until=minutes(60))
            await one.dispatcher.hear(f"r{number}", ordered)
        one.clock.moment = minutes(10)
        await one.demands.carry_out()
        works = await one.store.works.find({})
        assert [work.tale.finish_by for work in works] == [minutes(60)] * 5


async def test_whom_nobody_can_replace_now_is_not_tried_again_and_again(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan", capacity=3)
        for number in range(3):
            await register(one, f"r{number}")
            await one.dispatcher.hear(f"r{number}", word("lost", minutes(50), specialist_id="ivan"))
        take, tried = one.assigner.place, list[str]()

        async def place(wanted: Wish) -> Explained:
            tried.append(wanted.request_id)
            return await take(wanted)

        monkeypatch.setattr(one.assigner, "place", place)
        await one.demands.carry_out()
        assert tried == []
        await one.hire("olga", capacity=2)
        await one.demands.carry_out()
        assert await one.loads() == {"ivan": 1, "olga": 2}
        assert len(tried) == 3


async def test_complex_work_leaves_whoever_is_kept_away_though_nobody_is_above_them(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan", skills=(Skill("1С:ЗГУ", 5),))
        await register(one, "r1", nature="complex")
        await one.hire("olga", skills=(Skill("1С:ЗГУ", 4),))
        await keep_away(one, "ivan", "school")
        await one.demands.carry_out()
        work = known(await one.store.works.get("r1"))
        assert (work.tale.specialist_id, work.tale.marks) == ("olga", ())


async def keep_away(replica: Replica, specialist_id: str, client_id: str) -> None:
    """An exclusion."""
    new = Exclusion(exclusion_id=client_id, client_id=client_id, reason="груб", since=minutes(-99), until=None, by="m1")
    stepped = await replica.store.specialists.step(specialist_id, lambda state: exclude(state, new))
    replica.roster.put(stepped.state)


async def test_waiting_urgent_work_takes_a_place_past_the_free_it_may_not_have_and_those_who_started(
    settings_for: SettingsFor,
) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        one.clock.moment = early = minutes(-90)
        await one.hire("gone", capacity=1)
        await register(one, "urgent", at=early)
        for number in range(6):
            await one.hire(f"s{number}", capacity=1)
            got = await register(one, f"r{number}", priority="routine", at=early)
            await one.dispatcher.speak(got.request_id, "start", f"s{number}")
        steps: tuple[Did, ...] = ("start", "finish")
        for step in steps:
            await one.dispatcher.speak("urgent", step, "gone", text="готово")
        await one.hire("zoe", capacity=1, hours=OFFICE, skills=(Skill("1С:ЗГУ", 4), Skill("1С:УТ", 4)))
        await register(one, "lies", priority="routine", products=("1С:УТ",), at=early)
        for who in ("gone", "zoe", *(f"s{number}" for number in range(6))):
            await keep_away(one, who, "shop")
        await register(one, "first", client=replace(SCHOOL, client_id="shop"), at=minutes(-95))
        await one.dispatcher.hear("urgent", word("refuse", minutes(-80)))
        assert known(await one.store.works.get("urgent")).tale.announced
        one.clock.moment = minutes(0)
        assert await one.backlog.give_away() == 1
        works = await one.store.works_of(["urgent:1", "first:1", "lies:1"])
        assert {key: work.tale.specialist_id for key, work in works.items()} == {
            "urgent": "zoe", "first": None, "lies": None,
        }  # fmt: skip
        assert await one.places() == await one.needed()


async def test_a_message_that_comes_again_displaces_nothing(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan", capacity=2)
        await register(one, "urgent")
        await register(one, "routine", priority="routine")
        again = registration(number="urgent")
        await one.dispatcher.take_in("urgent", again, "", "m-urgent")
        works = await one.store.works_of(["urgent:1", "routine:1"])
        assert {work.tale.stage for work in works.values()} == {"assigned"}
        assert works["routine"].tale.ahead == 0
        assert await one.places() == await one.needed()


async def test_the_work_of_whoever_gets_none_any_more_goes_to_somebody_else(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan")
        await register(one, "r1")
        await one.dispatcher.speak("r1", "start", "ivan")
        await one.dispatcher.speak("r1", "progress", "ivan", text="нашёл ошибку")
        stepped = await one.store.specialists.step(
            "ivan", lambda state: change(state, profile(active=False), minutes(1), {})
        )
        one.roster.put(stepped.state)
        await one.demands.carry_out()
        assert known(await one.store.works.get("r1")).tale.specialist_id == "ivan"
        await one.hire("olga")
        await one.demands.carry_out()
        work = known(await one.store.works.get("r1"))
        assert (work.tale.specialist_id, work.tale.marks) == ("olga", ())
        assert work.deeds[-1].note == "нашёл ошибку"
        await one.hire("oleg")
        work = await one.orders.force(work, "oleg", "m1", "срок", minutes(500))
        assert [deed.note for deed in work.deeds[-2:]] == ["нашёл ошибку", ""]


async def test_the_record_counts_what_lies_behind_whoever_was_given_nothing_since(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        await one.hire("ivan")
        await register(one, "r1", priority="important", at=minutes(-60 * 24 * 91))
        await one.dispatcher.speak("r1", "postpone", "ivan", text="занят", until=minutes(5))
        await one.roster.read_record()
        (ivan,) = one.roster.candidates()
        assert ivan.record == share({"postponed": 1}, 0)
        assert await one.store.marks_since(minutes(1)) == {}
        where = {"tale.marks.at": {"$gte": minutes(0)}}
        plan = await one.store.works.collection.find(where).explain()
        assert plan["queryPlanner"]["winningPlan"]["inputStage"]["indexName"] == "marked"


async def test_urgent_work_late_in_the_day_goes_to_whoever_stays_longer(settings_for: SettingsFor) -> None:
    async with replicas(settings_for(RoutingSettings), count=1) as (one,):
        one.clock.moment = evening = minutes(7 * 60 + 30)
        await one.hire("anna", hours=OFFICE)
        await one.hire("boris", hours=(((540, 1260),),) * 7)
        assert (await register(one, "urgent", at=evening)).tale.specialist_id == "boris"
        assert (await register(one, "routine", priority="routine", at=evening)).tale.specialist_id == "anna"
