"""A client moves, or pays for something else: what is open goes by it from then on, in whatever order it is heard."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.sla_monitor.bases import KnownClient, told_of
from services.sla_monitor.domain.timeline import moved
from services.sla_monitor.domain.verifying import differences
from shared.contracts.accounts import ClientChanged, ClientRegistered
from shared.contracts.base import ClientRef, Event
from tests.sla_monitor.policing import REQUEST, applied, body, clock, put, rules, urgent, version
from tests.sla_monitor.running import DIRECTOR, Running
from tests.sla_monitor.telling import (
    CLIENT,
    REFUSED,
    SATISFIED,
    SHIPPED,
    ZONE,
    Telling,
    assigned,
    finished,
    minute,
    registered,
    started,
)
from tests.sla_monitor.test_appointments import planned

OMSK, MOSCOW = "Asia/Omsk", "Europe/Moscow"
ABOUT: dict[str, Any] = {"client_id": "c1", "name": "Гимназия № 3", "inn": "7707083893", "manager_id": "m1"}
FEE: dict[str, Any] = {"fee": "20000.00", "source": "opening", "since": date(2026, 1, 1)}
THEIRS = [urgent(60, calendar="client"), urgent(600, calendar="client")]
POLICY = version(
    2,
    -10,
    clock("assign", terms=(replace(THEIRS[1], tariffs=("slow",)), THEIRS[0])),
    clock("start", terms=(THEIRS[0],)),
    clock("verdict", terms=(THEIRS[0],)),
    calendars=replace(SHIPPED.calendars, regional={"16": (date(2026, 11, 23),)}),
)


def changed(at: float, revision: int, *, zone: str = ZONE, **over: Any) -> ClientChanged:
    """The client as accounts says from that minute on."""
    return ClientChanged(at=minute(at), revision=revision, zone=zone, **(ABOUT | FEE | over))


class Moving(Telling):
    """Does what monitor.py and handlers.py do with what accounts says of the client."""

    def __init__(self) -> None:
        super().__init__(rules(POLICY))
        self.client: KnownClient | None = None

    def take(self, event: Event) -> None:
        if isinstance(event, ClientChanged):
            self.client = told_of(self.client, event=event).state
        else:
            super().take(event)
        if self.client is not None and self.timeline is not None:
            decision = moved(self.timeline, self.client.moves, now=self.clock.now(), rules=self.rules)
            self.timeline = decision.state
            self.said += decision.events


def heard(*events: Event) -> Moving:
    """At the end of the day."""
    found = Moving()
    found.clock.moment = minute(60 * 24)
    for event in events:
        found.take(event)
    return found


def due(found: Telling, which: str = "assign") -> Any:
    return found.of(which)[-1].due


def test_who_moves_is_counted_where_they_are_now() -> None:
    """At 13:01 in Krasnoyarsk, at lunch; from 13:11 on in Omsk, where it is 12:11."""
    assert due(heard(registered()(minute(61)))) == minute(180)
    assert due(heard(registered()(minute(61)), changed(71, 2, zone=OMSK))) == minute(181)
    assert due(heard(changed(71, 2, zone=OMSK), registered()(minute(61)))) == minute(181)


def test_another_tariff_has_its_own_terms_for_what_is_open() -> None:
    assert due(heard(registered()(minute(1)), changed(5, 2, tariff="slow"))) == minute(24 * 60 + 181)


def test_what_is_late_when_they_move_stays_late() -> None:
    late = heard(registered()(minute(1)), changed(200, 2, zone=MOSCOW))
    assert due(late) == minute(121)


def test_what_begins_after_the_move_in_a_request_that_was_closed_goes_by_it() -> None:
    story = (registered()(minute(1)), assigned()(minute(2)), started()(minute(3)), finished()(minute(4)))
    after = (changed(30, 2, zone=OMSK), REFUSED(minute(61)), assigned("s2", 2)(minute(62)))
    back = heard(*story, SATISFIED(minute(5)), *after)
    assert due(back, "start") == minute(182)


def test_what_is_said_of_the_client_besides_is_no_fact() -> None:
    found = heard(registered()(minute(1)), changed(5, 2, name="Гимназия № 33", manager_id="m2"))
    assert [one.kind for one in found.state.facts] == ["request.registered"]


def test_a_region_known_late_counts_from_the_beginning() -> None:
    late = heard(registered()(minute(1)), changed(-500, 1, region="16"))
    first = CLIENT.model_copy(update={"region": "16"})
    assert due(late) == due(heard(registered(client=first)(minute(1)))) == minute(22 * 60)


def test_the_region_is_that_of_the_facts_own_time() -> None:
    known = told_of(told_of(None, event=changed(50, 2)).state, event=changed(-500, 1, region="16")).state
    assert [known.region_at(minute(at)) for at in (-600, 0, 50)] == [None, "16", None]
    left = heard(registered()(minute(1)), changed(-500, 1, region="16"), changed(50, 2))
    assert due(left) == minute(121)


def test_an_appointed_call_is_none_of_it() -> None:
    found = Moving()
    found.clock.moment = minute(10)
    found.hear(planned())
    before = found.state
    found.take(changed(5, 2, zone=OMSK))
    assert found.state == before


MOVES = st.lists(
    st.tuples(st.integers(-60, 600), st.sampled_from([ZONE, OMSK, MOSCOW]), st.sampled_from(["standard", "slow"])),
    min_size=1,
    max_size=3,
)


@settings(deadline=None)
@given(st.data(), MOVES)
def test_moves_and_facts_in_any_order_come_to_the_same_obligations(data: st.DataObject, moves: Any) -> None:
    in_turn = enumerate(sorted(moves, key=lambda one: one[0]), 2)
    told: list[Event] = [changed(at, number, zone=zone, tariff=tariff) for number, (at, zone, tariff) in in_turn]
    # What intake says of the client is as accounts had said by then.
    at_first = _ref([one for one in told if one.at <= minute(0)])
    story = [registered(client=at_first)(minute(0)), assigned()(minute(70)), started()(minute(90))]
    events = sorted([*told, *story], key=lambda one: one.at)
    again = data.draw(st.lists(st.sampled_from(events), max_size=3))
    in_order, mixed = heard(*events), heard(*data.draw(st.permutations([*events, *again])))
    assert mixed.state.obligations == in_order.state.obligations
    assert differences(mixed.state, mixed.rules, mixed.clock.now()) == []


def _ref(told: list[Event]) -> ClientRef:
    last = told[-1] if told else None
    if not isinstance(last, ClientChanged):
        return CLIENT
    return CLIENT.model_copy(update={"zone": last.zone, "tariff": last.tariff})


async def test_a_regions_holidays_named_later_and_a_move_count_for_what_is_open(monitor: Running) -> None:
    """As the preview says, and proved: the client was known to be there long before the policy asked where."""
    at = monitor.clock.now()
    registered_with_us = ClientRegistered(at=at - timedelta(days=9), revision=1, zone=ZONE, region="16", **ABOUT, **FEE)
    await monitor.publish(registered_with_us)
    theirs = [clock("assign", terms=(THEIRS[0],))]
    await put(monitor, body(theirs))
    await monitor.forward(seconds=7)
    await monitor.tell(registered())
    first = await _due(monitor, 1)
    holidays = body(theirs, applies_to_open=True)
    off = [(at + timedelta(days=number)).date().isoformat() for number in range(30)]
    holidays["calendars"]["regional_holidays"] = {"16": [day for day in off if day < "2027-12-01"]}
    looked = await monitor.client.post("/v1/policies/preview", headers=DIRECTOR, json=holidays)
    (move,) = looked.json()["items"]
    await put(monitor, holidays, after=2)
    await monitor.forward(seconds=7)
    await applied(monitor, 3)
    assert await _due(monitor, 1) == move["due_after"] > first
    gone = ClientChanged(at=monitor.clock.now(), revision=2, zone=ZONE, region="24", **ABOUT, **FEE)
    await monitor.publish(gone)
    assert await _due(monitor, 2) < move["due_after"]
    assert (await monitor.get("/v1/clocks/verify"))["differences"] == []


async def _due(monitor: Running, facts: int) -> str:
    shown = await monitor.timeline(REQUEST, facts)
    return str(next(one["due"] for one in shown["obligations"] if one["clock"] == "assign"))
