"""Whom the night spares and whom it does not; of a backlog the most urgent first, whatever fails."""

from datetime import timedelta
from typing import Any

import pytest

from services.sla_monitor.bases import Bases
from services.sla_monitor.domain.escalation import Call, Escalation
from services.sla_monitor.domain.ladder import PROMISE, Ladder, Step
from services.sla_monitor.domain.people import Person
from services.sla_monitor.domain.policies import Terms
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.notify.escalations import Escalations
from services.sla_monitor.notify.notifier import Notifier
from services.sla_monitor.notify.postponing import Postponing
from services.sla_monitor.notify.store import NotifyStore
from services.sla_monitor.settings import SlaMonitorSettings
from shared.clock import FixedClock, machine_now
from shared.contracts.base import Decision
from shared.contracts.routing import WorkPostponed
from shared.contracts.sla_monitor import SlaBreached
from shared.delivery import Deliveries
from shared.service import Service
from tests.conftest import SettingsFor, Unserved
from tests.sla_monitor.calling import VERA
from tests.sla_monitor.climbing import escalation
from tests.sla_monitor.policing import clock, rules, version
from tests.sla_monitor.telling import RULES, ZONE, Telling, assigned, minute, postponed, promised, registered

CALLED = Call(step=1, role="manager", at=minute(0), person_ids=("m1",))


async def test_of_important_work_put_off_at_night_the_manager_hears_in_the_morning(
    settings_for: SettingsFor, unserved: Unserved
) -> None:
    settings = settings_for(SlaMonitorSettings, smtp_url="smtp://127.0.0.1:9", mail_from="svoy@svoy.example")
    service = unserved(Service("sla_monitor", settings))
    night = service.clock
    night.offset = minute(60 * 9) - machine_now()
    store, deliveries = NotifyStore(service), Deliveries(service, settings)
    vera = Person(person_id="m1", role="manager", name="Вера", email=VERA)
    await store.people.step("m1", lambda _: Decision(vera), new=True)
    telling = Telling().hear(registered("important"), assigned())
    postponing = Postponing(
        store=store, bases=Bases(service), deliveries=deliveries, clock=night, company_zone=ZONE, rules=lambda: RULES
    )
    for priority in ("urgent", "important"):
        event = postponed(900)(night.now()).model_copy(update={"priority": priority})
        assert isinstance(event, WorkPostponed)
        await postponing.tell(event, telling.state, priority)
    found = await deliveries.documents.find({})
    waits = {one.delivery_id: round((one.due - one.created_at) / timedelta(hours=1)) for one in found if one.due}
    assert waits == {"postponed-urgent-m1-letter": 0, "postponed-important-m1-letter": 12}


async def test_a_broken_promise_calls_at_once_whatever_hours_and_ladder_its_clock_has(
    service: Service,
) -> None:
    step = Step("lead", timedelta(hours=5))
    slow = Ladder(steps=(step,), repeat_every=timedelta(hours=5))
    important = Terms(priorities=("important",), target=timedelta(hours=8), calendar="company", ladder=slow)
    half_past_eight = 8.5 * 60
    telling = Telling(rules(version(2, -1, clock("start", terms=(important,))))).hear(
        registered("important"), assigned(), promised(half_past_eight)
    )
    telling.until(half_past_eight + 1)
    (broken,) = [one for one in telling.said if isinstance(one, SlaBreached) and one.clock == "start"]

    async def load(*_: str) -> Timeline | None:
        return telling.timeline

    async def manager_of(_: object) -> str:
        return "m1"

    store = NotifyStore(service)
    escalations = Escalations(
        store, telling.clock, ZONE, load=load, rules=lambda: telling.rules, manager_of=manager_of, changed=print
    )
    await escalations.begin(broken.model_copy(update={"promise_broken": False}))
    begun = await escalations.get("r1:start:1")
    assert (begun.promise_broken, begun.ladder, begun.next_due) == (True, PROMISE, telling.clock.now())
    await escalations.tick()
    assert (await escalations.get("r1:start:1")).step == 1


async def keep(store: NotifyStore, one: Escalation) -> None:
    await store.escalations.step(one.escalation_id, lambda _: Decision(one), new=True)


async def test_what_was_called_in_the_day_and_is_told_late_waits_for_the_morning(
    settings: SlaMonitorSettings, service: Service
) -> None:
    night = FixedClock(minute(60 * 9))
    store = NotifyStore(service)
    one = escalation(priority="important", terms=1, untold=("m1",), calls=(CALLED,), step=1, count=1)
    await keep(store, one)

    async def nothing(*_: object) -> None:
        return None

    escalations = Escalations(store, night, ZONE, load=nothing, rules=lambda: RULES, manager_of=nothing, changed=print)
    notifier = Notifier(store, Deliveries(service, settings), night, ZONE, hours=escalations.hours)
    await notifier.tick()
    assert await store.inboxes.get("m1") is None
    assert escalations.hours(escalation(terms=0), night.now()) == ()
    assert escalations.hours(escalation(terms=1, promise_broken=True), night.now()) == ()
    night.moment = minute(60 * 22)
    await notifier.tick()
    told = await store.inboxes.get("m1")
    assert told is not None
    assert told.number == 1
    assert told.hours[0] == (minute(60 * 22), minute(60 * 25))  # until lunch; tried again, it does not go out at night


async def test_of_a_backlog_the_most_urgent_is_called_first(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.sla_monitor.notify.store.TOGETHER", 2)
    store = NotifyStore(service)
    backlog = [("routine", False), ("important", False), ("urgent", False), ("routine", True)]
    for number, (priority, broken) in enumerate(backlog):
        own: dict[str, Any] = {"priority": priority, "promise_broken": broken, "next_due": minute(number)}
        one = escalation(escalation_id=f"r{number}", untold=("m1",), **own)
        await keep(store, one)
    assert [one.escalation_id for one in await store.due(minute(9))] == ["r3", "r2"]
    assert [one.escalation_id for one in await store.untold_to("m1")] == ["r3", "r2"]


async def test_however_many_fail_the_others_are_called(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than are looked at together, and all before the others."""
    monkeypatch.setattr("services.sla_monitor.notify.store.TOGETHER", 2)
    store, at = NotifyStore(service), FixedClock(minute(9))
    for number in range(4):
        await keep(store, escalation(escalation_id=f"r{number}", about_id=f"r{number}", next_due=minute(number)))

    async def nothing(*_: object) -> None:
        return None

    async def load(_: str, about_id: str) -> None:
        if about_id != "r3":
            raise LookupError(about_id)

    escalations = Escalations(store, at, ZONE, load=load, rules=lambda: RULES, manager_of=nothing, changed=print)
    for _ in range(2):
        await escalations.tick()
    done = await store.escalations.get("r3")
    assert done is not None
    assert done.ending == "withdrawn"  # there is nothing of the kind any more
