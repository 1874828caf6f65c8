"""What specialists say and managers order, as decisions on one work item."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.routing.domain.facts import Word
from services.routing.domain.refusals import (
    BadDate,
    BoundByDate,
    NotAssignedToYou,
    Overtaken,
    PostponedEnough,
    StepRefused,
    UnknownRequest,
)
from services.routing.domain.steps import Order, assigned, displaced, forced, order_lapsed, placed, replaced, spoken
from services.routing.domain.work import about, called_off, held, let_go, wish_of
from shared.contracts.routing import WorkAssigned, WorkDisplaced, WorkForced, WorkPostponed, WorkReplaced
from tests.routing.given import SCHOOL, given_to, minutes, place, waiting, word
from tests.routing.test_story import hear_all, life


def test_an_assignment_tells_who_has_it_with_client_and_priority() -> None:
    work = waiting()
    decision = placed(work, place(work, "ivan"), "Иван", minutes(1))
    assert decision.events == (
        WorkAssigned(
            at=minutes(1),
            request_id="r1",
            priority="urgent",
            client=SCHOOL.ref(),
            specialist_id="ivan",
            specialist_name="Иван",
        ),
    )
    assert held(decision.state) == ("ivan", "r1:1")


def test_waiting_is_told_once() -> None:
    work = waiting()
    first = placed(work, place(work, None), "", minutes(1))
    assert [event.TYPE for event in first.events] == ["work.waiting"]
    again = placed(first.state, place(first.state, None), "", minutes(2))
    assert (again.state, again.events) == (first.state, ())


def test_a_place_whose_turn_is_over_changes_nothing() -> None:
    work = waiting()
    found = place(work, "ivan")
    off = called_off(work, "r1", 1).state
    assert placed(off, found, "Иван", minutes(1)).state is off
    assert placed(given_to(work, "olga", minutes(1)), found, "Иван", minutes(2)).events == ()


def test_only_the_assigned_specialist_speaks_for_it() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    with pytest.raises(NotAssignedToYou) as refused:
        spoken(work, "start", "olga", minutes(2))
    assert (refused.value.stage, refused.value.allowed) == ("assigned", [])
    with pytest.raises(UnknownRequest):
        spoken(None, "start", "ivan", minutes(2))


def test_a_postponement_needs_a_date_to_come() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    with pytest.raises(BadDate):
        spoken(work, "postpone", "ivan", minutes(10), text="занят", until=minutes(9))
    event = spoken(work, "postpone", "ivan", minutes(10), text="занят", until=minutes(99)).events[0]
    assert isinstance(event, WorkPostponed)
    assert (event.until, event.reason) == (minutes(99), "занят")


def test_who_is_bound_to_a_date_cannot_postpone() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    order = Order(by="m1", now=minutes(5), finish_by=minutes(200))
    decision = forced(work, order)
    assert isinstance(decision.events[0], WorkForced)
    assert decision.events[0].finish_by == minutes(200)
    with pytest.raises(BoundByDate):
        spoken(decision.state, "postpone", "ivan", minutes(10), text="занят", until=minutes(100))


def test_the_same_specialist_postpones_the_same_work_only_so_often() -> None:
    work, limits = given_to(waiting(), "ivan", minutes(1)), {"urgent": 1}
    work = spoken(work, "postpone", "ivan", minutes(5), text="занят", until=minutes(50), postponements=limits).state  # type: ignore[arg-type]
    with pytest.raises(PostponedEnough, match="предел переносов одной заявки — 1"):
        spoken(work, "postpone", "ivan", minutes(9), text="занят", until=minutes(90), postponements=limits)  # type: ignore[arg-type]
    order = Order(by="m1", now=minutes(10), place=place(work, "olga"), reason="тянет", handover="ждёт базу")
    work = replaced(work, order).state
    assert work.deeds[-1].note == "ждёт базу"
    assert spoken(work, "postpone", "olga", minutes(20), text="…", until=minutes(90), postponements=limits).events  # type: ignore[arg-type]


def test_urgent_work_takes_the_place_of_routine_work_that_is_not_started_once() -> None:
    work = given_to(waiting(priority="routine"), "ivan", minutes(1))
    decision = displaced(work, "ivan", "urgent", minutes(5), 1)
    told = WorkDisplaced(**about(decision.state, minutes(5)), specialist_id="ivan", by_request_id="urgent")
    assert decision.events == (told,)
    assert (decision.state.tale.stage, decision.state.tale.ahead, held(decision.state)) == ("waiting", 1, None)
    assert wish_of(decision.state).order < wish_of(waiting(priority="routine", at=minutes(-99))).order
    again = given_to(decision.state, "ivan", minutes(6))
    assert displaced(again, "ivan", "urgent", minutes(7), 1).events == ()


def test_what_is_started_or_bound_to_a_date_or_matters_more_is_not_displaced() -> None:
    routine = given_to(waiting(priority="routine"), "ivan", minutes(1))
    bound = forced(routine, Order(by="m1", now=minutes(2), finish_by=minutes(99))).state
    started = spoken(routine, "start", "ivan", minutes(2)).state
    important = given_to(waiting(priority="important"), "ivan", minutes(1))
    for work in (bound, started, important, waiting(priority="routine")):
        assert displaced(work, "ivan", "urgent", minutes(5), 1).events == ()
    assert displaced(routine, "olga", "urgent", minutes(5), 1).events == ()


def test_force_needs_a_date_to_come() -> None:
    with pytest.raises(BadDate):
        forced(given_to(waiting(), "ivan", minutes(1)), Order(by="m1", now=minutes(9), finish_by=minutes(8)))


def test_replacing_gives_the_place_back() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    decision = replaced(work, Order(by="m1", now=minutes(5), place=place(work, "olga"), name="Ольга", reason="пропал"))
    event = decision.events[0]
    assert isinstance(event, WorkReplaced)
    assert (event.from_specialist_id, event.to_specialist_id, event.by) == ("ivan", "olga", "m1")
    assert held(decision.state) == ("olga", "r1:2")
    assert let_go(decision.state) == [("ivan", "r1:1")]
    assert [(mark.kind, mark.specialist_id) for mark in decision.state.tale.marks] == [("replaced", "ivan")]


def test_an_order_decided_on_an_older_state_is_refused() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    order = Order(by="m1", now=minutes(5), place=place(work, "olga"), name="Ольга", reason="пропал")
    with pytest.raises(Overtaken):
        replaced(replaced(work, order).state, order)
    with pytest.raises(StepRefused):
        assigned(work, order)


def test_a_demand_is_dropped_once_the_lost_one_has_started_or_is_kept() -> None:
    caught = replace(word("lost", minutes(30), specialist_id="ivan"), by="routing")
    lost = hear_all(given_to(waiting(), "ivan", minutes(1)), [caught])
    demand = lost.tale.pending
    assert demand is not None
    order = Order(by="routing", now=minutes(40), place=place(lost, "olga"), name="Ольга", because=demand)
    started = spoken(lost, "start", "ivan", minutes(35)).state
    kept = hear_all(lost, [word("ordered", minutes(35), action="keep")])
    for work in (started, kept):
        with pytest.raises(Overtaken):
            replaced(work, order)
    bound = replace(order, finish_by=minutes(500), place=None)
    with pytest.raises(Overtaken):
        forced(started, bound)
    assert replaced(lost, order).state.tale.specialist_id == "olga"


@pytest.mark.parametrize(
    "then",
    [
        word("identified", minutes(2), client=replace(SCHOOL, client_id="shop")),
        word("reprioritised", minutes(2), nature="complex"),
    ],
)
def test_an_order_for_what_the_work_asks_no_more_is_refused(then: Word) -> None:
    seen = waiting()
    order = Order(by="m1", now=minutes(5), place=place(seen, "ivan"), seen=seen)
    with pytest.raises(Overtaken):
        assigned(hear_all(seen, [then]), order)
    had = given_to(seen, "ivan", minutes(1))
    with pytest.raises(Overtaken):
        replaced(hear_all(had, [then]), replace(order, place=place(had, "olga"), seen=had))


def test_a_finished_work_forced_again_takes_a_new_place() -> None:
    work = life(waiting(), ["ivan", "start", "finish"])
    with pytest.raises(Overtaken):
        forced(work, Order(by="m1", now=minutes(60), finish_by=minutes(500)))
    order = Order(by="m1", now=minutes(60), finish_by=minutes(500), place=place(work, "ivan"))
    after = forced(work, order).state
    assert (after.tale.stage, held(after), after.tale.finish_by) == ("assigned", ("ivan", "r1:2"), minutes(500))


def test_a_refused_specialist_gets_it_again_only_by_force() -> None:
    work = hear_all(life(waiting(), ["ivan", "start", "finish"]), [word("refuse", minutes(60))])
    order = Order(by="m1", now=minutes(70), finish_by=minutes(500), place=place(work, "ivan"), name="Иван")
    decision = forced(work, order)
    assert [event.TYPE for event in decision.events] == ["work.assigned", "work.forced"]
    assert (decision.state.tale.specialist_id, decision.state.tale.round) == ("ivan", 2)


def test_deeds_of_one_moment_keep_their_order() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    work = spoken(work, "start", "ivan", minutes(1)).state
    work = spoken(work, "finish", "ivan", minutes(1), text="готово").state
    assert [deed.at - minutes(1) for deed in work.deeds] == [timedelta(milliseconds=count) for count in (0, 1, 2)]
    assert work.tale.stage == "finished"


def test_an_order_whose_date_passed_ends_and_is_told() -> None:
    work = hear_all(waiting(), [word("ordered", minutes(5), action="force", until=minutes(60))])
    demand = work.tale.pending
    assert demand is not None
    assert order_lapsed(work, demand, minutes(59)).events == ()
    then = order_lapsed(work, demand, minutes(60))
    assert [event.TYPE for event in then.events] == ["work.order_lapsed"]
    assert (then.state.tale.pending, then.state.words[-1].said) == (None, "order_lapsed")
    assert order_lapsed(then.state, demand, minutes(61)).events == ()


def test_whoever_is_kept_away_from_the_client_is_not_blamed_for_being_replaced() -> None:
    had = given_to(waiting(), "ivan", minutes(1))
    work = hear_all(had, [word("ordered", minutes(5), action="replace", kept_away=True)])
    after = replaced(work, Order(by="m1", now=minutes(9), place=place(work, "olga"), because=work.tale.pending)).state
    assert (after.tale.specialist_id, after.tale.marks) == ("olga", ())


def test_nothing_is_put_off_for_more_than_a_year() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    far = minutes(5) + timedelta(days=366)
    assert spoken(work, "postpone", "ivan", minutes(5), text="занят", until=far).events
    with pytest.raises(BadDate):
        spoken(work, "postpone", "ivan", minutes(5), text="занят", until=far + timedelta(minutes=1))


def test_whoever_is_refused_is_told_what_else_can_be_done() -> None:
    work = given_to(waiting(), "ivan", minutes(1))
    bound = forced(work, Order(by="m1", now=minutes(5), finish_by=minutes(50))).state
    with pytest.raises(BoundByDate) as by_date:
        spoken(bound, "postpone", "ivan", minutes(9), text="занят", until=minutes(90))
    with pytest.raises(PostponedEnough) as enough:
        spoken(work, "postpone", "ivan", minutes(9), text="занят", until=minutes(90), postponements={"urgent": 0})
    with pytest.raises(Overtaken) as overtaken:
        replaced(work, Order(by="m1", now=minutes(5)))
    for refused in (by_date, enough):
        assert (refused.value.stage, refused.value.allowed) == ("assigned", ["start", "ask_cancel"])
    assert (overtaken.value.stage, overtaken.value.allowed) == ("assigned", ["replace", "force"])
