"""The weekly call and the next contact with a prospect: due when accounts says, whatever order its words come in."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import accounts
from shared.contracts.base import Event
from shared.contracts.sla_monitor import SlaBreached
from tests.sla_monitor.telling import CLIENT, ZONE, At, Telling, minute, told

DAY = 24 * 60
FRIDAY_NOON, WEEK_END = 4 * DAY, 6.5 * DAY
CALL: dict[str, Any] = {
    "contact_call_id": "u1:2026-W48", "contact_id": "u1", "client": CLIENT, "manager_id": "m1", "week": "2026-W48",
}  # fmt: skip
PROSPECT: dict[str, Any] = {
    "prospect_id": "p1", "name": "Лицей № 7", "zone": ZONE, "manager_id": "m1", "vouched_by_client_id": "c1",
}  # fmt: skip


def planned(revision: int = 1) -> At:
    """The call of the week."""
    times = {"warn_at": minute(FRIDAY_NOON), "due": minute(WEEK_END)}
    return lambda at: accounts.ContactCallPlanned(at=at, revision=revision, day=at.date(), **times, **CALL)


def held(at: Any) -> Event:
    """The accountant was spoken with."""
    return accounts.ContactCallHeld(at=at, by="m1", **CALL)


def attempted(at: Any) -> Event:
    """Nobody was reached."""
    return accounts.ContactCallAttempted(at=at, by="m1", **CALL)


def cancelled(at: Any) -> Event:
    """No call is owed."""
    return accounts.ContactCallCancelled(at=at, reason="в отпуске", **CALL)


def prospect(kind: type[accounts.ProspectEvent], revision: int, next_contact: float | None, **more: Any) -> At:
    """Something about the prospect `p1`."""
    moment = None if next_contact is None else minute(next_contact)
    return lambda at: kind(at=at, revision=revision, next_contact=moment, **PROSPECT, **more)


NAMED = prospect(accounts.ProspectRegistered, 1, 100)


def test_a_weekly_call_warns_on_friday_noon_and_breaks_with_the_week() -> None:
    telling = told((0, planned())).until(WEEK_END + 1)
    assert telling.about("weekly_call") == ["warned", "breached"]
    (owed,) = telling.of("weekly_call")
    assert (owed.warn_at, owed.due) == (minute(FRIDAY_NOON), minute(WEEK_END))
    (breached,) = [event for event in telling.said if isinstance(event, SlaBreached)]
    assert (breached.about, breached.about_id, breached.client) == ("contact_call", "u1:2026-W48", CLIENT)


def test_only_a_conversation_meets_it() -> None:
    telling = told((0, planned()), (DAY, attempted))
    assert telling.standing("weekly_call") == ["open"]
    telling.until(2 * DAY).hear(held)
    assert telling.standing("weekly_call") == ["met"]


def test_planned_again_it_is_the_same_call() -> None:
    telling = told((0, planned()), (DAY, planned(2)))
    assert [one.id for one in telling.of("weekly_call")] == ["u1:2026-W48:weekly_call:1"]
    assert telling.of("weekly_call")[0].since == minute(0)


def test_called_off_nothing_is_owed_unless_planned_again() -> None:
    telling = told((0, planned()), (DAY, cancelled))
    assert telling.standing("weekly_call") == ["cancelled"]
    telling.until(2 * DAY).hear(planned(2))
    assert telling.standing("weekly_call") == ["open"]


def test_a_missed_contact_date_is_a_breach() -> None:
    telling = told((0, NAMED)).until(101)
    assert telling.about("prospect_contact") == ["warned", "breached"]


def test_each_contact_meets_the_one_before_and_agrees_the_next() -> None:
    telling = told((0, NAMED), (50, prospect(accounts.ProspectContacted, 2, 300)))
    assert telling.standing("prospect_contact") == ["met", "open"]
    assert [one.due for one in telling.of("prospect_contact")] == [minute(100), minute(300)]


def test_another_date_moves_what_is_not_late_and_heals_nothing() -> None:
    moved = prospect(accounts.ProspectChanged, 2, 500)
    assert told((0, NAMED), (50, moved)).of("prospect_contact")[0].due == minute(500)
    late = told((0, NAMED), (150, moved))
    assert late.of("prospect_contact")[0].due == minute(100)
    assert late.standing("prospect_contact") == ["breached"]


def test_dropped_nobody_has_to_be_contacted() -> None:
    telling = told((0, NAMED), (50, prospect(accounts.ProspectDropped, 2, None, reason="не отвечают")))
    assert telling.standing("prospect_contact") == ["cancelled"]


CALLS: tuple[tuple[float, At], ...] = (
    (0, planned()), (10, attempted), (20, planned(2)), (30, cancelled), (40, planned(3)), (50, held), (60, held),
)  # fmt: skip
PROSPECTS: tuple[tuple[float, At], ...] = (
    (0, NAMED), (50, prospect(accounts.ProspectContacted, 2, 300)), (60, prospect(accounts.ProspectChanged, 3, 200)),
    (250, prospect(accounts.ProspectContacted, 4, 900)),
    (260, prospect(accounts.ProspectTrialOpened, 5, 900, request_id="r9", subject_text="отчёт")),
    (300, prospect(accounts.ProspectWon, 6, None, client_id="c9", fact_id="f9")),
)  # fmt: skip


@given(st.data(), st.sampled_from([CALLS, PROSPECTS]))
def test_any_order_and_repetition_comes_to_the_same(data: st.DataObject, story: tuple[tuple[float, At], ...]) -> None:
    some = data.draw(st.lists(st.sampled_from(story), min_size=1, unique=True))
    mixed = data.draw(st.permutations([*some, *data.draw(st.lists(st.sampled_from(some), max_size=4))]))
    assert at_the_end(mixed).state.obligations == at_the_end(sorted(some, key=lambda one: one[0])).state.obligations


def at_the_end(story: Any) -> Telling:
    telling = Telling()
    telling.clock.moment = minute(0) + timedelta(days=30)
    for number, event in story:
        telling.hear(event, minute_=number)
    return telling


def test_heard_again_it_changes_nothing() -> None:
    telling = told((0, planned()))
    before = telling.state
    telling.hear(planned(), minute_=0)
    assert telling.state is before
